"""Dropout: in training a random part of the input is set to zero, so that no unit can rely on one other."""

from __future__ import annotations

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import check_probability
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensors import Tensor


class _Dropout(Module):
    """What the kinds of dropout share: p, the probability of being taken away, and where the draws come from."""

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None) -> None:
        super().__init__()
        self.p = check_probability(p)
        self.inplace = inplace
        self.generator = generator

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """y = x · m / (1 - p) in training, m being 0 with probability p and else 1;    y = x after eval()

    The division keeps the mean of y at x, so that evaluation needs no correction. Source: Srivastava, Hinton,
    Krizhevsky, Sutskever, Salakhutdinov 2014, "Dropout".
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace, generator=self.generator)


class Dropout1d(_Dropout):
    """Dropout of whole channels of (N, C, L) or (C, L): see `functional.dropout1d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace, generator=self.generator)


class Dropout2d(_Dropout):
    """Dropout of whole channels of (N, C, H, W): see `functional.dropout2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace, generator=self.generator)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean 0 and variance 1, to go with SELU: see `functional.alpha_dropout`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace, generator=self.generator)
