"""Linear: every output is a weighted sum of every input. Bilinear: of every product of two inputs.

And three layers that only pass on: Flatten, Unflatten and Identity.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Bilinear(Module):
    """y_o = x₁ᵀ W_o x₂ + b_o    x₁: (…, in1_features)   x₂: (…, in2_features)   y: (…, out_features)

    W: (out_features, in1_features, in2_features). W and b start uniform within ±1 / √in1_features, as in PyTorch.
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.in1_features = positive("in1_features", in1_features)
        self.in2_features = positive("in2_features", in2_features)
        self.out_features = positive("out_features", out_features)
        settings = {"bound": in1_features**-0.5, "device": device, "dtype": dtype, "generator": generator}
        self.weight = Parameter(fresh_uniform((out_features, in1_features, in2_features), **settings))
        self.bias = Parameter(fresh_uniform((out_features,), **settings)) if bias else None

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


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


class Unflatten(Module):
    """(N, C·H·W) -> (N, C, H, W): the axis `dim` becomes several; one of unflattened_size may be -1, what is left over.

    PyTorch's named axes are left out.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for position, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(size).__name__} at pos "
                    f"{position}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """y = x: a layer that does nothing, to put where another one was. Any arguments are accepted and ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input
