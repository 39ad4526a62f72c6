"""What is known about a wrong gradient: the right one, and how the two came about.

For: `diagnosis`, whose suspects all look at one of these. Not for: any judgment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy


@dataclass
class Evidence:
    """Two gradients that should be equal, and whatever else is known about how they came about."""

    want: numpy.ndarray
    got: numpy.ndarray
    gradient: numpy.ndarray | None = None
    factors: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)
    sizes: Sequence[int] = ()
    uses: numpy.ndarray | None = None
    slopes: tuple[Any, Any] | None = None
    dtype: Any = None
    rtol: float = 1e-3
    atol: float = 1e-5

    def same(self, first: Any, second: Any) -> bool:
        """Equal within the tolerance, which is relative to the largest number of the two."""
        first, second = numpy.asarray(first), numpy.asarray(second)
        if first.shape != second.shape:
            return False
        return bool(numpy.all(self.close(first, second)))

    def close(self, first: numpy.ndarray, second: numpy.ndarray) -> numpy.ndarray:
        """Entry by entry: equal within the tolerance."""
        return numpy.abs(first - second) <= self.atol + self.rtol * numpy.maximum(numpy.abs(first), numpy.abs(second))
