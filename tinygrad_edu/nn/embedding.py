"""Embedding: a vector for each token, learned like any other weight."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.embedding import check_options, row_of
from tinygrad_edu.nn.init import normal_, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import empty


class Embedding(Module):
    """y[..., :] = weight[x[...], :]        x: integers of any shape   weight: (num_embeddings, embedding_dim)

    The weight starts as N(0, 1). The row `padding_idx` (negative: counted from the end) starts as zeros and gets no
    gradient, so padding means nothing and learns nothing. `max_norm` shortens rows that are read and are longer, in
    place: see `functional.embedding`. Gradients are dense: sparse and scale_grad_by_freq are refused.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        check_options(sparse, scale_grad_by_freq)
        self.num_embeddings = positive("num_embeddings", num_embeddings)
        self.embedding_dim = positive("embedding_dim", embedding_dim)
        self.padding_idx = None if padding_idx is None else row_of(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        if _weight is None:
            _weight = normal_(empty(num_embeddings, embedding_dim, dtype=dtype, device=device), generator=generator)
            if self.padding_idx is not None:
                _weight[self.padding_idx] = 0.0
        elif tuple(_weight.shape) != (num_embeddings, embedding_dim):
            raise ValueError(
                f"Shape of weight does not match num_embeddings and embedding_dim: wanted "
                f"({num_embeddings}, {embedding_dim}), got {tuple(_weight.shape)}"
            )
        self.weight = Parameter(_weight.detach(), requires_grad=not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An Embedding around a table (V, D) that exists already, sharing its memory; `freeze` keeps it as it is."""
        check_floating("Embedding.from_pretrained", embeddings=embeddings)
        if embeddings.ndim != 2:
            raise ValueError(
                f"Embeddings parameter is expected to be 2-dimensional: wanted (V, D), got {tuple(embeddings.shape)}"
            )
        rows, columns = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(rows, columns, *options, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        return text if self.norm_type == 2 else text + f", norm_type={self.norm_type}"
