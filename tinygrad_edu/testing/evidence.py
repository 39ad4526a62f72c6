"""What is known about a wrong result: the right one, and how the two came about.

For: `diagnosis`, whose suspects all look at one of these. Not for: any judgment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy


@dataclass
class Evidence:
    """Two arrays that should be equal, and whatever else is known about how they came about.

    `noun` is what the sentences call the wrong one, and `maker` what made it: a rule of differentiation makes a
    gradient, a learner's code an answer.
    """

    want: numpy.ndarray
    got: numpy.ndarray
    gradient: numpy.ndarray | None = None
    factors: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[Any] = ()
    variants: Mapping[str, Any] = field(default_factory=dict)
    sizes: Sequence[int] = ()
    uses: numpy.ndarray | None = None
    slopes: tuple[Any, Any] | None = None
    dtype: Any = None
    noun: str = "gradient"
    maker: str = "the rule"
    rtol: float = 1e-3
    atol: float = 1e-5

    @property
    def of_a_rule(self) -> bool:
        """True where a rule of differentiation is looked at: then the remedy is known."""
        return self.noun == "gradient"

    def same(self, first: Any, second: Any) -> bool:
        """Equal within the tolerance, which is relative to the largest number of the two."""
        first, second = numpy.asarray(first), numpy.asarray(second)
        if first.shape != second.shape:
            return False
        return bool(numpy.all(self.close(first, second)))

    def close(self, first: numpy.ndarray, second: numpy.ndarray) -> numpy.ndarray:
        """Entry by entry: equal within the tolerance; ∞ is equal to itself only."""
        size = numpy.maximum(numpy.abs(first), numpy.abs(second))
        near = numpy.abs(first - second) <= self.atol + self.rtol * size
        return (first == second) | (near & numpy.isfinite(size))
