"""A node that stands for a whole tape: it is dropped after the forward, and made once more when backward comes by.

For: `utils.checkpoint`, which says what that is good for. Not for: a function with a derivative of its own; that is
`Function`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tinygrad_edu.backend import Array, is_array
from tinygrad_edu.engine import (
    Leaf,
    Node,
    Parts,
    Pick,
    Primitive,
    Value,
    caller,
    clock,
    primitive,
    recorded_at,
    result,
    walk,
)


def shortened(
    outputs: Sequence[Value], started: int, again: Callable[[], Sequence[Value]], arrays: Iterable[Array]
) -> list[Any]:
    """`outputs` with one node in the place of all that was recorded since the tick `started`.

    again() -> the same outputs, computed once more, from nothing that can change but `arrays`.
    Errors: RuntimeError when one of these has been written to since `started`.
    """
    inner = computed_since(started, outputs)
    if not inner:
        return list(outputs)
    arrays = tuple(arrays)
    for array in arrays:
        if clock.written_since(array, started):
            raise RuntimeError(f"checkpoint wanted to run the function a second time on {_overwritten(array)}")
    edges = edges_to_outside(nodes_since(started, (out.node for out in inner)), started)
    node = RecomputedNode(again, arrays, edges, len(inner))
    tops = {id(out.node): Pick(node, i) if len(inner) > 1 else node for i, out in enumerate(inner)}
    return [result(out.array, tops[id(out.node)]) if id(out.node) in tops else out for out in outputs]


class RecomputedOp(Primitive):
    """A checkpoint as those see it who look at graphs: a primitive with any number of inputs."""

    def __init__(self) -> None:
        def checkpoint(*inputs: Any) -> Any:
            """A function whose intermediate results are computed again in backward."""
            raise NotImplementedError("a checkpoint is no operation on arrays: call its function")

        super().__init__(checkpoint, None, register=False)

    def rules_along(self, parents: tuple[Any, ...]) -> Sequence[Any]:
        """One rule for each input; all are `RecomputedNode.pull`."""
        return [lambda g, arrays, again: NotImplemented] * len(parents)


recomputed = RecomputedOp()


@primitive(register=False)
def from_outside(x: Any) -> Any:
    """y = x: where a tape that was made once more ends, and the tape outside goes on."""
    return x


from_outside.defvjp(x=lambda g: g)


class RecomputedNode(Node):
    """One call of a function: a parent for each use of a tensor from outside, the youngest use first.

    That is the order in which a walk over the whole tape would have met these uses. Their gradients are handed on one
    by one, so that whoever adds them up gets the same sum to the last bit.
    """

    __slots__ = ("count", "outside")

    def __init__(
        self,
        again: Callable[[], Sequence[Value]],
        arrays: tuple[Array, ...],
        edges: list[tuple[Any, int]],
        count: int,
    ) -> None:
        parents = tuple(node.parents[position] for node, position in edges)
        super().__init__(recomputed, parents, ((arrays, again),) * len(parents), caller(4))
        self.count = count  # of outputs
        self.outside = [parent.age for parent in parents]  # `parents` changes when this call is inside another one

    def revived(self, kind: Any) -> Any:
        return self.saved

    def pull(self, gradient: Any, saved: Any, asked: set[int] | None) -> list[Any]:
        parts = gradient if isinstance(gradient, Parts) else {0: gradient}
        higher = any(isinstance(part, Value) for part in parts.values())
        # Where the new tape ends: nodes older than all of it, without parents for now, so the walk goes no further.
        ends = [Node(from_outside, (), ((),), self.where) for _ in self.parents]
        started = clock.tick()
        _, again = saved[0]
        inner = computed_since(started, again())
        nodes = nodes_since(started, (out.node for out in inner))
        edges = edges_to_outside(nodes, started)
        self._refuse_difference(edges, len(inner))
        self._refuse_written(nodes, started)
        for (node, position), end in zip(edges, ends, strict=True):
            node.parents = (*node.parents[:position], end, *node.parents[position + 1 :])
        wanted = [end for end, parent in zip(ends, self.parents, strict=True) if asked is None or parent.age in asked]
        roots = [(inner[i].node, part) for i, part in parts.items()]
        walked = walk(roots, retain_graph=higher, create_graph=higher, targets=wanted)
        arrived = {node: gradient for node, gradient, _ in walked}
        for end, parent in zip(ends, self.parents, strict=True):
            end.parents = (parent,)  # a second derivative goes on into the tape outside
        return [arrived.get(end) for end in ends]

    def _refuse_difference(self, edges: list[tuple[Any, int]], count: int) -> None:
        """Raise RuntimeError unless the second run has used what the first one did."""
        if [node.parents[position].age for node, position in edges] != self.outside or count != self.count:
            raise RuntimeError(
                f"checkpoint: the function called at {recorded_at(self)} computed something else when it was run again "
                f"for the gradient: {count} results with {len(edges)} uses of tensors from outside, wanted the same "
                f"{self.count} with {len(self.outside)}. Let it depend on its arguments alone, and draw random numbers "
                "by this package's functions, without preserve_rng_state=False"
            )

    def _refuse_written(self, nodes: list[Any], started: int) -> None:
        """Raise RuntimeError if the new tape keeps an array, such as a weight, that was another at the first run."""
        if clock.latest_write < self.age:
            return
        for array in arrays_in(tuple(node.saved for node in nodes if type(node) is not Leaf)):
            if clock.written_since(array, self.age) and not clock.written_since(array, started):
                raise RuntimeError(
                    f"checkpoint: the function called at {recorded_at(self)} was run again for the gradient on "
                    f"{_overwritten(array)}"
                )


def computed_since(started: int, outputs: Iterable[Any]) -> list[Any]:
    """Those of `outputs` that were recorded after the tick `started`, one for each node."""
    inner: dict[int, Any] = {}
    for out in outputs:
        if out.node is not None and type(out.node) is not Leaf and out.node.age > started:
            inner.setdefault(id(out.node), out)
    return list(inner.values())


def nodes_since(started: int, roots: Iterable[Any]) -> list[Any]:
    """The nodes recorded after the tick `started` that lead to `roots`, youngest first."""
    found: dict[int, Any] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.age > started and node.age not in found:
            found[node.age] = node
            stack.extend(parent for parent in node.parents if parent is not None)
    return [found[age] for age in sorted(found, reverse=True)]


def edges_to_outside(nodes: Iterable[Any], started: int) -> list[tuple[Any, int]]:
    """(node, position) for each parent from before the tick `started`."""
    return [
        (node, position)
        for node in nodes
        for position, parent in enumerate(node.parents)
        if parent is not None and parent.age <= started
    ]


def arrays_in(values: Any) -> Iterator[Array]:
    """The arrays in nested tuples."""
    if isinstance(values, tuple):
        for value in values:
            yield from arrays_in(value)
    elif is_array(values):
        yield values


def _overwritten(array: Array) -> str:
    return (
        f"an array of shape {array.shape} that has been modified by an in-place operation since, so the gradient would "
        "be wrong: use the out-of-place operation, or clone() the tensor before writing to it"
    )
