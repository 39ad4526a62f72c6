"""Convolution, there and back: matrix products over patches that are hardly ever copied (`patches` says how).

Measured on one thread in float32, a training step of the layer alone, input already in the kernel's order:

    there / back / with the input's gradient          as a composition         here           PyTorch
    5x5, (128,  3, 32, 32) ->  6 channels               8.6 / 17 /  -     1.4 / 1.7 / -     1.3 / 1.4 / -    ms
    5x5, (128,  6, 14, 14) -> 16                        1.9 / 2.9 / 8     0.7 / 0.7 / 0.8   0.3 / 1.0 / 0.9

The bias is added to each block of products while it is still in the cache. The gradient of the input is a convolution
of g with the kernel turned around; its sum over the rows of the kernel is part of the matrix product (ROWS), and only
its sum over the columns is made by adding. That of the weight is one matrix product for each row, summed.

Tried, and slower: patches laid out image by image (four times), all patches as one matrix (twice), 2x2 tiles of the
result (their result has to be put in order again), the gradient of the input as a convolution of the padded g (twice),
by adding up all taps (half as much again), multiplying tap by tap for depthwise kernels (twice).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy

from tinygrad_edu.backend import strided_view
from tinygrad_edu.backend.orders import arranged, empty_in
from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.convolution import convolution_definition, transposed_convolution_definition, transposed_lengths
from tinygrad_edu.ops.fused.patches import (
    BLOCK,
    IMAGES,
    ROWS,
    Plan,
    as_matrix,
    framed,
    from_matrix,
    patches,
    plan_for,
    suits,
)


@kernel(convolution_definition)
def convolution(
    x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any, dilation: Any, groups: int, keep: bool
) -> Any:
    """y[n, o, i] = b[o] + Σ_c Σ_u  w[o, c, u] · x[n, c, stride·i + dilation·u - padding]"""
    images, filters = as_images(x), as_images(weight)
    plan = plan_for(x.shape, x.flags.c_contiguous, weight.shape, stride, padding, dilation, groups)
    image = framed(images, plan)
    out = empty_result(plan, filters.shape[0], x)
    multiply(image, filters, bias, plan, as_images(out))
    return out, (images if suits(images, plan.layout) else image, filters, plan) if keep else None


@convolution.backward
def convolution_back(g: Any, kept: Any, wanted: Any, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """dx = overlap_add(Wᵀ g)        dW = g columns(x)ᵀ        db = Σ g"""
    images, filters, plan = kept
    products = plan.matrices(arranged(as_images(g), plan.layout.image))
    dx = dw = None
    if wanted[1]:
        image = images if images.shape[2:] == plan.framed else framed(images, plan)
        dw = as_lines(weight_gradient(image, products, filters.shape, plan), g)
    if wanted[0]:
        dx = as_lines(spread(products, filters, plan), g)
    return dx, dw, sum_of_channels(products, plan) if wanted[2] else None


@kernel(transposed_convolution_definition)
def transposed_convolution(
    x: Any,
    weight: Any,
    bias: Any,
    *,
    stride: Any,
    dilation: Any,
    groups: int,
    cut: tuple[int, ...],
    lengths: tuple[int, ...],
    keep: bool,
) -> Any:
    """y[n, o, stride·i + dilation·u - cut] += w[c, o, u] · x[n, c, i];  + b[o]: what `convolution` does going back"""
    images, filters = as_images(x), as_images(weight)
    whole = transposed_lengths(x.shape[2:], weight.shape[2:], stride, dilation)
    padding = tuple([(c, max(0, n - c - m)) for c, n, m in zip(cut, whole, lengths, strict=True)])
    shape = (x.shape[0], weight.shape[1] * groups, *lengths)
    row_major = x.flags.c_contiguous
    plan = plan_for(shape, row_major, weight.shape, stride, padding, dilation, groups, x.shape[2:])
    products = plan.matrices(arranged(images, plan.layout.image))
    out = as_lines(spread(products, filters, plan), x)
    if bias is not None:
        out += bias.reshape(-1, *[1] * len(lengths))
    return out if out.base is None else out.copy("K"), (products, filters, plan) if keep else None


@transposed_convolution.backward
def transposed_convolution_back(
    g: Any, kept: Any, wanted: Any, *, stride: Any, dilation: Any, groups: int, cut: Any, lengths: Any
) -> Any:
    """dx = W columns(g)        dW = x columns(g)ᵀ        db = Σ g"""
    products, filters, plan = kept
    dx = dw = None
    image = framed(as_images(g), plan) if wanted[0] or wanted[1] else None
    if wanted[0]:
        dx = empty_result(plan, filters.shape[0], g)
        multiply(image, filters, None, plan, as_images(dx))
    if wanted[1]:
        dw = as_lines(weight_gradient(image, products, filters.shape, plan), g)
    return dx, dw, g.sum((0, *range(2, g.ndim))) if wanted[2] else None


convolution.deflatex(
    r"\operatorname{conv}(x, \mathrm{weight}) + \mathrm{bias}",
    x=r"\operatorname{convtransposed}(g, \mathrm{weight})",
    weight=r"g \, \operatorname{windows}(x)^{\top}",
    bias=r"\sum_{\mathrm{places}} g",
)
transposed_convolution.deflatex(
    r"\operatorname{convtransposed}(x, \mathrm{weight}) + \mathrm{bias}",
    x=r"\operatorname{conv}(g, \mathrm{weight})",
    weight=r"x \, \operatorname{windows}(g)^{\top}",
    bias=r"\sum_{\mathrm{places}} g",
)


# ------------------------------------------------------------------------------------------------------------ pieces
def as_images(x: Any) -> Any:
    """(N, C, L) -> (N, C, 1, L): a line is an image of one row."""
    return x if x.ndim == 4 else x[:, :, None]


def as_lines(images: Any, like: Any) -> Any:
    """(N, C, 1, L) -> (N, C, L) if `like` are lines: the opposite of `as_images`."""
    return images if like.ndim == 4 else images[:, :, 0]


def empty_result(plan: Plan, channels: int, like: Any) -> Any:
    """Where the result goes, in the layout's order; it owns its memory."""
    rows, columns = plan.places[0] * plan.tile, plan.places[1]
    if like.ndim == 3:
        order = tuple([axis - (axis > 2) for axis in plan.layout.image if axis != 2])
        return empty_in(order, (plan.batch, channels, columns), like.dtype)
    return empty_in(plan.layout.image, (plan.batch, channels, rows, columns), like.dtype)


