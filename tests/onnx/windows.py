"""ONNX operators that look through windows: convolution, pooling, resizing, in functions of ours.

What ONNX has beyond ours is added around them: margins that differ before and behind, and padding called "same".
NotImplementedError says what cannot be.
"""

from __future__ import annotations

import math
from typing import Any

import tinygrad_edu as te
from tinygrad_edu.nn import functional as F


def by_rank(x: Any, name: str) -> Any:
    """conv1d for a line of numbers, conv2d for an image."""
    if x.ndim > 4:
        raise NotImplementedError("three spatial dimensions: convolution and pooling have one or two here")
    return getattr(F, f"{name}{x.ndim - 2}d")


def margins(
    x: Any, kernel: Any, *, auto_pad: str = "NOTSET", dilations: Any = None, pads: Any = None, strides: Any = None
) -> tuple[list[int], list[int], list[int], list[int]]:
    """(before, behind, strides, dilations), one number for each spatial dimension."""
    rank = x.ndim - 2
    strides, dilations = list(strides or [1] * rank), list(dilations or [1] * rank)
    pads = list(pads or [0] * 2 * rank)
    if auto_pad.startswith("SAME"):  # as many windows as strides fit into the input
        pads = [0] * 2 * rank
        for i, (size, k, step, gap) in enumerate(zip(x.shape[2:], kernel, strides, dilations, strict=True)):
            total = max((-(-size // step) - 1) * step + (k - 1) * gap + 1 - size, 0)
            less, more = total // 2, total - total // 2
            pads[i], pads[i + rank] = (less, more) if auto_pad == "SAME_UPPER" else (more, less)
    return pads[:rank], pads[rank:], strides, dilations


def alike(before: list[int], behind: list[int], kernel: Any) -> bool:
    """True for margins that our pooling can be told: the same on both sides, and at most half a window."""
    return before == behind and all(2 * n <= k for n, k in zip(before, kernel, strict=True))


def surrounded(x: Any, before: list[int], behind: list[int], value: float = 0.0) -> Any:
    """x with margins; negative ones cut off."""
    flat = [n for pair in zip(before[::-1], behind[::-1], strict=True) for n in pair]
    return F.pad(x, flat, value=value) if any(flat) else x


# --------------------------------------------------------------------------------------------------------- convolution
def conv(x: Any, w: Any, b: Any = None, *, group: int = 1, kernel_shape: Any = None, **settings: Any) -> Any:
    function = by_rank(x, "conv")
    before, behind, strides, dilations = margins(x, w.shape[2:], **settings)
    return function(surrounded(x, before, behind), w, b, strides, 0, dilations, group)


def conv_transpose(
    x: Any, w: Any, b: Any = None, *, auto_pad: str = "NOTSET", group: int = 1, kernel_shape: Any = None,
    dilations: Any = None, output_padding: Any = None, output_shape: Any = None, pads: Any = None, strides: Any = None,
) -> Any:  # fmt: skip
    """Everything first; then what the pads say is cut off, or what the wanted shape says is added behind."""
    rank = x.ndim - 2
    function = by_rank(x, "conv_transpose")
    strides, dilations = list(strides or [1] * rank), list(dilations or [1] * rank)
    more = list(output_padding or [0] * rank)
    out = function(x, w, b, strides, 0, 0, group, dilations)
    out = surrounded(out, [0] * rank, more)  # where no window reaches
    if auto_pad.startswith("SAME"):
        output_shape = [size * step for size, step in zip(x.shape[2:], strides, strict=True)]
    if output_shape:
        excess = [have - want for have, want in zip(out.shape[2:], output_shape, strict=True)]
        less = [n // 2 if n > 0 else 0 for n in excess]
        rest = [n - first for n, first in zip(excess, less, strict=True)]
        pads = less + rest if auto_pad == "SAME_UPPER" or min(excess) < 0 else rest + less
    pads = list(pads or [0] * 2 * rank)
    return surrounded(out, [-n for n in pads[:rank]], [-n for n in pads[rank:]])


def col2im(
    x: Any, image_shape: Any, block_shape: Any, *, dilations: Any = None, pads: Any = None, strides: Any = None
) -> Any:
    size, block = image_shape.tolist(), block_shape.tolist()
    if len(size) != 2:
        raise NotImplementedError("three spatial dimensions: fold has two here")
    pads = list(pads or [0] * 4)
    assert pads[:2] == pads[2:], "fold pads alike on both sides"
    return F.fold(x, size, block, tuple(dilations or (1, 1)), tuple(pads[:2]), tuple(strides or (1, 1)))


# ------------------------------------------------------------------------------------------------------------- pooling
def average_pool(x: Any, *, kernel_shape: Any, ceil_mode: int = 0, count_include_pad: int = 0, **settings: Any) -> Any:
    function = by_rank(x, "avg_pool")
    before, behind, strides, dilations = margins(x, kernel_shape, **settings)
    if max(dilations) > 1:
        raise NotImplementedError("dilated average pooling, which is not there (nor in PyTorch)")
    if alike(before, behind, kernel_shape):
        return function(x, tuple(kernel_shape), strides, before, bool(ceil_mode), bool(count_include_pad))
    wide = function(surrounded(x, before, behind), tuple(kernel_shape), strides)
    if count_include_pad:
        return wide
    return wide / function(surrounded(te.ones_like(x), before, behind), tuple(kernel_shape), strides)


def max_pool(x: Any, *, kernel_shape: Any, ceil_mode: int = 0, storage_order: int = 0, **settings: Any) -> Any:
    """Positions count through the whole tensor, not through one picture; by columns with storage_order 1."""
    function = by_rank(x, "max_pool")
    before, behind, strides, dilations = margins(x, kernel_shape, **settings)
    numbers = x if x.is_floating_point() else x.float()
    if alike(before, behind, kernel_shape):
        out, places = function(numbers, tuple(kernel_shape), strides, before, dilations, bool(ceil_mode), True)
    else:
        wide = surrounded(numbers, before, behind, -math.inf)
        return function(wide, tuple(kernel_shape), strides, 0, dilations, bool(ceil_mode)).to(x.dtype)
    if storage_order:
        places = places % x.shape[-1] * x.shape[-2] + places // x.shape[-1]
    picture = math.prod(x.shape[2:])
    first = te.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], *[1] * (x.ndim - 2)) * picture
    return out.to(x.dtype), places + first


def max_unpool(
    x: Any, places: Any, shape: Any = None, *, kernel_shape: Any, pads: Any = None, strides: Any = None
) -> Any:
    """ONNX's positions belong to the smallest output; a larger one is filled up with zeros."""
    if x.shape[0] * x.shape[1] != 1 or pads:
        raise NotImplementedError("positions through several pictures")
    function = by_rank(x, "max_unpool")
    out = function(x, places, tuple(kernel_shape), tuple(strides))
    more = [] if shape is None else [want - have for want, have in zip(shape.tolist(), out.shape, strict=True)]
    return surrounded(out, [0] * (x.ndim - 2), more[2:]) if more else out


def lp_pool(x: Any, *, kernel_shape: Any, p: int = 2, ceil_mode: int = 0, **settings: Any) -> Any:
    """(Σ |x|^p)^(1/p) through a window: a mean times the window's size"""
    function = by_rank(x, "avg_pool")
    before, behind, strides, dilations = margins(x, kernel_shape, **settings)
    if max(dilations) > 1:
        raise NotImplementedError("dilated average pooling, which is not there (nor in PyTorch)")
    powers = surrounded(te.abs(x) ** p, before, behind)
    return (function(powers, tuple(kernel_shape), strides) * math.prod(kernel_shape)) ** (1 / p)


def over_pictures(x: Any) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


# ------------------------------------------------------------------------------------------------------------ resizing
def resize(
    x: Any, roi: Any = None, scales: Any = None, sizes: Any = None, *, antialias: int = 0, axes: Any = None,
    coordinate_transformation_mode: str = "half_pixel", cubic_coeff_a: float = -0.75, exclude_outside: int = 0,
    extrapolation_value: float = 0.0, keep_aspect_ratio_policy: str = "stretch", mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Any:  # fmt: skip
    if mode == "cubic" or antialias or coordinate_transformation_mode == "tf_crop_and_resize":
        raise NotImplementedError("resizing with cubic curves, anti-aliasing or cropping, which are not there")
    places = [axis % x.ndim for axis in (axes or range(x.ndim))]
    have = [x.shape[axis] for axis in places]
    if scales is not None:
        factors = scales.tolist()
    else:
        factors = [want / n for want, n in zip(sizes.tolist(), have, strict=True)]
        if keep_aspect_ratio_policy != "stretch":
            factors = [(min if keep_aspect_ratio_policy == "not_larger" else max)(factors)] * len(factors)
    factor = [dict(zip(places, factors, strict=True)).get(axis, 1.0) for axis in (2, 3)]
    size = [math.floor(n * f + (scales is None) / 2) for n, f in zip(x.shape[2:], factor, strict=True)]
    given = {"size": size} if scales is None else {"scale_factor": factor}
    how = interpolation(mode, coordinate_transformation_mode, nearest_mode, size, factor)
    return F.interpolate(x, **given, **how)


def interpolation(
    mode: str, coordinates: str, nearest_mode: str, size: list[int], factor: list[float]
) -> dict[str, Any]:
    """What to ask of F.interpolate, where it has the same coordinates and rounds alike."""
    if mode == "linear" and coordinates == "half_pixel":
        return {"mode": "bilinear"}
    if mode == "linear" and coordinates == "align_corners" and all(f == int(f) for f in factor):
        return {"mode": "bilinear", "align_corners": True}
    if mode == "nearest" and coordinates == "asymmetric" and nearest_mode == "floor":
        return {"mode": "nearest"}
    ties = any((i + 0.5) / f % 1 == 0 for n, f in zip(size, factor, strict=True) for i in range(n))
    rounds_alike = nearest_mode == "round_prefer_ceil" or (nearest_mode == "round_prefer_floor" and not ties)
    if mode == "nearest" and coordinates == "half_pixel" and rounds_alike:
        return {"mode": "nearest-exact"}
    raise NotImplementedError("resizing with coordinates or a way to round that PyTorch, and so interpolate, has not")


def upsample(x: Any, scales: Any, *, mode: str) -> Any:
    return resize(x, None, scales, mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="floor")


OPERATORS = {
    "AveragePool": average_pool, "Col2Im": col2im, "Conv": conv, "ConvTranspose": conv_transpose,
    "GlobalAveragePool": lambda x: te.mean(x, over_pictures(x), True),
    "GlobalMaxPool": lambda x: te.amax(x, over_pictures(x), True), "LpPool": lp_pool, "MaxPool": max_pool,
    "MaxUnpool": max_unpool, "Resize": resize, "Upsample": upsample,
}  # fmt: skip
