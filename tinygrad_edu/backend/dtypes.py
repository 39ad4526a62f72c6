"""Number types. They are NumPy's own dtype objects, so an array of any library knows them.

For: their PyTorch names and the default floating-point type. Not for: promotion, which is `ops.casting`.
"""

from __future__ import annotations

import numpy

float16 = half = numpy.dtype("float16")
float32 = float = numpy.dtype("float32")
float64 = double = numpy.dtype("float64")
int8 = numpy.dtype("int8")
int16 = short = numpy.dtype("int16")
int32 = int = numpy.dtype("int32")
int64 = long = numpy.dtype("int64")
uint8 = numpy.dtype("uint8")
bool = numpy.dtype("bool")
dtype = numpy.dtype

_default = float32


def get_default_dtype() -> numpy.dtype:
    """The type that Python floats become: float32 unless `set_default_dtype` said otherwise."""
    return _default


def set_default_dtype(d: numpy.dtype) -> None:
    """Make Python floats become `d` from now on (float32 or float64)."""
    global _default
    if numpy.dtype(d).kind != "f":
        raise TypeError(f"wanted a floating-point dtype, got {d}")
    _default = numpy.dtype(d)