def multiply(image: Any, weight: Any, bias: Any, plan: Plan, out: Any) -> None:
    """out = W · patches(image) + b, in blocks of products"""
    products, matrix = plan.matrices(out), as_matrix(weight, plan)
    if bias is not None:
        bias = numpy.concatenate([bias] * plan.tile).reshape(plan.groups, plan.outer, 1)
    for some in plan.blocks(plan.numbers_of_product * image.itemsize):
        block = numpy.matmul(matrix, patches(image, plan, some), out=products[some])
        if bias is not None:
            block += bias


def weight_gradient(image: Any, products: Any, shape: tuple[int, ...], plan: Plan) -> Any:
    """Σ g patches(image)ᵀ over the products, as a weight of this shape"""
    total = None
    for some in plan.blocks(plan.numbers_of_product * image.itemsize):
        seen, g = patches(image, plan, some), products[some]
        # The same numbers; which way around is faster depends on which is the taller.
        parts = (seen @ g.mT).mT if plan.layout is ROWS else g @ seen.mT
        part = parts[0] if len(parts) == 1 else parts.sum(0)
        total = part if total is None else total + part
    if total is None:
        total = numpy.zeros((plan.groups, plan.outer, plan.taps), image.dtype)
    return from_matrix(total, shape, plan)


def sum_of_channels(products: Any, plan: Plan) -> Any:
    """Σ g over images and places: a product with a vector of ones is faster than a sum"""
    sums = products @ numpy.ones(products.shape[-1], products.dtype)
    return sums.sum(0).reshape(plan.tile, -1).sum(0)


def spread(products: Any, weight: Any, plan: Plan) -> Any:
    """overlap_add(Wᵀ g): the gradient of the images, without their frame"""
    by_rows = plan.layout is ROWS and plan.dilation[0] == 1
    (top, _), (left, _) = plan.padding
    height = plan.lengths[0] if by_rows else plan.framed[0]
    shape = (plan.batch, plan.groups * plan.inner, height, plan.framed[1])
    out = empty_in(plan.layout.image, shape, products.dtype)
    out.fill(0)
    by_image, by_channel, *within = out.strides
    grouped = strided_view(  # (N, G, C, H, W)
        out.transpose(plan.layout.image),
        (plan.batch, plan.groups, plan.inner, *shape[2:]),
        (by_image, plan.inner * by_channel, by_channel, *within),
    )
    (_add_rows if by_rows else _add_taps)(grouped, products, weight, plan)
    if out.shape[2:] == plan.lengths:
        return out
    first = 0 if by_rows else top
    return out[:, :, first : first + plan.lengths[0], left : left + plan.lengths[1]]


