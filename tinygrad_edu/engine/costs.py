"""What an operation costs in floating-point operations (FLOPs), from the shapes of its arrays. Nothing is computed.

    matmul.defcost(lambda out, x: 2 * out.size * x.shape[-1])       # one line, beside the operation

How it is counted, everywhere alike:
- one for each number that is made by arithmetic, whatever it takes: +, ×, /, tanh, a comparison. This is the default.
- a multiplication and an addition for each product that is summed: a matrix product takes 2 n k m.
- nothing for moving numbers: views, copies, zeros, reading and writing by index.
- a rule takes as many as the result, unless the operation says otherwise.
- a fused operation takes what its definition takes, there and back, whatever its kernel does instead.

For: the profiler. Not for: how long an operation takes, which depends on the bytes it moves at least as much.
"""

from __future__ import annotations

import inspect
import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import numpy

from tinygrad_edu.backend import draw_observers, is_array, owner
from tinygrad_edu.engine import clock
from tinygrad_edu.engine.fusing import unfused
from tinygrad_edu.engine.modes import enable_grad
from tinygrad_edu.engine.primitive import Primitive, observers, result
from tinygrad_edu.engine.tape import Leaf, Node, Pick, Value

Call = tuple[Primitive, Sequence[Any], dict[str, Any], Any]  # primitive, arrays, settings, out


def blank(value: Any) -> Any:
    """An array of zeros in the shape and dtype of `value` that takes no memory; anything but an array as it is."""
    if type(value) is tuple:
        return tuple(map(blank, value))
    if not is_array(value):
        return value
    return numpy.broadcast_to(numpy.zeros((), value.dtype), value.shape)


def forward_flops(call: Call) -> int:
    """How many FLOPs the result of a call takes."""
    op, arrays, settings, _ = call
    if op.definition is not None and not op.costs:
        return _through_definition(op, arrays, settings, ())[0]
    return _asked(call, "out")


def backward_flops(call: Call, wanted: Sequence[bool]) -> int:
    """How many FLOPs the rules take, of those arguments whose gradients are wanted."""
    op, arrays, settings, _ = call
    if op.definition is not None and not op.costs:
        return _through_definition(op, arrays, settings, wanted)[1]
    names = op.arguments * len(arrays) if op.variadic else op.arguments
    return sum(_asked(call, name) for name, is_wanted in zip(names, wanted, strict=True) if is_wanted)


def _asked(call: Call, of: str) -> int:
    """The cost of the result ("out") or of one argument's rule, with what its function names."""
    op, arrays, settings, out = call
    cost = op.costs.get(of, op.costs.get("out", one_for_each_number))
    if not callable(cost):
        return int(cost)
    arrays = [array if array is None or is_array(array) else numpy.asarray(array) for array in arrays]
    arguments = {op.arguments[0]: arrays} if op.variadic else dict(zip(op.arguments, arrays, strict=True))
    known = {**settings, **arguments, "out": out}
    return int(cost(*[known[name] for name in inspect.signature(cost).parameters]))


def one_for_each_number(out: Any) -> int:
    """The default: what an operation element by element takes."""
    return sum(map(one_for_each_number, out)) if type(out) is tuple else math.prod(out.shape)


def _through_definition(
    op: Primitive, arrays: Sequence[Any], settings: dict[str, Any], wanted: Sequence[bool]
) -> tuple[int, int]:
    """Run the definition on zeros and add up what its operations take, and the rules on the way back to `wanted`."""
    calls: list[tuple[int, Call]] = []

    def note(primitive: Primitive, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
        calls.append((clock.tick(), (primitive, list(map(blank, arrays)), settings, blank(out))))

    needed = list(wanted) or [False] * len(arrays)
    inputs = [
        result(blank(array), Leaf() if is_needed else None) if is_array(array) else array
        for array, is_needed in zip(arrays, needed, strict=True)
    ]
    definition: Callable[..., Any] = op.definition  # type: ignore[assignment]
    with unfused(), enable_grad(), numpy.errstate(all="ignore"), _watched_by(note), _nothing_drawn():
        out = definition(*inputs, **settings)
    outs = out if isinstance(out, tuple) else (out,)
    backward = 0
    for node in _nodes_behind([x.node for x in outs if isinstance(x, Value) and x.node is not None]):
        position = bisect_left(calls, node.age, key=lambda noted: noted[0]) - 1
        backward += backward_flops(calls[position][1], [parent is not None for parent in node.parents])
    return sum(forward_flops(call) for _, call in calls), backward


def _nodes_behind(roots: list[Any]) -> list[Node]:
    """Every operation that led to `roots`, once."""
    found: dict[int, Any] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.age not in found:
            found[node.age] = node
            stack.extend(parent for parent in node.parents if parent is not None)
    return [node for node in found.values() if not isinstance(node, (Leaf, Pick))]


@contextmanager
def _watched_by(note: Any) -> Any:
    """Nobody but `note` is told what happens inside."""
    before, observers[:] = observers[:], [note]
    try:
        yield
    finally:
        observers[:] = before


@contextmanager
def _nothing_drawn() -> Any:
    """Random numbers that a definition draws inside are drawn again afterwards, as if it had never run."""
    states: dict[int, tuple[Any, Any]] = {}

    def remember(generator: Any) -> None:
        states.setdefault(id(generator), (generator, generator.get_state()))

    draw_observers.append(remember)
    try:
        yield
    finally:
        draw_observers.remove(remember)
        for generator, state in states.values():
            generator.set_state(state)


# ------------------------------------------------------------------------------------------------------------- bytes
def bytes_moved(read: Sequence[Any], written: Any) -> tuple[int, int]:
    """How many bytes an operation reads and writes, if it takes each number once. A view moves nothing: (0, 0)."""
    sources = {id(array): array for array in _flat(read) if is_array(array)}
    owners = {id(owner(array)) for array in sources.values()}
    fresh = [array for array in _flat(written) if is_array(array) and id(owner(array)) not in owners]
    return (sum(map(_bytes, sources.values())), sum(map(_bytes, fresh))) if fresh else (0, 0)


def _flat(value: Any) -> list[Any]:
    return [part for inner in value for part in _flat(inner)] if isinstance(value, (tuple, list)) else [value]


def _bytes(array: Any) -> int:
    """The bytes behind an array; a number that a view repeats (along an axis of stride 0) is there once."""
    sizes = zip(array.shape, array.strides, strict=True)
    return int(array.dtype.itemsize * math.prod(size for size, stride in sizes if stride or not size))
