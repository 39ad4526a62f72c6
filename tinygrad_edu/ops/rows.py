"""Reductions along one axis, with a faster way for short rows: NumPy takes 30 ns to begin each sum, 65 each maximum.

A matrix times a vector of ones sums all rows at once. `reduceat` over the flat array finds each row's largest without
beginning a reduction for each. Measured on 1024 rows of 128 in float32:

    sum        x.sum(-1)        31 µs      x @ ones                5 µs
    largest    x.max(-1)        75 µs      maximum.reduceat       30 µs
    Σ x y      (x * y).sum(-1)  45 µs      vecdot                 12 µs

For: softmax and its like. The reduced axis is kept with size 1. Whatever is no NumPy array in C order, or not reduced
along its last axis, takes the usual way, Tensors too, so that rules may call these. Not for: several axes at once
(`broadcasting.sum`, `reductions`).
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.ops.broadcasting import sum

MANY = 1024  # numbers; fewer are reduced sooner than they are looked at


def sum_along(x: Any, axis: int) -> Any:
    """Σ x along one axis"""
    if not _are_rows(x, axis):
        return sum(x, axis=(axis,), keepdims=True)
    return (x @ numpy.ones(x.shape[-1], x.dtype))[..., None]


def dot_along(x: Any, y: Any, axis: int) -> Any:
    """Σ x · y along one axis"""
    if not (_are_rows(x, axis) and _are_rows(y, axis)):
        return sum(x * y, axis=(axis,), keepdims=True)
    return numpy.vecdot(x, y)[..., None]


def largest_along(x: Any, axis: int) -> Any:
    """max x along one axis; of arrays only"""
    if not _are_rows(x, axis):
        return x.max(axis=axis, keepdims=True)
    starts = numpy.arange(0, x.size, x.shape[-1])
    return numpy.maximum.reduceat(x.reshape(-1), starts).reshape(*x.shape[:-1], 1)


def _are_rows(x: Any, axis: int) -> bool:
    return type(x) is numpy.ndarray and axis == x.ndim - 1 and x.size >= MANY and x.flags.c_contiguous
