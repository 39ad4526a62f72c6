"""A tensor's tape as a plain description: one `Vertex` for each value, in the order in which they were computed.

For: everything that `draw` and `explain` say about a graph, gathered once. Not for: pictures (`layout`, `svg`, `text`).

The tape keeps no results, only what the rules have named, so a vertex knows what can be known: the values of the
tensors that the program still holds (`names`), of what a rule saved, and of what a `record()` block saw. Every shape is
known all the same, because a gradient has the shape of its variable and one pass of the rules gives every gradient.
That pass frees nothing, runs no hook and writes to no `.grad`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tinygrad_edu.backend import is_array, namespace, owner
from tinygrad_edu.engine import Leaf, Node, Parts, Pick, Value, clock, no_grad, recorded_at
from tinygrad_edu.show.record import Recording


@dataclass
class Vertex:
    """One value: a leaf, a constant, or the result of an operation."""

    key: int  # the age of its node: a vertex is younger than its inputs. Constants have negative keys.
    kind: str  # "leaf", "constant", "op", or "cut" for what lies beyond max_nodes
    name: str = ""  # what the program calls it, "" if nobody said
    node: Any = None
    inputs: list[tuple[int, str]] = field(default_factory=list)  # (key, name of the argument) along the arguments
    settings: dict[str, Any] = field(default_factory=dict)  # what the rules keep besides arrays: axis, exponent, …
    value: Any = None
    gradient: Any = None  # d root / d value, computed by `flow`
    collected: Any = None  # what backward() has put into `.grad`
    shape: tuple[int, ...] | None = None
    kept: int = 0  # bytes of arrays that the tape holds because of this operation, each array counted once
    stale: bool = False  # an array it saved has been overwritten since, so its gradient cannot be computed
    output: bool = False

    @property
    def op(self) -> str:
        """The operation's name, "" for a leaf or a constant; `[i]` marks one of several results."""
        if not isinstance(self.node, Node):
            return ""
        return f"{self.node.name}[{self.node.index}]" if isinstance(self.node, Pick) else self.node.name

    @property
    def where(self) -> str:
        """The line of the program that recorded it."""
        return recorded_at(self.node) if isinstance(self.node, Node) else ""


@dataclass
class Graph:
    """All vertices, oldest first, and what the tape keeps of them."""

    vertices: list[Vertex]
    kept: int = 0
    kept_in_leaves: int = 0  # the part of it that the leaves themselves hold anyway
    freed: bool = False  # backward() has already passed here
    hidden: int = 0  # operations beyond max_nodes

    def __post_init__(self) -> None:
        self.by_key = {vertex.key: vertex for vertex in self.vertices}

    def edges(self) -> Iterator[tuple[int, int, str]]:
        """(from, to, name of the argument)"""
        for vertex in self.vertices:
            for key, argument in vertex.inputs:
                yield key, vertex.key, argument


def graph_of(root: Any, names: Mapping[str, Any], record: Recording | None, max_nodes: int) -> Graph:
    """The graph that leads to the tensor `root`. `names` are the program's names for tensors."""
    nodes, hidden = reachable(root.node, max_nodes)
    builder = _Builder(nodes, names, record)
    vertices = builder.build()
    top = builder.of(root.node)
    top.output, top.value, top.shape = True, root.array, root.array.shape
    flow(root, builder.found, nodes)
    freed = isinstance(root.node, Node) and root.node.saved is None
    return Graph(vertices, *builder.count_bytes(), freed, hidden)


def reachable(root: Any, max_nodes: int) -> tuple[list[Any], int]:
    """The youngest `max_nodes` nodes that lead to `root`, oldest first, and how many are left out."""
    found, stack = {}, [root]
    while stack:
        node = stack.pop()
        if node.age not in found:
            found[node.age] = node
            stack.extend(parent for parent in node.parents if parent is not None)
    ages = sorted(found)
    return [found[age] for age in ages[-max_nodes:]], max(len(ages) - max_nodes, 0)


