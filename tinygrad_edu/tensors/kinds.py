"""Questions about number types: their limits, and what they become together."""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import dtypes
from tinygrad_edu.ops import casting
from tinygrad_edu.tensors.tensor import Tensor

result_type = casting.result_type


class finfo:
    """The limits of a floating-point type: finfo(float32).max, .min, .eps, .tiny, .bits; Python numbers all."""

    def __init__(self, type: Any = None) -> None:
        limits = numpy.finfo(dtypes.get_default_dtype() if type is None else numpy.dtype(type))
        self.bits, self.dtype = limits.bits, str(limits.dtype)
        self.min, self.max, self.eps = float(limits.min), float(limits.max), float(limits.eps)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = 10.0**-limits.precision

    def __repr__(self) -> str:
        return f"finfo(min={self.min:g}, max={self.max:g}, eps={self.eps:g}, tiny={self.tiny:g}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer type: iinfo(int64).max, .min, .bits."""

    def __init__(self, type: Any) -> None:
        limits = numpy.iinfo(numpy.dtype(type))
        self.bits, self.dtype = limits.bits, str(limits.dtype)
        self.min, self.max = int(limits.min), int(limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def promote_types(type1: Any, type2: Any) -> numpy.dtype:
    """The dtype of a result of tensors of these two: int64 and float32 meet in float32"""
    return casting.result_type(numpy.empty(1, type1), numpy.empty(1, type2))


def can_cast(from_: Any, to: Any) -> bool:
    """True when numbers of one dtype may be written in place into a tensor of another: not float into int"""
    kinds = "b", "iu", "f"
    start, end = (next(i for i, kind in enumerate(kinds) if numpy.dtype(d).kind in kind) for d in (from_, to))
    return start <= end


def is_tensor(obj: object) -> bool:
    """True for a Tensor"""
    return isinstance(obj, Tensor)
