"""embedding: a table of vectors, read by row number.

For: turning tokens (integers) into vectors that can be learned. It is the product of a one-hot matrix with the table,
without the multiplications by zero: reading a row twice uses it twice, so the gradients of repeated tokens add up.
Not for: the layer that owns the table (`nn/embedding.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Array, namespace
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn.functional.checks import check_floating, check_tensor
from tinygrad_edu.ops.embedding import embedding_definition
from tinygrad_edu.ops.fused import embedding as fused
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.tensors import Tensor


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """y[..., :] = weight[input[...], :]

    input   any shape, integers from 0 to V - 1
    weight  (V, D)
    result  (*input.shape, D)

    padding_idx   a row that gets no gradient and so stays as it is; -1 is the last row
    max_norm      rows that are read and are longer than this (in the norm of order norm_type) are first shortened to
                  it, in place and without a gradient

    sparse=True and scale_grad_by_freq=True are refused. A token out of range raises IndexError on the CPU; on a GPU
    looking at the tokens would mean waiting for it.
    """
    check_tensor("embedding", "input", input)
    check_floating("embedding", weight=weight)
    check_options(sparse, scale_grad_by_freq)
    if input.dtype.kind not in "iu":
        raise TypeError(
            f"embedding: Expected tensor for argument 'input' to have an integer dtype, but got {input.dtype}: tokens "
            f"are row numbers; convert them with input.long()"
        )
    if weight.ndim != 2:
        raise ValueError(f"embedding: 'weight' must be 2-D, wanted (V, D), got shape {tuple(weight.shape)}")
    rows = weight.shape[0]
    _check_tokens(input.array, rows)
    padding = None if padding_idx is None else row_of(padding_idx, rows)
    if max_norm is None:
        return fused.embedding(weight, input, padding=padding)
    _shorten(weight, input, max_norm, norm_type)  # a table may be read and shortened again before the way back
    return embedding_definition(weight, input, padding=padding)


def row_of(padding_idx: int, rows: int) -> int:
    """The row that padding_idx means, counted from the front; a negative one counts from the end."""
    if not -rows <= padding_idx < rows:
        raise ValueError(
            f"Padding_idx must be within num_embeddings: wanted {-rows} to {rows - 1}, got padding_idx={padding_idx}"
        )
    return padding_idx % rows


def check_options(sparse: Any, scale_grad_by_freq: Any) -> None:
    """Refuse what this library does without."""
    if sparse:
        raise ValueError("embedding: sparse=True is not supported, gradients here are dense: leave it at False")
    if scale_grad_by_freq:
        raise ValueError("embedding: scale_grad_by_freq=True is not supported: leave it at False")


def _check_tokens(tokens: Array, rows: int) -> None:
    """Raise IndexError for a token without a row; on the host only, since elsewhere it means to wait."""
    if namespace(tokens).__name__ != "numpy" or not tokens.size:
        return
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= rows:
        raise IndexError(
            f"index out of range in self: wanted tokens from 0 to {rows - 1}, got {low if low < 0 else high}: check "
            f"the tokens, or make the table larger (num_embeddings={rows})"
        )


@no_grad()
def _shorten(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Rows longer than max_norm are scaled down to it. A row that occurs twice is written twice, with equal numbers."""
    rows = weight[input].detach()
    length = rows.norm(norm_type, dim=-1, keepdim=True)
    weight[input] = where(length > max_norm, rows * (max_norm / (length + 1e-7)), rows)  # 1e-7: PyTorch's guard
