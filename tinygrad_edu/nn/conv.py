"""Conv2d: one small set of weights, slid over the whole image."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import pair
from tinygrad_edu.nn.functional.convolution import Pair, padding_amounts
from tinygrad_edu.nn.init import fresh_uniform, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor


class Conv2d(Module):
    """y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c]        (⋆ slides the kernel without flipping it)

    x (N, in_channels, H, W) or (in_channels, H, W), w (out_channels, in_channels / groups, kh, kw), y (N, out_channels,
    H', W'). kernel_size, stride, padding and dilation are a number or a pair (height, width); padding may also be
    "same" or "valid". Sizes and formula: `functional.conv2d`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        self.groups = positive("groups", groups)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups: got {name}={channels}, groups={groups}")
        if padding_mode != "zeros":
            raise ValueError(
                f"padding_mode must be 'zeros': got {padding_mode!r}; pad the input yourself for other modes"
            )
        self.kernel_size = pair(kernel_size, "kernel_size")
        self.stride = pair(stride, "stride")
        self.dilation = pair(dilation, "dilation")
        self.padding = padding if isinstance(padding, str) else pair(padding, "padding", least=0)
        self.padding_mode = padding_mode
        padding_amounts(padding, self.kernel_size, self.stride, self.dilation)  # complains now rather than in forward
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        inputs = shape[1] * shape[2] * shape[3]  # that one output sees
        settings = {"bound": inputs**-0.5, "device": device, "dtype": dtype, "generator": generator}
        self.weight = Parameter(fresh_uniform(shape, **settings))
        self.bias = Parameter(fresh_uniform((out_channels,), **settings)) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else text + ", bias=False"
