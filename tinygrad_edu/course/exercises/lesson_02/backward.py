"""02.backward: the walk back, as a colleague wrote it, with `=` for `+=`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong
from tinygrad_edu.course.exercises.lesson_02.order import GRAPHS, Graph, by_depth_first_search


class Vertex:
    """All that a walk back needs of a node."""

    def __init__(self, parents: Sequence[Any], slopes: Sequence[float]) -> None:
        self.parents, self.slopes, self.grad = tuple(parents), tuple(slopes), 0.0


def gradients(answer: Any, graph: Graph, slopes: list[list[float]], calls: int) -> list[float]:
    """The gradients of all nodes, oldest first, after `answer` was called that many times on the same nodes."""
    nodes: list[Vertex] = []
    for parents, along in zip(graph, slopes, strict=True):
        nodes.append(Vertex([nodes[p] for p in parents], along))
    order = by_depth_first_search(nodes[-1])
    for _ in range(calls):
        answer(order)
    return [node.grad for node in nodes]


def backward_inputs(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield GRAPHS[0], [[], [2.0], [3.0]], 1
    yield [(), (0, 0)], [[], [5.0, 5.0]], 1  # x * x at x = 5
    yield [(), (0, 0), (1, 0)], [[], [5.0, 5.0], [5.0, 25.0]], 1  # (x * x) * x
    for graph in GRAPHS[1:5]:
        yield graph, [[float(s) for s in rng.uniform(0.5, 1.5, len(parents)).round(3)] for parents in graph], 1
    yield GRAPHS[1], [[], [], [-3.0, 2.0], [1.0, 1.0], [-8.0], [16.0, -3.0]], 2


def send_back(order: list[Any]) -> None:
    for node in order:
        node.grad = 0.0
    order[0].grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += node.grad * slope


def assigns(order: list[Any]) -> None:
    order[0].grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad = node.grad * slope


def never_resets(order: list[Any]) -> None:
    order[0].grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += node.grad * slope


def resets_on_the_way(order: list[Any]) -> None:
    order[0].grad = 1.0
    for node in order:
        for parent in node.parents:
            parent.grad = 0.0
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += node.grad * slope


def adds_slopes_only(order: list[Any]) -> None:
    for node in order:
        node.grad = 0.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope
    order[0].grad = 1.0


def forgets_the_start(order: list[Any]) -> None:
    for node in order:
        node.grad = 0.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += node.grad * slope


def backward_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    """Which planted loop gives the same numbers?"""
    graph, slopes, calls = inputs
    if not all(isinstance(number, (int, float, numpy.number)) for number in got):
        return "a gradient here is a plain number: node.grad, not node"
    if numpy.allclose(got, want):
        return None
    if calls > 1 and numpy.allclose(got, gradients(never_resets, graph, slopes, calls)):
        return "right the first time, wrong the second: what the first call left in .grad is still there. Start from 0"
    for loop, sentence in BACKWARD_SLIPS.items():
        if numpy.allclose(got, gradients(loop, graph, slopes, calls)):
            return sentence
    return None


BACKWARD_SLIPS: dict[Callable[[list[Any]], None], str] = {
    forgets_the_start: "nothing comes back at all: the walk starts at the root, with dL/dL = 1",
    adds_slopes_only: "the slope alone is not the contribution: multiply by what arrived at the node, node.grad",
    assigns: "only the edge that was visited last counts: contributions are added (+=), not assigned (=)",
    resets_on_the_way: (
        "each child wipes out what other children have sent before: set the gradients to 0 once, before the walk"
    ),
}
BACKWARD_WRONG = (
    Wrong("assigns", assigns, "added (+=), not assigned (=)"),
    Wrong("adds, but never starts from 0", never_resets, "the first time, wrong the second"),
    Wrong("resets to 0 during the walk", resets_on_the_way, "wipes out"),
    Wrong("adds slopes without multiplying", adds_slopes_only, "slope alone is not the contribution"),
    Wrong("forgets that dL/dL is 1", forgets_the_start, "comes back at all"),
)

EXERCISE = Exercise(
    "02.backward",
    "It passed two tests",
    send_back,
    backward_inputs,
    gradients,
    BACKWARD_WRONG,
    (backward_slip,),
    kind="bug hunt",
    minutes=8,
    difficulty=2,
    points=2,
)
