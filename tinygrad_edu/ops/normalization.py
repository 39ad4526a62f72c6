"""Normalization as it is written: subtract a mean, divide by a standard deviation, stretch and shift.

For: the definitions of the kernels in `fused/normalization`, and whoever wants to read them. The variance is the biased
one (divided by n), computed from the centered numbers and not as the difference of two large ones, so that float32
survives a large mean. Not for: running averages, or which axes a kind of layer takes (`nn.functional.normalization`).
"""

from __future__ import annotations

import math

from tinygrad_edu.ops.elementwise import rsqrt, square
from tinygrad_edu.ops.reductions import mean
from tinygrad_edu.ops.shaping import reshape


def standardized(x, *, axis, eps):
    """(x - m) / √(v + eps), m and v: the mean and the variance over `axis` are 0 and, but for eps, 1"""
    m = mean(x, axis=axis, keepdims=True)
    centered = x - m
    v = mean(square(centered), axis=axis, keepdims=True)
    return centered * rsqrt(v + eps), m, v


def scaled(normal, weight, bias):
    """What is normal, stretched and shifted to wherever training finds it useful; either may be missing."""
    out = normal if weight is None else normal * weight
    return out if bias is None else out + bias


def by_channel(vector, like):
    """(C,) -> (C, 1, 1): laid along axis 1 of `like`, (N, C, H, W). Nothing stays nothing."""
    return None if vector is None else reshape(vector, shape=(vector.shape[0], *[1] * (like.ndim - 2)))


def layer_norm_definition(x, weight, bias, *, axis, eps):
    """(x - m) / √(v + eps) · weight + bias,    m, v over the last axes, which are those of weight and bias"""
    normal, _, _ = standardized(x, axis=axis, eps=eps)
    return scaled(normal, weight, bias)


def rms_norm_definition(x, weight, *, axis, eps):
    """x / √(mean of x² + eps) · weight        over the last axes"""
    return scaled(x * rsqrt(mean(square(x), axis=axis, keepdims=True) + eps), weight, None)


def batch_norm_definition(x, weight, bias, *, eps):
    """((x - m) / √(v + eps) · weight + bias, m, v),    m, v: (C,), over all axes of (N, C, …) but the channels'"""
    axis = (0, *range(2, x.ndim))
    normal, m, v = standardized(x, axis=axis, eps=eps)
    channels = (x.shape[1],)
    out = scaled(normal, by_channel(weight, x), by_channel(bias, x))
    return out, reshape(m, shape=channels), reshape(v, shape=channels)


def group_norm_definition(x, weight, bias, *, groups, eps):
    """(x - m) / √(v + eps) · weight + bias,    m, v over each of `groups` groups of channels of each case"""
    cases, channels = x.shape[:2]
    rows = reshape(x, shape=(cases, groups, channels // groups * math.prod(x.shape[2:])))
    normal, _, _ = standardized(rows, axis=(2,), eps=eps)
    return scaled(reshape(normal, shape=x.shape), by_channel(weight, x), by_channel(bias, x))
