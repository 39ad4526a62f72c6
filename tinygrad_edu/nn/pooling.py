"""Pooling layers: they shrink an image and own nothing."""

from __future__ import annotations

from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import pair
from tinygrad_edu.nn.functional.convolution import Pair
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensors import Tensor


class MaxPool2d(Module):
    """The largest of each patch. (N, C, H, W) -> (N, C, H', W'); the stride is the kernel's size unless given."""

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        _check(kernel_size, stride, padding)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each patch. (N, C, H, W) -> (N, C, H', W'); the stride is the kernel's size unless given."""

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        _check(kernel_size, stride, padding)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        settings = (self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override)
        return F.avg_pool2d(input, self.kernel_size, *settings)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _check(kernel_size: Pair, stride: Pair | None, padding: Pair) -> None:
    """Raise for settings that no image could be pooled with; they are kept as they were given, to print alike."""
    pair(kernel_size, "kernel_size")
    pair(kernel_size if stride is None else stride, "stride")
    pair(padding, "padding", least=0)
