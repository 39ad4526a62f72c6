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


def shown(value: Any) -> str:
    """A value in one line: numbers with five digits, of a larger array its shape and first entries."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        items = [shown(item) for item in value[:ENTRIES]] + ["…"] * (len(value) > ENTRIES)
        return opening + ", ".join(items) + closing
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
    return f"{value:.5g}" if isinstance(value, (float, numpy.floating)) else repr(value)
