"""`StrictArray`: data in host memory behind CuPy's interface, and the two doors through which data comes and goes.

For: running code that was written for a GPU on a machine without one, and failing where the GPU would fail.
Not for: use outside tests and lessons; every operation is NumPy's, with a few microseconds of checks around it.

A StrictArray is no `numpy.ndarray`: NumPy's functions refuse it, and it refuses NumPy arrays. Results without axes stay
arrays, and so does `a[0]`, because on a GPU reading a number means waiting for it.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.memory import Memory, checked_dtype, wrap
from tinygrad_edu.backend.strict.methods import Methods
from tinygrad_edu.backend.strict.operators import Operators
from tinygrad_edu.backend.strict.reading import Reading


class StrictArray(Operators, Methods, Reading):
    """An array "on the device". Make one with `upload(host_array)` or with the library: `library.zeros((2, 3))`.

    StrictArray(shape, dtype=float) is memory that nobody has written to, as in CuPy; here it comes filled with NaN (or
    the smallest integer), so that reading it too early shows.
    """

    __slots__ = ()

    def __init__(
        self, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None, order: str = "C"
    ) -> None:
        if memptr is not None or strides is not None:
            raise NotImplementedError("the strict stand-in has no memory to point into: use as_strided for a view")
        self._host = numpy.empty(shape, checked_dtype(dtype), order="F" if order == "F" else "C")
        self._owner = None
        self._spoil()

    def _spoil(self) -> None:
        kind = self.dtype.kind
        self._host.fill(True if kind == "b" else numpy.iinfo(self.dtype).min if kind in "iu" else numpy.nan)


Memory._kind = StrictArray


def upload(array: numpy.ndarray) -> StrictArray:
    """The door to the device: a copy of a NumPy array. Counts one upload."""
    if not isinstance(array, (numpy.ndarray, numpy.generic)):
        raise TypeError(f"wanted a NumPy array to upload, got {type(array).__name__}: call numpy.asarray on it first")
    native = checked_dtype(array.dtype).newbyteorder("=")
    counters.uploads += 1
    return wrap(numpy.array(array, dtype=native, copy=True, subok=False))


def download(array: StrictArray) -> numpy.ndarray:
    """The door to the host: a copy as a NumPy array. Counts one download and one synchronization."""
    if not isinstance(array, StrictArray):
        raise TypeError(f"wanted an array on the strict device to download, got {type(array).__name__}")
    return array.get()
