"""Seeing every value of a computation: `with show.record() as tape: loss = …`, then `show.draw(loss, record=tape)`.

For: pictures and explanations with all intermediate values, which the tape itself does not keep. Not for: training;
while it is open every array stays alive.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.engine import Node, Pick, clock, observers


@dataclass
class Call:
    """One operation: what it got and what it gave."""

    primitive: Any
    arguments: list[Any]
    settings: dict[str, Any]
    result: Any


class Recording:
    """What the operations of a `with record():` block got and gave.

    The engine tells an observer of every operation just before it makes the operation's node. Each call is noted with a
    tick of the same clock, so a node belongs to the last call that was noted before it.
    """

    def __init__(self) -> None:
        self._ticks: list[int] = []
        self._calls: list[Call] = []

    def __enter__(self) -> Recording:
        observers.append(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        observers.remove(self._note)

    def __len__(self) -> int:
        return len(self._calls)

    def _note(self, primitive: Any, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
        self._ticks.append(clock.tick())
        self._calls.append(Call(primitive, list(arrays), settings, out))

    def call_of(self, node: Any) -> Call | None:
        """The call that made `node`, None if it was not seen."""
        position = bisect_left(self._ticks, node.age) - 1
        if position < 0 or not isinstance(node, Node) or self._calls[position].primitive is not node.primitive:
            return None
        return self._calls[position]

    def result_of(self, node: Any) -> Any:
        """The array that an operation gave, None if it was not seen or gave several."""
        call = self.call_of(node)
        if call is None:
            return None
        if isinstance(node, Pick):
            return call.result[node.index]
        return None if isinstance(call.result, tuple) else call.result


def record() -> Recording:
    """Note every value computed in a block: `with record() as tape: …`"""
    return Recording()
