"""Pooling layers: they shrink an image or a line (or undo it) and own nothing. Formulas: `functional`, same names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.adaptive import OutputSize
from tinygrad_edu.nn.functional.sizes import Sizes, per_axis
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensors import Tensor


class _Pool(Module):
    """How many axes the kernel slides along, and the function that does it."""

    axes: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def _check(self, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes = 1) -> None:
        """Raise for settings that no image could be pooled with; they are kept as they were given, to print alike."""
        per_axis(kernel_size, "kernel_size", self.axes)
        per_axis(kernel_size if stride is None else stride, "stride", self.axes)
        per_axis(padding, "padding", self.axes, least=0)
        per_axis(dilation, "dilation", self.axes)


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self._check(kernel_size, stride, padding, dilation)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        settings = (self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)
        return self.function(input, self.kernel_size, *settings)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest of each patch. (N, C, L) -> (N, C, L'); the stride is the kernel's size unless given."""

    axes, function = 1, staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest of each patch. (N, C, H, W) -> (N, C, H', W'); the stride is the kernel's size unless given.

    With return_indices: (the largest, where they were), which `MaxUnpool2d` takes.
    """

    axes, function = 2, staticmethod(F.max_pool2d)


class _MaxUnpool(_Pool):
    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self._check(kernel_size, stride, padding)
        self.kernel_size = per_axis(kernel_size, "kernel_size", self.axes)
        self.stride = self.kernel_size if stride is None else per_axis(stride, "stride", self.axes)
        self.padding = per_axis(padding, "padding", self.axes, least=0)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return self.function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """The largest back where `MaxPool1d` found them, zeros elsewhere. (N, C, L) -> (N, C, L')"""

    axes, function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """The largest back where `MaxPool2d` found them, zeros elsewhere. (N, C, H, W) -> (N, C, H', W')"""

    axes, function = 2, staticmethod(F.max_unpool2d)


class AvgPool1d(_Pool):
    """The mean of each patch. (N, C, L) -> (N, C, L'); the stride is the kernel's size unless given."""

    axes = 1

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1)
        self.stride = self.kernel_size if stride is None else per_axis(stride, "stride", 1)
        self.padding = per_axis(padding, "padding", 1, least=0)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        settings = (self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return F.avg_pool1d(input, self.kernel_size, *settings)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_Pool):
    """The mean of each patch. (N, C, H, W) -> (N, C, H', W'); the stride is the kernel's size unless given."""

    axes = 2

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self._check(kernel_size, stride, padding)
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


class _AdaptiveAvgPool(_Pool):
    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return self.function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of each of output_size bins, whatever the length. (N, C, L) -> (N, C, output_size)"""

    axes, function = 1, staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of each bin, whatever the image's size. (N, C, H, W) -> (N, C, *output_size); None keeps a length."""

    axes, function = 2, staticmethod(F.adaptive_avg_pool2d)


class _AdaptiveMaxPool(_Pool):
    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        return self.function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest of each of output_size bins, whatever the length. (N, C, L) -> (N, C, output_size)"""

    axes, function = 1, staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest of each bin, whatever the image's size. (N, C, H, W) -> (N, C, *output_size); None keeps a length."""

    axes, function = 2, staticmethod(F.adaptive_max_pool2d)