def _add_taps(out: Any, products: Any, weight: Any, plan: Plan) -> None:
    """Any layout: all numbers that the patches get, added tap by tap where they came from."""
    turned = as_matrix(weight, plan).mT
    (sh, sw), (dh, dw), (kh, kw) = plan.stride, plan.dilation, plan.size
    back = numpy.argsort(plan.layout.table)
    for some in plan.blocks(plan.taps * plan.groups * products.shape[-1] * products.itemsize):
        shape = plan.table_shape(some.stop - some.start)
        table = (turned @ products[some]).reshape(shape).transpose(back)  # N, G, C, H, W, U, V
        into = out[some] if plan.layout is IMAGES else out
        first = some.start * sh if plan.layout is ROWS else 0
        for u, v in product(range(kh), range(kw)):
            rows, columns = steps(first + u * dh, sh, table.shape[3]), steps(v * dw, sw, table.shape[4])
            into[:, :, :, rows, columns] += table[..., u, v]


def _add_rows(out: Any, products: Any, weight: Any, plan: Plan) -> None:
    """ROWS: row first + sh·q of the image is Σ_t W[first + sh·t]ᵀ g[q - t], a product for each, for first < sh."""
    outputs, inner, kh, kw = weight.shape
    sh, rows = plan.stride[0] // plan.tile, plan.places[0] * plan.tile
    g = products.reshape(rows, plan.groups, outputs // plan.groups, -1)
    g = numpy.ascontiguousarray(g.swapaxes(0, 1))  # (G, H, O, W·N): rows of a group below one another
    by_tap = weight.reshape(plan.groups, -1, inner, kh, kw).transpose(0, 2, 4, 3, 1)
    columns = [steps(v * plan.dilation[1], plan.stride[1], plan.places[1]) for v in range(kw)]
    top, height = plan.padding[0][0], plan.lengths[0]
    for first in range(min(sh, kh)):
        turned = numpy.ascontiguousarray(by_tap[:, :, :, first::sh][:, :, :, ::-1])  # (G, C, V, U, O), U upwards
        low, high = max(0, -((first - top) // sh)), min(rows + turned.shape[3] - 1, -((first - top - height) // sh))
        step = max(1, BLOCK // (plan.groups * inner * kw * g[0, 0, 0].nbytes))
        for start in range(low, high, step):
            part = _rows_of_taps(g, turned, start, min(start + step, high))
            part = part.reshape(len(part), plan.groups, inner, kw, plan.places[1], plan.batch)
            into = out[:, :, :, steps(first + sh * start - top, sh, len(part))].transpose(3, 1, 2, 4, 0)
            for v, column in enumerate(columns):
                into[:, :, :, column] += part[:, :, :, v]


def _rows_of_taps(g: Any, turned: Any, start: int, stop: int) -> Any:
    """(rows, G, C·V, W·N): Σ_t turned[-1 - t] g[q - t] for start ≤ q < stop; there may be fewer rows at either end."""
    groups, inner, kw, taps, outputs = turned.shape
    rows, columns = g.shape[1], g.shape[3]
    out = numpy.empty((stop - start, groups, inner * kw, columns), g.dtype)
    low, high = max(start, taps - 1), min(stop, rows)  # where all taps lie on rows of g, which are a view
    if low < high:
        by_group, by_row, by_output, _ = g.strides
        shape = (high - low, groups, taps * outputs, columns)
        seen = strided_view(g[:, low - taps + 1 :], shape, (by_row, by_group, by_output, g.itemsize))
        numpy.matmul(turned.reshape(groups, -1, taps * outputs), seen, out=out[low - start : high - start])
    for q in (q for q in range(start, stop) if not low <= q < high):
        first, last = max(0, q - taps + 1), min(rows, q + 1)
        some = turned[:, :, :, taps - 1 - q + first : taps - 1 - q + last].reshape(groups, inner * kw, -1)
        numpy.matmul(some, g[:, first:last].reshape(groups, -1, columns), out=out[q - start])
    return out


def steps(first: int, stride: int, count: int) -> slice:
    """first, first + stride, ...: so many of them"""
    return slice(first, first + (count - 1) * stride + 1, stride)
