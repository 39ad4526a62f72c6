"""Convolution as one matrix product: cut the image into patches, lay them out as columns, multiply.

For: conv2d, a composition of `pad`, `windows` and `matmul`, so its derivatives of every order are theirs. Not for: the
layer that owns the weight (`nn/conv.py`), nor for the patches themselves (`ops/windows.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.nn.functional.checks import check_floating, check_same_dtype, pair
from tinygrad_edu.nn.functional.padding import pad
from tinygrad_edu.ops.windows import windows
from tinygrad_edu.tensors import Tensor

Pair = int | tuple[int, int]


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v  w[o, c, u, v] · x[n, c, stride·i + dilation·u - padding, ... j ... v ...]

    input   (N, C, H, W), or (C, H, W) for a single image
    weight  (O, C / groups, kh, kw)          bias  (O,)
    result  (N, O, H', W'),  H' = ⌊(H + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1,  W' likewise

    A cross-correlation: the kernel is not flipped. Outside the image there are zeros. padding="same" keeps H and W at
    stride 1, "valid" is 0. With groups, output channels see only the input channels of their own group.
    Source: Chellapilla, Puri, Simard 2006, "High performance convolutional neural networks for document processing".
    """
    check_floating("conv2d", input=input, weight=weight)
    check_same_dtype("conv2d", input, weight)
    if input.ndim == 3:
        return conv2d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0)
    stride, dilation = pair(stride, "stride"), pair(dilation, "dilation")
    _check_shapes(input, weight, bias, groups)
    size = (weight.shape[2], weight.shape[3])
    image = pad(input, padding_amounts(padding, size, stride, dilation))
    check_kernel_fits(image, size, dilation)

    patches = windows(image, size=size, stride=stride, dilation=dilation)  # (N, C, H', W', kh, kw), a view
    batch, channels, height, width, _, _ = patches.shape
    outputs = weight.shape[0]
    # One column for each place the kernel visits, in runs of W' neighbors: the only copy of the input.
    columns = patches.permute(1, 4, 5, 0, 2, 3).reshape(channels * size[0] * size[1], batch * height * width)
    if groups == 1:
        product = weight.reshape(outputs, -1) @ columns
    else:  # the rows of one group lie together, so a group is a slice; one product for each, stacked
        product = weight.reshape(groups, outputs // groups, -1) @ columns.reshape(groups, -1, batch * height * width)
        product = product.reshape(outputs, batch * height * width)
    if bias is not None:
        product = product + bias.reshape(outputs, 1)
    # In row-major order like any other image, so that `view` works on it and what follows reads memory in order.
    return product.reshape(outputs, batch, height, width).transpose(0, 1).contiguous()


def check_kernel_fits(image: Tensor, size: tuple[int, int], dilation: tuple[int, int]) -> None:
    """Raise ValueError when a kernel is larger than the (padded) image that it should slide over."""
    reach = tuple(step * (cells - 1) + 1 for cells, step in zip(size, dilation, strict=True))
    if image.shape[2] < reach[0] or image.shape[3] < reach[1]:
        raise ValueError(
            f"Calculated padded input size per channel: ({image.shape[2]} x {image.shape[3]}). Kernel size: "
            f"({reach[0]} x {reach[1]}). Kernel size can't be greater than actual input size: use a smaller kernel, "
            f"more padding or a larger image"
        )


def padding_amounts(
    padding: Any, size: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    """(left, right, top, bottom)"""
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of 'valid', 'same' or a number")
        if padding == "valid":
            return 0, 0, 0, 0
        if stride != (1, 1):
            raise ValueError(f"padding='same' is not supported for strided convolutions: got stride={stride}")
        rows, columns = (step * (cells - 1) for cells, step in zip(size, dilation, strict=True))
        return columns // 2, columns - columns // 2, rows // 2, rows - rows // 2
    rows, columns = pair(padding, "padding", least=0)
    return columns, columns, rows, rows


def _check_shapes(input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    if input.ndim != 4:
        raise ValueError(
            f"Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: {list(input.shape)}: "
            f"wanted (N, C, H, W) or (C, H, W)"
        )
    if weight.ndim != 4:
        raise ValueError(f"conv2d wants a weight of shape (O, C / groups, kh, kw), got {list(weight.shape)}")
    if groups < 1 or weight.shape[0] % groups:
        raise ValueError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size {list(weight.shape)} instead"
        )
    if input.shape[1] != weight.shape[1] * groups:
        raise ValueError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{weight.shape[1] * groups} channels, but got {input.shape[1]} channels instead: channels come before "
            f"height and width, (N, C, H, W)"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ValueError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {weight.shape[0]} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
