"""Convolution as one matrix product: cut the image into patches, lay them out as columns, multiply. And its transpose.

    conv            y = W · columns(x)                 columns: `windows` of the padded input
    conv_transpose  y = overlap_add(Wᵀ · x)            the same two steps, transposed and in the opposite order

so <conv(x), y> = <x, conv_transpose(y)> for one and the same weight. Both are written once, for any number of axes.
Compositions of ops, so their derivatives of every order are the ops'. Not for: the layers that own the weights
(`nn/conv.py`), nor for the patches themselves (`ops/windows.py`).
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.nn.functional.checks import check_floating, check_same_dtype
from tinygrad_edu.nn.functional.padding import surround
from tinygrad_edu.nn.functional.sizes import Sizes, check_kernel_fits, layouts, per_axis, reach, with_batch
from tinygrad_edu.ops.windows import overlap_add, windows
from tinygrad_edu.tensors import Tensor


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """y[n, o, i] = b[o] + Σ_c Σ_u  w[o, c, u] · x[n, c, stride·i + dilation·u - padding]

    input (N, C, L) or (C, L), weight (O, C / groups, k), bias (O,), result (N, O, L') or (O, L'). For all else see
    `conv2d`: it is the same with one more axis.
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v  w[o, c, u, v] · x[n, c, stride·i + dilation·u - padding, ... j ... v ...]

    input   (N, C, H, W), or (C, H, W) for a single image
    weight  (O, C / groups, kh, kw)          bias  (O,)
    result  (N, O, H', W'),  H' = ⌊(H + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1,  W' likewise

    A cross-correlation: the kernel is not flipped. Outside the image there are zeros. padding="same" keeps H and W at
    stride 1, "valid" is 0. With groups, output channels see only the input channels of their own group.
    ValueError: shapes that do not fit one another, a kernel larger than the padded image. TypeError: integers, or two
    dtypes. Source: Chellapilla, Puri, Simard 2006, "High performance convolutional neural networks for document
    processing".
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """y[n, o, stride·i + dilation·u - padding] += w[c, o, u] · x[n, c, i]   for all c, i, u;   and + b[o]

    input (N, C, L) or (C, L), weight (C, O / groups, k), bias (O,), result (N, O, L') or (O, L'). For all else see
    `conv_transpose2d`: it is the same with one more axis.
    """
    return _convolve_transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """y[n, o, stride·i + dilation·u - padding, ... j ... v ...] += w[c, o, u, v] · x[n, c, i, j];   and + b[o]

    The transpose of the matrix that `conv2d` multiplies by, not its inverse: every number of the input stamps the
    kernel onto the output, and stamps that overlap add up. What conv2d gathers with a weight, this scatters with it.

    input   (N, C, H, W), or (C, H, W) for a single image
    weight  (C, O / groups, kh, kw): the weight of the conv2d from O to C channels that this is the transpose of
    result  (N, O, H', W'),  H' = (H - 1)·stride - 2·padding + dilation·(kh - 1) + 1 + output_padding

    `padding` is cut off, as conv2d put it on. With stride > 1, conv2d maps several heights to one H, and its transpose
    cannot know which: `output_padding` rows more, at the bottom and on the right, say which it was.
    ValueError: shapes that do not fit one another, nothing left, output_padding of a whole stride (or dilation) or
    more. Source: Dumoulin, Visin 2016, "A guide to convolution arithmetic for deep learning".
    """
    return _convolve_transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