def kept_by(node: Any) -> Iterator[tuple[int, str, Any]]:
    """(position of the argument whose rule keeps it, the name the rule gives it, the value) for all that is saved."""
    if not isinstance(node, Node) or isinstance(node, Pick) or node.saved is None:
        return
    for position, (values, rule) in enumerate(zip(node.saved, node.primitive.rules_along(node.parents), strict=True)):
        if values is not None:
            names = list(inspect.signature(rule).parameters)[1:]  # the first is the gradient
            yield from ((position, *pair) for pair in zip(names, values, strict=True))


def arrays_in(values: Any) -> list[Any]:
    """The arrays among saved values, tuples and keys opened."""
    if isinstance(values, (tuple, list)):
        return [array for value in values for array in arrays_in(value)]
    return [values] if is_array(values) else []


class _Builder:
    """Makes the vertices, then fills in what the saved arrays tell about them."""

    def __init__(self, nodes: list[Any], names: Mapping[str, Any], record: Recording | None) -> None:
        self.nodes = nodes
        self.record = record
        self.found: dict[int, Vertex] = {}
        self.constants: dict[int, Vertex] = {}  # id of the array -> its vertex
        self.named_nodes: dict[int, tuple[str, Any]] = {}
        self.named_arrays: dict[int, str] = {}
        for name, tensor in names.items():
            if tensor.node is not None:
                self.named_nodes.setdefault(tensor.node.age, (name, tensor.array))
            else:
                self.named_arrays.setdefault(id(tensor.array), name)

    def of(self, node: Any) -> Vertex:
        return self.found[node.age]

    def build(self) -> list[Vertex]:
        for node in self.nodes:
            vertex = Vertex(node.age, "leaf" if isinstance(node, Leaf) else "op", node=node)
            if node.age in self.named_nodes:
                vertex.name, vertex.value = self.named_nodes[node.age]
            elif self.record is not None:
                vertex.value = self.record.result_of(node)
            vertex.stale = any(
                clock.latest_write > node.age and clock.written_since(array, node.age)
                for _, _, value in kept_by(node)
                for array in arrays_in(value)
            )
            self.found[node.age] = vertex
            self._connect(vertex)
        for vertex in self.found.values():
            if vertex.value is not None:
                vertex.shape = vertex.value.shape
        return sorted([*self.constants.values(), *self.found.values()], key=lambda vertex: vertex.key)

    def _connect(self, vertex: Vertex) -> None:
        """Its inputs: the parents; and, from what was saved or recorded, the constants."""
        node = vertex.node
        known: dict[int, Any] = {}
        if isinstance(node, Node) and not isinstance(node, Pick):
            known = self._sort_saved(vertex)
            if self.record is not None and (call := self.record.call_of(node)) is not None:
                known = {**dict(enumerate(call.arguments)), **known}
                vertex.settings = {**call.settings, **vertex.settings}
        for position, parent in enumerate(node.parents):
            argument = argument_name(node, position)
            value = known.get(position)
            if parent is not None:
                self._input(vertex, parent, argument, value)
            elif is_array(value):
                self._constant(vertex, argument, value)
            elif value is not None:
                vertex.settings[argument] = value

    def _input(self, vertex: Vertex, parent: Any, argument: str, value: Any) -> None:
        if parent.age not in self.found:  # beyond max_nodes
            self.found[parent.age] = Vertex(parent.age, "cut", node=parent)
        source = self.found[parent.age]
        if source.value is None and is_array(value):
            source.value = value
        vertex.inputs.append((parent.age, argument))

    def _constant(self, vertex: Vertex, argument: str, value: Any) -> None:
        constant = self.constants.get(id(value))
        if constant is None:
            name = self.named_arrays.get(id(value), "")
            constant = Vertex(-1 - len(self.constants), "constant", name, value=value, shape=value.shape)
            self.constants[id(value)] = constant
        vertex.inputs.append((constant.key, argument))

    def _sort_saved(self, vertex: Vertex) -> dict[int, Any]:
        """Argument values by position, from what the rules keep; results, shapes and settings go to their vertices."""
        node, arguments = vertex.node, vertex.node.primitive.arguments
        known: dict[int, Any] = {}
        for position, name, value in kept_by(node):
            if name == "out":
                if vertex.value is None and is_array(value):
                    vertex.value = value
            elif name in arguments:
                known.update(enumerate(value) if node.primitive.variadic else [(arguments.index(name), value)])
            elif name in node.primitive.settings:
                vertex.settings[name] = value
            elif name.endswith("_shape"):
                self._note_shape(node, position, name, value)
        return known

    def _note_shape(self, node: Any, position: int, name: str, value: Any) -> None:
        places = enumerate(value) if node.primitive.variadic else [(node.primitive.arguments.index(name[:-6]), value)]
        for place, shape in places:
            parent = node.parents[place]
            if parent is not None and parent.age in self.found:
                self.found[parent.age].shape = shape

    def count_bytes(self) -> tuple[int, int]:
        """The memory that the tape holds on to, each piece charged to the first operation that keeps it."""
        leaves = {id(owner(v.value)) for v in self.found.values() if v.kind == "leaf" and v.value is not None}
        counted: dict[int, int] = {}
        for vertex in self.found.values():
            for _, _, value in kept_by(vertex.node):
                for array in arrays_in(value):
                    memory = owner(array)
                    if id(memory) not in counted:
                        counted[id(memory)] = memory.nbytes
                        vertex.kept += memory.nbytes
        return sum(counted.values()), sum(size for key, size in counted.items() if key in leaves)


