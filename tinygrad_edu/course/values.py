"""Whatever a learner's function returns, as arrays to compare and as text to show.

For: `verify` and `check`. Not for: judging.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import is_array, to_host
from tinygrad_edu.engine import Value

ENTRIES = 6  # of an array are shown at most


def as_array(value: Any) -> numpy.ndarray:
    """One number, array or tensor as an array on the host."""
    if isinstance(value, Value):
        value = value.array
    return to_host(value) if is_array(value) else numpy.asarray(value)


def numbers_in(value: Any) -> list[numpy.ndarray]:
    """The arrays in a number, array, tensor, or a sequence or mapping of these, in order."""
    if isinstance(value, Mapping):
        return [array for key in value for array in numbers_in(value[key])]
    if isinstance(value, (list, tuple)) and any(not isinstance(item, (int, float, bool)) for item in value):
        return [array for item in value for array in numbers_in(item)]
    return [as_array(value)]


def alike(one: Any, other: Any) -> bool:
    """The same numbers in the same containers; of anything else, equal."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    if hasattr(one, "shape") or hasattr(other, "shape"):
        first, second = as_array(one), as_array(other)
        return numpy.array_equal(first, second, equal_nan=first.dtype.kind in "fc" and second.dtype.kind in "fc")
    if type(one).__eq__ is object.__eq__ and type(one) is type(other):
        return True  # functions and other objects that only equal themselves: a copy says nothing
    return bool(one == other)


def shown(value: Any) -> str:
    """A value in one line: numbers with five digits, of a larger array its shape and first entries."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        items = [shown(item) for item in value[:ENTRIES]] + ["…"] * (len(value) > ENTRIES)
        comma = "," * (isinstance(value, tuple) and len(value) == 1)  # (3,) is a tuple, (3) is a number
        return opening + ", ".join(items) + comma + closing
    if isinstance(value, (Value, numpy.ndarray)) or is_array(value):
        array = as_array(value)
        if array.size > ENTRIES:
            first = ", ".join(_number(number) for number in array.reshape(-1)[:3])
            return f"{array.shape} [{first}, …]"
        if array.ndim:
            return numpy.array2string(array, precision=5, separator=", ").replace("\n", " ")
        value = array.item()
    return _number(value)


def _number(value: Any) -> str:
    if isinstance(value, numpy.generic):
        value = value.item()
    return f"{value:.5g}" if isinstance(value, (float, complex)) else repr(value)
