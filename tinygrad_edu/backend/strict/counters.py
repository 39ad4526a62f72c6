"""Counts of what would cost time on a GPU, so that a test can say "a training step waits 0 times".

For: tests and lessons on the strict stand-in. Not for: seconds; nothing here is timed.
"""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """The four counts at one moment; two of them can be compared with ==."""

    launches: int
    synchronizations: int
    uploads: int
    downloads: int


class Counters:
    """Running counts since the last `reset()`.

    launches          calls that computed or moved data on the device; views and empty memory are free. CuPy needs at
                      least one kernel for each, and more for those it composes (`tril`, `var`): a lower bound
    synchronizations  waits of the host for the device: float(x), x.item(), x.get(), print(x), x[mask], nonzero(x)
    uploads           transfers host -> device: `upload`, `array([1, 2])`, an index that is a list
    downloads         transfers device -> host: `download` and all that reads a value; each is a synchronization too
    """

    __slots__ = ("downloads", "launches", "synchronizations", "uploads")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start again at zero."""
        self.launches = self.synchronizations = self.uploads = self.downloads = 0

    def snapshot(self) -> Counts:
        """The counts as they are now."""
        return Counts(self.launches, self.synchronizations, self.uploads, self.downloads)

    def read_back(self) -> None:
        """Count one transfer to the host: it waits until the device has finished."""
        self.downloads += 1
        self.synchronizations += 1


counters = Counters()
