"""Reductions, sorting and matrix products of a Tensor: PyTorch's signatures over the ops of floor 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from tinygrad_edu.backend import dtypes
from tinygrad_edu.ops import broadcasting, casting, comparing, elementwise, indexing, kinks, linalg, reductions, shaping
from tinygrad_edu.tensors.axes import axes_of, axis_of
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class ValuesAndIndices(NamedTuple):
    """What max, min, sort and topk along a dimension return."""

    values: Any
    indices: Any


def _summable(input: Any, dtype: Any) -> Any:
    """Integers and truth values are added as int64, so that counting does not overflow."""
    if dtype is None and input.array.dtype.kind != "f":
        dtype = dtypes.int64
    return input if dtype is None or input.array.dtype == dtype else casting.cast(input, dtype=numpy.dtype(dtype))


def _floating(input: Any, name: str) -> Any:
    if input.array.dtype.kind != "f":
        raise TypeError(f"{name} wanted a floating-point tensor, got {input.array.dtype}: convert with .float() first")
    return input


def _one_or_all(input: Any, dim: Any) -> tuple[Any, int]:
    """The tensor and axis for an op along one axis; without a dim, along the flattened tensor."""
    if dim is None or (not input.ndim and axis_of(dim, 0) == 0):
        return shaping.reshape.run(input, shape=(input.array.size,)), 0
    return input, axis_of(dim, input.ndim)


def _not_empty(input: Any, axis: tuple[int, ...], name: str) -> None:
    if not reductions.count(input.shape, axis):
        raise IndexError(f"{name} wanted at least one element to choose from, got a tensor of shape {input.shape}")


class Reducing(Part):
    __slots__ = ()

    def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """Σ input over `dim` (None: over everything)"""
        if dtype is not None or input.array.dtype.kind != "f":
            input = _summable(input, dtype)
        out = broadcasting.sum.run(input, axis=axes_of(dim, input.array.ndim), keepdims=keepdim)
        return out if dtype is None else out.to(dtype)

    def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """(1/n) Σ input over `dim`"""
        input = _floating(input if dtype is None else input.to(dtype), "mean")
        return reductions.mean.run(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)

    def var(
        input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
    ) -> Tensor:
        """Σ (input - mean)² / (n - correction); correction 1 (unbiased) by default, as in PyTorch"""
        if isinstance(dim, bool):  # var(False): everything, biased
            dim, unbiased = None, dim
        correction = int(unbiased) if correction is None else correction
        axis = axes_of(dim, input.ndim)
        return reductions.var(_floating(input, "var"), axis=axis, keepdims=keepdim, correction=correction)

    def std(
        input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
    ) -> Tensor:
        """√var"""
        if isinstance(dim, bool):  # std(False): everything, biased
            dim, unbiased = None, dim
        correction = int(unbiased) if correction is None else correction
        axis = axes_of(dim, input.ndim)
        return reductions.std(_floating(input, "std"), axis=axis, keepdims=keepdim, correction=correction)

    def amax(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The largest over `dim`; equal largest elements share the gradient"""
        axis = axes_of(dim, input.ndim)
        _not_empty(input, axis, "amax")
        return reductions.amax.run(input, axis=axis, keepdims=keepdim)

    def amin(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The smallest over `dim`; equal smallest elements share the gradient"""
        axis = axes_of(dim, input.ndim)
        _not_empty(input, axis, "amin")
        return reductions.amin.run(input, axis=axis, keepdims=keepdim)

    def max(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest of all; with a dim, (values, indices) along it; with a tensor, the element-wise maximum"""
        if dim is None:
            return Reducing.amax(input)
        if isinstance(dim, Part):
            return kinks.maximum(input, dim)
        return _extreme(input, dim, keepdim, reductions.argmax)

    def min(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest of all; with a dim, (values, indices) along it; with a tensor, the element-wise minimum"""
        if dim is None:
            return Reducing.amin(input)
        if isinstance(dim, Part):
            return kinks.minimum(input, dim)
        return _extreme(input, dim, keepdim, reductions.argmin)

    def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the largest is (the first of equals); without a dim, in the flattened tensor"""
        return _position(input, dim, keepdim, reductions.argmax)

    def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the smallest is (the first of equals); without a dim, in the flattened tensor"""
        return _position(input, dim, keepdim, reductions.argmin)

    def prod(input: Any, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """Π input over `dim`"""
        out = reductions.prod(_summable(input, dtype), axis=axes_of(dim, input.ndim), keepdims=keepdim)
        return out if dtype is None else out.to(dtype)

    def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Tensor:
        """ln Σ e^input over `dim`, without overflow"""
        return reductions.logsumexp.run(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)

    def cumsum(input: Any, dim: int, dtype: Any = None) -> Tensor:
        """out_i = input_0 + … + input_i along `dim`"""
        input, axis = _summable(input, dtype), axis_of(dim, input.ndim)
        out = reductions.cumsum(input, axis=axis) if input.ndim else input
        return out if dtype is None else out.to(dtype)

    def norm(input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Tensor:
        """(Σ |input|^p)^(1/p) over `dim`; p may be inf. Its gradient at 0 is taken as 0"""
        order = {"fro": 2.0}.get(p, p) if isinstance(p, str) else p
        if isinstance(order, str):
            raise ValueError(f"norm wanted p as a number, inf or 'fro', got {p!r}")
        axis = axes_of(dim, input.ndim)
        return reductions.norm(_floating(input, "norm"), order=order, axis=axis, keepdims=keepdim)

    def all(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
        """Every element is true"""
        return comparing.all_.run(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)

    def any(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
        """Some element is true"""
        return comparing.any_.run(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)

    # -------------------------------------------------------------------------------------------------- sorting
    def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
        """The order that sorts the tensor along `dim`; it is always stable here"""
        axis = axis_of(dim, input.ndim)
        line = input.detach().reshape(1) if not input.ndim else input.detach()
        return reductions.sorted_by(line, axis=axis, descending=descending).reshape(input.shape)

    def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesAndIndices:
        """(values in order along `dim`, where they were)"""
        order = Reducing.argsort(input, dim, descending)
        if not input.ndim:
            return ValuesAndIndices(input, order)
        values = indexing.gather(input, order.array, axis=axis_of(dim, input.ndim), unique=True)
        return ValuesAndIndices(values, order)

    def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesAndIndices:
        """(the k largest values along `dim`, where they are), in order"""
        axis = axis_of(dim, input.ndim)
        size = input.shape[axis] if input.ndim else 1
        if not 0 <= k <= size:
            raise ValueError(f"topk wanted k from 0 to {size}, the size of dim {dim}, got {k}")
        if not input.ndim:
            return Reducing.sort(input)
        order = reductions.sorted_by(input.detach(), axis=axis, descending=largest)
        order = order[tuple(slice(k) if i == axis else slice(None) for i in range(input.ndim))]
        return ValuesAndIndices(indexing.gather(input, order.array, axis=axis, unique=True), order)

    # ------------------------------------------------------------------------------------------ matrix products
    def __matmul__(self, other: Any) -> Tensor:
        return Reducing.matmul(self, other)

    def matmul(input: Any, other: Any) -> Tensor:
        """input @ other; vectors, matrices, and batches of matrices that are broadcast"""
        if not hasattr(other, "ndim"):
            raise TypeError(f"matmul wanted a tensor on the right, got {type(other).__name__}: use * for a number")
        return linalg.product(input, other)

    def mm(input: Any, mat2: Any) -> Tensor:
        """(n, k) @ (k, m) -> (n, m)"""
        _dimensions("mm", 2, input, mat2)
        return linalg.product(input, mat2)

    def bmm(input: Any, mat2: Any) -> Tensor:
        """(b, n, k) @ (b, k, m) -> (b, n, m): one product for each of b pairs"""
        _dimensions("bmm", 3, input, mat2)
        if input.shape[0] != mat2.shape[0]:
            raise ValueError(
                f"bmm wanted equally many matrices on both sides, got {input.shape[0]} and {mat2.shape[0]}"
            )
        return linalg.product(input, mat2)

    def dot(input: Any, tensor: Any) -> Tensor:
        """Σ input_i tensor_i of two vectors"""
        _dimensions("dot", 1, input, tensor)
        return linalg.product(input, tensor)

    def outer(input: Any, vec2: Any) -> Tensor:
        """out_ij = input_i vec2_j"""
        _dimensions("outer", 1, input, vec2)
        return elementwise.mul.run(shaping.reshape.run(input, shape=(*input.shape, 1)), vec2)

    def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        """beta · input + alpha · mat1 @ mat2"""
        _dimensions("addmm", 2, mat1, mat2)
        product = linalg.product(mat1, mat2)
        return (input if beta == 1 else input * beta) + (product if alpha == 1 else product * alpha)


def _dimensions(name: str, wanted: int, *tensors: Any) -> None:
    for tensor in tensors:
        if tensor.ndim != wanted:
            raise ValueError(
                f"{name} wanted tensors of {wanted} dimensions, got shape {tensor.shape}: matmul broadcasts"
            )


def _position(input: Any, dim: Any, keepdim: bool, op: Any) -> Any:
    line, axis = _one_or_all(input, dim)
    _not_empty(line, (axis,), op.name)
    out = op(line, axis=axis)
    if not keepdim:
        return out
    shape = tuple(1 if dim is None or i == axis else n for i, n in enumerate(input.shape))
    return shaping.reshape.run(out, shape=shape)


def _extreme(input: Any, dim: int, keepdim: bool, op: Any) -> ValuesAndIndices:
    """(values, indices) along one axis: the gradient goes to the element at the index, and to no other."""
    line, axis = _one_or_all(input, dim)
    where = Reducing.argmax(line, axis, True) if op is reductions.argmax else Reducing.argmin(line, axis, True)
    values = indexing.gather(line, where.array, axis=axis, unique=True)
    if not keepdim or not input.ndim:
        shape = tuple(n for i, n in enumerate(line.shape) if i != axis)
        values, where = shaping.reshape.run(values, shape=shape), shaping.reshape.run(where, shape=shape)
    return ValuesAndIndices(values, where)
