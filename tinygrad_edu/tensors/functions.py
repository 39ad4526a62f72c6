"""Functions of the package: the methods that PyTorch also has as functions, and what takes several tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import constant, dtypes, namespace
from tinygrad_edu.engine import Value
from tinygrad_edu.ops import casting, kinks, linalg, shaping
from tinygrad_edu.tensors.arithmetic import Arithmetic
from tinygrad_edu.tensors.axes import axis_of, check_index
from tinygrad_edu.tensors.indexing import Indexing
from tinygrad_edu.tensors.rearranging import Rearranging
from tinygrad_edu.tensors.reducing import Reducing
from tinygrad_edu.tensors.tensor import Tensor


def _function(name: str) -> Callable[..., Any]:
    """The method of that name as a function, which says so when its first argument is no Tensor."""
    method = next(vars(part)[name] for part in (Arithmetic, Reducing, Rearranging, Indexing) if name in vars(part))

    @functools.wraps(method)
    def function(input: Any, *args: Any, **settings: Any) -> Any:
        if not isinstance(input, Tensor):
            raise TypeError(f"{name} wanted a Tensor, got {type(input).__name__}: wrap the data with tensor(...)")
        return method(input, *args, **settings)

    function.__qualname__ = name
    function.__module__ = __name__
    return function


abs = _function("abs")
add = _function("add")
addmm = _function("addmm")
all = _function("all")
amax = _function("amax")
amin = _function("amin")
any = _function("any")
argmax = _function("argmax")
argmin = _function("argmin")
argsort = _function("argsort")
bmm = _function("bmm")
broadcast_to = _function("broadcast_to")
chunk = _function("chunk")
clamp = _function("clamp")
cos = _function("cos")
cumsum = _function("cumsum")
diagonal = _function("diagonal")
div = _function("div")
dot = _function("dot")
eq = _function("eq")
erf = _function("erf")
exp = _function("exp")
expm1 = _function("expm1")
flatten = _function("flatten")
flip = _function("flip")
floor = _function("floor")
gather = _function("gather")
ge = _function("ge")
gt = _function("gt")
index_select = _function("index_select")
isfinite = _function("isfinite")
isinf = _function("isinf")
isnan = _function("isnan")
le = _function("le")
log = _function("log")
log1p = _function("log1p")
log_softmax = _function("log_softmax")
logical_and = _function("logical_and")
logical_not = _function("logical_not")
logical_or = _function("logical_or")
logical_xor = _function("logical_xor")
logsumexp = _function("logsumexp")
lt = _function("lt")
masked_fill = _function("masked_fill")
matmul = _function("matmul")
max = _function("max")
maximum = _function("maximum")
mean = _function("mean")
min = _function("min")
minimum = _function("minimum")
mm = _function("mm")
movedim = _function("movedim")
mul = _function("mul")
narrow = _function("narrow")
ne = _function("ne")
neg = _function("neg")
norm = _function("norm")
outer = _function("outer")
permute = _function("permute")
prod = _function("prod")
reciprocal = _function("reciprocal")
relu = _function("relu")
remainder = _function("remainder")
reshape = _function("reshape")
roll = _function("roll")
rsqrt = _function("rsqrt")
scatter_add = _function("scatter_add")
sigmoid = _function("sigmoid")
sign = _function("sign")
sin = _function("sin")
softmax = _function("softmax")
sort = _function("sort")
split = _function("split")
sqrt = _function("sqrt")
square = _function("square")
squeeze = _function("squeeze")
std = _function("std")
sub = _function("sub")
sum = _function("sum")
t = _function("t")
tanh = _function("tanh")
topk = _function("topk")
transpose = _function("transpose")
tril = _function("tril")
triu = _function("triu")
unbind = _function("unbind")
unflatten = _function("unflatten")
unsqueeze = _function("unsqueeze")
var = _function("var")


def pow(input: Any, exponent: Any) -> Tensor:
    """input^exponent; either may be a number"""
    return Arithmetic.pow(input, exponent)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """input where the condition holds, `other` elsewhere; with the condition alone, the positions where it holds"""
    if not isinstance(condition, Tensor):
        raise TypeError(f"where wanted a tensor of truth values, got {type(condition).__name__}")
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if not isinstance(input, Value) and not isinstance(other, Value):
        dtype = casting.result_type(input, other)
        input = Tensor(constant(numpy.asarray(input, dtype), like=condition.array))
    return kinks.where(condition, input, other)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where it is not 0: one row for each place, or with as_tuple one tensor for each dimension. Waits for a GPU"""
    array = input.array if input.ndim else input.array.reshape(1)
    places = [Tensor(place) for place in namespace(array).nonzero(array)]
    if as_tuple or input.ndim:
        return tuple(places) if as_tuple else stack(places, 1)
    return places[0].reshape(-1, 1)[:, :0]  # a single number has no position: rows of nothing


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


def repeat_interleave(input: Tensor, repeats: int, dim: int | None = None) -> Tensor:
    """Each slice along `dim` `repeats` times in a row; without a dim, each element of the flattened tensor"""
    if dim is None or not input.ndim:
        input, dim = input.flatten(), 0
    axis = axis_of(dim, input.ndim)
    wide = input.unsqueeze(axis + 1).expand(*input.shape[: axis + 1], repeats, *input.shape[axis + 1 :])
    return wide.flatten(axis, axis + 1)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """True when |input - other| ≤ atol + rtol |other| everywhere"""
    return bool(numpy.allclose(input.detach().cpu().numpy(), other.detach().cpu().numpy(), rtol, atol, equal_nan))


def equal(input: Tensor, other: Tensor) -> bool:
    """True when both have the same shape and the same numbers"""
    return input.shape == other.shape and bool((input == other).all())
