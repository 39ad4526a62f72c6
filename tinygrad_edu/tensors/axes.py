"""`dim` as users write it (None, negative, one or several) made into the tuple of axes that ops want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import namespace

_ALL = [tuple(range(ndim)) for ndim in range(65)]  # NumPy's limit is 64 dimensions


def axis_of(dim: Any, ndim: int) -> int:
    """One axis counted from the front. A 0-d tensor may be asked for axis 0 or -1, as in PyTorch."""
    if isinstance(dim, bool) or not isinstance(dim, (int, numpy.integer)):
        raise TypeError(f"wanted dim as an integer, got {type(dim).__name__}")
    span = max(ndim, 1)
    if not -span <= dim < span:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})")
    return int(dim) % span


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """Several axes counted from the front; None or nothing means all of them."""
    if dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0):
        return _ALL[ndim]
    axes = tuple([axis_of(d, ndim) for d in dim]) if isinstance(dim, (tuple, list)) else (axis_of(dim, ndim),)
    if len(axes) > 1 and len(set(axes)) != len(axes):
        raise ValueError(f"wanted each dim once, got {tuple(dim)}")
    return axes if ndim else ()


def flat_sizes(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Sizes given one by one or as one sequence: view(2, 3) and view((2, 3)) mean the same."""
    if len(sizes) != 1 or type(sizes[0]) is int or not isinstance(sizes[0], Sequence):  # the usual cases first
        return sizes
    return tuple(sizes[0])


def check_index(index: Any, size: int, meaning: str) -> None:
    """Refuse positions outside [0, size). Host arrays only: looking at a GPU's numbers would stop and wait for it."""
    if namespace(index) is not numpy or not index.size:
        return
    low, high = int(index.min()), int(index.max())
    if low < 0 or high >= size:
        raise IndexError(f"{meaning} wanted indices from 0 to {size - 1}, got {low if low < 0 else high}")