def argument_name(node: Any, position: int) -> str:
    """What the primitive calls its argument at `position`."""
    if isinstance(node, Pick):
        return f"[{node.index}]"
    primitive = node.primitive
    return f"{primitive.arguments[0]}[{position}]" if primitive.variadic else primitive.arguments[position]


def flow(root: Any, found: dict[int, Vertex], nodes: list[Any]) -> None:
    """Send a gradient through every node, youngest first, and note it: the walk of the engine, without its effects.

    It starts from ones, so that for a single number the gradients are d root / d value. For a root of several numbers
    only the shapes are kept.
    """
    gradients = {root.node.age: namespace(root.array).ones_like(root.array)}
    scalar = root.array.size == 1
    with no_grad():
        for node in reversed(nodes):
            gradient, vertex = gradients.pop(node.age, None), found[node.age]
            vertex.collected = None if node.grad is None else node.grad.array
            if gradient is None:
                continue
            if not isinstance(gradient, Parts):
                vertex.shape = gradient.shape
                vertex.gradient = gradient if scalar else None
            if isinstance(node, Node) and node.saved is not None and not vertex.stale:
                for parent, part in zip(node.parents, node.pull(gradient, node.saved, None), strict=True):
                    if part is not None:
                        age = parent.age
                        gradients[age] = gradients[age] + part if age in gradients else part
    for age, gradient in gradients.items():  # what arrived beyond max_nodes
        if age in found and not isinstance(gradient, Parts):
            found[age].shape, found[age].gradient = gradient.shape, gradient if scalar else None


def named(value: Any) -> dict[str, Value]:
    """Names for tensors from whatever was given: a Module, {name: tensor} or {tensor: name}, variables of a program."""
    if hasattr(value, "named_parameters"):
        return {**dict(value.named_parameters()), **dict(getattr(value, "named_buffers", dict)())}
    if not isinstance(value, Mapping):
        raise TypeError(f"names wanted a Module or a dictionary {{tensor: name}}, got {type(value).__name__}")
    found: dict[str, Value] = {}
    for first, second in value.items():
        if isinstance(first, Value):
            found.setdefault(str(second), first)
        elif isinstance(second, Value):
            found.setdefault(str(first), second)
        elif hasattr(second, "named_parameters") and not isinstance(second, type):
            found.update((f"{first}.{name}", tensor) for name, tensor in named(second).items())
    return found
