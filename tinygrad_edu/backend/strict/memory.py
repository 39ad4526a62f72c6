"""What a device array is made of: data in host memory, and the name of the array that owns it.

For: the storage under `StrictArray`, and the two gates every operation passes: `host_of` and `unwrap` let data out to
NumPy and refuse what CuPy refuses; `computed`, `view` and `adopt` turn NumPy's results into device arrays again.
Not for: operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.listing import find, missing
from tinygrad_edu.backend.strict.metadata import Device, Flags, Pointer

PYTHON_SCALARS = frozenset({bool, int, float, complex})
NUMBERS = frozenset("?bBhHiIlLqQefdFD")  # the dtypes CuPy can hold: no objects, no text, no dates, no long double

SETTINGS = (
    bool,
    int,
    float,
    complex,
    str,
    slice,
    range,
    type,
    numpy.generic,
    numpy.dtype,
)  # arguments that are no arrays


class Memory:
    """Data "on the device" and what is known of it without looking at it."""

    __slots__ = ("__weakref__", "_host", "_owner")
    _kind: type[Memory]  # StrictArray, which is made of this class and so comes later; its file sets this

    _host: Any  # numpy.ndarray
    _owner: Memory | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes. It can be assigned to, as in CuPy."""
        return self._host.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        reshaped = self._host.reshape(shape)
        if memory_of(reshaped) is not memory_of(self._host):
            raise AttributeError(f"wanted a shape that needs no copy of the data, got {shape}: use reshape")
        self._host = reshaped

    @property
    def base(self) -> Memory | None:
        """The array that owns the memory, for a view; None for the owner, and for a view made with `as_strided`."""
        return self._owner

    @property
    def flags(self) -> Flags:
        """c_contiguous, f_contiguous and owndata; CuPy has no `writeable`."""
        return Flags(self._host.flags.c_contiguous, self._host.flags.f_contiguous, self._owner is None)

    @property
    def data(self) -> Pointer:
        """Where the first number lives: `.ptr` is an address, of host memory here."""
        return Pointer(self._host.ctypes.data)

    @property
    def device(self) -> Device:
        """The one device of the stand-in, number 0."""
        return Device(0)

    dtype = property(lambda self: self._host.dtype, doc="NumPy's dtype object; CuPy uses the same ones.")
    ndim = property(lambda self: self._host.ndim, doc="Number of axes.")
    size = property(lambda self: self._host.size, doc="Number of elements.")
    itemsize = property(lambda self: self._host.itemsize, doc="Bytes of one element.")
    nbytes = property(lambda self: self._host.nbytes, doc="Bytes of all elements.")
    strides = property(lambda self: self._host.strides, doc="Bytes to the next element along each axis.")

    def __len__(self) -> int:
        return len(self._host)

    def __getattr__(self, name: str) -> Any:
        # Python asks here only for what the class has not.
        if find(f"cupy.ndarray.{name}") is None:
            raise missing("cupy.ndarray", name)
        raise AttributeError(f"cupy.ndarray has {name!r}; the strict stand-in has not, because it owns no GPU memory")


def host_of(value: Any) -> Any:
    """What NumPy may compute with: the data behind a device array, or the number itself. All else is refused."""
    if isinstance(value, Memory):
        return value._host
    if type(value) in PYTHON_SCALARS or isinstance(value, numpy.generic):
        return value
    raise refusal(value)


def refusal(value: Any) -> TypeError:
    """The error for something that is neither a device array nor a number."""
    if isinstance(value, numpy.ndarray):
        return TypeError(
            f"wanted an array on the device, got a NumPy array of shape {value.shape}: CuPy does not mix the two. "
            "Move it first with to_device(array, device), or use a Python number"
        )
    return TypeError(f"wanted an array on the device or a number, got {type(value).__name__}")


def wrap(host: numpy.ndarray, owner: Memory | None = None) -> Any:
    """A device array around a host array that nobody else has; `owner` for a view."""
    array = object.__new__(Memory._kind)
    array._host = host
    array._owner = owner
    return array


def computed(result: Any) -> Any:
    """The device array for a freshly computed result; counts one launch.

    NumPy turns a result without axes into a scalar; on a GPU it stays an array, and so it does here.
    """
    counters.launches += 1
    return wrap(result if type(result) is numpy.ndarray else numpy.asarray(result))


def view(host: numpy.ndarray, source: Memory) -> Any:
    """A view of `source`. A view of a view names the owner of the memory, as in CuPy."""
    return wrap(host, source if source._owner is None else source._owner)


def unwrap(value: Any, sources: list[Memory]) -> Any:
    """One argument for NumPy; the device arrays in it are noted in `sources`, and foreign objects are refused."""
    if isinstance(value, Memory):
        sources.append(value)
        return value._host
    if type(value) in (list, tuple):
        return type(value)(unwrap(part, sources) for part in value)
    if value is None or value is Ellipsis or isinstance(value, SETTINGS):
        return value
    raise refusal(value)


def hand_back(result: Any, sources: list[Memory]) -> Any:
    """Device arrays for the arrays in a result; what NumPy answers about shapes and dtypes stays as it is."""
    if isinstance(result, (numpy.ndarray, numpy.generic)):
        return adopt(result, sources)
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*(hand_back(part, sources) for part in result))
    if isinstance(result, (list, tuple)):
        return type(result)(hand_back(part, sources) for part in result)
    return result


def adopt(result: Any, sources: Iterable[Memory]) -> Any:
    """The device array for a result that may be one of the sources, a view of one, or new."""
    if type(result) is numpy.ndarray:
        for source in sources:
            if result is source._host:
                return source
        if result.base is not None:
            memory = memory_of(result)
            for source in sources:
                if memory_of(source._host) is memory:
                    return view(result, source)
    return computed(result)


def memory_of(host: Any) -> Any:
    """The host array that owns the memory of `host`."""
    while type(host.base) is numpy.ndarray:
        host = host.base
    return host


def checked_dtype(dtype: Any) -> numpy.dtype:
    """The dtype, when a GPU can hold it."""
    found = numpy.dtype(dtype)
    if found.char not in NUMBERS:
        raise ValueError(f"wanted a dtype that CuPy supports (bool, integer, float or complex), got {found}")
    return found
