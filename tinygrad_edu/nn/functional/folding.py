"""unfold: an image as the columns of its patches; fold, its transpose: patches added back into an image.

For: algorithms on patches, and seeing what a convolution multiplies: conv2d(x, w) is w.reshape(O, -1) @ unfold(x). Not
for: the views underneath (`ops/windows.py`).
"""

from __future__ import annotations

import math

from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.padding import surround
from tinygrad_edu.nn.functional.sizes import Sizes, check_kernel_fits, layouts, per_axis, with_batch
from tinygrad_edu.ops.windows import overlap_add, window_count, windows
from tinygrad_edu.tensors import Tensor


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """out[n, (c, u, v), (i, j)] = x[n, c, stride·i + dilation·u - padding, stride·j + dilation·v - padding]

    input (N, C, H, W) or (C, H, W) -> (N, C·kh·kw, L) or (C·kh·kw, L): one column for each of the L = H'·W' places of
    the kernel, row by row; H' and W' as in `conv2d`. Outside the image there are zeros.
    ValueError: another number of axes, a kernel larger than the padded image.
    """
    check_floating("unfold", input=input)
    if input.ndim not in (3, 4):
        raise ValueError(f"unfold: expected 3D or 4D input tensor {layouts(2)}, but got size {list(input.shape)}")
    size, gap, step = (
        per_axis(kernel_size, "kernel_size", 2),
        per_axis(dilation, "dilation", 2),
        per_axis(stride, "stride", 2),
    )
    image = surround(with_batch(input, 2), [(cells, cells) for cells in per_axis(padding, "padding", 2, least=0)])
    check_kernel_fits(image.shape[2:], size, gap)
    patches = windows(image, size=size, stride=step, dilation=gap)  # (N, C, H', W', kh, kw)
    batch, channels, high, wide = patches.shape[:4]
    columns = patches.permute(0, 1, 4, 5, 2, 3).reshape(batch, channels * math.prod(size), high * wide)
    return columns if input.ndim == 4 else columns.squeeze(0)


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """out[n, c, stride·i + dilation·u - padding, ... j ... v ...] += x[n, (c, u, v), (i, j)]   for all u, v, i, j

    input (N, C·kh·kw, L) or (C·kh·kw, L) -> (N, C, *output_size) or (C, *output_size). Patches that overlap add up, so
    fold(unfold(x)) is x times how many patches each cell is in: fold(unfold(ones)).
    ValueError: an L or C·kh·kw that this kernel on this output_size would not have given.
    """
    check_floating("fold", input=input)
    size, gap, step = (
        per_axis(kernel_size, "kernel_size", 2),
        per_axis(dilation, "dilation", 2),
        per_axis(stride, "stride", 2),
    )
    border, target = per_axis(padding, "padding", 2, least=0), per_axis(output_size, "output_size", 2)
    if input.ndim not in (2, 3):
        raise ValueError(
            f"fold: expected 2D (C·kh·kw, L) or 3D (N, C·kh·kw, L) input tensor, but got size {list(input.shape)}"
        )
    columns = with_batch(input, 1)
    padded = tuple(length + 2 * cells for length, cells in zip(target, border, strict=True))
    check_kernel_fits(padded, size, gap)
    places = tuple(map(window_count, padded, size, step, gap))
    _check_columns(columns, size, places)
    batch, channels = columns.shape[0], columns.shape[1] // math.prod(size)
    patches = columns.reshape(batch, channels, *size, *places).permute(0, 1, 4, 5, 2, 3)  # (N, C, H', W', kh, kw)
    out = overlap_add(patches, shape=(batch, channels, *padded), size=size, stride=step, dilation=gap)
    out = surround(out, [(-cells, -cells) for cells in border])
    return out if input.ndim == 3 else out.squeeze(0)


def _check_columns(columns: Tensor, size: tuple[int, ...], places: tuple[int, ...]) -> None:
    cells, count = math.prod(size), math.prod(places)
    if columns.shape[1] % cells:
        raise ValueError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input of "
            f"size {list(columns.shape)} and kernel_size={size}: wanted a multiple of {cells}"
        )
    if columns.shape[2] != count:
        raise ValueError(
            f"expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{' * '.join(map(str, places))} = {count}, but got {columns.shape[2]} (input of size "
            f"{list(columns.shape)}): give the output_size, padding, stride and dilation that unfold was called with"
        )
