"""explain(loss): the chain rule of this very graph, step by step down to each leaf, in formulas and in numbers.

∂L/∂v = Σ over the operations that use v of (∂L/∂their result) · (∂their result/∂v). Each term is the rule that stands
beside the operation, with this graph's names in it.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.backend import to_host
from tinygrad_edu.engine import Node, Pick, Value
from tinygrad_edu.show.cards import shape_text, short
from tinygrad_edu.show.draw import variables
from tinygrad_edu.show.graph import Graph, Vertex, graph_of, named
from tinygrad_edu.show.plain import plain
from tinygrad_edu.show.record import Recording
from tinygrad_edu.show.symbols import matrix, number, partial, setting, substitute, symbol


@dataclass
class Definition:
    """One line of the forward computation: `symbol = formula`, by `op`."""

    symbol: str
    formula: str
    op: str
    shape: tuple[int, ...] | None
    value: Any
    where: str


@dataclass
class Step:
    """The gradient of one variable: the sum of what flows back through each operation that uses it."""

    symbol: str
    left: str  # ∂L/∂symbol
    terms: list[tuple[str, str]]  # (the operation that uses it with its formula, what flows back through it)
    gradient: Any  # None when it cannot be computed: see `stale`
    leaf: bool
    stale: bool = False

    @property
    def right(self) -> str:
        """The terms added up."""
        return " + ".join(formula for _, formula in self.terms).replace("+ -", "- ")


class Explanation:
    """The chain rule of one graph: Markdown with formulas in a notebook, plain text in a terminal."""

    def __init__(self, root: str, definitions: list[Definition], steps: list[Step], hidden: int) -> None:
        self.root = root
        self.definitions = definitions
        self.steps = steps
        self.hidden = hidden

    def _repr_markdown_(self) -> str:
        return "\n".join([*self._forward(), *self._backward()])

    def _forward(self) -> list[str]:
        lines = [f"### The chain rule of ${self.root}$", "", "**Forward**: what was computed, oldest first.", ""]
        lines += ["| | by | shape | value |", "|:--|:--|:--|:--|"]
        for line in self.definitions:
            formula = f"${line.symbol} = {line.formula}$" if line.formula else f"${line.symbol}$"
            shape = "" if line.shape is None else f"`{shape_text(line.shape)}`"
            lines.append(f"| {formula} | {line.op} | {shape} | {in_table(line.value)} |")
        return lines

    def _backward(self) -> list[str]:
        start = partial(self.root, self.root)
        lines = ["", f"**Backward**: from ${start} = 1$ down to the leaves, one rule per argument.", ""]
        for count, step in enumerate(self.steps, 1):
            goal = ", a leaf" if step.leaf else ""
            uses = " and ".join(f"${formula}$" for formula in dict.fromkeys(use for use, _ in step.terms))
            add = "; it is used more than once, so the contributions add up" if len(step.terms) > 1 else ""
            lines += [f"**{count}.** ${step.symbol}${goal}, goes into {uses}{add}:", ""]
            lines += [f"$${step.left} = {step.right}{equals(step.gradient)}$$", ""]
            lines += [in_words(step), ""]
        return lines + self._left_out()

    def _left_out(self) -> list[str]:
        return [f"{self.hidden} older nodes are left out: raise max_nodes."] if self.hidden else []

    def _repr_latex_(self) -> str:
        rows = [f"{partial(self.root, self.root)} &= 1"]
        rows += [f"{step.left} &= {step.right}{equals(step.gradient)}" for step in self.steps]
        return "$$\\begin{aligned}\n" + " \\\\[6pt]\n".join(rows) + "\n\\end{aligned}$$"

    def __str__(self) -> str:
        lines = [f"The chain rule of {plain(self.root)}", "", "Forward: what was computed, oldest first"]
        for line in self.definitions:
            formula = f" = {plain(line.formula)}" if line.formula else ""
            shape = "" if line.shape is None else f"  {shape_text(line.shape)}"
            value = "" if line.value is None else "  " + " ".join(short(to_host(line.value)))
            lines.append(f"    {plain(line.symbol)}{formula}  ({line.op}){shape}{value}")
        lines += ["", f"Backward: from {plain(partial(self.root, self.root))} = 1 down to the leaves"]
        for count, step in enumerate(self.steps, 1):
            lines.append(f"{count:3}. {plain(step.left)} = {plain(step.right)}")
            lines.append(f"     {in_words(step, markup=False)}")
        return "\n".join([*lines, *self._left_out()])

    __repr__ = __str__


def in_table(value: Any) -> str:
    """A value in one cell."""
    if value is None:
        return "not kept"
    formula = matrix(value)
    return f"`{short(to_host(value))[0]}`" if formula is None else f"${formula}$"


def equals(gradient: Any) -> str:
    """`= number`, if the gradient is small enough to write out."""
    formula = None if gradient is None else matrix(gradient)
    return "" if formula is None else f" = {formula}"


def in_words(step: Step, markup: bool = True) -> str:
    """Shape and numbers of a gradient, as one line."""
    if step.stale or step.gradient is None:
        return "not computed: an array that the rule needs was overwritten in place since"
    variable = f"${step.symbol}$" if markup else plain(step.symbol)
    quote = "`" if markup else ""
    numbers = f"{quote}{' '.join(short(to_host(step.gradient)))}{quote}"
    return f"shape {quote}{shape_text(step.gradient.shape)}{quote}, as {variable} has: {numbers}"


def explain(loss: Any, *, names: Any = None, record: Recording | None = None, max_nodes: int = 100) -> Explanation:
    """The chain rule of the graph of `loss` (one number), from ∂L/∂L = 1 down to each leaf, in LaTeX and numbers.

    The numbers come from a walk that frees nothing and writes to no `.grad`. `names` and `record` are those of `draw`.
    """
    if not isinstance(loss, Value):
        raise TypeError(f"explain wanted a Tensor, got {type(loss).__name__}")
    if loss.array.size != 1:
        raise ValueError(f"explain wanted a tensor of one number, got shape {loss.array.shape}: call .sum() or .mean()")
    if not isinstance(loss.node, Node):
        raise ValueError("explain wanted the result of a computation on tensors that require a gradient, got a leaf")
    if loss.node.saved is None:
        raise RuntimeError(
            "explain wanted a graph, but backward() has freed this one: explain the loss before, or call "
            "backward(retain_graph=True)"
        )
    given = variables(sys._getframe(1)) if names is None else named(names)
    return _Teller(graph_of(loss, given, record, max_nodes)).tell()


class _Teller:
    """Names every vertex and writes its formulas."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.symbols: dict[int, str] = {}
        self.unknown: dict[tuple[int, str], str] = {}
        self.taken = {vertex.name for vertex in graph.vertices if vertex.name}
        self.counts: dict[str, int] = defaultdict(int)
        letters = {"op": "v", "leaf": "p", "constant": "c", "cut": "u"}
        for vertex in graph.vertices:
            fresh = "L" if vertex.output and "L" not in self.taken else None
            self.symbols[vertex.key] = symbol(vertex.name or fresh or self._fresh(letters[vertex.kind]))

    def _fresh(self, letter: str) -> str:
        """A name for what the program has not named: v1, v2, … but none that it uses itself."""
        while True:
            self.counts[letter] += 1
            if f"{letter}{self.counts[letter]}" not in self.taken:
                return f"{letter}{self.counts[letter]}"

    def tell(self) -> Explanation:
        definitions = [self._definition(vertex) for vertex in self.graph.vertices]
        root = next(vertex for vertex in self.graph.vertices if vertex.output)
        self.root = self.symbols[root.key]
        users: dict[int, list[tuple[Vertex, str]]] = defaultdict(list)
        for vertex in reversed(self.graph.vertices):
            for key, argument in vertex.inputs:
                users[key].append((vertex, argument))
        steps = [
            self._step(vertex, users[vertex.key])
            for vertex in reversed(self.graph.vertices)
            if vertex.kind in ("op", "leaf") and not vertex.output
        ]
        unkept = [Definition(name, "", "constant", None, None, "") for name in self.unknown.values()]
        return Explanation(self.root, [*unkept, *definitions], steps, self.graph.hidden)

    def _definition(self, vertex: Vertex) -> Definition:
        formula = self._formula(vertex)
        return Definition(
            self.symbols[vertex.key], formula, vertex.op or vertex.kind, vertex.shape, vertex.value, vertex.where
        )

    def _formula(self, vertex: Vertex) -> str:
        if not isinstance(vertex.node, Node) or vertex.kind == "cut":
            return ""
        names = self._names(vertex)
        if isinstance(vertex.node, Pick):
            return rf"{{{self.symbols[vertex.inputs[0][0]]}}}_{{{vertex.node.index}}}"
        primitive = vertex.node.primitive
        if "out" in primitive.latex:
            return substitute(primitive.latex["out"], names)
        arguments = ", ".join(names.get(name, name) for name in primitive.arguments)
        return rf"\operatorname{{{primitive.name.replace('_', '')}}}({arguments})"

    def _names(self, vertex: Vertex) -> dict[str, str]:
        """What the words of a primitive's formulas are called in this graph."""
        inputs = {argument: self.symbols[key] for key, argument in vertex.inputs}
        primitive = vertex.node.primitive
        names = {"out": self.symbols[vertex.key], **inputs}
        for name, value in vertex.settings.items():
            if name in primitive.arguments:
                names[name] = number(value) if isinstance(value, (int, float)) else str(value)
            elif (text := setting(name, value)) is not None:
                names[name] = text
        if isinstance(vertex.node, Pick):
            return names
        if primitive.variadic:
            names[primitive.arguments[0]] = ", ".join(inputs.values())
        if "shape" in primitive.settings and vertex.shape is not None:
            names.setdefault("shape", str(vertex.shape))
        for name in primitive.arguments:
            if name not in names:
                if (vertex.key, name) not in self.unknown:
                    self.unknown[vertex.key, name] = symbol(self._fresh("k"))
                names[name] = self.unknown[vertex.key, name]
        source = self.graph.by_key[vertex.inputs[0][0]] if vertex.inputs else None
        axis = vertex.settings.get("axis")
        if source is not None and source.shape is not None and isinstance(axis, tuple):
            names["n"] = str(math.prod(source.shape[i] for i in axis))
        return names

    def _step(self, vertex: Vertex, users: list[tuple[Vertex, str]]) -> Step:
        name = self.symbols[vertex.key]
        terms = [
            (f"{self.symbols[user.key]} = {self._formula(user)}", self._term(vertex, user, argument))
            for user, argument in users
        ]
        stale = any(user.stale for user, _ in users) or vertex.gradient is None
        return Step(name, partial(self.root, name), terms, vertex.gradient, vertex.kind == "leaf", stale)

    def _term(self, vertex: Vertex, user: Vertex, argument: str) -> str:
        """What flows back to `vertex` through `user`, which has it as `argument`: the rule with names in it."""
        upstream = partial(self.root, self.symbols[user.key])
        if isinstance(user.node, Pick):
            return rf"\operatorname{{part}}_{{{user.node.index}}}({upstream})"
        primitive, position = user.node.primitive, argument.partition("[")
        names = {**self._names(user), "g": upstream, "i": position[2].rstrip("]")}
        formula = primitive.latex.get(position[0])
        if formula is None:
            return rf"\operatorname{{vjp}}({upstream})"
        text = substitute(formula, names)
        if repeated(vertex, user, argument):
            return rf"\sum_{{\mathrm{{copies}}}} {f'({text})' if text.startswith('-') else text}"
        return text


def repeated(vertex: Vertex, user: Vertex, argument: str) -> bool:
    """Whether broadcasting repeated the argument, so that its rule sums over the copies."""
    primitive = user.node.primitive
    if len(primitive.arguments) < 2 or f"{argument}_shape" not in asked_by(primitive, argument):
        return False
    if vertex.shape is None or user.shape is None or primitive.name == "set_at":
        return False
    if primitive.name == "matmul":
        return vertex.shape[:-2] != user.shape[:-2]
    return vertex.shape != user.shape


def asked_by(primitive: Any, argument: str) -> tuple[str, ...]:
    """The names that the rule of an argument asks for."""
    rule = primitive.rules.get(argument)
    return () if rule is None else rule.__code__.co_varnames[: rule.__code__.co_argcount]
