"""Adaptive pooling: to a given size, whatever the input's. Bin i of n covers cells ⌊i·L/n⌋ to ⌈(i+1)·L/n⌉ - 1.

The bins are as equal as they can be; where n does not divide L, neighbors share a cell. For: the last layers of a
network for images of any size. Not for: pooling with a given kernel (`pooling`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy

from tinygrad_edu.backend import constant, namespace
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.sizes import layouts, per_axis, with_batch
from tinygrad_edu.ops.planes import plane_steps, read_cells
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.functions import stack

OutputSize = int | None | Sequence[int | None]  # None keeps the input's length along that axis


def adaptive_avg_pool1d(input: Tensor, output_size: OutputSize) -> Tensor:
    """y[n, c, i] = mean of x[n, c, ⌊i·L/L'⌋ : ⌈(i+1)·L/L'⌉]        (N, C, L) or (C, L) -> (N, C, L') or (C, L')"""
    return average_to(input, _output_size("adaptive_avg_pool1d", 1, input, output_size))


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """y[n, c, i, j] = mean of x[n, c, ⌊i·H/H'⌋ : ⌈(i+1)·H/H'⌉, ⌊j·W/W'⌋ : ⌈(j+1)·W/W'⌉]

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), where output_size = (H', W'), one number for
    both, or None in the place of one to keep it. output_size=1 is the mean of each plane.
    """
    return average_to(input, _output_size("adaptive_avg_pool2d", 2, input, output_size))


def adaptive_max_pool1d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """y[n, c, i] = max of x[n, c, ⌊i·L/L'⌋ : ⌈(i+1)·L/L'⌉]        (N, C, L) or (C, L) -> (N, C, L') or (C, L')

    With `return_indices`: (y, where).
    """
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """y[n, c, i, j] = max of x[n, c, ⌊i·H/H'⌋ : ⌈(i+1)·H/H'⌉, ⌊j·W/W'⌋ : ⌈(j+1)·W/W'⌉]

    Sizes as in `adaptive_avg_pool2d`. The gradient goes to the first place of the maximum, row by row; NaN wins. With
    `return_indices` the result is (y, where): the position of each largest number in its own plane, row · W + column.
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def bins(length: int, count: int) -> list[tuple[int, int]]:
    """(start, end) of each of `count` bins over `length` cells; the end is not included."""
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def average_to(input: Tensor, sizes: Sequence[int]) -> Tensor:
    """The mean of each bin along the last len(sizes) axes, one axis after the other: a mean of means of equal bins."""
    for axis, count in enumerate(sizes, input.ndim - len(sizes)):
        length = input.shape[axis]
        if length % count == 0:  # the bins are equal and apart
            input = input.unflatten(axis, (count, length // count)).mean(dim=axis + 1)
        else:
            pieces = [input.narrow(axis, start, end - start) for start, end in bins(length, count)]
            input = stack([piece.mean(dim=axis) for piece in pieces], dim=axis)
    return input


def _adaptive_max_pool(axes: int, input: Tensor, output_size: OutputSize, return_indices: bool) -> Any:
    sizes = _output_size(f"adaptive_max_pool{axes}d", axes, input, output_size)
    image = with_batch(input, axes)
    lengths = image.shape[2:]
    cells = _cells_of_bins(lengths, sizes)  # (H'·W', cells of a bin)
    plane = image.array.reshape(*image.shape[:2], math.prod(lengths))
    first = namespace(plane).argmax(plane[:, :, constant(cells, like=plane)], axis=-1)  # (N, C, H'·W')
    rows = constant(numpy.arange(len(cells)) * cells.shape[1], like=plane)
    positions = constant(cells.reshape(-1), like=plane)[first + rows].reshape(*image.shape[:2], *sizes)
    apart = all(length % count == 0 for length, count in zip(lengths, sizes, strict=True))
    results = (read_cells(image, positions, apart), Tensor(positions))
    if input.ndim == axes + 1:
        results = (results[0].squeeze(0), results[1].squeeze(0))
    return results if return_indices else results[0]


def _cells_of_bins(lengths: Sequence[int], sizes: Sequence[int]) -> numpy.ndarray:
    """For each bin, the positions of its cells in the plane. Shorter bins name their last cell again."""
    along = []
    for length, count, step in zip(lengths, sizes, plane_steps(lengths), strict=True):
        edges = bins(length, count)
        most = max(end - start for start, end in edges)
        along.append(step * numpy.array([[min(start + i, end - 1) for i in range(most)] for start, end in edges]))
    table = reduce(numpy.add.outer, along)  # (H', cells, W', cells)
    axes = range(table.ndim)
    return table.transpose(*axes[::2], *axes[1::2]).reshape(math.prod(sizes), -1)


def _output_size(function: str, axes: int, input: Tensor, output_size: OutputSize) -> tuple[int, ...]:
    check_floating(function, input=input)
    if input.ndim not in (axes + 1, axes + 2) or not all(input.shape[-axes - 1 :]):
        raise ValueError(
            f"{function}: Expected {axes + 1}D or {axes + 2}D input with non-zero size for non-batch dimensions: "
            f"wanted {layouts(axes)}, got {list(input.shape)}"
        )
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * axes
    if len(given) == axes:
        given = tuple(n if size is None else size for size, n in zip(given, input.shape[-axes:], strict=True))
    return per_axis(given, "output_size", axes)
