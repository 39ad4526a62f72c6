"""The memory of a step: the most that was alive, during which operation, and what the tape keeps for whom.

NumPy tells Python's tracemalloc of every array it makes, so the peak is exact, arrays inside kernels included. What the
tape keeps is read from the graph itself when the walk back begins: each block of memory once, under the operation that
is met first, the youngest. A weight or a batch that a rule reads was there before and is counted apart.

For: `profile(profile_memory=True)`. Not for: memory on a GPU, or what the process has asked the system for.
"""

from __future__ import annotations

import tracemalloc
import weakref
from collections.abc import Sequence
from typing import Any

from tinygrad_edu.backend import is_array, owner
from tinygrad_edu.engine import Pick

MIB = 2**20


class Memory:
    """Bytes, counted from what was alive when the profile began.

    peak: the most that was alive at once. during: {(operation, "forward" or "backward"): the most while it ran}.
    kept: {operation: what the tape keeps for its rules}, `given` of it being weights and data that were there anyway.
    """

    def __init__(self) -> None:
        self.peak = 0
        self.during: dict[tuple[str, str], int] = {}
        self.kept: dict[str, int] = {}
        self.given = 0
        self._before = 0
        self._starter = False
        self._seen: set[int] = set()  # ages of the nodes of graphs that have been looked at
        self._made: dict[int, weakref.ref[Any]] = {}  # id of memory -> that memory, if an operation made it
        self._given: dict[int, weakref.ref[Any]] = {}  # the same of what operations got, made by none

    # --------------------------------------------------------------------------------------------------- the account
    def start(self) -> None:
        """Count from here."""
        self._starter = not tracemalloc.is_tracing()
        if self._starter:
            tracemalloc.start()
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0]

    def stop(self) -> None:
        """Count no more."""
        self._since_reset()
        if self._starter:
            tracemalloc.stop()

    def begin(self) -> None:
        """An operation is about to run."""
        self._since_reset()
        tracemalloc.reset_peak()

    def end(self, name: str, way: str) -> None:
        """It has run."""
        self.during[name, way] = max(self.during.get((name, way), 0), self._since_reset())

    def _since_reset(self) -> int:
        most = tracemalloc.get_traced_memory()[1] - self._before
        self.peak = max(self.peak, most)
        return most

    # ------------------------------------------------------------------------------------------------------ the tape
    def note(self, arrays: Sequence[Any], out: Any) -> None:
        """Remember which memory operations made and which they were given."""
        for array in arrays:
            if is_array(array) and not _knows(self._made, owner(array)):
                self._given[id(owner(array))] = weakref.ref(owner(array))
        for array in out if isinstance(out, tuple) else (out,):
            if is_array(array):
                self._made[id(owner(array))] = weakref.ref(owner(array))

    def look_at_tape(self, node: Any) -> None:
        """Add up what the graph behind `node` keeps, if that has not been done."""
        counted: set[int] = set()
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if node.age in self._seen:
                continue
            self._seen.add(node.age)
            waiting.extend(parent for parent in node.parents if parent is not None)
            for memory in _memories(getattr(node, "kept", None)):
                if id(memory) in counted or isinstance(node, Pick):
                    continue
                counted.add(id(memory))
                self.kept[node.name] = self.kept.get(node.name, 0) + memory.nbytes
                self.given += memory.nbytes if _knows(self._given, memory) else 0

    # ------------------------------------------------------------------------------------------------------- reading
    @property
    def activations(self) -> int:
        """Bytes that only the tape keeps alive: all it keeps but weights and data."""
        return sum(self.kept.values()) - self.given

    def __str__(self) -> str:
        names = sorted({*self.kept, *(name for name, _ in self.during)}, key=lambda name: -self.kept.get(name, 0))
        width = max([24, *map(len, names)])
        table = [f"{'MiB':{width}}{'kept by tape':>14}{'most, forward':>15}{'most, backward':>16}"]
        for name in names:
            most = (self.during.get((name, way), 0) / MIB for way in ("forward", "backward"))
            table.append("{:{}}{:14.3f}{:15.3f}{:16.3f}".format(name, width, self.kept.get(name, 0) / MIB, *most))
        table.append(f"{'weights and data of it':{width}}{self.given / MIB:14.3f}")
        table.append(f"{'activations':{width}}{self.activations / MIB:14.3f}")
        table.append(f"{'the most alive at once':{width}}{self.peak / MIB:14.3f}")
        return "\n".join(table)


def _knows(table: dict[int, weakref.ref[Any]], memory: Any) -> bool:
    """Whether this very memory is in the table; its id alone may have belonged to another that is gone."""
    reference = table.get(id(memory))
    return reference is not None and reference() is memory


def _memories(values: Any) -> list[Any]:
    """The arrays that own the memory of all arrays in nested tuples."""
    if isinstance(values, (tuple, list)):
        return [memory for value in values for memory in _memories(value)]
    return [owner(values)] if is_array(values) else []
