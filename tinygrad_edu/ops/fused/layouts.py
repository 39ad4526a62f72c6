"""Orders of axes in memory, for images (N, C, H, W) that only look as if they lay in memory in that order.

An array is its numbers and, for each axis, how far apart neighbors are. A kernel that works out its result in another
order returns it as it lies, and the strides say how to read it; operations element by element keep the order, so a
whole network may run in it without a copy. PyTorch does the same under the name of memory formats.

For: making such arrays, and copying between orders. Not for: choosing an order; each kernel knows what suits it.
"""

from __future__ import annotations

from typing import Any

import numpy

Order = tuple[int, ...]  # the axes, outermost in memory first


def empty_in(order: Order, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of `shape` that owns its memory, in which the axes follow one another as in `order`."""
    strides, step = [0] * len(order), dtype.itemsize
    for axis in reversed(order):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return numpy.ndarray(shape, dtype, strides=tuple(strides))


def order_of(x: Any) -> Order:
    """The axes of x, outermost in memory first; axes of one element, which have no place, stay where they are."""
    strides = [step if size > 1 else None for size, step in zip(x.shape, x.strides, strict=True)]
    below = 0
    for axis in reversed(range(x.ndim)):  # an axis of one element lies just outside of the one that follows it
        if strides[axis] is None:
            strides[axis] = below
        below = strides[axis]
    return tuple(sorted(range(x.ndim), key=lambda axis: -strides[axis]))


def is_innermost(x: Any, axis: int) -> bool:
    """Whether neighbors along `axis` are neighbors in memory; an axis of one element always is."""
    return x.shape[axis] == 1 or x.strides[axis] == x.itemsize


IMAGES_AT_ONCE = 16  # a line of 64 bytes holds 16 numbers of float32


def copy_to(target: Any, x: Any) -> None:
    """target[...] = x. From one image after the other into numbers of all images side by side in pieces.

    Each image is read in order and one number of it goes into each line of the cache; lines that images share should
    still be there when the next image comes. Measured on (128, 3, 32, 32) in float32: 0.84 ms at once, whose strides
    of 12 KiB all want the same place in the cache, 0.21 ms by 16 images.
    """
    if x.shape[0] > IMAGES_AT_ONCE and is_innermost(target, 0) and not is_innermost(x, 0):
        for start in range(0, x.shape[0], IMAGES_AT_ONCE):
            target[start : start + IMAGES_AT_ONCE] = x[start : start + IMAGES_AT_ONCE]
    else:
        target[...] = x


def arranged(x: Any, order: Order) -> Any:
    """x itself if it lies in memory in this order without gaps, else a copy that does."""
    if x.transpose(order).flags.c_contiguous:
        return x
    out = empty_in(order, x.shape, x.dtype)
    copy_to(out, x)
    return out
