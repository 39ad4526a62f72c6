"""Which library owns an array, and the few things that libraries spell differently.

For: one engine over NumPy (host), CuPy (GPU) and the strict stand-in (tests). An array's own type decides;
there is no global switch. Not for: mathematics, which lives in `tinygrad_edu.ops`.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy

Array = Any  # a numpy.ndarray, a cupy.ndarray or a strict stand-in: they share one interface

_library_of_type: dict[type, Any] = {numpy.ndarray: numpy}


def namespace(array: Array) -> Any:
    """The library (`numpy`, `cupy`, or the strict stand-in) that owns `array`; NumPy for scalars."""
    return _library_of_type.get(type(array)) or _find_library(array)


def _find_library(array: Array) -> Any:
    if isinstance(array, (numpy.ndarray, numpy.generic, bool, int, float)):
        return numpy
    kind = type(array)
    if kind.__module__.partition(".")[0] == "cupy":  # then somebody has imported it already
        library: Any = sys.modules["cupy"]
    elif kind.__module__.startswith("tinygrad_edu.backend.strict"):
        from tinygrad_edu.backend import strict

        library = strict.library
    else:
        raise TypeError(f"wanted an array of NumPy or CuPy, got {kind.__name__}: wrap the data with tensor(...) first")
    _library_of_type[kind] = library
    return library


def is_array(value: object) -> bool:
    """True for an array of a library we know: what a Tensor can hold."""
    if type(value) in _library_of_type:
        return True
    kind = type(value)
    from_cupy = kind.__module__.partition(".")[0] == "cupy" and hasattr(value, "__cuda_array_interface__")
    return from_cupy or isinstance(value, numpy.ndarray) or kind.__name__ == "StrictArray"


def owner(array: Array) -> Array:
    """The array that owns the memory `array` looks at: `array` itself unless it is a view."""
    while (base := getattr(array, "base", None)) is not None and is_array(base):
        array = base
    return array


def constant(values: Any, like: Array) -> Array:
    """Host values as an array beside `like`, on its device: how a rule makes a mask or an index from integers."""
    library = namespace(like)
    if library is numpy:
        return numpy.asarray(values)
    from tinygrad_edu.backend.devices import device_of, to_device

    return to_device(numpy.asarray(values), device_of(like))


def number(value: float, like: Array) -> Any:
    """A constant beside `like`: on the host as a 0-d array of its dtype, which ufuncs take in half the time of a float.

    Measured on 10 numbers: maximum(x, 0) takes 0.50 µs, maximum(x, number(0, x)) 0.35.
    """
    return _numbers[value, like.dtype] if type(like) is numpy.ndarray else value


class _Numbers(dict[tuple[float, numpy.dtype], numpy.ndarray]):
    """(value, dtype) -> the 0-d array, made once and never written to."""

    def __missing__(self, key: tuple[float, numpy.dtype]) -> numpy.ndarray:
        made = numpy.array(key[0], key[1])
        made.flags.writeable = False
        self[key] = made
        return made


_numbers = _Numbers()


def strided_view(array: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """A view of `array` with other shape and strides (bytes). The caller vouches that it stays inside."""
    if type(array) is numpy.ndarray and array.size and array.flags.c_contiguous:
        return numpy.ndarray(shape, array.dtype, array, 0, strides)  # a tenth of as_strided's time
    return namespace(array).lib.stride_tricks.as_strided(array, shape, strides)


def broadcast_view(array: Array, shape: tuple[int, ...]) -> Array:
    """A view of `array` that reads it again along axes of size 1 and new leading axes."""
    if type(array) is numpy.ndarray and not array.ndim:  # the gradient of a sum over everything: once a training step
        return numpy.ndarray(shape, array.dtype, array, 0, (0,) * len(shape))
    library = namespace(array)
    if library is not numpy or not array.size or len(shape) < array.ndim:
        return library.broadcast_to(array, shape)
    array = numpy.asarray(array)
    new = len(shape) - array.ndim
    for old, size in zip(array.shape, shape[new:], strict=True):
        if old != size and old != 1:
            return library.broadcast_to(array, shape)  # which explains why that cannot be
    steps = zip(array.shape, array.strides, strict=True)
    return strided_view(array, shape, (0,) * new + tuple(0 if size == 1 else step for size, step in steps))


def add_at(target: Array, key: tuple[Any, ...], values: Array, *, fresh: bool = False) -> None:
    """target[key] += values, where an index that occurs twice adds twice. `fresh` promises that target is all zeros."""
    if fresh and type(target) is numpy.ndarray and values.size >= 1024 and _names_rows(key, target):
        values = numpy.broadcast_to(values, key[0].shape + target.shape[1:])
        _add_rows(target, key[0].reshape(-1), values.reshape(-1, *target.shape[1:]))
    else:
        namespace(target).add.at(target, key, values)


def _names_rows(key: tuple[Any, ...], target: numpy.ndarray) -> bool:
    """True if the key is one array of integers, along the first axis."""
    if target.ndim < 2 or not (len(key) == 1 or (len(key) == 2 and key[1] is Ellipsis)):
        return False
    return type(key[0]) is numpy.ndarray and key[0].dtype.kind in "iu"


def _add_rows(target: numpy.ndarray, rows: numpy.ndarray, values: numpy.ndarray) -> None:
    """Into a target of zeros each row is written once, and only what occurs again is added.

    Adding, NumPy is quick with single numbers alone: 1.2 ns each, in rows 7. So rows are added number by number.
    Measured on a table of 50,000 x 128 and 4096 rows in float32: 0.4 ms instead of 4.5; on 65 x 128 and 1024 rows, of
    which most occur again, 0.17 instead of 0.83. Tried: sorting the rows and add.reduceat (2.3 and 0.12 ms), a product
    with a matrix of ones at the rows (0.17 ms for the small table, far too much for the large one).
    """
    target[rows] = values  # of those that occur again, the last stays
    order, last = numpy.arange(rows.size), numpy.empty(len(target), numpy.intp)
    last[rows] = order
    again = numpy.flatnonzero(last[rows] != order)
    width, flat = math.prod(target.shape[1:]), target.reshape(-1)
    starts, columns = rows[again].astype(numpy.intp) * width, numpy.arange(width)
    step = 65536 // (width or 1) + 1  # rows at a time: the places of their numbers take memory, too
    for first in range(0, again.size, step):
        part = slice(first, first + step)
        numpy.add.at(flat, (starts[part, None] + columns).reshape(-1), values[again[part]].reshape(-1))
