"""Tiles: cutting a large table of numbers into pieces that fit into the processor's cache.

For: kernels over a table (…, L, S) made from arguments whose leading dimensions broadcast, so that a piece of the table
needs a piece of each argument, or all of it along a dimension that the argument has only once.
Not for: what is computed in a tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy

ALL = slice(None)
Place = tuple[slice, ...]  # one slice for each leading dimension


def cut(size: int, step: int) -> list[slice]:
    """0 … size in slices of at most `step`."""
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def places(batch: tuple[int, ...], most: int) -> Iterator[Place]:
    """The leading dimensions in pieces of at most `most` (and at least one) of their elements, neighbors together."""
    whole = len(batch)  # so many dimensions, counted from here on, are taken whole
    while whole and math.prod(batch[whole - 1 :]) <= most:
        whole -= 1
    if not whole:
        yield (ALL,) * len(batch)
        return
    step = max(1, most // math.prod(batch[whole:]))
    for single in numpy.ndindex(batch[: whole - 1]):
        for some in cut(batch[whole - 1], step):
            yield *(slice(i, i + 1) for i in single), some, *(ALL,) * (len(batch) - whole)


def with_leading_ones(ndim: int, *arrays: Any) -> list[Any]:
    """Each array as a view of `ndim` dimensions, for slices that line up; None stays None."""
    return [None if x is None else x[(None,) * (ndim - x.ndim)] for x in arrays]


def part(x: Any, *slices: slice) -> Any:
    """x[slices], but all of x along a dimension of size 1, which serves every piece."""
    return x[tuple([ALL if size == 1 else piece for size, piece in zip(x.shape, slices, strict=False)])]


def add_to(x: Any, piece: Any, *slices: slice) -> None:
    """part(x, *slices) += piece, summed where x has only one for all: the transpose of `part`."""
    target = part(x, *slices)
    shared = tuple([i for i, size in enumerate(target.shape) if size != piece.shape[i]])
    target += piece.sum(shared, keepdims=True) if shared else piece
