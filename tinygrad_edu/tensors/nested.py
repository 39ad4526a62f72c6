"""Nested lists as an array: what `tensor([[1, 2], [3, 4]])` reads. Python floats become the default dtype."""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import dtypes, is_array
from tinygrad_edu.engine import Value


def _unpacked(data: Any, typed: set[Any]) -> Any:
    """Nested lists with tensors and arrays in them as nested lists of numbers; their dtypes are added to `typed`."""
    if isinstance(data, (list, tuple)):
        return [_unpacked(part, typed) for part in data]
    if isinstance(data, Value):
        data = data.array
    if isinstance(data, numpy.generic) or is_array(data):
        typed.add(data.dtype)
        return data.tolist()
    return data


def numbers_of(data: Any, dtype: Any) -> Any:
    """Nested lists as an array: in `dtype`, else in the type of the arrays among them, else in the default one."""
    typed: set[Any] = set()
    try:
        array = numpy.asarray(_unpacked(data, typed))
    except ValueError as error:
        raise ValueError(f"wanted rows of equal length, got ragged data ({error}): pad the short ones") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"wanted numbers, got data of type {array.dtype}: a tensor holds numbers or truth values only")
    if dtype is None and array.dtype.kind == "f":
        floats = [kind for kind in typed if kind.kind == "f"]
        dtype = numpy.result_type(*floats) if floats else dtypes.get_default_dtype()
    if dtype is None:
        dtype = next(iter(typed)) if len(typed) == 1 else dtypes.int64 if array.dtype.kind in "iu" else array.dtype
    dtype = numpy.dtype(dtype)
    out = array.astype(dtype)
    if array.dtype.kind in "iu" and dtype.kind in "iu" and (out != array).any():
        raise ValueError(
            f"wanted integers that fit into {dtype}, got {array.min()} to {array.max()}: use a wider dtype"
        )
    return out


def refuse_other_kinds(array: Any) -> None:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"wanted an array of numbers, got dtype {array.dtype}: a tensor holds numbers or truth values")
