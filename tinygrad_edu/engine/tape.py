"""What a recorded computation is made of: `Value`, `Leaf`, `Node`. Nodes point at nodes, never at Values.

For: keeping, for every operation, its parents and exactly what its rules will read. Not for: deciding what is recorded
(`primitive`) or visiting it (`walk`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import numpy

from tinygrad_edu.backend import Array, is_array, namespace
from tinygrad_edu.engine import clock

_getframe = sys._getframe
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Value:
    """An array and the node that made it (None: nobody will ask for its gradient). `Tensor` extends this."""

    __slots__ = ("array", "node", "__weakref__")

    def __init_subclass__(cls, **_: Any) -> None:
        value_classes.add(cls)

    def __init__(self, array: Array, node: Node | Leaf | None = None) -> None:
        self.array = array
        self.node = node


value_classes: set[type] = {Value}  # asked once per argument of every op, where isinstance would be slow


class Leaf:
    """Where a gradient ends: the node of a tensor that nobody computed. Its gradient collects here, in `.grad`."""

    __slots__ = ("age", "grad", "hooks", "__weakref__")
    parents: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.age = clock.tick()
        self.grad: Any = None
        self.hooks: list[Callable[[Any], Any]] | None = None


class Node:
    """One recorded operation: the nodes of its arguments, and what its rules need of its arrays.

    `parents` and `saved` run along the primitive's arguments; an argument that needs no gradient has None in both.
    """

    __slots__ = ("age", "code", "grad", "hooks", "instruction", "parents", "primitive", "saved", "__weakref__")
    makes_fresh = False  # True where all gradients that it makes are arrays of their own, which nobody else holds

    def __init__(self, primitive: Any, parents: tuple[Any, ...], saved: Any, where: Any) -> None:
        self.primitive = primitive
        self.parents = parents
        self.saved = saved  # None once walked: the arrays are freed as soon as they have been used
        self.code, self.instruction = where  # a tuple more, kept a million times, is one more to be visited each time
        self.age = clock.tick()
        self.hooks: list[Callable[[Any], Any]] | None = None
        self.grad: Any = None  # filled only for a tensor that asked for it: retain_grad

    @property
    def name(self) -> str:
        return self.primitive.name

    @property
    def where(self) -> tuple[CodeType, int]:
        """What `caller` said when it was recorded."""
        return self.code, self.instruction

    @property
    def kept(self) -> tuple[Any, ...]:
        """Everything that must not be overwritten before the walk back has passed."""
        return self.saved

    def __repr__(self) -> str:
        return f"<{''.join(part.capitalize() for part in self.name.split('_'))}Backward>"

    def pull(self, gradient: Any, saved: tuple[Any, ...], asked: set[int] | None) -> list[Any]:
        """The gradient of each argument from the gradient of the result: one rule per argument."""
        primitive = self.primitive
        if asked is None and not primitive.variadic:  # one or two arguments, unrolled: a loop takes as long as a rule
            rules = primitive._rules
            if len(saved) == 2:
                x, y = saved
                return [x if x is None else rules[0](gradient, *x), y if y is None else rules[1](gradient, *y)]
            if len(saved) == 1:
                return [rules[0](gradient, *saved[0])]
        return [
            None if parent is None or (asked is not None and parent.age not in asked) else rule(gradient, *values)
            for parent, rule, values in zip(self.parents, primitive.rules_along(self.parents), saved)
        ]

    def revived(self, kind: Callable[..., Value]) -> tuple[Any, ...]:
        """What was saved, as Values on the graph (made by `kind`): rules that read these are recorded themselves."""
        return tuple(
            None if values is None else tuple(self._revive(kind, *pair) for pair in zip(sources, values, strict=True))
            for sources, values in zip(self.primitive.sources_along(self.parents), self.saved, strict=True)
        )

    def _revive(self, kind: Callable[..., Value], source: Any, value: Any) -> Any:
        if source == "out":
            return kind(value, self)
        if source == "all":  # a variadic argument
            return tuple(kind(array, parent) for array, parent in zip(value, self.parents, strict=True))
        if source is None or not is_array(value):
            return value
        return kind(value, self.parents[source])


class Several(Node):
    """An operation with several results. Its rules get a tuple of gradients, zeros for a result that nobody used."""

    __slots__ = ("zeros",)

    def __init__(self, node: Node, out: tuple[Array, ...]) -> None:
        super().__init__(node.primitive, node.parents, node.saved, node.where)
        self.zeros = [(namespace(array), array.shape, array.dtype) for array in out]

    def pull(self, gradient: Any, saved: tuple[Any, ...], asked: set[int] | None) -> list[Any]:
        parts = tuple(
            gradient[i] if i in gradient else library.zeros(shape, dtype)
            for i, (library, shape, dtype) in enumerate(self.zeros)
        )
        return super().pull(parts, saved, asked)

    def _revive(self, kind: Callable[..., Value], source: Any, value: Any) -> Any:
        if source == "out":
            return tuple(kind(array, Pick(self, i)) for i, array in enumerate(value))
        return super()._revive(kind, source, value)


class Pick(Node):
    """One result of an operation that has several: its gradient is one part of the operation's gradient."""

    __slots__ = ("index",)

    def __init__(self, node: Node, index: int) -> None:
        super().__init__(node.primitive, (node,), ((),), node.where)
        self.index = index

    def pull(self, gradient: Any, saved: tuple[Any, ...], asked: set[int] | None) -> list[Any]:
        return [Parts({self.index: gradient})]

    def revived(self, kind: Callable[..., Value]) -> tuple[Any, ...]:
        return self.saved


class Parts(dict[int, Any]):
    """The gradients of an operation's several results, by position. Adding two adds what both have."""

    def __add__(self, other: Parts) -> Parts:
        return Parts({**self, **{i: self[i] + g if i in self else g for i, g in other.items()}})


def recorded_at(node: Node) -> str:
    """'file.py:12, in function': the line of the user's program that recorded `node`."""
    return place(node.where)


def place(where: tuple[CodeType, int]) -> str:
    """The same for what `caller` returned."""
    code, instruction = where
    lines = (line for start, end, line in code.co_lines() if start <= instruction < end and line is not None)
    return f"{code.co_filename}:{next(lines, code.co_firstlineno)}, in {code.co_name}"


def caller(depth: int = 2) -> tuple[CodeType, int]:
    """The nearest line outside this package, `depth` or more calls up: code and instruction, so no frame is kept."""
    try:
        frame: Any = _getframe(depth)
    except ValueError:  # called from the outermost level of a script, which is one call nearer
        frame = _getframe(depth - 1)
    code = frame.f_code
    if _is_ours[code.co_filename]:
        while _is_ours[code.co_filename] and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
    return code, frame.f_lasti


class _Ours(dict[str, bool]):
    """File name -> whether it belongs to this package, worked out once for each file. A benchmark counts as a user."""

    def __missing__(self, filename: str) -> bool:
        self[filename] = filename.startswith(_PACKAGE) and not filename.startswith(_PACKAGE + "bench")
        return self[filename]


_is_ours = _Ours()


def as_arrays(out: Any) -> Any:
    """Results as arrays: NumPy's 0-d results decay to scalars, which can be neither written to nor viewed."""
    if type(out) is tuple:
        return tuple(map(as_arrays, out))
    return numpy.asarray(out) if isinstance(out, (numpy.generic, bool, int, float)) else out
