"""Products of vectors, matrices and tensors, each an arrangement around `matmul` and element-by-element products.

For: the products that `reducing` leaves over. Not for: norms and distances, which are in `distances`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinygrad_edu.tensors.axes import axis_of
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Products(Part):
    __slots__ = ()

    def mv(input: Any, vec: Any) -> Tensor:
        """(n, k) @ (k) -> (n)"""
        if input.ndim != 2 or vec.ndim != 1:
            raise ValueError(f"mv wanted a matrix and a vector, got shapes {input.shape} and {vec.shape}")
        return input @ vec

    def vdot(input: Any, other: Any) -> Tensor:
        """Σ input_i other_i of two vectors"""
        return input.dot(other)

    def inner(input: Any, other: Any) -> Tensor:
        """Σ over the last dimension of both: (…, k), (…', k) -> (…, …')"""
        if not input.ndim or not other.ndim:
            return input * other
        if input.shape[-1] != other.shape[-1]:
            raise ValueError(f"inner wanted last dimensions of equal size, got shapes {input.shape} and {other.shape}")
        return Products.tensordot(input, other, ([-1], [-1]))

    def tensordot(input: Any, other: Any, dims: Any = 2) -> Tensor:
        """Σ over the dimensions in dims[0] of input and dims[1] of other; a number n: the last n and the first n"""
        if isinstance(dims, int):
            if not 0 <= dims <= min(input.ndim, other.ndim):
                raise ValueError(f"tensordot wanted at most {min(input.ndim, other.ndim)} dims, got {dims}")
            dims = (range(input.ndim - dims, input.ndim), range(dims))
        first, second = ([axis_of(d, x.ndim) for d in axes] for x, axes in zip((input, other), dims, strict=True))
        sizes = [input.shape[i] for i in first]
        if sizes != [other.shape[i] for i in second]:
            raise ValueError(f"tensordot wanted dims of equal sizes, got {dims} of {input.shape} and {other.shape}")
        left = [i for i in range(input.ndim) if i not in first]
        right = [i for i in range(other.ndim) if i not in second]
        shape = [input.shape[i] for i in left] + [other.shape[i] for i in right]
        summed = math.prod(sizes)
        rows = input.permute(left + first).reshape(math.prod(input.shape[i] for i in left), summed)
        columns = other.permute(second + right).reshape(summed, math.prod(other.shape[i] for i in right))
        return (rows @ columns).reshape(shape)

    def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        """beta · input + alpha · batch1 @ batch2, for batches of matrices"""
        return _scaled(input, beta) + _scaled(batch1.bmm(batch2), alpha)

    def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        """beta · input + alpha · Σ over the batch of batch1 @ batch2"""
        return _scaled(input, beta) + _scaled(batch1.bmm(batch2).sum(0), alpha)

    def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        """beta · input + alpha · mat @ vec"""
        return _scaled(input, beta) + _scaled(Products.mv(mat, vec), alpha)

    def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        """beta · input + alpha · vec1 vec2ᵀ"""
        return _scaled(input, beta) + _scaled(vec1.outer(vec2), alpha)

    def matrix_power(input: Any, n: int) -> Tensor:
        """input @ input @ … n times, by repeated squaring"""
        if input.ndim < 2 or input.shape[-1] != input.shape[-2] or n < 0:
            raise ValueError(f"matrix_power wanted square matrices and n of 0 or more, got {input.shape} and {n}")
        size = input.shape[-1]
        out = (input * 0).tril() + input.new_ones(size).diag()
        while n:
            n, odd = divmod(n, 2)
            out = out @ input if odd else out
            input = input @ input if n else input
        return out

    def kron(input: Any, other: Any) -> Tensor:
        """Blocks: each number of input times the whole of other"""
        rank = max(input.ndim, other.ndim)
        first, second = ((1,) * (rank - x.ndim) + x.shape for x in (input, other))
        left = input.reshape([n for size in first for n in (size, 1)])
        right = other.reshape([n for size in second for n in (1, size)])
        return (left * right).reshape([n * m for n, m in zip(first, second, strict=True)])

    def cross(input: Any, other: Any, dim: int | None = None) -> Tensor:
        """The vector at right angles to both: (y z' - z y', z x' - x z', x y' - y x') along a dimension of size 3"""
        if dim is None:
            dim = next((i for i, size in enumerate(input.shape) if size == 3), -1)
        axis = axis_of(dim, input.ndim)
        if input.ndim != other.ndim or not input.ndim or input.shape[axis] != 3 or other.shape[axis] != 3:
            raise ValueError(
                f"cross wanted two tensors of size 3 along dim {dim}, got shapes {input.shape} and {other.shape}"
            )
        return input.roll(-1, axis) * other.roll(-2, axis) - input.roll(-2, axis) * other.roll(-1, axis)


def _scaled(x: Any, factor: Any) -> Any:
    return x if factor == 1 else x * factor
