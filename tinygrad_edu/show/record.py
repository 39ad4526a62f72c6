"""Seeing every value of a computation: `with show.record() as tape: loss = …`, then `show.draw(loss, record=tape)`.

For: pictures and explanations with all intermediate values, which the tape itself does not keep. Not for: training;
while it is open every array stays alive.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from tinygrad_edu.engine import Node, Pick, clock, observers


class Recording:
    """What the operations of a `with record():` block got and gave.

    The engine tells an observer of every operation just before it makes the operation's node. Each takes a tick of the
    same clock, so the node belongs to the last call that was noted before it.
    """

    def __init__(self) -> None:
        self._ticks: list[int] = []
        self._calls: list[tuple[Any, list[Any], Any]] = []

    def __enter__(self) -> Recording:
        observers.append(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        observers.remove(self._note)

    def __len__(self) -> int:
        return len(self._calls)

    def _note(self, primitive: Any, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
        self._ticks.append(clock.tick())
        self._calls.append((primitive, list(arrays), out))

    def _call_of(self, node: Any) -> tuple[Any, list[Any], Any] | None:
        position = bisect_left(self._ticks, node.age) - 1
        if position < 0 or not isinstance(node, Node) or self._calls[position][0] is not node.primitive:
            return None
        return self._calls[position]

    def arguments_of(self, node: Any) -> list[Any] | None:
        """The arrays that the operation got, None if it was not seen."""
        call = self._call_of(node)
        return None if call is None or len(call[1]) != len(node.parents) else call[1]

    def result_of(self, node: Any) -> Any:
        """The array that the operation gave, None if it was not seen."""
        call = self._call_of(node)
        if call is None:
            return None
        return call[2][node.index] if isinstance(node, Pick) else None if isinstance(call[2], tuple) else call[2]


def record() -> Recording:
    """Note every value computed in a block: `with record() as tape: …`"""
    return Recording()
