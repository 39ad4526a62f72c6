"""Group norm: each group of channels of each case divided by its standard deviation; with one channel, instance norm.

The sums over a channel are products with a vector of ones, and those over a group are made of them. Kept are the normal
numbers and one number for each group of each case. Measured on 32 x 64 x 16 x 16 numbers in 8 groups, float32, one
thread: there and back 0.97 ms, as a composition 1.9, PyTorch 0.27; in 64 groups 0.92, 2.1 and 0.83.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.normalization import group_norm_definition


@kernel(group_norm_definition)
def group_norm(x: Any, weight: Any, bias: Any, *, groups: int, eps: float) -> Any:
    """(x - m) / √(v + eps) · weight + bias,    m, v over each of `groups` groups of channels of each case"""
    cases, channels = x.shape[:2]
    space = math.prod(x.shape[2:])
    rows = numpy.ascontiguousarray(x).reshape(cases * groups, channels // groups * space)
    n = rows.shape[1] or 1
    normal = rows - (rows @ numpy.ones(rows.shape[1], x.dtype) / n)[:, None]
    scale = 1 / numpy.sqrt(numpy.vecdot(normal, normal) / n + eps)
    normal *= scale[:, None]
    normal = normal.reshape(cases, channels, space)
    out = normal.copy() if weight is None else normal * weight[:, None]
    if bias is not None:
        out += bias[:, None]
    return out.reshape(x.shape), (normal, scale, weight)


@group_norm.backward
def group_norm_back(g: Any, kept: Any, wanted: Any, *, groups: int, eps: float) -> Any:
    """dx = (h - mean h - normal · mean of h · normal) · scale with h = g · weight: both means are over the group"""
    normal, scale, weight = kept
    cases, channels, space = normal.shape
    slopes = numpy.ascontiguousarray(g).reshape(normal.shape)
    product = slopes * normal
    total, along = (_over_space(part) for part in (slopes, product))
    dweight = along.sum(0) if wanted[1] else None
    dbias = total.sum(0) if wanted[2] else None
    if not wanted[0]:
        return None, dweight, dbias
    a = numpy.repeat(scale, channels // groups).reshape(cases, channels)  # one number for each channel of each case
    b, c = (-a * _means_over_groups(sums, weight, groups, space) for sums in (along, total))
    dx = slopes * (a if weight is None else a * weight)[..., None]
    dx += numpy.multiply(normal, b[..., None], out=product)
    dx += c[..., None]
    return dx.reshape(g.shape), dweight, dbias


group_norm.deflatex(
    r"\frac{x - \mu}{\sigma} \odot \mathrm{weight} + \mathrm{bias}",
    x=r"\frac{1}{\sigma} \odot (h - \bar{h} - n \odot \overline{h \odot n})",
    weight=r"\sum_{\mathrm{cases}} g \odot n",
    bias=r"\sum_{\mathrm{cases}} g",
)


def _over_space(x: Any) -> Any:
    """(N, C, space) -> (N, C)"""
    cases, channels, space = x.shape
    return (x.reshape(cases * channels, space) @ numpy.ones(space, x.dtype)).reshape(cases, channels)


def _means_over_groups(sums: Any, weight: Any, groups: int, space: int) -> Any:
    """From sums over space the mean of each group, for each channel in it: (N, C) -> (N, C)"""
    cases, channels = sums.shape
    sums = sums if weight is None else sums * weight
    each = channels // groups
    means = sums.reshape(cases, groups, each).sum(2) / (each * space or 1)
    return numpy.repeat(means, each, axis=1)
