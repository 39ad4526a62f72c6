"""Positions: attention treats a sequence as a set, so each vector is told where it stands.

For: the three usual ways of telling. SinusoidalPositions adds waves, LearnedPositions adds a trained vector for each
place, RotaryPositions turns queries and keys so that their product depends on their distance alone. PyTorch has no such
layers, so they are here and not among the names of `nn`. Not for: attention itself.

All three are called as layer(x, offset): x (…, T, features) stands at the positions offset, …, offset + T - 1. The
offset is what came before, when a model reads on from a cache.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import Generator, dtypes
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.init import normal_, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import empty, tensor
from tinygrad_edu.tensors.functions import stack


def angles(max_length: int, features: int, base: float) -> numpy.ndarray:
    """position · base^(-2i / features): (max_length, features / 2), from fast waves (i = 0) to slow ones."""
    speeds = base ** (-numpy.arange(0, features, 2) / features)
    return numpy.outer(numpy.arange(max_length), speeds)


class _Positions(Module):
    """What the three share: a table of so many positions, and the check that x fits into it."""

    def __init__(self, max_length: int, features: int) -> None:
        super().__init__()
        self.max_length = positive("max_length", max_length)
        self.features = positive("features", features)

    def _span(self, x: Tensor, offset: int) -> slice:
        """The rows of the table for x, after checking that there are such rows."""
        check_floating(type(self).__name__, x=x)
        if x.ndim < 2 or x.shape[-1] != self.features:
            raise ValueError(
                f"{type(self).__name__} wanted x of shape (..., length, {self.features}), got {tuple(x.shape)}"
            )
        end = offset + x.shape[-2]
        if offset < 0 or end > self.max_length:
            raise IndexError(
                f"position {offset if offset < 0 else end - 1} is beyond the table of {self.max_length} positions (0 "
                f"to {self.max_length - 1}): shorten the sequence, or make the layer with a larger max_length"
            )
        return slice(offset, end)

    def extra_repr(self) -> str:
        return f"{self.max_length}, {self.features}"


class SinusoidalPositions(_Positions):
    """y[t, 2i] = x[t, 2i] + sin(t / 10000^(2i / D)),    y[t, 2i + 1] = x[t, 2i + 1] + cos(t / 10000^(2i / D))

    x (…, T, D), D even, T at most max_length. Nothing is trained. Two positions a distance apart are always related by
    the same rotation, which attention can learn to use. Source: Vaswani et al. 2017, "Attention is all you need".
    """

    def __init__(
        self, max_length: int, features: int, base: float = 10000.0, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(max_length, features)
        turned = angles(max_length, even("SinusoidalPositions", features), base)
        waves = numpy.stack([numpy.sin(turned), numpy.cos(turned)], axis=-1).reshape(max_length, features)
        self.register_buffer("table", tensor(waves, dtype=dtype or dtypes.get_default_dtype(), device=device), False)

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        return x + self.table[self._span(x, offset)]


class LearnedPositions(_Positions):
    """y[t] = x[t] + w[t]        x (…, T, D), w (max_length, D), T at most max_length

    The vectors start as N(0, 0.02²), small beside what they are added to. Source: Radford et al. 2018 (GPT).
    """

    def __init__(
        self,
        max_length: int,
        features: int,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(max_length, features)
        fresh = empty(max_length, features, device=device, dtype=dtype)
        self.weight = Parameter(normal_(fresh, 0.0, 0.02, generator))

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        return x + self.weight[self._span(x, offset)]


class RotaryPositions(_Positions):
    """(y[t, 2i], y[t, 2i + 1]) = (x[t, 2i], x[t, 2i + 1]) turned by the angle t · base^(-2i / D)

    x (…, T, D): queries or keys of one head, D even, T at most max_length; applied to both, not to the values. Turning
    q by angle s and k by angle t leaves q · k a function of s - t alone: attention sees distances, not places.
    Neighbors 2i and 2i + 1 form a pair, as in the paper; some checkpoints pair i with i + D / 2 instead.
    Source: Su et al. 2021, "RoFormer: enhanced Transformer with rotary position embedding".
    """

    def __init__(
        self, max_length: int, features: int, base: float = 10000.0, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(max_length, features)
        turned = angles(max_length, even("RotaryPositions", features), base)
        settings = {"dtype": dtype or dtypes.get_default_dtype(), "device": device}
        self.register_buffer("cosines", tensor(numpy.cos(turned), **settings), False)
        self.register_buffer("sines", tensor(numpy.sin(turned), **settings), False)

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        span = self._span(x, offset)
        cosine, sine = self.cosines[span], self.sines[span]  # (T, D / 2)
        first, second = x[..., 0::2], x[..., 1::2]
        turned = (first * cosine - second * sine, first * sine + second * cosine)
        return stack(turned, dim=-1).flatten(-2)  # (…, T, D / 2, 2) -> (…, T, D)


def even(name: str, features: int) -> int:
    """Return `features`, or raise ValueError when they do not come in pairs."""
    if features % 2:
        raise ValueError(f"{name} wanted an even number of features, one sine and one cosine each, got {features}")
    return features
