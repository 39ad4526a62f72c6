"""Convolution layers: one small set of weights, slid over a whole line or image. And their transposes.

For: owning the weights. The mathematics, for any number of axes, is in `functional/convolution.py`; so the four layers
differ in the number of axes and in their order of arguments alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.convolution import padding_amounts
from tinygrad_edu.nn.functional.padding import MARGINS, surround
from tinygrad_edu.nn.functional.sizes import Sizes, per_axis
from tinygrad_edu.nn.init import fresh_uniform, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.ops.convolution import transposed_lengths
from tinygrad_edu.tensors import Tensor


class _Convolution(Module):
    """What the four layers share: settings kept as tuples, one number for each axis; the weights; how they print."""

    axes: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        output_padding: Sizes,
        dilation: Sizes,
        groups: int,
        padding_mode: str,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.groups = positive("groups", groups)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups: got {name}={channels}, groups={groups}")
        axes = self.axes
        self.kernel_size = per_axis(kernel_size, "kernel_size", axes)
        self.stride = per_axis(stride, "stride", axes)
        self.padding = padding if isinstance(padding, str) else per_axis(padding, "padding", axes, least=0)
        self.output_padding = per_axis(output_padding, "output_padding", axes, least=0)
        self.dilation = per_axis(dilation, "dilation", axes)
        self.padding_mode = padding_mode
        self.weight: Parameter
        self.bias: Parameter | None

    def _draw(self, channels: tuple[int, int], bias: bool, **settings: Any) -> None:
        """Uniform within 1 / √fan_in (`init.fans`), as in PyTorch, which calls it kaiming_uniform_ with a = √5."""
        shape = (*channels, *self.kernel_size)
        bound = math.prod(shape[1:]) ** -0.5
        self.weight = Parameter(fresh_uniform(shape, bound=bound, **settings))
        self.bias = Parameter(fresh_uniform((self.out_channels,), bound=bound, **settings)) if bias else None

    def extra_repr(self) -> str:
        nothing = (0,) * self.axes
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != nothing:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.axes:
            text += f", dilation={self.dilation}"
        if self.output_padding != nothing:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else text + f", padding_mode={self.padding_mode}"


class _Conv(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, padding_mode)
        if padding_mode not in ("zeros", *MARGINS):
            raise ValueError(
                f"padding_mode must be one of 'zeros', {', '.join(map(repr, MARGINS))}, but got "
                f"padding_mode={padding_mode!r}"
            )
        # Asked for now, so that a mistake is found when the layer is made rather than in forward.
        self._margins = padding_amounts(padding, self.kernel_size, self.stride, self.dilation)
        channels = (out_channels, in_channels // groups)
        self._draw(channels, bias, device=device, dtype=dtype, generator=generator)

    def forward(self, input: Tensor) -> Tensor:
        settings = (self.dilation, self.groups)
        if self.padding_mode == "zeros":
            return self.function(input, self.weight, self.bias, self.stride, self.padding, *settings)
        framed = surround(input, self._margins, self.padding_mode)
        return self.function(framed, self.weight, self.bias, self.stride, 0, *settings)


class Conv1d(_Conv):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c]        (⋆ slides the kernel without flipping it)

    x (N, in_channels, L) or (in_channels, L), w (out_channels, in_channels / groups, k), y (N, out_channels, L').
    All else as in `Conv2d`; sizes and formula: `functional.conv1d`.
    """

    axes, function = 1, staticmethod(F.conv1d)


class Conv2d(_Conv):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c]        (⋆ slides the kernel without flipping it)

    x (N, in_channels, H, W) or (in_channels, H, W), w (out_channels, in_channels / groups, kh, kw), y (N, out_channels,
    H', W'). kernel_size, stride, padding and dilation are a number or a pair (height, width); padding may also be
    "same" or "valid". padding_mode says what lies outside: "zeros", or what `functional.pad` copies there, "reflect",
    "replicate" or "circular". Sizes and formula: `functional.conv2d`.
    """

    axes, function = 2, staticmethod(F.conv2d)


class _ConvTranspose(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}: got {padding_mode!r}; here padding '
                f"is cut off, so there is nothing to fill"
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, padding_mode
        )
        self._cut = per_axis(padding, "padding", self.axes, least=0)  # not "same"
        channels = (in_channels, out_channels // groups)
        self._draw(channels, bias, device=device, dtype=dtype, generator=generator)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """`output_size` (H', W'), or with batch and channels before it: the output_padding that leads to it."""
        extra = self.output_padding if output_size is None else self._output_padding(input, output_size)
        settings = (self.stride, self.padding, extra, self.groups, self.dilation)
        return self.function(input, self.weight, self.bias, *settings)

    def _output_padding(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        lengths, asked = input.shape[-self.axes :], tuple(output_size)
        whole = transposed_lengths(lengths, self.kernel_size, self.stride, self.dilation)
        least = [length - 2 * cells for length, cells in zip(whole, self._cut, strict=True)]
        most = [length + step - 1 for length, step in zip(least, self.stride, strict=True)]
        if len(asked) == input.ndim:
            asked = asked[-self.axes :]
        if len(asked) != self.axes:
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {self.axes} or {input.ndim} "
                f"elements (got {len(asked)})"
            )
        if any(not low <= n <= high for low, n, high in zip(least, asked, most, strict=True)):
            raise ValueError(
                f"requested an output size of {list(asked)}, but valid sizes range from {least} to {most} (for an "
                f"input of {list(lengths)})"
            )
        return tuple(n - low for n, low in zip(asked, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """y[n, o, stride·i + u] += w[c, o, u] · x[n, c, i] for all c, i, u; and + b[o]: the transpose of a Conv1d

    x (N, in_channels, L) or (in_channels, L), w (in_channels, out_channels / groups, k), y (N, out_channels, L').
    All else as in `ConvTranspose2d`; sizes and formula: `functional.conv_transpose1d`.
    """

    axes, function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """y[n, o, stride·i + u, stride·j + v] += w[c, o, u, v] · x[n, c, i, j] for all c, i, j, u, v; and + b[o]

    The transpose of a Conv2d from out_channels to in_channels with the same settings: `overlap_add` of Wᵀ x, not an
    inverse. x (N, in_channels, H, W) or (in_channels, H, W), w (in_channels, out_channels / groups, kh, kw), y
    (N, out_channels, H', W'). Sizes and formula: `functional.conv_transpose2d`; forward(x, output_size=(H', W')) finds
    the output_padding.
    """

    axes, function = 2, staticmethod(F.conv_transpose2d)
