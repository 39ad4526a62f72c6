"""Pooling in a few passes over slices of the image: for each cell of the kernel, the numbers that it sees.

No patch is copied. Every pass runs along the memory in whatever order the image lies there, and the results take over
that order. Of max pooling a byte is kept for each patch, which cell of the kernel has won; of average pooling nothing.
Measured on (128, 6, 28, 28) in float32, 2 x 2, one thread, with the images innermost in memory:

    largest there   4.6 ms as a composition     0.18 ms, of which 0.10 for the winner        PyTorch 2.3
    largest back    1.3 ms                      0.17 ms                                      PyTorch 0.25

The winner's byte is found by arithmetic (a later cell that is larger overrules), and gradients are multiplied by 0 or 1
as the integers that their bits are: selecting with a mask is ten times slower, and a float of 0 x ∞ would be NaN.
Tried: the winners of rows and of columns apart (the same there, a third slower back), no byte but a comparison of image
and result (nearly twice as slow back).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import numpy

from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.fused.layouts import arranged, empty_in, order_of
from tinygrad_edu.ops.pooling import Axis, avg_pool_definition, cells_of_patches, grid_of, max_pool_definition

Tap = tuple[int, tuple[Any, ...], tuple[Any, ...]]  # number, the patches in which it lies inside the image, what it sees


@kernel(max_pool_definition)
def max_pool(
    x: Any, *, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, keep: bool
) -> Any:
    """y[n, c, i] = max over u of x[n, c, stride·i + dilation·u - padding];    -∞ outside, NaN wins"""
    steps, taps, first = _plan(x.shape[2:], size, stride, padding, dilation, ceil_mode)
    order = order_of(x)
    out = empty_in(order, (*x.shape[:2], *steps), x.dtype)
    winner = empty_in(order, out.shape, first.dtype) if keep else None
    is_full = bool(taps) and out[taps[0][1]].shape == out.shape  # one cell of the kernel is inside in every patch
    out[...] = x[taps[0][2]] if is_full else -math.inf
    if winner is not None:
        winner[...] = first
    for number, places, seen in taps[is_full:]:
        here, best = x[seen], out[places]
        if winner is not None:
            numpy.maximum(winner[places], _numbered(here > best, number, first.dtype), out=winner[places])
        numpy.maximum(best, here, out=best)
    if winner is not None and x.size and math.isnan(out.max()):
        for number, places, seen in reversed(taps):
            numpy.copyto(winner[places], first.dtype.type(number), where=numpy.isnan(x[seen]))
    return out, (winner, x.shape)


@max_pool.backward
def max_pool_back(
    g: Any, kept: Any, wanted: Any, *, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    """The gradient of each patch goes to its winner."""
    winner, shape = kept
    _, taps, _ = _plan(shape[2:], size, stride, padding, dilation, ceil_mode)
    order = order_of(winner)
    g = arranged(g, order)
    dx = empty_in(order, shape, g.dtype)
    integer = numpy.dtype(f"i{g.itemsize}")
    bits, into = g.view(integer), dx.view(integer)
    apart = all(d * (k - 1) < s for k, s, d in zip(size, stride, dilation, strict=True))
    if not apart or sum(dx[seen].size for _, _, seen in taps) < dx.size:
        dx.fill(0)
    for number, places, seen in taps:
        chosen = winner[places] == number
        if apart:
            numpy.multiply(bits[places], chosen, out=into[seen])
        else:
            dx[seen] += (bits[places] * chosen).view(g.dtype)
    return (dx,)


max_pool.deflatex(r"\operatorname{maxpool}(x)", x=r"\operatorname{unpool}(g)")


@kernel(avg_pool_definition)
def avg_pool(
    x: Any, *, size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: int | None
) -> Any:
    """y[n, c, i] = Σ over u of x[n, c, stride·i + u - padding] / divisor,    or / the number of cells in the patch"""
    grid = grid_of(x.shape[2:], size, stride, padding, (1,) * len(size), ceil_mode)
    order, total = order_of(x), x
    for axis in reversed(range(2, x.ndim)):  # first along the rows, then along the columns of these sums
        total = _sums(total, axis, grid[axis - 2], order)
    total /= _divisor(grid, count_include_pad, divisor, x.dtype)
    return total, (x.shape, order)


@avg_pool.backward
def avg_pool_back(
    g: Any,
    kept: Any,
    wanted: Any,
    *,
    size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Any:
    """Each cell of a patch gets the same share of its gradient."""
    shape, order = kept
    grid = grid_of(shape[2:], size, stride, padding, (1,) * len(size), ceil_mode)
    share = arranged(g, order) / _divisor(grid, count_include_pad, divisor, g.dtype)
    for axis in range(2, len(shape)):
        share = _spread(share, axis, grid[axis - 2], order)
    return (share,)


avg_pool.deflatex(r"\operatorname{avgpool}(x)", x=r"\operatorname{avgspread}(g)")


# ------------------------------------------------------------------------------------------------------------ pieces
@lru_cache(maxsize=1024)
def _plan(lengths: Any, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    """How many patches along each axis, all taps, and for each patch the number of the first that lies inside."""
    grid = grid_of(lengths, size, stride, padding, dilation, ceil_mode)
    steps = tuple([axis.steps for axis in grid])
    along = [_taps_along(axis) for axis in grid]
    taps: list[Tap] = []
    first = numpy.zeros(steps, numpy.min_scalar_type(math.prod(size) - 1))
    for number, each in enumerate(product(*along)):
        if None not in each:
            places, seen = zip(*each, strict=True)
            taps.append((number, (..., *places), (..., *seen)))
    for number, places, _ in reversed(taps):
        first[places] = number
    return steps, taps, first


def _taps_along(axis: Axis) -> Sequence[tuple[slice, slice] | None]:
    """For each cell of the kernel: the patches where it lies inside the image, and what it sees; None if in no patch."""
    found: list[tuple[slice, slice] | None] = []
    for tap in range(axis.kernel):
        shift = tap * axis.dilation - axis.padding  # patch i sees cell stride · i + shift
        low = max(0, -(shift // axis.stride))
        high = min(axis.steps, (axis.length - 1 - shift) // axis.stride + 1)
        start = low * axis.stride + shift
        seen = slice(start, start + (high - low - 1) * axis.stride + 1, axis.stride)
        found.append((slice(low, high), seen) if low < high else None)
    return found


def _numbered(chosen: Any, number: int, dtype: Any) -> Any:
    """`number` where chosen, else 0"""
    if dtype == numpy.uint8:
        flags = chosen.view(numpy.uint8)
        return numpy.multiply(flags, dtype.type(number), out=flags)
    return chosen * dtype.type(number)


def _sums(x: Any, axis: int, along: Axis, order: Any) -> Any:
    """Σ over the cells of the kernel along one axis"""
    out = empty_in(order, (*x.shape[:axis], along.steps, *x.shape[axis + 1 :]), x.dtype)
    taps = [tap for tap in _taps_along(along) if tap is not None]
    before = (slice(None),) * axis
    for position, (places, seen) in enumerate(taps):
        if position == 0 and places == slice(0, along.steps):
            out[...] = x[(*before, seen)]
            continue
        if position == 0:
            out.fill(0)
        out[(*before, places)] += x[(*before, seen)]
    return out


def _spread(g: Any, axis: int, along: Axis, order: Any) -> Any:
    """The transpose of `_sums`: each cell along one axis gets the gradients of the patches that it lies in"""
    out = empty_in(order, (*g.shape[:axis], along.length, *g.shape[axis + 1 :]), g.dtype)
    before = (slice(None),) * axis
    taps = [tap for tap in _taps_along(along) if tap is not None]
    apart = along.stride >= along.kernel
    if not apart or along.steps * along.kernel < along.length or along.padding:
        out.fill(0)
    for places, seen in taps:
        if apart:
            out[(*before, seen)] = g[(*before, places)]
        else:
            out[(*before, seen)] += g[(*before, places)]
    return out


def _divisor(grid: Any, count_include_pad: bool, divisor: int | None, dtype: Any) -> Any:
    cells = cells_of_patches(grid, count_include_pad, divisor)
    return dtype.type(cells) if isinstance(cells, int) else cells.astype(dtype)
