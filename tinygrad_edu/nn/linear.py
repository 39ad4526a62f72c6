"""Linear: every output is a weighted sum of every input. And two layers that only pass on: Flatten and Identity."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.init import fresh_uniform, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor


class Linear(Module):
    """y = x Wᵀ + b        x: (…, in_features)   W: (out_features, in_features)   y: (…, out_features)"""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_features = positive("in_features", in_features)
        self.out_features = positive("out_features", out_features)
        bound = in_features**-0.5  # with inputs of variance 1, y gets variance 1/3 + 1/(3 in_features)
        settings = {"bound": bound, "device": device, "dtype": dtype, "generator": generator}
        self.weight = Parameter(fresh_uniform((out_features, in_features), **settings))
        self.bias = Parameter(fresh_uniform((out_features,), **settings)) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Flatten(Module):
    """(N, C, H, W) -> (N, C·H·W): the axes from start_dim to end_dim become one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """y = x: a layer that does nothing, to put where another one was. Any arguments are accepted and ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input
