"""Convolution and its transpose, by PyTorch's names, for lines and images.

    conv            y = W · columns(x)                 columns: the patches that the kernel sees
    conv_transpose  y = overlap_add(Wᵀ · x)            the same two steps, transposed and in the opposite order

For: PyTorch's signatures, sizes and errors. Not for: the mathematics (`ops/convolution.py`), nor the layers that own
the weights (`nn/conv.py`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tinygrad_edu.nn.functional.checks import check_floating, check_same_dtype
from tinygrad_edu.nn.functional.sizes import Sizes, check_kernel_fits, hashable, layouts, per_axis, reach, with_batch
from tinygrad_edu.ops.convolution import transposed_lengths
from tinygrad_edu.ops.fused.convolution import convolution, transposed_convolution
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
    given = map(hashable, (stride, padding, dilation))
    settings = _settings(tuple(input.shape[-axes:]), tuple(weight.shape[2:]), *given)
    out = convolution(with_batch(input, axes), weight, bias, groups=groups, **settings)
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
    whole = transposed_lengths(input.shape[-axes:], weight.shape[2:], stride, dilation)
    lengths = _transposed_output(input.shape[-axes:], whole, border, extra, stride, dilation)
    settings = {"stride": stride, "dilation": dilation, "groups": groups, "cut": border, "lengths": lengths}
    out = transposed_convolution(with_batch(input, axes), weight, bias, **settings)
    return out if input.ndim == axes + 2 else out.squeeze(0)


# --------------------------------------------------------------------------------------------------------- arithmetic
@lru_cache(maxsize=256, typed=True)
def _settings(
    lengths: tuple[int, ...], size: tuple[int, ...], stride: Sizes, padding: Sizes | str, dilation: Sizes
) -> dict[str, Any]:
    """The settings of `ops.convolution`, one number or pair for each axis; checked once for every combination."""
    axes = len(lengths)
    stride, dilation = per_axis(stride, "stride", axes), per_axis(dilation, "dilation", axes)
    margins = padding_amounts(padding, size, stride, dilation)
    check_kernel_fits([length + sum(cells) for length, cells in zip(lengths, margins, strict=True)], size, dilation)
    return {"stride": stride, "padding": margins, "dilation": dilation}


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


def _transposed_output(places: Any, whole: Any, border: Any, extra: Any, stride: Any, dilation: Any) -> tuple[int, ...]:
    """The lengths of the result of a transposed convolution."""
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
    return tuple(out)
