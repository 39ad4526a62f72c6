"""Making number types agree, by PyTorch's rules, before an op runs.

For: `cast`, and the two preparations that ops ask for. A dimensioned tensor outranks a 0-d tensor, which outranks a
Python number; of different kinds (bool < integer < floating point) the higher kind wins; of one kind the wider wins
among equals in rank. Not for: the Python numbers themselves, which take the array's type in NumPy already.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import dtypes, is_array
from tinygrad_edu.engine import Value, primitive

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}
_UNRANKED = 3


@primitive
def cast(x, *, dtype):
    """The same numbers as another dtype. The gradient goes back in x's own dtype."""
    return x.astype(dtype)


cast.defvjp(x=lambda g, x_dtype: cast(g, dtype=x_dtype))
cast.deflatex("x", x="g")
cast.defcost(0)


def _rank(dtype: Any) -> int:
    return _RANK.get(dtype.kind, _UNRANKED)


def _wider(first: Any, second: Any) -> Any:
    if first is None or second is None or first == second:
        return first or second
    if _rank(first) != _rank(second):
        return max(first, second, key=_rank)
    return numpy.promote_types(first, second)


def _scalar_dtype(number: Any) -> Any:
    if isinstance(number, (bool, numpy.bool_)):
        return dtypes.bool
    return dtypes.int64 if isinstance(number, (int, numpy.integer)) else dtypes.get_default_dtype()


def result_type(*args: Any) -> numpy.dtype:
    """The dtype of a result computed from these tensors, arrays and numbers together."""
    tiers: list[Any] = [None, None, None]  # dimensioned tensors, 0-d tensors, numbers
    for arg in args:
        array = arg.array if isinstance(arg, Value) else arg
        if is_array(array):
            tier = 0 if array.ndim else 1
            tiers[tier] = _wider(tiers[tier], array.dtype)
        else:
            tiers[2] = _wider(tiers[2], _scalar_dtype(array))
    decided = tiers[0]
    for dtype in tiers[1:]:
        if decided is None or (dtype is not None and _rank(dtype) > _rank(decided)):
            decided = dtype
    return decided


def _all_to(args: tuple[Any, ...], dtype: Any) -> tuple[Any, ...]:
    if all(arg.array.dtype == dtype for arg in args if isinstance(arg, Value)):
        return args
    return tuple(cast(arg, dtype=dtype) if isinstance(arg, Value) and arg.array.dtype != dtype else arg for arg in args)


def to_common(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments in one dtype: int64 and float32 tensors meet in float32 (NumPy alone would say float64)."""
    return _all_to(args, result_type(*args))


def to_numbers(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments in one dtype that one can calculate with: truth values alone are refused, as in PyTorch."""
    if result_type(*args).kind == "b":
        raise TypeError("wanted numbers, got truth values (bool): convert with .long() or .float() first")
    return to_common(args)


def to_floating(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments in one floating-point dtype: integers become the default one."""
    dtype = result_type(*args)
    return _all_to(args, dtype if dtype.kind == "f" else dtypes.get_default_dtype())
