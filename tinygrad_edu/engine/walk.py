"""The walk back: from the youngest node to the oldest, applying one rule per argument, without recursion.

A child is always younger than its parents, so when a node's turn comes every gradient that reaches it has arrived.
That is all a topological order is for. For: `Tensor.backward` and `autograd.grad`. Not for: deciding what the
gradients are; the rules do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from typing import Any

from numpy import ndarray

from tinygrad_edu.backend import is_array, namespace
from tinygrad_edu.engine import clock
from tinygrad_edu.engine.modes import mode
from tinygrad_edu.engine.primitive import result
from tinygrad_edu.engine.tape import Leaf, Node, Value, recorded_at

# Called as observer(node, gradient, contributions) after every node's rules have run: anomaly detection.
backward_observers: list[Callable[..., None]] = []


def walk(
    roots: Sequence[tuple[Any, Any]],
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
    targets: Sequence[Any] | None = None,
) -> list[tuple[Any, Any, bool]]:
    """Send the gradients of `roots`, pairs (node, gradient), back; return those that arrived.

    These are triples (node, gradient, fresh): fresh if nobody else holds the gradient's memory. With `targets` (nodes)
    only what leads to them is computed and theirs are returned; else every leaf's are. Gradients are arrays, or Values
    when `create_graph` is set. Each node's saved arrays are freed as it is passed, unless `retain_graph`.
    """
    asked = None if targets is None else _leading_to(targets, [node for node, _ in roots])
    wanted = () if targets is None else {node.age for node in targets}
    arrived: list[tuple[Any, Any, bool]] = []
    waiting: dict[int, list[Any]] = {}  # negated age -> [node, its gradient so far, fresh]
    order: list[int] = []  # a heap of the keys of `waiting`: the youngest node first
    _receive(waiting, order, [root for root in roots if asked is None or root[0].age in asked], False)
    before, mode.recording = mode.recording, create_graph
    try:
        while order:
            node, gradient, fresh = waiting.pop(heappop(order))
            if node.hooks:
                gradient, fresh = _run_hooks(node, gradient), False
            if type(node) is Leaf:
                arrived.append((node, gradient, fresh))
                continue
            if wanted and node.age in wanted:
                arrived.append((node, gradient, False))
            if asked is not None and not _goes_on(node, asked):
                continue
            contributions: Any = zip(node.parents, _pull(node, gradient, asked, create_graph))
            _receive(waiting, order, contributions, node.makes_fresh and not create_graph and not backward_observers)
            if not retain_graph:
                node.parents, node.saved = (), None
            node = gradient = contributions = None  # keep no gradient alive while the next rule runs
    finally:
        mode.recording = before
    return arrived


def _receive(waiting: dict[int, list[Any]], order: list[int], contributions: Iterable[Any], fresh: bool) -> None:
    """Add gradients to what their nodes have got so far; a node that has got nothing yet gets in line."""
    for node, gradient in contributions:
        if gradient is None:
            continue
        key = -node.age
        entry = waiting.get(key)
        if entry is None:
            waiting[key] = [node, gradient, fresh]
            heappush(order, key)
        else:
            entry[1:] = _sum(entry[1], gradient, entry[2], fresh)


def _sum(first: Any, second: Any, first_is_fresh: bool, second_is_fresh: bool) -> tuple[Any, bool]:
    """A value used twice: the two gradients add up, in the memory of one that nobody else holds."""
    if first_is_fresh:
        first += second
        return first, True
    if second_is_fresh:
        second += first
        return second, True
    return first + second, type(first) is ndarray


def _pull(node: Node, gradient: Any, asked: set[int] | None, create_graph: bool) -> list[Any]:
    """The gradients of the node's arguments, after making sure that what it saved is there and unchanged."""
    saved = node.saved
    if saved is None:
        raise _freed(node)
    if clock.latest_write > node.age:
        _refuse_overwritten(node)
    contributions = node.pull(gradient, node.revived(result) if create_graph else saved, asked)
    for observer in backward_observers:
        observer(node, gradient, contributions)
    return contributions


def _freed(node: Node) -> RuntimeError:
    return RuntimeError(
        f"wanted to go backward through {node.name} (recorded at {recorded_at(node)}) a second time, but its saved "
        "arrays were freed by the first: call backward(retain_graph=True) the first time, or run the forward again"
    )


def _goes_on(node: Node, asked: set[int]) -> bool:
    return any(parent is not None and parent.age in asked for parent in node.parents)


def _leading_to(targets: Sequence[Any], roots: Sequence[Any]) -> set[int]:
    """The ages of all nodes between `roots` and `targets`: only their gradients are worth computing."""
    found: dict[int, Any] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.age not in found:
            if type(node) is not Leaf and node.saved is None:
                raise _freed(node)
            found[node.age] = node
            stack.extend(parent for parent in node.parents if parent is not None)
    asked = {node.age for node in targets}
    for age in sorted(found):  # parents first, so that one pass is enough
        if any(parent is not None and parent.age in asked for parent in found[age].parents):
            asked.add(age)
    return asked


def _run_hooks(node: Any, gradient: Any) -> Any:
    """Show the gradient to each hook as a Tensor; a hook that returns a tensor replaces it."""
    bare = not isinstance(gradient, Value)
    value = result(_array(gradient)) if bare else gradient
    for hook in list(node.hooks):
        answer = hook(value)
        if answer is not None:
            if not isinstance(answer, Value) or answer.array.shape != value.array.shape:
                raise ValueError(f"a hook wanted to replace a gradient of shape {value.array.shape} with {answer!r}")
            value = answer
    return value.array if bare else value


def _array(gradient: Any) -> Any:
    return namespace(gradient).asarray(gradient)


def _refuse_overwritten(node: Node) -> None:
    for values in node.kept:
        for value in _arrays_in(values):
            if clock.written_since(value, node.age):
                raise RuntimeError(
                    f"{node.name} (recorded at {recorded_at(node)}) saved an array of shape {value.shape} for its "
                    "gradient, and that array has been modified by an in-place operation since, so the gradient would "
                    "be wrong: use the out-of-place operation, or clone() the tensor before writing to it"
                )


def _arrays_in(values: Any) -> list[Any]:
    if isinstance(values, tuple):
        return [array for value in values for array in _arrays_in(value)]
    return [values] if is_array(values) else []


def collect(leaf: Any, gradient: Any, fresh: bool = False) -> None:
    """leaf.grad += gradient, into a buffer that belongs to the leaf alone: never a view, never another's gradient."""
    before = leaf.grad
    if isinstance(gradient, Value):
        leaf.grad = gradient if before is None else before + gradient
    elif before is None:
        own = fresh and type(gradient) is ndarray and gradient.base is None and gradient.flags.c_contiguous
        leaf.grad = result(gradient if own else namespace(gradient).array(gradient, order="C"))
    elif before.node is not None:
        leaf.grad = before + result(_array(gradient))
    else:
        before.array += gradient
        clock.mark_written(before.array)
