"""Attention: every query looks at all keys, and takes the values of those that answer it.

For: scaled dot-product attention as PyTorch calls it, and its masks. Not for: what it computes (`ops/attention.py`), or
the projections and heads around it (`nn/attention.py`).

Two conventions for masks of truth values meet in PyTorch, and so here:

    F.scaled_dot_product_attention           True = this key TAKES PART
    nn.MultiheadAttention, nn.Transformer…   True = this key is NOT looked at

Masks of floating-point numbers mean the same everywhere: they are added to the scores, so 0 leaves a score as it is
and -inf forbids a key.
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.backend import Generator, dtypes
from tinygrad_edu.nn.functional.checks import check_floating, check_probability, check_tensor
from tinygrad_edu.nn.functional.dropout import dropout
from tinygrad_edu.ops.attention import added_to_scores, attention_weights
from tinygrad_edu.ops.fused.attention import attention
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import arange, zeros


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """out = softmax(scale · q kᵀ + mask) v        scale = 1 / √E unless given

    query (…, L, E), key (…, S, E), value (…, S, Ev) -> (…, L, Ev); the leading dimensions broadcast.

    attn_mask    broadcasts to the scores, (…, L, S). Of truth values: True = this key TAKES PART (the opposite of
                 nn.MultiheadAttention, where True = not looked at; convert with ~mask). Of floating-point numbers:
                 added to the scores, -inf forbids.
    is_causal    query i looks at the keys 0 … i only; not together with attn_mask
    dropout_p    drops weights whether or not a model is training: pass 0.0 in evaluation
    enable_gqa   grouped queries: query (…, Hq, L, E) with fewer heads H in key and value; each of theirs serves Hq / H
                 neighboring heads of the query

    The scale keeps the variance of the scores at 1 when q and k have it. A query that may look at no key gets zeros.
    Sources: Vaswani et al. 2017, "Attention is all you need"; Ainslie et al. 2023, "GQA", for grouped queries.
    """
    check_floating("scaled_dot_product_attention", query=query, key=key, value=value)
    check_probability(dropout_p)
    if is_causal and attn_mask is not None:
        raise ValueError(
            "Explicit attn_mask should not be set when is_causal=True: leave one out, or put both into the mask with "
            "attn_mask & ones(L, S, dtype=bool).tril()"
        )
    if enable_gqa:
        key, value = (_one_for_each_head(query, shared) for shared in (key, value))
    shape = _shape_of_scores(query, key, value)
    mask = None if attn_mask is None else _checked_mask(attn_mask, query, shape)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    if not dropout_p:
        return attention(query, key, value, mask, scale=scale, causal=is_causal)
    bias = added_to_scores(mask, query, key, causal=is_causal)
    weights = attention_weights(query, key, bias, scale=scale)
    return dropout(weights, dropout_p, generator=generator) @ value


def causal_mask(queries: int, keys: int, past: int = 0, device: Any = None) -> Tensor:
    """True where key j is not later than query i: j ≤ i + past, `past` keys being older than the first query."""
    later = arange(queries, device=device).unsqueeze(1) + past
    return arange(keys, device=device) <= later


def forbidding(mask: Tensor, like: Tensor) -> Tensor:
    """What to add to scores: -∞ where the mask holds, 0 elsewhere; numbers are only brought to the dtype of `like`."""
    if mask.dtype != dtypes.bool:
        return mask.to(dtype=like.dtype)
    return zeros(mask.shape, dtype=like.dtype, device=mask.device).masked_fill(mask, -math.inf)


def check_mask(function: str, name: str, mask: Any) -> None:
    """Raise TypeError unless `mask` is a tensor of truth values or of floating-point numbers."""
    check_tensor(function, name, mask)
    if mask.dtype.kind not in "bf":
        raise TypeError(
            f"only bool and floating types of {name} are supported: {function} got {mask.dtype}, in which 1 could mean "
            f"both; convert it with {name}.bool()"
        )


def _checked_mask(mask: Tensor, query: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The mask of scaled_dot_product_attention, numbers in the dtype of the query, after checking that it fits."""
    check_mask("scaled_dot_product_attention", "attn_mask", mask)
    sizes = (1,) * (len(shape) - mask.ndim) + tuple(mask.shape)
    if len(sizes) != len(shape) or any(size not in (1, wanted) for size, wanted in zip(sizes, shape, strict=True)):
        raise ValueError(
            f"scaled_dot_product_attention: wanted an attn_mask that broadcasts to the scores (..., L, S) = "
            f"{tuple(shape)}, got {tuple(mask.shape)}: one row for each query, one column for each key"
        )
    return mask if mask.dtype == dtypes.bool else mask.to(dtype=query.dtype)


def _shape_of_scores(query: Tensor, key: Tensor, value: Tensor) -> tuple[int, ...]:
    """(…, L, S), after checking that the three tensors fit together."""
    shapes = f"got query {tuple(query.shape)}, key {tuple(key.shape)} and value {tuple(value.shape)}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ValueError(
            f"Expected query, key, and value to all be at least 2 dimensional: (..., length, features), {shapes}"
        )
    if not query.dtype == key.dtype == value.dtype:
        raise TypeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {query.dtype} key.dtype: "
            f"{key.dtype} and value.dtype: {value.dtype}: convert with .to(query.dtype)"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"wanted queries and keys of one size E, to multiply them: (..., L, E), (..., S, E); {shapes}")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"wanted one value for each key: (..., S, E) and (..., S, Ev); {shapes}")
    batch: tuple[int, ...] = ()
    for leading in (query.shape[:-2], key.shape[:-2], value.shape[:-2]):
        batch = _broadcast(batch, leading, shapes)
    return (*batch, query.shape[-2], key.shape[-2])


def _broadcast(first: tuple[int, ...], second: tuple[int, ...], shapes: str) -> tuple[int, ...]:
    size = max(len(first), len(second))
    first, second = (1,) * (size - len(first)) + first, (1,) * (size - len(second)) + second
    if any(a != b and 1 not in (a, b) for a, b in zip(first, second, strict=True)):
        raise ValueError(
            f"wanted leading dimensions (batch, heads) that are equal or 1, {shapes}: fewer heads in key and value "
            "than in query are meant by enable_gqa=True"
        )
    return tuple(b if a == 1 else a for a, b in zip(first, second, strict=True))


def _one_for_each_head(query: Tensor, shared: Tensor) -> Tensor:
    """(…, H, S, E) -> (…, Hq, S, E): each head is copied for the Hq / H heads of the query that share it."""
    if min(query.ndim, shared.ndim) < 3:
        raise ValueError(
            f"enable_gqa wanted tensors with heads, (..., heads, length, features), got query {tuple(query.shape)} "
            f"beside {tuple(shared.shape)}"
        )
    heads, groups = query.shape[-3], shared.shape[-3]
    if not groups or heads % groups:
        raise ValueError(
            f"Number of heads in key and value must divide the number of heads in query: got {groups} and {heads}"
        )
    each = (*shared.shape[:-2], heads // groups, *shared.shape[-2:])
    return shared.unsqueeze(-3).expand(each).flatten(-4, -3)
