"""Fused operations: one kernel in place of many operations, beside the readable definition that it stands for.

    def softmax_definition(x, *, axis): ...       # made of other operations, to be read

    @fuses(softmax_definition)
    def softmax(x, *, axis): ...                  # one node, fewer passes over the memory
    softmax.defvjp(x=...)

A test holds every kernel and its gradients equal to its definition's. `with unfused():` runs the definitions, to step
through in a debugger. Not for: operations whose way back is a kernel as well; those are in `kernels`. Nothing is fused
that has no definition to be read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

from tinygrad_edu.engine.primitive import Primitive, observers


class _Mode(threading.local):
    unfused = 0


_mode = _Mode()


class unfused(ContextDecorator):
    """Run definitions instead of kernels inside `with unfused(): …`, in this thread."""

    def __enter__(self) -> None:
        _mode.unfused += 1
        observers.append(_looks_at_nothing)

    def __exit__(self, *_: object) -> None:
        _mode.unfused -= 1
        observers.remove(_looks_at_nothing)


def _looks_at_nothing(*_: Any) -> None:
    """While anybody observes, the unrolled operators step aside for `Primitive.__call__`, which asks for the mode."""


class Fused(Primitive):
    """A primitive with a definition made of other operations."""

    def __init__(
        self, function: Callable[..., Any], definition: Callable[..., Any], prepare: Any, register: bool
    ) -> None:
        super().__init__(function, prepare, register)
        self.definition: Callable[..., Any] = definition

    def __call__(self, *args: Any, **settings: Any) -> Any:
        if _mode.unfused:
            return self.definition(*args, **settings)
        return super().__call__(*args, **settings)


def fuses(
    definition: Callable[..., Any], *, prepare: Any = None, register: bool = True
) -> Callable[[Callable[..., Any]], Fused]:
    """Make a function a fused primitive that stands for `definition`: the same arguments, the same settings."""
    return lambda function: Fused(function, definition, prepare, register)


def is_unfused() -> bool:
    """True inside `with unfused(): …`."""
    return _mode.unfused > 0
