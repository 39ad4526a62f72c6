"""`a[index]` and `a[index] = value` as CuPy does them, with its silent mistakes turned into errors.

For: reading and writing parts of a device array. What CuPy would do wrongly without a word is refused here: an index
array that points outside (CuPy wraps it around), and writing different values to one place (CuPy keeps any of them).
Not for: gathering along one axis; `take` and its family are carried out by NumPy, through `calls`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.memory import Memory, computed, host_of, refusal, view


def explained(error: IndexError) -> IndexError:
    """NumPy's error about an index, and what a GPU would have done."""
    if "out of bounds" not in str(error):
        return error
    return IndexError(
        f"{error}; CuPy would not say so but wrap the index around: check indices before they are uploaded"
    )


class Index(NamedTuple):
    """An index for NumPy, and what is in it beside integers, slices, None and `...`."""

    entries: tuple[Any, ...]
    arrays: bool  # integer arrays: the result is a copy
    masks: int  # boolean arrays: how many places they select is known only after waiting for the device


def translate(index: Any) -> Index:
    """An index that names device arrays as one that names host arrays."""
    entries: list[Any] = []
    arrays, masks, ellipsis = False, 0, False
    for entry in index if isinstance(index, tuple) else (index,):
        if isinstance(entry, Memory):
            if entry.dtype.kind not in "biu":
                raise IndexError(f"arrays used as indices must be of integer or boolean type, got {entry.dtype}")
            masks += entry.dtype.kind == "b"
            arrays |= entry.dtype.kind != "b"
            entries.append(entry._host)
        elif isinstance(entry, (bool, numpy.bool_)):
            masks += 1
            entries.append(entry)
        elif entry is None or isinstance(entry, (int, slice, numpy.integer)):
            entries.append(entry)
        elif entry is Ellipsis:
            ellipsis = True
            entries.append(entry)
        else:
            host = uploaded_list(entry)
            masks += host.dtype.kind == "b"
            arrays |= host.dtype.kind != "b"
            entries.append(host)
    if not ellipsis:
        entries.append(Ellipsis)  # without it NumPy answers a[0] with a copied scalar, not with a view
    return Index(tuple(entries), arrays, masks)


def uploaded_list(entry: Any) -> numpy.ndarray:
    """An index written as a list: CuPy sends it to the device, a transfer in the middle of the computation."""
    if isinstance(entry, numpy.ndarray):
        raise refusal(entry)
    if not isinstance(entry, (list, tuple, range)):
        raise IndexError(
            "only integers, slices, ..., None, and integer or boolean arrays on the device are valid indices, "
            f"got {type(entry).__name__}"
        )
    counters.uploads += 1
    host = numpy.asarray(entry, dtype=None if len(entry) else numpy.int64)
    if host.dtype.kind not in "biu":
        raise IndexError(f"arrays used as indices must be of integer or boolean type, got {host.dtype}")
    return host


def read(array: Memory, index: Any) -> Any:
    """array[index]: a view for integers and slices, a copy when an array takes part."""
    found = translate(index)
    if not (found.arrays or found.masks):
        return view(array._host[found.entries], array)
    counters.synchronizations += found.masks
    try:
        result = array._host[found.entries]
    except IndexError as error:
        raise explained(error) from None
    return computed(result if result.base is None else result.copy())


def write(array: Memory, index: Any, value: Any) -> None:
    """array[index] = value."""
    found = translate(index)
    host, content = array._host, host_of(value)
    writable(host)
    counters.synchronizations += found.masks
    counters.launches += 1
    try:
        target = host[found.entries]
        if found.arrays and numpy.size(content) > 1:
            check_single(host.shape, found.entries)
    except IndexError as error:
        raise explained(error) from None
    if not found.arrays and not found.masks:
        check_overlap(target, content)
    with numpy.errstate(over="ignore"):
        checked_cast(host, content)
        host[found.entries] = content


def writable(host: numpy.ndarray) -> None:
    """A broadcast or overlapping view holds one number in several places: writing there is a race on a GPU."""
    if not host.flags.writeable:
        raise ValueError(
            "wanted memory of its own to write to, got a view whose elements share memory: copy() it first"
        )


def check_single(shape: tuple[int, ...], entries: tuple[Any, ...]) -> None:
    """Every place is written once; several values for one place leave any of them behind on a GPU."""
    places = numpy.arange(int(numpy.prod(shape))).reshape(shape)[entries]
    if numpy.unique(places).size != places.size:
        raise ValueError(
            "wanted indices that name each place once, got repeated ones: which of their values is stored is undefined "
            "on a GPU. Use add.at to add them up"
        )


def check_overlap(target: numpy.ndarray, content: Any) -> None:
    """a[1:] = a[:-1]: a GPU reads and writes in any order, so the source may be overwritten before it is read."""
    if not isinstance(content, numpy.ndarray) or not numpy.may_share_memory(target, content):
        return
    place, origin = target.__array_interface__, content.__array_interface__
    same = place["data"] == origin["data"] and target.strides == content.strides and target.shape == content.shape
    if not same and numpy.shares_memory(target, content):
        raise ValueError(
            "wanted a value in other memory than the part written to, got an overlapping view: copy() it first"
        )


def checked_cast(host: numpy.ndarray, content: Any) -> None:
    """NaN and numbers outside the range become any integer on a GPU."""
    if host.dtype.kind in "iu" and isinstance(content, numpy.ndarray) and content.dtype.kind == "f":
        to_integer(content, host.dtype)


def to_integer(content: numpy.ndarray, dtype: numpy.dtype) -> numpy.ndarray:
    """A cast from floats to integers, of numbers that have an integer."""
    try:
        with numpy.errstate(invalid="raise"):
            return content.astype(dtype)
    except FloatingPointError:
        raise ValueError(
            f"wanted finite numbers within the range of {dtype}, got others: as integers they are undefined on a GPU"
        ) from None
