"""`tinygrad_edu.linalg`: norms of vectors and matrices, with PyTorch's names.

For: `norm`, `vector_norm`, `matrix_norm`, and second names of products. Not for: factorizations and solving, which are
not there.
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.tensors.as_functions import diagonal as _diagonal
from tinygrad_edu.tensors.as_functions import matmul, matrix_power
from tinygrad_edu.tensors.axes import axis_of
from tinygrad_edu.tensors.tensor import Tensor

__all__ = ["cross", "diagonal", "matmul", "matrix_norm", "matrix_power", "norm", "vecdot", "vector_norm"]


def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """(Σ |x|^ord)^(1/ord) over `dim`, of the flattened tensor without one; ord ∞, -∞ and 0 as limits"""
    return (x if dtype is None else x.to(dtype)).norm(ord, dim, keepdim)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """ "fro": √Σ A²; 1 and -1: the largest and smallest sum of a column's |A|; ∞ and -∞: of a row's"""
    A = A if dtype is None else A.to(dtype)
    row, column = (axis_of(d, A.ndim) for d in dim)
    if A.ndim < 2 or row == column:
        raise ValueError(f"matrix_norm wanted matrices and two different dims, got shape {A.shape} and {dim}")
    if ord == "fro":
        return A.norm(2, (row, column), keepdim)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(f"matrix_norm wanted ord as 'fro', 1, -1, inf or -inf, got {ord!r}: others need an SVD")
    summed, compared = (row, column) if abs(ord) == 1 else (column, row)
    sums = A.abs().sum(summed, True)
    out = sums.amax(compared, True) if ord > 0 else sums.amin(compared, True)
    return out if keepdim else out.squeeze((row, column))


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """vector_norm over one dim or of everything; matrix_norm over two dims, or of a matrix when an ord is given"""
    if isinstance(ord, str) or (isinstance(dim, (tuple, list)) and len(dim) == 2 and ord is not None):
        return matrix_norm(A, ord, (-2, -1) if dim is None else tuple(dim), keepdim, dtype=dtype)
    if dim is None and ord is not None and A.ndim == 2:
        return matrix_norm(A, ord, (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector at right angles to both, along a dimension of size 3"""
    return input.cross(other, dim)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Σ x y over `dim`"""
    return (x * y).sum(dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of the last two dimensions"""
    return _diagonal(A, offset, dim1, dim2)
