"""interpolate: an image or a line read at other places than its own cells, to make it larger or smaller.

One axis after the other: every kind of interpolation here is a product of the same thing along each axis. For: the
nearest cell, the straight line between two cells ("linear", "bilinear", "trilinear"), the mean of an area. Not for:
smoothing before shrinking (antialias), nor for bicubic curves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import constant
from tinygrad_edu.nn.functional.adaptive import average_to
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.sizes import per_axis
from tinygrad_edu.ops.indexing import getitem
from tinygrad_edu.tensors import Tensor

LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}  # and for how many axes
MODES = ("nearest", "nearest-exact", *LINEAR, "area")


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """y[…, i] = x at s(i), along each axis after the first two; r = L / L' cells of x for one of y

    mode              s(i), and what is read there
    "nearest"         ⌊i·r⌋, that cell
    "nearest-exact"   ⌊(i + ½)·r⌋, that cell: the nearest to the middle of cell i, where "nearest" is the first
    "linear" (3-D), "bilinear" (4-D), "trilinear" (5-D)
                      (i + ½)·r - ½ and at least 0, on the straight line between the two cells around it;
                      align_corners=True: i·(L - 1) / (L' - 1), so that the outermost cells stay where they are
    "area"            the mean of all cells under cell i: `adaptive_avg_pool2d`

    input (N, C, L), (N, C, H, W) or (N, C, D, H, W). Give either the `size` of the result or a `scale_factor`, one
    number or one for each axis; L' = ⌊L · scale_factor⌋, and r is then 1 / scale_factor itself unless
    `recompute_scale_factor` asks for L / L'. But an axis that keeps its length is left as it is, and "nearest" repeats
    every cell of one that doubles it. The cells are those that PyTorch chooses for images of float64 numbers; for
    float32 its rounding picks a neighbor in a few sizes.
    ValueError: neither or both of size and scale_factor, a mode for another number of axes.
    """
    check_floating("interpolate", input=input)
    _check_mode(input, mode, align_corners, antialias)
    lengths = input.shape[2:]
    sizes, ratios = _targets(lengths, size, scale_factor, recompute_scale_factor)
    if min((*lengths, *sizes)) < 1:
        raise ValueError(
            f"Input and output sizes should be greater than 0, but got input {tuple(lengths)} and output {sizes}"
        )
    if mode == "area":
        return average_to(input, sizes)
    for axis, (count, ratio) in enumerate(zip(sizes, ratios, strict=True), start=2):
        if mode in LINEAR:
            input = _on_lines(input, axis, count, ratio, bool(align_corners))
        else:
            input = _nearest(input, axis, count, ratio, exact=mode == "nearest-exact")
    return input


def _nearest(x: Tensor, axis: int, count: int, ratio: float, exact: bool) -> Tensor:
    """The cells ⌊i·ratio⌋, or exactly ⌊(i + ½)·ratio⌋"""
    if not exact and count in (x.shape[axis], 2 * x.shape[axis]):
        ratio = x.shape[axis] / count
    # Rounded to single precision before it is rounded down, so that 2.9999999999 is the 3 that it should be.
    places = ((numpy.arange(count) + (0.5 if exact else 0.0)) * ratio).astype(numpy.float32)
    return _cells(x, axis, numpy.floor(places).astype(numpy.int64))


def _on_lines(x: Tensor, axis: int, count: int, ratio: float, align_corners: bool) -> Tensor:
    """(1 - t) · x[low] + t · x[low + 1], where low + t is the place to read at"""
    length, steps = x.shape[axis], numpy.arange(count)
    if count == length:
        return x
    if align_corners:
        places = steps * ((length - 1) / max(count - 1, 1))
    else:
        places = numpy.maximum((steps + 0.5) * ratio - 0.5, 0.0)  # before the middle of the first cell is that cell
    low = numpy.floor(places).astype(numpy.int64)
    along = (count, *[1] * (x.ndim - axis - 1))
    t = Tensor(constant((places - low).astype(x.dtype).reshape(along), like=x.array))
    return _cells(x, axis, low) * (1 - t) + _cells(x, axis, low + 1) * t


def _cells(x: Tensor, axis: int, places: numpy.ndarray) -> Tensor:
    """The cells at `places` along one axis; beyond the last cell there is the last cell."""
    places = places.clip(0, x.shape[axis] - 1)
    key = (slice(None),) * axis + (constant(places, like=x.array),)
    return getitem(x, key=key, unique=bool((numpy.diff(places) > 0).all()))


# ------------------------------------------------------------------------------------------------- sizes and settings
def _targets(
    lengths: Sequence[int], size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[tuple[int, ...], list[float]]:
    """For each axis, the length of the result, and how many cells of the input one of its cells stands for."""
    if (size is None) == (scale_factor is None):
        wanted = "either" if size is None else "only one of"
        raise ValueError(f"{wanted} size or scale_factor should be defined: got {size=} and {scale_factor=}")
    given = scale_factor if size is None else size
    if isinstance(given, (tuple, list)) and len(given) != len(lengths):
        raise ValueError(
            f"Input and output must have the same number of spatial dimensions, but got input with spatial dimensions "
            f"of {list(lengths)} and {'scale_factor' if size is None else 'output size'} of {given}: wanted one number "
            f"for each axis after batch and channels"
        )
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size: leave one of them out")
        sizes = per_axis(size, "size", len(lengths), least=None)
        return sizes, [length / max(count, 1) for length, count in zip(lengths, sizes, strict=True)]
    factors = [float(f) for f in (given if isinstance(given, (tuple, list)) else [given] * len(lengths))]
    sizes = tuple(math.floor(length * factor) for length, factor in zip(lengths, factors, strict=True))
    if recompute:
        return _targets(lengths, sizes, None, None)
    return sizes, [1.0 / factor if factor else 1.0 for factor in factors]


def _check_mode(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in MODES:
        raise ValueError(f"interpolate: wanted mode as one of {', '.join(map(repr, MODES))}, got {mode!r}")
    if antialias:
        raise ValueError("interpolate: antialias=True is not supported here: smooth the input before shrinking it")
    if not 3 <= input.ndim <= 5:
        raise ValueError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D): wanted (N, C, L), "
            f"(N, C, H, W) or (N, C, D, H, W), got {list(input.shape)}"
        )
    if mode in LINEAR and LINEAR[mode] != input.ndim - 2:
        raise ValueError(
            f"Got {input.ndim}D input, but {mode} mode needs {LINEAR[mode] + 2}D input: use "
            f"mode={list(LINEAR)[input.ndim - 3]!r}, or give the input more axes with unsqueeze"
        )
    if align_corners is not None and mode not in LINEAR:
        raise ValueError(
            f"align_corners option can only be set with the interpolating modes: linear | bilinear | trilinear, "
            f"got mode={mode!r}"
        )
