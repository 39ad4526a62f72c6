"""Finite differences: what a derivative is, measured from the function alone.

    ∂f/∂x_i ≈ (f(x + ε e_i) - f(x - ε e_i)) / 2ε        error O(ε²) from the curvature, O(u/ε) from rounding

At ε = 1e-6 and float64 (u = 1e-16) both are near 1e-10, which is why the checks want float64; float32 (u = 1e-7) would
leave one good digit. For: an independent judge of every rule. Not for: computing gradients in a program, because each
number of x costs two runs of f.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy

from tinygrad_edu.backend import device_of, to_device, to_host

Outputs = Callable[[], list[numpy.ndarray]]


def on_host(array: Any) -> numpy.ndarray:
    """An array of any device as float64 on the host."""
    return numpy.asarray(to_host(array), dtype=numpy.float64)


def move_to(array: Any, point: numpy.ndarray) -> None:
    """Overwrite `array` (on any device) with the numbers of `point`."""
    array[...] = to_device(numpy.asarray(point, array.dtype), device_of(array))


@contextmanager
def held(array: Any) -> Iterator[numpy.ndarray]:
    """The numbers of `array`, which get back into it at the end whatever was written in between."""
    start = to_host(array).copy()
    try:
        yield start
    finally:
        move_to(array, start)


def difference(outputs: Outputs, array: Any, start: numpy.ndarray, step: numpy.ndarray) -> list[numpy.ndarray]:
    """(f(start + step) - f(start - step)) / 2, after which `array` holds something else than it did."""
    move_to(array, start + step)
    above = outputs()
    move_to(array, start - step)
    below = outputs()
    return [(high - low) / 2 for high, low in zip(above, below, strict=True)]


def unit(shape: tuple[int, ...], index: tuple[int, ...], size: float) -> numpy.ndarray:
    """Zeros, but `size` at `index`."""
    step = numpy.zeros(shape)
    step[index] = size
    return step


def jacobians(outputs: Outputs, array: Any, eps: float) -> list[numpy.ndarray]:
    """d output / d array by central differences: for each output of shape S a table of shape (*array.shape, *S).

    outputs()  runs the function on whatever `array` holds and returns its results on the host, float64
    eps        half the distance between the two points of each difference, in the units of `array`
    """
    with held(array) as start:
        shapes = [out.shape for out in outputs()]
        tables = [numpy.zeros(start.shape + shape) for shape in shapes]
        for index in numpy.ndindex(start.shape):
            changes = difference(outputs, array, start, unit(start.shape, index, eps))
            for table, change in zip(tables, changes, strict=True):
                table[index] = change / eps
    return tables


def one_sided(outputs: Outputs, array: Any, index: tuple[int, ...], eps: float) -> tuple[list[Any], list[Any]]:
    """The slopes to the left and to the right of entry `index`. Where they disagree, the function has a kink."""
    with held(array) as start:
        here = outputs()
        slopes = []
        for step in (-eps, eps):
            move_to(array, start + unit(start.shape, index, step))
            slopes.append([(there - out) / step for there, out in zip(outputs(), here, strict=True)])
    return slopes[0], slopes[1]
