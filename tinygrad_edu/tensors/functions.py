"""Functions that are no methods: what takes a list of tensors, or a condition, or an equation.

For: `where`, `cat`, `stack`, `einsum`, `one_hot`. Not for: methods that PyTorch also has as functions (`exp(x)`), which
are in `as_functions`, and arrangements of these here, in `joining`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import constant, dtypes, namespace
from tinygrad_edu.engine import Value
from tinygrad_edu.ops import casting, kinks, linalg, shaping
from tinygrad_edu.tensors.arithmetic import Arithmetic
from tinygrad_edu.tensors.axes import axis_of, check_index
from tinygrad_edu.tensors.tensor import Tensor


def pow(input: Any, exponent: Any) -> Tensor:
    """input^exponent; either may be a number"""
    return Arithmetic.pow(input, exponent)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """input where the condition holds, `other` elsewhere; with the condition alone, the positions where it holds"""
    if not isinstance(condition, Tensor):
        raise TypeError(f"where wanted a tensor of truth values, got {type(condition).__name__}")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if not isinstance(input, Value) and not isinstance(other, Value):
        dtype = casting.result_type(input, other)
        input = Tensor(constant(numpy.asarray(input, dtype), like=condition.array))
    return kinks.where(condition, input, other)


def cat(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors joined end to end along `dim`; in all other dimensions they must agree"""
    everything = _several("cat", tensors)
    tensors = [tensor for tensor in everything if tensor.shape != (0,)] or everything  # as in PyTorch: "nothing yet"
    axis = axis_of(dim, tensors[0].ndim)
    if not tensors[0].ndim:
        raise ValueError("cat wanted tensors of at least 1 dimension, got a single number: use stack")
    for i, tensor in enumerate(tensors):
        same = tensor.shape[:axis] + tensor.shape[axis + 1 :] == tensors[0].shape[:axis] + tensors[0].shape[axis + 1 :]
        if tensor.ndim != tensors[0].ndim or not same:
            raise ValueError(
                f"Sizes of tensors must match except in dimension {axis}: cat got shape {tensors[0].shape} and, at "
                f"position {i}, {tensor.shape}"
            )
    dtype = casting.result_type(*everything)
    return shaping.cat(*(tensor.to(dtype) for tensor in tensors), axis=axis)


def stack(tensors: Sequence[Any], dim: int = 0) -> Tensor:
    """Tensors of equal shape laid along a new dimension `dim`"""
    tensors = _several("stack", tensors)
    axis = axis_of(dim, tensors[0].ndim + 1)
    for i, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise ValueError(
                f"stack expects each tensor to be equal size, but got {tensors[0].shape} at entry 0 and "
                f"{tensor.shape} at entry {i}"
            )
    return shaping.cat(*(tensor.unsqueeze(axis) for tensor in _one_dtype(tensors)), axis=axis)


def _several(name: str, tensors: Any) -> list[Any]:
    if isinstance(tensors, Value) or not tensors:
        raise ValueError(f"{name} wanted a non-empty list of tensors, got {tensors!r}")
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} wanted tensors, got {type(tensor).__name__}: wrap the data with tensor(...)")
    return list(tensors)


def _one_dtype(tensors: list[Any]) -> list[Any]:
    dtypes_ = dict.fromkeys(tensor.dtype for tensor in tensors)
    return tensors if len(dtypes_) == 1 else [tensor.to(casting.result_type(*tensors)) for tensor in tensors]


def einsum(equation: str, *operands: Any) -> Tensor:
    """Σ over the letters that the result lacks: einsum("ij,jk->ik", a, b) is a @ b. "..." is a batch"""
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    return linalg.einsum(equation, *_several("einsum", operands))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """out[…, c] = 1 where tensor[…] = c, else 0; integers in, integers (int64) out. -1: as many classes as occur"""
    if tensor.dtype.kind not in "iu":
        raise TypeError(f"one_hot wanted class indices (integers), got {tensor.dtype}: convert with .long()")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    check_index(tensor.array, num_classes, "one_hot")
    classes = Tensor(namespace(tensor.array).arange(num_classes))
    return (tensor.unsqueeze(-1) == classes).to(dtypes.int64)
