"""A meter: means over an epoch, from numbers that stay on the device until a bundle of them is fetched at once.

On a GPU, reading one number waits until everything asked for so far is done; a loop that reads its loss at every step
never lets the GPU run ahead. So the numbers of 20 steps are kept where they are, and fetched together.
For: the training loop and `evaluate`. Not for: remembering epochs, which is the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import to_host
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.functions import stack


class Meter:
    """mean = Σ count · value / Σ count, for each name: `meter.add(64, {"loss": loss})`, at the end `meter.means()`."""

    def __init__(self, bundle: int = 20) -> None:
        self.bundle = bundle
        self.waiting: list[tuple[int, Mapping[str, Any]]] = []  # (samples in the batch, {name: value on the device})
        self.totals: dict[str, float] = {}  # Σ count · value, in double precision on the host
        self.count = 0

    def add(self, count: int, values: Mapping[str, Any]) -> None:
        """Note values that are means over `count` samples: tensors of one number, or Python numbers."""
        self.waiting.append((count, {name: _detached(value) for name, value in values.items()}))

    @property
    def is_full(self) -> bool:
        """True when it is time to `fetch`."""
        return len(self.waiting) >= self.bundle

    def fetch(self) -> dict[str, numpy.ndarray]:
        """Bring the waiting numbers to the host, one transfer for each name, and return them: {name: (steps,)}."""
        if not self.waiting:
            return {}
        counts = numpy.array([count for count, _ in self.waiting])
        rows = [values for _, values in self.waiting]
        columns = {name: _on_host([row[name] for row in rows]) for name in rows[0]}
        for name, column in columns.items():
            self.totals[name] = self.totals.get(name, 0.0) + float(counts @ column)
        self.count += int(counts.sum())
        self.waiting.clear()
        return columns

    def means(self) -> dict[str, float]:
        """The mean of each name over everything that was added."""
        self.fetch()
        return {name: total / self.count for name, total in self.totals.items()}


def _detached(value: Any) -> Any:
    """The number without its graph, which would otherwise stay in memory with it."""
    return value.detach().reshape(()) if isinstance(value, Tensor) else float(value)


def _on_host(values: list[Any]) -> numpy.ndarray:
    if isinstance(values[0], Tensor):
        return to_host(stack(values).array).astype(numpy.float64)
    return numpy.array(values, numpy.float64)
