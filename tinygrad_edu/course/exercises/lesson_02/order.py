"""02.order: every node once, the root first, each before what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_edu.course.exercise import Exercise, Wrong

Graph = list[tuple[int, ...]]  # for each node the numbers of its parents; the last one is the root


class Watched:
    """A node that knows its number, and stops whoever asks for its parents again and again."""

    def __init__(self, number: int, parents: Sequence[Any], asked: list[int], most: int) -> None:
        self.number, self._parents, self._asked, self._most = number, tuple(parents), asked, most

    @property
    def parents(self) -> tuple[Any, ...]:
        self._asked[0] += 1
        if self._asked[0] > self._most:
            raise RuntimeError(
                f"nodes were asked for their parents {self._asked[0]} times in a graph of {self.number + 1} nodes or "
                "little more: there are as many visits as paths. Mark what you have seen, and pass by"
            )
        return self._parents


def ladder(steps: int) -> Graph:
    """u = u + u, again and again: 2^steps paths from the root to the bottom."""
    return [(), *((k, k) for k in range(steps))]


GRAPHS: list[Graph] = [
    [(), (0,), (1,)],  # a chain
    [(), (), (0, 1), (2, 0), (3,), (1, 4)],  # the lesson's own, y (x y + x)²
    [(), (0,), (1,), (2, 0), (3, 0)],  # shortcuts of all lengths to the input
    ladder(3),
    [(), (0,), (0,), (1, 2), (2, 1), (3, 4, 0)],
    ladder(40),
]


def order_found(answer: Any, graph: Graph) -> dict[str, Any]:
    """What is wrong with the order that `answer` finds: nothing, in each of the entries."""
    asked: list[int] = [0]
    nodes: list[Watched] = []
    for number, parents in enumerate(graph):
        nodes.append(Watched(number, [nodes[p] for p in parents], asked, 30 * len(graph)))
    listed = [node.number for node in answer(nodes[-1])]
    place = {number: i for i, number in reversed(list(enumerate(listed)))}
    early = [
        [parent, child]
        for child, parents in enumerate(graph)
        for parent in parents
        if parent in place and child in place and place[parent] < place[child]
    ]
    return {
        "missing": len(set(range(len(graph))) - place.keys()),
        "twice": len(listed) - len(place),
        "upside down": len(early) == sum(map(len, graph)),
        "too early": early[0] if early else [-1, -1],
    }


def order_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    if got["missing"]:
        return f"{got['missing']} of the {len(inputs[0])} nodes are not in the list"
    if got["twice"]:
        return f"{got['twice']} entries of the list are repetitions: a node with two children is listed once too"
    if got["upside down"]:
        return "that is the order of the forward computation, upside down: the root has to come first"
    if got["too early"] != [-1, -1]:
        parent, child = got["too early"]
        return (
            f"node {parent} stands before node {child}, which was made from it: when its turn comes, what comes back "
            f"from {child} has not arrived yet"
        )
    return None


def by_depth_first_search(root: Any) -> list[Any]:
    """Without recursion: a node is listed when all its parents are; then the list is turned around."""
    seen, found, stack = set(), [], [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            found.append(node)
        elif node not in seen:
            seen.add(node)
            stack += [(node, True), *((parent, False) for parent in node.parents)]
    return found[::-1]


def without_visited_set(root: Any) -> list[Any]:
    def visit(node: Any) -> list[Any]:
        return [*(one for parent in node.parents for one in visit(parent)), node]

    return visit(root)[::-1]


def visits_all_paths(root: Any) -> list[Any]:
    return list(dict.fromkeys(without_visited_set(root)[::-1]))[::-1]


def parents_last(root: Any) -> list[Any]:
    """A node is listed when it is first met: right for a tree, wrong for a graph."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node not in found:
            found.append(node)
            stack.extend(node.parents)
    return found


def level_by_level(root: Any) -> list[Any]:
    found, level = [root], [root]
    while level:
        level = list(dict.fromkeys(parent for node in level for parent in node.parents if parent not in found))
        found += level
    return found


def leaves_only_reached(root: Any) -> list[Any]:
    return by_depth_first_search(root)[1:]


ORDER_WRONG = (
    Wrong("searches without a set of visited nodes", without_visited_set, "repetitions"),
    Wrong("removes repetitions only at the end", visits_all_paths, "as many visits as paths"),
    Wrong("lists a node when it is first met", parents_last, "0 stands before node 2"),
    Wrong("goes level by level", level_by_level, "1 stands before node 2"),
    Wrong("forgets to turn the list around", lambda root: by_depth_first_search(root)[::-1], "upside down"),
    Wrong("leaves the root out", leaves_only_reached, "1 of the 3 nodes are not in the list"),
)

EXERCISE = Exercise(
    "02.order",
    "In which order?",
    by_depth_first_search,
    lambda rng: [(graph,) for graph in GRAPHS],
    order_found,
    ORDER_WRONG,
    (order_slip,),
    minutes=15,
    difficulty=3,
    points=3,
)
