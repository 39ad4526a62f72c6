"""Pooling as it is written: one number for each patch of an image or a line, its largest or its mean.

For: the definitions of the kernels in `fused/pooling`, written once for any number of axes, and the arithmetic of where
the patches lie. Settings are tuples with one number for each axis. Not for: PyTorch's signatures and its checks
(`nn/functional/pooling.py`), nor pooling to a given size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

import numpy

from tinygrad_edu.backend import constant, namespace
from tinygrad_edu.engine import Value
from tinygrad_edu.ops.broadcasting import sum
from tinygrad_edu.ops.planes import plane_steps, read_cells
from tinygrad_edu.ops.shaping import pad
from tinygrad_edu.ops.windows import windows


@dataclass(frozen=True)
class Axis:
    """The arithmetic of sliding a kernel along one axis: how many steps there are, and what each covers."""

    length: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    ceil_mode: bool

    @property
    def span(self):
        """How many cells lie between the first and the last that the kernel covers, these two included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def steps(self):
        """How many patches there are."""
        room = self.length + 2 * self.padding - self.span
        if not self.ceil_mode:
            return room // self.stride + 1
        steps = -(-room // self.stride) + 1
        # The last patch has to begin inside the image or its left padding.
        return steps - 1 if (steps - 1) * self.stride >= self.length + self.padding else steps

    @property
    def margins(self):
        """Cells outside before and after; ceil_mode may add some after the padding."""
        room = self.length + 2 * self.padding - self.span
        return self.padding, self.padding + max(0, (self.steps - 1) * self.stride - room)

    def counts(self, include_padding):
        """For each step: how many cells of the image (and of its padding) the kernel covers."""
        low, high = (
            (0, self.length + 2 * self.padding) if include_padding else (self.padding, self.padding + self.length)
        )
        starts = [step * self.stride for step in range(self.steps)]
        return [min(start + self.kernel, high) - max(start, low) for start in starts]


def grid_of(lengths, size, stride, padding, dilation, ceil_mode):
    """One Axis for each axis of the image that the kernel slides along."""
    return tuple([Axis(*numbers, ceil_mode) for numbers in zip(lengths, size, stride, padding, dilation, strict=True)])


def max_pool_definition(x, *, size, stride, padding, dilation, ceil_mode):
    """y[n, c, i] = max over u of x[n, c, stride·i + dilation·u - padding];    -∞ outside, NaN wins"""
    grid = grid_of(x.shape[2:], size, stride, padding, dilation, ceil_mode)
    return largest(x, grid)[0]


def largest(x, grid):
    """(the largest number of each patch, where in its own plane it was: row · W + column); the first if several are"""
    taps = _largest_taps(_array(x), grid)  # a choice, not a calculation: nothing is recorded
    image = pad(x, widths=_widths(grid), value=-math.inf) if _reach_outside(grid) else x
    apart = all(axis.stride >= axis.span for axis in grid)
    return read_cells(image, _positions(taps, grid, padded=True), apart), _positions(taps, grid, padded=False)


def _largest_taps(image, grid):
    """For each place of the kernel, which of its taps lies on the largest number: the first, counted row by row."""
    if _reach_outside(grid):
        # Inside, -∞ counts as the lowest number there is, so that it never loses to the -∞ outside.
        lowest = float(numpy.finfo(image.dtype).min)
        image = pad(namespace(image).clip(image, lowest, None), widths=_widths(grid), value=-math.inf)
    size, stride, dilation = zip(*((axis.kernel, axis.stride, axis.dilation) for axis in grid), strict=True)
    patches = windows(image, size=size, stride=stride, dilation=dilation)
    flat = patches.reshape(*patches.shape[: -len(grid)], math.prod(size))  # (N, C, H', W', kh·kw)
    return namespace(flat).argmax(flat, axis=-1)


def _positions(taps, grid, padded):
    """Where the taps lie in the plane, laid out row by row: the corner of each patch, and from there to the tap."""
    steps = plane_steps([axis.length + padded * (axis.margins[0] + axis.margins[1]) for axis in grid])
    corners, moves = [], []
    for axis, step in zip(grid, steps, strict=True):
        first = 0 if padded else -axis.padding
        corners.append((numpy.arange(axis.steps) * axis.stride + first) * step)
        moves.append(numpy.arange(axis.kernel) * axis.dilation * step)
    from_corner = constant(reduce(numpy.add.outer, moves).reshape(-1), like=taps)
    return from_corner[taps] + constant(reduce(numpy.add.outer, corners), like=taps)


def avg_pool_definition(x, *, size, stride, padding, ceil_mode, count_include_pad, divisor):
    """y[n, c, i] = Σ over u of x[n, c, stride·i + u - padding] / divisor,    or / the number of cells in the patch"""
    no_gaps = (1,) * len(size)
    grid = grid_of(x.shape[2:], size, stride, padding, no_gaps, ceil_mode)
    image = pad(x, widths=_widths(grid), value=0) if _reach_outside(grid) else x
    patches = windows(image, size=size, stride=stride, dilation=no_gaps)
    axes = tuple(range(len(patches.shape) - len(size), len(patches.shape)))
    cells = cells_of_patches(grid, count_include_pad, divisor)
    total = sum(patches, axis=axes, keepdims=False)
    return total / (cells if isinstance(cells, int) else constant(cells.astype(x.dtype), like=_array(x)))


def cells_of_patches(grid, count_include_pad, divisor):
    """What the sum over each patch is divided by: one number, or one for each patch (H', W') where they differ."""
    if divisor is not None:
        return divisor
    cells = reduce(numpy.multiply.outer, [numpy.array(axis.counts(count_include_pad)) for axis in grid])
    return int(cells.flat[0]) if (cells == cells.flat[0]).all() else cells


def _widths(grid):
    return ((0, 0), (0, 0), *(axis.margins for axis in grid))


def _reach_outside(grid):
    return any(map(any, _widths(grid)))


def _array(x):
    return x.array if isinstance(x, Value) else x
