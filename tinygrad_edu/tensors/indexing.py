"""Reading a Tensor by position: t[key], index_select, gather, scatter_add. PyTorch's rules over the ops of floor 2.

PyTorch takes integers, slices, None and ... first and what is an array (a list, a tensor, a mask) afterwards; NumPy
counts integers among the arrays. It matters where an integer and an array stand apart: x[0, :, [1, 2]] has the shape
(n, 2) in PyTorch and (2, n) in NumPy. `clean_key` makes two keys of such a one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import device_of, is_array, namespace, to_device
from tinygrad_edu.engine import Value
from tinygrad_edu.ops import indexing, shaping
from tinygrad_edu.tensors.axes import axis_of, check_index
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor

Key = tuple[Any, ...]


class Indexing(Part):
    __slots__ = ()

    def __getitem__(self, key: Any) -> Tensor:
        first, key, unique = clean_key(key, self.array)
        whole = self if first is WHOLE else indexing.getitem.run(self, key=first, unique=True)
        return indexing.getitem.run(whole, key=key, unique=unique)

    def index_select(input: Any, dim: int, index: Any) -> Tensor:
        """The slices along `dim` that a 1-d tensor of positions names"""
        axis = axis_of(dim, input.ndim)
        if index.ndim > 1 or (not input.ndim and index.numel() != 1):
            raise IndexError(f"index_select wanted a vector of positions, got shape {index.shape} for {input.shape}")
        if index.array.dtype.kind not in "iu":
            raise TypeError(f"index_select wanted positions (integers), got {index.array.dtype}: convert with .long()")
        check_index(index.array, input.shape[axis] if input.ndim else 1, "index_select")
        if not input.ndim:
            return input
        return input[(slice(None),) * axis + (index.reshape(-1),)]

    def gather(input: Any, dim: int, index: Any) -> Tensor:
        """out[i, j] = input[index[i, j], j] for dim 0, input[i, index[i, j]] for dim 1, and so on"""
        axis = along_axis("gather", input, dim, index)
        if not input.ndim:  # a single number: read it as a line of one
            line = indexing.gather(shaping.reshape.run(input, shape=(1,)), index.array.reshape(1), axis=0)
            return shaping.reshape.run(line, shape=())
        return indexing.gather(input, index.array, axis=axis)

    def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Tensor:
        """A copy of input with src[i, j] added at [index[i, j], j] for dim 0, [i, index[i, j]] for dim 1, and so on"""
        axis = along_axis("scatter_add", input, dim, index, src)
        if not input.ndim:
            return input + src
        return indexing.scatter_add(input, index.array, src, axis=axis)


def along_axis(name: str, input: Any, dim: int, index: Any, src: Any = None) -> int:
    """The axis that `index` counts along, after checking that index and source fit the input."""
    axis = axis_of(dim, input.ndim)
    if index.ndim != input.ndim:
        raise ValueError(f"{name} wanted an index of {input.ndim} dimensions like the input, got shape {index.shape}")
    if index.array.dtype.kind not in "iu":
        raise TypeError(f"{name} wanted an index of integers, got {index.array.dtype}: convert with .long()")
    for i, (n, size) in enumerate(zip(index.shape, input.shape, strict=True)):
        if i != axis and n > size:
            raise ValueError(f"{name} wanted an index no larger than the input, got {index.shape} for {input.shape}")
    if src is not None and (src.ndim != index.ndim or any(n > m for n, m in zip(index.shape, src.shape, strict=True))):
        raise ValueError(f"{name} wanted src at least as large as index, got {src.shape} and {index.shape}")
    check_index(index.array, input.shape[axis] if input.ndim else 1, name)
    return axis


# ------------------------------------------------------------------------------------------------------------- keys
WHOLE: Key = (Ellipsis,)


def clean_key(key: Any, array: Any) -> tuple[Key, Key, bool]:
    """A key in the array library's own terms: array[first][then], and whether it surely names no element twice.

    Both always hold a `...`, so that reading one element gives a 0-d view and not a copied number.
    """
    parts = [_clean(part, array) for part in (key if isinstance(key, tuple) else (key,))]
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    arrays = [part for part in parts if is_array(part)]
    unique = all(part.dtype.kind == "b" for part in arrays) and len(arrays) <= 1
    first, then = _in_two(parts) if arrays else (WHOLE, tuple(parts))
    return first, then, unique


def _in_two(parts: list[Any]) -> tuple[Key, Key]:
    """Integers apart from the arrays are read first: (0, :, [1, 2]) becomes (0, :, :) and then (:, [1, 2])."""
    places = [i for i, part in enumerate(parts) if is_array(part) or type(part) is int]
    if places[-1] - places[0] == len(places) - 1 or not any(type(parts[i]) is int for i in places):
        return WHOLE, tuple(parts)
    first: list[Any] = []
    then: list[Any] = []
    for part in parts:
        if is_array(part):  # a mask stands for as many dimensions as it has
            first.extend([slice(None)] * (part.ndim if part.dtype.kind == "b" else 1))
            then.append(part)
        else:
            first.append(part)
            if type(part) is not int:
                then.append(part if part is Ellipsis else slice(None))
    return tuple(first), tuple(then)


def _clean(part: Any, array: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, (bool, int, slice)):
        return part
    if isinstance(part, numpy.integer):
        return int(part)
    if isinstance(part, Value):
        part = part.array
    elif isinstance(part, (list, range)):
        part = numpy.asarray([p.array.item() if isinstance(p, Value) else p for p in part])
        part = part.astype(numpy.int64) if not part.size else part
    if not is_array(part):
        raise IndexError(
            f"wanted integers, slices, None, ..., lists or tensors of integers or truth values as an index, "
            f"got {type(part).__name__}"
        )
    if part.dtype.kind not in "iub":
        raise IndexError(f"wanted an index of integers or truth values, got {part.dtype}: convert with .long()")
    if not part.ndim and part.dtype.kind != "b" and namespace(part) is numpy:
        return int(part)
    return to_device(part, device_of(array))
