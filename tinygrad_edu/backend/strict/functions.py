"""CuPy's functions that do not behave as NumPy's of the same name, or that NumPy has not.

For: `HANDWRITTEN`, which the library looks in before it falls back on NumPy. Each has exactly CuPy's parameters.
Not for: functions that differ in their keywords only; `calls` does those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tinygrad_edu.backend.strict.array import StrictArray
from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.indexing import explained, writable
from tinygrad_edu.backend.strict.listing import find
from tinygrad_edu.backend.strict.memory import Memory, adopt, checked_dtype, computed, host_of, memory_of, refusal, wrap
from tinygrad_edu.backend.strict.methods import check_stable
from tinygrad_edu.backend.strict.ufuncs import device_data, ufunc


def array(
    obj: Any,
    dtype: Any = None,
    copy: Any = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    *,
    blocking: bool = False,
) -> Any:
    """A device array from a device array, a number or nested lists; the last two are uploads. NumPy's are refused."""
    if isinstance(obj, Memory):
        host = numpy.array(obj._host, dtype=dtype, copy=copy, order=order, ndmin=ndmin)
        return adopt(host, (obj,))
    if isinstance(obj, numpy.ndarray):
        raise TypeError(f"{refusal(obj)}. CuPy would upload it here; the stand-in wants that at the named door")
    host = numpy.array(obj, dtype=dtype, order=order, ndmin=ndmin)
    checked_dtype(host.dtype)
    counters.uploads += 1
    return wrap(host)


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> Any:
    """`a` itself when it is a device array of that dtype, else as `array`."""
    return array(a, dtype, copy, order or "K")


def asanyarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> Any:
    """The same as asarray."""
    return array(a, dtype, copy, order or "K")


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """In C order; itself when it is already."""
    device_data(a)  # unlike asarray it takes no lists
    return array(a, dtype, None, "C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None) -> Any:
    """In Fortran order; itself when it is already."""
    device_data(a)
    return array(a, dtype, None, "F", ndmin=1)


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> numpy.ndarray:
    """A copy on the host: a download. What is not on the device becomes a NumPy array, as in CuPy."""
    if isinstance(a, StrictArray):
        return a.get(stream, order, out, blocking)
    return numpy.asarray(a)


def empty(shape: Any, dtype: Any = float, order: str = "C") -> Any:
    """Memory that nobody has written to; it holds NaN or the smallest integer, so that reading it shows."""
    return StrictArray(shape, dtype, order=order)


def empty_like(prototype: Any, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> Any:
    """The same in the shape of another array."""
    like = numpy.empty_like(device_data(prototype), dtype=dtype, order=order, shape=shape)
    result = StrictArray(0, like.dtype)
    result._host = like
    result._spoil()
    return result


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds, else y. With the condition alone it is nonzero(), which waits."""
    if (x is None) != (y is None):
        raise ValueError("Must provide both 'x' and 'y' or neither.")
    if x is None:
        return condition.nonzero()
    return computed(numpy.where(device_data(condition), host_of(x), host_of(y)))


def sort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    """A sorted copy; the order of equal elements is kept."""
    check_stable(kind)
    return computed(numpy.sort(device_data(a), axis, kind="stable"))


def argsort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    """The indices that sort; the order of equal elements is kept."""
    check_stable(kind)
    return computed(numpy.argsort(device_data(a), axis, kind="stable"))


def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    """The method, as a function."""
    return x.astype(dtype, copy=copy)


def put(a: Any, ind: Any, v: Any, mode: str = "wrap") -> None:
    """The method, as a function."""
    a.put(ind, v, mode)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """arr[..., indices, ...] = values along one axis; each place once."""
    places = device_data(indices)
    content = numpy.broadcast_to(host_of(values), places.shape)
    writable(device_data(arr))
    if content.size > 1 and numpy.any(numpy.diff(numpy.sort(places % arr.shape[axis], axis), axis=axis) == 0):
        raise ValueError("wanted indices that name each place once, got repeated ones: a GPU keeps any of their values")
    counters.launches += 1
    try:
        numpy.put_along_axis(arr._host, places, content, axis)
    except IndexError as error:
        raise explained(error) from None


def as_strided(x: Any, shape: Any = None, strides: Any = None) -> Any:
    """A view with other shape and strides, in bytes. As in CuPy its `base` is None: it does not know its owner.

    Unlike CuPy it checks that the view stays inside the memory, and it cannot be written to where elements overlap.
    """
    host = device_data(x)
    shape = host.shape if shape is None else tuple(shape)
    strides = host.strides if strides is None else tuple(strides)
    memory = memory_of(host)
    offset = host.ctypes.data - memory.ctypes.data
    try:
        seen = numpy.ndarray(shape, host.dtype, memory.data, offset, strides)
    except ValueError as error:
        raise ValueError(f"as_strided to shape {shape}, strides {strides} leaves the array's memory: {error}") from None
    seen.flags.writeable = host.flags.writeable and not overlaps(shape, strides, host.itemsize)
    return wrap(seen)


def overlaps(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> bool:
    """True unless each axis, from the smallest stride up, steps over all that the axes before it reach."""
    reach = itemsize
    for stride, length in sorted(zip(map(abs, strides), shape, strict=True)):
        if length <= 1:
            continue
        if stride < reach:
            return True
        reach += stride * (length - 1)
    return False


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Every window of an array. CuPy uploads the window's shape and reads it back: as_strided does without."""
    if writeable:
        raise NotImplementedError("Writeable views are not supported by CuPy")
    sizes = window_shape if isinstance(window_shape, (tuple, list)) else (window_shape,)
    counters.uploads += 1
    for _ in sizes:
        counters.read_back()
    seen = numpy.lib.stride_tricks.sliding_window_view(device_data(x), window_shape, axis)
    return as_strided(x, seen.shape, seen.strides)


def get_array_module(*args: Any) -> Any:
    """This library when a device array is among the arguments, else NumPy."""
    from tinygrad_edu.backend.strict.library import library

    return library if any(isinstance(argument, Memory) for argument in args) else numpy


def scatter_add(a: Any, slices: Any, value: Any) -> None:
    """The older name of add.at."""
    _cupy_ufunc("add").at(a, slices, value)


def scatter_max(a: Any, slices: Any, value: Any) -> None:
    """The older name of maximum.at."""
    _cupy_ufunc("maximum").at(a, slices, value)


def scatter_min(a: Any, slices: Any, value: Any) -> None:
    """The older name of minimum.at."""
    _cupy_ufunc("minimum").at(a, slices, value)


def _cupy_ufunc(name: str) -> ufunc:
    return ufunc(f"cupy.{name}", getattr(numpy, name), find(f"cupy.{name}") or {})


def elementwise(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function as a ufunc: with `out`, and with the floating-point type that CuPy's ufuncs of one argument give."""

    def apply(x: Any, out: Any = None, dtype: Any = None, casting: Any = "same_kind") -> Any:
        x = numpy.asarray(x, dtype)
        result = function(x).astype(numpy.sqrt(x).dtype)
        if out is None:
            return result
        numpy.copyto(out[0], result, casting=casting)
        return out[0]

    return apply


_CREATION = (array, asarray, asanyarray, ascontiguousarray, asfortranarray, empty, empty_like)
_BY_MODULE: dict[str, tuple[Callable[..., Any], ...]] = {
    "cupy": (*_CREATION, argsort, asnumpy, astype, get_array_module, put, put_along_axis, sort, where),
    "cupy.lib.stride_tricks": (as_strided, sliding_window_view),
    "cupyx": (scatter_add, scatter_max, scatter_min),
}
HANDWRITTEN = {f"{module}.{function.__name__}": function for module, found in _BY_MODULE.items() for function in found}

# Ufuncs of CuPy that are none in NumPy.
ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "cupy.fix": elementwise(numpy.trunc),
    "cupy.i0": elementwise(numpy.i0),
    "cupy.sinc": elementwise(numpy.sinc),
    "cupyx.rsqrt": elementwise(lambda x: 1 / numpy.sqrt(x)),
}
