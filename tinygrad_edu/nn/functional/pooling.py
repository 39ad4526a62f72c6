"""Pooling: one number for each patch of an image or a line, its largest or its mean.

For: max_pool and avg_pool, each written once for any number of axes, and max_unpool, which puts the largest back. Not
for: pooling to a given size (`adaptive`), nor the layers (`nn/pooling.py`).
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy

from tinygrad_edu.backend import constant, namespace
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.padding import surround
from tinygrad_edu.nn.functional.planes import plane_steps, read_cells
from tinygrad_edu.nn.functional.sizes import Sizes, check_kernel_fits, layouts, per_axis, with_batch
from tinygrad_edu.ops import shaping
from tinygrad_edu.ops.windows import windows
from tinygrad_edu.tensors import Tensor


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """y[n, c, i] = max over u of x[n, c, stride·i + dilation·u - padding]

    input (N, C, L) or (C, L) -> (N, C, L') or (C, L'). All else as in `max_pool2d`.
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """y[n, c, i, j] = max over u, v of x[n, c, stride·i + dilation·u - padding, stride·j + dilation·v - padding]

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'). The stride is the kernel's size unless given.
    Outside the image there is -∞. The gradient goes to the first place of the maximum, row by row; NaN wins.
    `ceil_mode` rounds H' up instead of down, so that the last rows are not dropped. With `return_indices` the result
    is (y, where): the position in its own plane of each largest number, row · W + column, as `max_unpool2d` wants it.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """y[n, c, i] = Σ over u of x[n, c, stride·i + u - padding] / k

    input (N, C, L) or (C, L) -> (N, C, L') or (C, L'). All else as in `avg_pool2d`.
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """y[n, c, i, j] = Σ over u, v of x[n, c, stride·i + u - padding, stride·j + v - padding] / divisor

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'). The divisor is kh·kw, or `divisor_override`. With
    `count_include_pad=False` the zeros of the padding are not counted; what `ceil_mode` adds beyond it never is.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


# ------------------------------------------------------------------------------------------------ both, for any axes
def _max_pool(
    axes: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    grid = _grid(f"max_pool{axes}d", axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    image = surround(with_batch(input, axes), [axis.margins for axis in grid], value=-math.inf)
    taps = _largest_taps(with_batch(input, axes).array, grid)  # a choice, not a calculation: nothing is recorded
    apart = all(axis.stride >= axis.span for axis in grid)
    out = read_cells(image, _positions(taps, grid, padded=True), apart)
    if input.ndim == axes + 1:
        out, taps = out.squeeze(0), taps[0]
    return (out, Tensor(_positions(taps, grid, padded=False))) if return_indices else out


def _largest_taps(image: Any, grid: list[Axis]) -> Any:
    """For each place of the kernel, which of its taps lies on the largest number: the first, counted row by row."""
    if any(map(any, (axis.margins for axis in grid))):
        # Inside, -∞ counts as the lowest number there is, so that it never loses to the -∞ outside.
        lowest = float(numpy.finfo(image.dtype).min)
        widths = ((0, 0), (0, 0), *(axis.margins for axis in grid))
        image = shaping.pad(namespace(image).clip(image, lowest, None), widths=widths, value=-math.inf)
    size, stride, dilation = zip(*((axis.kernel, axis.stride, axis.dilation) for axis in grid), strict=True)
    patches = windows(image, size=size, stride=stride, dilation=dilation)
    flat = patches.reshape(*patches.shape[: -len(grid)], math.prod(size))  # (N, C, H', W', kh·kw)
    return namespace(flat).argmax(flat, axis=-1)


def _positions(taps: Any, grid: list[Axis], padded: bool) -> Any:
    """Where the taps lie in the plane, laid out row by row: the corner of each patch, and from there to the tap."""
    steps = plane_steps([axis.length + sum(axis.margins) * padded for axis in grid])
    corners, moves = [], []
    for axis, step in zip(grid, steps, strict=True):
        first = 0 if padded else -axis.padding
        corners.append((numpy.arange(axis.steps) * axis.stride + first) * step)
        moves.append(numpy.arange(axis.kernel) * axis.dilation * step)
    from_corner = constant(reduce(numpy.add.outer, moves).reshape(-1), like=taps)
    return from_corner[taps] + constant(reduce(numpy.add.outer, corners), like=taps)


def _avg_pool(
    axes: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    if divisor_override is not None and divisor_override <= 0:
        raise ValueError(f"divisor must be not zero: wanted a positive divisor_override, got {divisor_override}")
    grid = _grid(f"avg_pool{axes}d", axes, input, kernel_size, stride, padding, 1, ceil_mode)
    image = surround(with_batch(input, axes), [axis.margins for axis in grid])
    size, strides = tuple(axis.kernel for axis in grid), tuple(axis.stride for axis in grid)
    patches = windows(image, size=size, stride=strides, dilation=(1,) * axes)
    total = patches.sum(dim=tuple(range(-axes, 0)))
    if input.ndim == axes + 1:
        total = total.squeeze(0)
    if divisor_override is not None:
        return total / divisor_override
    counts = [numpy.array(axis.counts(count_include_pad)) for axis in grid]
    cells = reduce(numpy.multiply.outer, counts)  # in each patch
    if (cells == cells.flat[0]).all():  # as it nearly always is
        return total / int(cells.flat[0])
    return total / Tensor(constant(cells, like=input.array).astype(input.dtype))


# --------------------------------------------------------------------------------------------------------- arithmetic
class Axis:
    """The arithmetic of sliding a kernel along one axis: how many steps there are, and what each covers."""

    def __init__(self, length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> None:
        self.length, self.kernel, self.stride, self.padding, self.dilation = length, kernel, stride, padding, dilation
        self.span = dilation * (kernel - 1) + 1
        room = length + 2 * padding - self.span
        self.steps = (-(-room // stride) if ceil_mode else room // stride) + 1
        if ceil_mode and (self.steps - 1) * stride >= length + padding:
            self.steps -= 1  # the last patch has to begin inside the image or its left padding
        extra = max(0, (self.steps - 1) * stride - room)  # cells that ceil_mode adds after the padding
        self.margins = (padding, padding + extra)

    def counts(self, include_padding: bool) -> list[int]:
        """For each step: how many cells of the image (and of its padding) the kernel covers."""
        low, high = (
            (0, self.length + 2 * self.padding) if include_padding else (self.padding, self.padding + self.length)
        )
        starts = [step * self.stride for step in range(self.steps)]
        return [min(start + self.kernel, high) - max(start, low) for start in starts]


def _grid(
    function: str,
    axes: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> list[Axis]:
    """One Axis for each axis of the image that the kernel slides along."""
    check_floating(function, input=input)
    size, gaps = per_axis(kernel_size, "kernel_size", axes), per_axis(dilation, "dilation", axes)
    steps = size if stride is None else per_axis(stride, "stride", axes)
    border = per_axis(padding, "padding", axes, least=0)
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{function}: non-empty {axes + 1}D or {axes + 2}D (batch mode) tensor expected for input: wanted "
            f"{layouts(axes)}, got {list(input.shape)}"
        )
    if any(2 * cells > kernel for cells, kernel in zip(border, size, strict=True)):
        raise ValueError(
            f"{function}: pad should be at most half of kernel size, but got pad={padding} and "
            f"kernel_size={kernel_size}: a patch outside the image has no value"
        )
    lengths = input.shape[-axes:]
    grid = [Axis(*numbers, ceil_mode=ceil_mode) for numbers in zip(lengths, size, steps, border, gaps, strict=True)]
    check_kernel_fits([axis.length + sum(axis.margins) for axis in grid], size, gaps)
    return grid
