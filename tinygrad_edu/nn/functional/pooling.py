"""Pooling: one number for each patch of an image, its largest or its mean.

For: max_pool2d and avg_pool2d, compositions over `windows`. Not for: the layers (`nn/pooling.py`).
"""

from __future__ import annotations

import math

from tinygrad_edu.backend import constant, namespace
from tinygrad_edu.nn.functional.checks import check_floating, pair
from tinygrad_edu.nn.functional.convolution import Pair, check_kernel_fits
from tinygrad_edu.nn.functional.padding import pad
from tinygrad_edu.ops.indexing import gather
from tinygrad_edu.ops.windows import windows
from tinygrad_edu.tensors import Tensor


def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """y[n, c, i, j] = max over u, v of x[n, c, stride·i + dilation·u - padding, stride·j + dilation·v - padding]

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'). The stride is the kernel's size unless given.
    Outside the image there is -∞. The gradient goes to the first place of the maximum, row by row; NaN wins.
    `ceil_mode` rounds H' up instead of down, so that the last rows are not dropped.
    """
    check_floating("max_pool2d", input=input)
    if input.ndim == 3:
        return max_pool2d(input.unsqueeze(0), kernel_size, stride, padding, dilation, ceil_mode).squeeze(0)
    _, patches = _patches(input, "max_pool2d", kernel_size, stride, padding, dilation, ceil_mode, outside=-math.inf)
    flat = patches.flatten(start_dim=4)  # (N, C, H', W', kh·kw)
    first = namespace(flat.array).argmax(flat.array, axis=-1)[..., None]
    return gather(flat, first, axis=4, unique=True).squeeze(-1)


def avg_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """y[n, c, i, j] = Σ over u, v of x[n, c, stride·i + u - padding, stride·j + v - padding] / divisor

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'). The divisor is kh·kw, or `divisor_override`. With
    `count_include_pad=False` the zeros of the padding are not counted; what `ceil_mode` adds beyond it never is.
    """
    check_floating("avg_pool2d", input=input)
    if divisor_override is not None and divisor_override <= 0:
        raise ValueError(f"divisor must be not zero: wanted a positive divisor_override, got {divisor_override}")
    if input.ndim == 3:
        single = input.unsqueeze(0)
        settings = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return avg_pool2d(single, *settings).squeeze(0)
    grid, patches = _patches(input, "avg_pool2d", kernel_size, stride, padding, 1, ceil_mode, outside=0.0)
    total = patches.sum(dim=(-2, -1))
    if divisor_override is not None:
        return total / divisor_override
    rows, columns = (axis.counts(count_include_pad) for axis in grid)
    if len({*rows}) <= 1 and len({*columns}) <= 1:  # every patch has as many cells, as it nearly always is
        return total / (max(rows, default=1) * max(columns, default=1))
    cells = [[float(high * wide) for wide in columns] for high in rows]
    return total / Tensor(constant(cells, like=input.array).astype(input.dtype))


class Axis:
    """The arithmetic of sliding a kernel along one axis: how many steps there are, and what each covers."""

    def __init__(self, length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> None:
        self.length, self.kernel, self.stride, self.padding = length, kernel, stride, padding
        reach = dilation * (kernel - 1) + 1
        room = length + 2 * padding - reach
        self.steps = (-(-room // stride) if ceil_mode else room // stride) + 1
        if ceil_mode and (self.steps - 1) * stride >= length + padding:
            self.steps -= 1  # the last patch has to begin inside the image or its left padding
        self.extra = max(0, (self.steps - 1) * stride - room)  # cells that ceil_mode adds after the padding

    def counts(self, include_padding: bool) -> list[int]:
        """For each step: how many cells of the image (and of its padding) the kernel covers."""
        low, high = (
            (0, self.length + 2 * self.padding) if include_padding else (self.padding, self.padding + self.length)
        )
        starts = [step * self.stride for step in range(self.steps)]
        return [min(start + self.kernel, high) - max(start, low) for start in starts]


def _patches(
    input: Tensor,
    function: str,
    kernel_size: Pair,
    stride: Pair | None,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
    outside: float,
) -> tuple[tuple[Axis, Axis], Tensor]:
    """The two axes, and the patches (N, C, H', W', kh, kw) of `input` surrounded by `outside`."""
    size, dilation = pair(kernel_size, "kernel_size"), pair(dilation, "dilation")
    stride = size if stride is None else pair(stride, "stride")
    border = pair(padding, "padding", least=0)
    if input.ndim != 4:
        raise ValueError(
            f"{function}: non-empty 3D or 4D (batch mode) tensor expected for input: wanted (N, C, H, W) or (C, H, W), "
            f"got {list(input.shape)}"
        )
    if any(2 * cells > (kernel - 1) * step + 1 for cells, kernel, step in zip(border, size, dilation, strict=True)):
        raise ValueError(
            f"{function}: pad should be at most half of effective kernel size, but got pad={padding}, "
            f"kernel_size={kernel_size} and dilation={dilation}: a patch outside the image has no value"
        )
    axes = zip(input.shape[2:], size, stride, border, dilation, strict=True)
    rows, columns = (Axis(*numbers, ceil_mode=ceil_mode) for numbers in axes)
    amounts = (border[1], border[1] + columns.extra, border[0], border[0] + rows.extra)
    image = pad(input, amounts, value=outside)
    check_kernel_fits(image, size, dilation)
    return (rows, columns), windows(image, size=size, stride=stride, dilation=dilation)
