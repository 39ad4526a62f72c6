"""Dropout: in training a random part of the numbers is set to zero, so that no unit can rely on one other."""

from __future__ import annotations

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import check_probability
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensors import Tensor


class Dropout(Module):
    """y = x · m / (1 - p) in training, m being 0 with probability p and else 1;    y = x after eval()

    The division keeps the mean of y at x, so that evaluation needs no correction. Source: Srivastava, Hinton,
    Krizhevsky, Sutskever, Salakhutdinov 2014, "Dropout".
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None) -> None:
        super().__init__()
        self.p = check_probability(p)
        self.inplace = inplace
        self.generator = generator

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
