"""Fused operations: one kernel in place of many operations, beside the readable definition that it stands for.

    def softmax_definition(x, *, axis): ...       # made of other operations, to be read

    @fuses(softmax_definition)
    def softmax(x, *, axis): ...                  # one node, fewer passes over the memory
    softmax.defvjp(x=...)

A test holds every kernel and its gradients equal to its definition's. `with unfused():` runs the definitions, to step
through in a debugger. A kernel whose rules are kernels themselves says `opaque=True`: its second derivative is taken
through the definition, for which the tape keeps the arguments too. Not for: what has no definition; nothing is fused
that cannot be read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

from tinygrad_edu.engine.primitive import Primitive, observers, primitive, result
from tinygrad_edu.engine.tape import Node, Value, caller
from tinygrad_edu.engine.walk import walk


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
        self, function: Callable[..., Any], definition: Callable[..., Any], prepare: Any, opaque: bool, register: bool
    ) -> None:
        self.opaque = opaque
        super().__init__(function, prepare, register)
        self.definition: Callable[..., Any] = definition

    def __call__(self, *args: Any, **settings: Any) -> Any:
        if _mode.unfused:
            return self.definition(*args, **settings)
        return super().__call__(*args, **settings)

    def record(self, arrays: list[Any], parents: list[Any], settings: dict[str, Any], out: Any) -> Node:
        if not self.opaque:
            return super().record(arrays, parents, settings, out)
        if type(out) is tuple:
            raise NotImplementedError(
                f"{self.name} is opaque and returns {len(out)} arrays; an opaque kernel wants one result: write its "
                "rules in operators, or return the results joined"
            )
        node = FusedNode(self, tuple(parents), self.keep(arrays, out, settings, parents), caller(3))
        node.call = (tuple(arrays), settings)
        return node


class FusedNode(Node):
    """The node of an opaque kernel. It keeps the arguments too, for a second derivative through the definition."""

    __slots__ = ("call",)
    call: tuple[tuple[Any, ...], dict[str, Any]]  # the arrays and the settings it was called with

    @property
    def kept(self) -> tuple[Any, ...]:
        return (*self.saved, self.call[0])

    def revived(self, kind: Any) -> Any:
        return self.saved

    def pull(self, gradient: Any, saved: Any, asked: set[int] | None) -> list[Any]:
        if not isinstance(gradient, Value):
            return super().pull(gradient, saved, asked)
        arrays, settings = self.call
        inputs = [
            array if parent is None else _alias(result(array, parent))
            for array, parent in zip(arrays, self.parents, strict=True)
        ]
        out = self.primitive.definition(*inputs, **settings)
        targets = [x.node for x in inputs if isinstance(x, Value)]
        arrived = walk([(out.node, gradient)], retain_graph=True, create_graph=True, targets=targets)
        found = dict(arrived)
        return [found.get(x.node) if isinstance(x, Value) else None for x in inputs]


@primitive(register=False)
def _alias(x: Any) -> Any:
    return x


_alias.defvjp(x=lambda g: g)  # its node is where the walk through a definition ends, before the rest of the graph


def fuses(
    definition: Callable[..., Any], *, prepare: Any = None, opaque: bool = False, register: bool = True
) -> Callable[[Callable[..., Any]], Fused]:
    """Make a kernel a fused primitive that stands for `definition`: the same arguments, the same settings."""
    return lambda kernel: Fused(kernel, definition, prepare, opaque, register)
