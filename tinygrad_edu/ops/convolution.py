"""Convolution as one matrix product: cut the image into patches, lay them out as columns, multiply. And its transpose.

    convolution     y = W · columns(x)                 columns: `windows` of the padded input
    transposed      y = overlap_add(Wᵀ · x)            the same two steps, transposed and in the opposite order

so <convolution(x), y> = <x, transposed(y)> for one and the same weight. Both are written once, for any number of axes.
Compositions of ops, so their derivatives of every order are the ops'. Not for: PyTorch's signatures and its checks
(`nn/functional/convolution.py`), nor for the patches themselves (`windows`).
"""

from __future__ import annotations

import math

from tinygrad_edu.ops.shaping import contiguous, crop, pad, permute, reshape, swap
from tinygrad_edu.ops.windows import overlap_add, windows


def convolution_definition(x, weight, bias, *, stride, padding, dilation, groups):
    """y[n, o, i] = b[o] + Σ_c Σ_u  w[o, c, u] · x[n, c, stride·i + dilation·u - padding],    i, u: one or more axes

    x (N, C, H, W)    weight (O, C / groups, kh, kw)    bias (O,) or None    y (N, O, H', W')
    padding: ((before, after), ...) of each axis of the image. stride, dilation: one number for each.
    """
    if any(map(any, padding)):
        x = pad(x, widths=((0, 0), (0, 0), *padding), value=0)
    outputs, _, *size = weight.shape
    axes = len(size)
    patches = windows(x, size=tuple(size), stride=stride, dilation=dilation)  # (N, C, H', W', kh, kw), a view
    batch, channels, *places = patches.shape[: 2 + axes]
    # One column for each place the kernel visits, in runs of W' neighbors: the only copy of the input.
    columns = permute(patches, axes=(1, *range(2 + axes, 2 + 2 * axes), 0, *range(2, 2 + axes)))
    columns = reshape(columns, shape=(channels * math.prod(size), batch * math.prod(places)))
    product = by_groups(reshape(weight, shape=(outputs, math.prod(weight.shape[1:]))), columns, groups)
    if bias is not None:
        product = product + reshape(bias, shape=(outputs, 1))
    # In row-major order like any other image, so that what follows reads memory in order.
    return contiguous(swap(reshape(product, shape=(outputs, batch, *places)), 0, 1))


def transposed_convolution_definition(x, weight, bias, *, stride, dilation, groups, cut, lengths):
    """y[n, o, stride·i + dilation·u - cut] += w[c, o, u] · x[n, c, i]    for all c, i, u;    and + b[o]

    x (N, C, H, W)    weight (C, O / groups, kh, kw)    bias (O,) or None    y (N, O, *lengths)
    cut: how many cells of each axis are taken away before the first that stays.
    """
    (batch, channels, *places), size = x.shape, tuple(weight.shape[2:])
    outputs, axes = weight.shape[1] * groups, len(size)
    columns = reshape(swap(x, 0, 1), shape=(channels, batch * math.prod(places)))
    matrix = reshape(weight, shape=(channels, math.prod(weight.shape[1:])))
    product = by_groups(matrix, columns, groups, transposed=True)
    patches = reshape(product, shape=(outputs, *size, batch, *places))
    patches = permute(patches, axes=(1 + axes, 0, *range(2 + axes, 2 + 2 * axes), *range(1, 1 + axes)))
    whole = transposed_lengths(places, size, stride, dilation)
    out = overlap_add(patches, shape=(batch, outputs, *whole), size=size, stride=stride, dilation=dilation)
    rest = [n - before - length for n, before, length in zip(whole, cut, lengths, strict=True)]
    if min(rest) < 0:  # cells that no kernel reaches
        out = pad(out, widths=((0, 0), (0, 0), *[(0, max(0, -cells)) for cells in rest]), value=0)
    if any(cut) or max(rest) > 0:
        away = [(before, max(0, cells)) for before, cells in zip(cut, rest, strict=True)]
        out = crop(out, shape=(batch, outputs, *lengths), widths=((0, 0), (0, 0), *away))
    return out if bias is None else out + reshape(bias, shape=(outputs, *[1] * axes))


def by_groups(matrix, columns, groups, transposed=False):
    """matrix @ columns, or matrixᵀ @ columns; with groups, each group's rows times its own part of the columns.

    The rows of one group lie together, in the matrix as in the columns: one product for each, stacked.
    """
    rows, places = matrix.shape[0], columns.shape[1]
    if groups == 1:
        return (swap(matrix, 0, 1) if transposed else matrix) @ columns
    stacked = reshape(matrix, shape=(groups, rows // groups, matrix.shape[1]))
    if transposed:
        stacked = swap(stacked, 1, 2)
    product = stacked @ reshape(columns, shape=(groups, columns.shape[0] // groups, places))
    return reshape(product, shape=(groups * product.shape[1], places))


def transposed_lengths(lengths, size, stride, dilation):
    """(length - 1) · stride + dilation · (size - 1) + 1 along each axis: what a transposed convolution stamps on."""
    return tuple([(n - 1) * s + d * (k - 1) + 1 for n, k, s, d in zip(lengths, size, stride, dilation, strict=True)])
