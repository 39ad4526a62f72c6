"""Diagonals: reading them, summing them, and making matrices out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.ops import indexing, shaping
from tinygrad_edu.tensors.axes import axis_of
from tinygrad_edu.tensors.part import Part
from tinygrad_edu.tensors.rearranging import Rearranging

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Diagonals(Part):
    __slots__ = ()

    def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
        """Matrices with the last dimension of input on their diagonals, zeros elsewhere: (…, n) -> (…, n, n)"""
        first, second = axis_of(dim1, input.ndim + 1), axis_of(dim2, input.ndim + 1)
        if first == second or not input.ndim:
            raise ValueError(f"diag_embed wanted a vector or more, and two different dims, got {dim1} and {dim2}")
        size = input.shape[-1] + abs(offset)
        start = offset if offset > 0 else -offset * size
        line = (*input.shape[:-1], size * size)  # in a row, the diagonal is every (size + 1)-th element
        key = (..., slice(start, start + input.shape[-1] * (size + 1), size + 1))
        flat = indexing.put(input, key=key, shape=line, unique=True)
        return shaping.reshape(flat, shape=(*line[:-1], size, size)).movedim((-2, -1), (first, second))

    def diag(input: Any, diagonal: int = 0) -> Tensor:
        """Of a vector, the matrix with it on the diagonal; of a matrix, its diagonal"""
        if input.ndim not in (1, 2):
            raise ValueError(f"diag wanted a vector or a matrix, got shape {input.shape}: use diagonal or diag_embed")
        return Rearranging.diagonal(input, diagonal) if input.ndim == 2 else Diagonals.diag_embed(input, diagonal)

    def diagflat(input: Any, offset: int = 0) -> Tensor:
        """The matrix with the flattened input on its diagonal"""
        return Diagonals.diag_embed(input.reshape(-1), offset)

    def trace(input: Any) -> Tensor:
        """Σ_i input_ii of a matrix"""
        if input.ndim != 2:
            raise ValueError(f"trace wanted a matrix, got shape {input.shape}")
        return Rearranging.diagonal(input).sum()
