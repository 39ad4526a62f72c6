"""One clock for the whole engine: every recorded operation and every in-place write gets the next tick.

For: knowing whether an array that the tape saved has been overwritten since. Comparing two integers answers "nothing
was written since this node was made" for almost every node; only otherwise is the array itself looked up.
Not for: writes that go around the Tensor API, such as through a NumPy array that shares the memory.
"""

from __future__ import annotations

import itertools
import weakref

from tinygrad_edu.backend import Array, owner

tick = itertools.count(1).__next__

latest_write = 0
_writes: dict[int, tuple[int, weakref.ref[Array]]] = {}  # id of the array that owns the memory -> (tick, the array)
rewritten: dict[
    int, tuple[int, weakref.ref[Array]]
] = {}  # the same for writes that changed a graph: see `tensors.inplace`


def mark_written(array: Array, changes_graph: bool = False) -> None:
    """Say that the memory behind `array` has just been overwritten."""
    global latest_write
    latest_write = tick()
    memory = owner(array)
    _note(_writes, memory)
    if changes_graph:
        _note(rewritten, memory)


def _note(table: dict[int, tuple[int, weakref.ref[Array]]], memory: Array) -> None:
    key = id(memory)
    known = table.get(key)
    # When the memory is freed its entry goes with it, before Python can give the same id to another array.
    reference = known[1] if known else weakref.ref(memory, lambda _: table.pop(key, None))
    table[key] = (latest_write, reference)


def written_since(array: Array, age: int) -> bool:
    """True when the memory behind `array` was overwritten after tick `age`."""
    return _writes.get(id(owner(array)), (0,))[0] > age


def rewritten_since(array: Array, age: int) -> bool:
    """True when the memory behind `array` was overwritten after tick `age` by an operation that is on a graph."""
    return rewritten.get(id(owner(array)), (0,))[0] > age