# ------------------------------------------------------------------------------------------------ both, for any axes
def _convolve(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    _check_tensors(f"conv{axes}d", axes, input, weight, bias, groups, transposed=False)
    stride, dilation = per_axis(stride, "stride", axes), per_axis(dilation, "dilation", axes)
    size, outputs = weight.shape[2:], weight.shape[0]
    image = surround(with_batch(input, axes), padding_amounts(padding, size, stride, dilation))
    check_kernel_fits(image.shape[2:], size, dilation)

    patches = windows(image, size=size, stride=stride, dilation=dilation)  # (N, C, H', W', kh, kw), a view
    batch, channels, *places = patches.shape[: 2 + axes]
    # One column for each place the kernel visits, in runs of W' neighbors: the only copy of the input.
    columns = patches.permute(1, *range(2 + axes, 2 + 2 * axes), 0, *range(2, 2 + axes))
    columns = columns.reshape(channels * math.prod(size), batch * math.prod(places))
    product = _by_groups(weight.reshape(outputs, -1), columns, groups)
    if bias is not None:
        product = product + bias.reshape(outputs, 1)
    # In row-major order like any other image, so that `view` works on it and what follows reads memory in order.
    out = product.reshape(outputs, batch, *places).transpose(0, 1).contiguous()
    return out if input.ndim == axes + 2 else out.squeeze(0)


def _convolve_transposed(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    _check_tensors(f"conv_transpose{axes}d", axes, input, weight, bias, groups, transposed=True)
    stride, dilation = per_axis(stride, "stride", axes), per_axis(dilation, "dilation", axes)
    border = per_axis(padding, "padding", axes, least=0)
    extra = per_axis(output_padding, "output_padding", axes, least=0)
    image = with_batch(input, axes)
    (batch, channels, *places), size, outputs = image.shape, weight.shape[2:], weight.shape[1] * groups
    whole = transposed_lengths(places, size, stride, dilation)
    _check_output_size(places, whole, border, extra, stride, dilation)

    columns = image.transpose(0, 1).reshape(channels, batch * math.prod(places))
    product = _by_groups(weight.reshape(channels, -1), columns, groups, transposed=True)
    patches = product.reshape(outputs, *size, batch, *places)
    patches = patches.permute(1 + axes, 0, *range(2 + axes, 2 + 2 * axes), *range(1, 1 + axes))  # (N, O, H, W, kh, kw)
    out = overlap_add(patches, shape=(batch, outputs, *whole), size=size, stride=stride, dilation=dilation)
    out = surround(out, [(-cut, more - cut) for cut, more in zip(border, extra, strict=True)])
    if bias is not None:
        out = out + bias.reshape(outputs, *[1] * axes)
    return out if input.ndim == axes + 2 else out.squeeze(0)


def _by_groups(matrix: Tensor, columns: Tensor, groups: int, transposed: bool = False) -> Tensor:
    """matrix @ columns, or matrixᵀ @ columns; with groups, each group's rows times its own part of the columns.

    The rows of one group lie together, in the matrix as in the columns: one product for each, stacked.
    """
    rows, places = matrix.shape[0], columns.shape[1]
    if groups == 1:
        return (matrix.mT if transposed else matrix) @ columns
    stacked = matrix.reshape(groups, rows // groups, -1)
    product = (stacked.mT if transposed else stacked) @ columns.reshape(groups, columns.shape[0] // groups, places)
    return product.reshape(groups * product.shape[1], places)


# --------------------------------------------------------------------------------------------------------- arithmetic
def padding_amounts(
    padding: Any, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """((before, after), ...) for each axis. "same": what a kernel at stride 1 takes away; the odd cell goes after."""
    if not isinstance(padding, str):
        return tuple((cells, cells) for cells in per_axis(padding, "padding", len(size), least=0))
    if padding not in ("same", "valid"):
        raise ValueError(f"Invalid padding string {padding!r}, should be one of 'valid', 'same' or a number")
    if padding == "same" and max(stride) > 1:
        raise ValueError(f"padding='same' is not supported for strided convolutions: got stride={stride}")
    lost = [cells - 1 if padding == "same" else 0 for cells in reach(size, dilation)]
    return tuple((cells // 2, cells - cells // 2) for cells in lost)


def transposed_lengths(
    lengths: Any, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...]:
    """(length - 1) · stride + dilation · (size - 1) + 1 along each axis: what a transposed convolution stamps on."""
    span = reach(size, dilation)
    return tuple((n - 1) * step + cells for n, step, cells in zip(lengths, stride, span, strict=True))


# ------------------------------------------------------------------------------------------------------------- checks
def _check_tensors(
    function: str, axes: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, transposed: bool
) -> None:
    check_floating(function, input=input, weight=weight)
    check_same_dtype(function, input, weight)
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {function}, but got input of size: "
            f"{list(input.shape)}: wanted {layouts(axes)}"
        )
    if weight.ndim != axes + 2:
        channels, kernel = "C, O / groups" if transposed else "O, C / groups", {1: "k"}.get(axes, "kh, kw")
        raise ValueError(f"{function} wants a weight of shape ({channels}, {kernel}), got {list(weight.shape)}")
    if groups < 1 or weight.shape[0] % groups:
        raise ValueError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size {list(weight.shape)} instead"
        )
    given, wanted = input.shape[-axes - 1], weight.shape[0] if transposed else weight.shape[1] * groups
    if given != wanted:
        raise ValueError(
            f"Given {'transposed=1, ' if transposed else ''}groups={groups}, weight of size {list(weight.shape)}, "
            f"expected input{list(input.shape)} to have {wanted} channels, but got {given} channels instead: channels "
            f"come before the places, {layouts(axes)}"
        )
    if bias is not None:
        _check_bias(function, weight, bias, weight.shape[1] * groups if transposed else weight.shape[0])


def _check_bias(function: str, weight: Tensor, bias: Tensor, outputs: int) -> None:
    check_floating(function, bias=bias)
    if tuple(bias.shape) != (outputs,):
        raise ValueError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {outputs} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
    if bias.dtype != weight.dtype:
        raise TypeError(
            f"{function}: expected weight and bias to have the same dtype, but got {weight.dtype} and {bias.dtype}: "
            f"convert one, for example with bias.to({weight.dtype})"
        )


def _check_output_size(places: Any, whole: Any, border: Any, extra: Any, stride: Any, dilation: Any) -> None:
    if any(more >= max(step, gap) for more, step, gap in zip(extra, stride, dilation, strict=True)):
        raise ValueError(
            f"output padding must be smaller than either stride or dilation, but got output_padding={extra}, "
            f"stride={stride} and dilation={dilation}: more cells than that no kernel reaches"
        )
    out = [length - 2 * cut + more for length, cut, more in zip(whole, border, extra, strict=True)]
    if min(out) < 1:
        raise ValueError(
            f"Given input size per channel: {list(places)}. Calculated output size per channel: {out}. Output size is "
            f"too small: use less padding, or a larger kernel, stride or input"
        )
