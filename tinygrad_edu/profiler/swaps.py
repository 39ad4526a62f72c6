"""Attributes that are something else for a while: how a stopwatch gets around a function, and away again.

    swaps.put(op, "function", timed(op.function))       # while the profile runs
    swaps.undo()                                        # afterwards nothing is left of it

This is why a program pays nothing for a profiler that is not running: there is no hook to ask. Not for: changing what
a function computes.
"""

from __future__ import annotations

from typing import Any


class Swaps:
    """What was put in whose place, to be put back in the opposite order."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def put(self, holder: Any, name: str, value: Any) -> None:
        """holder.name = value, until `undo`"""
        self._before.append((holder, name, getattr(holder, name)))
        setattr(holder, name, value)

    def undo(self) -> None:
        """Everything as it was before."""
        while self._before:
            setattr(*self._before.pop())
