"""Where to put the boxes: a layered layout in four steps, so that no system package is needed to draw a graph.

1. layers    each box below all of its inputs (longest path), then down again to just above its first use
2. routes    an edge over several layers gets a waypoint in each, as wide as a gap, so that it passes between boxes
3. order     in each layer by the mean position of the neighbors above, then below, and so on: fewer crossings
4. places    in each layer the places closest to the mean place of the neighbors that keep order and distance

For: boxes with sizes and edges between them; it knows nothing of tensors. Not for: drawing (`svg`).
Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system structures, 1981.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BETWEEN_BOXES = 22.0
BETWEEN_LAYERS = 48.0
WAYPOINT_WIDTH = 6.0
SWEEPS = 8
HANGING, STRAIGHT = 0.01, 8.0  # how much a hanging box, and a waypoint, insist on their places; other boxes: 1


@dataclass
class Layout:
    """Centers of the boxes by key, the route of each edge, and the size of the picture.

    A route is a list of vertical strokes (x, from y, to y), to be joined by curves: out of the first box to the end of
    its layer, through each layer on the way, and from the start of the last layer into the box.
    """

    places: dict[int, tuple[float, float]]
    routes: list[list[tuple[float, float, float]]]
    width: float
    height: float


def layout(sizes: dict[int, tuple[float, float]], edges: Sequence[tuple[int, int]]) -> Layout:
    """Place boxes of `sizes` (width, height), keyed in an order in which every edge (from, to) points forward."""
    layer_of = layers(sizes, edges)
    widths, chains = routes(sizes, edges, layer_of)
    rows = order(layer_of, chains)
    x = places(rows, chains, widths)
    left = min((x[key] - widths[key] / 2 for key in x), default=0.0)
    right = max((x[key] + widths[key] / 2 for key in x), default=0.0)
    tops, bottoms, y = [], [], 0.0
    for row in rows:
        tops.append(y)
        bottoms.append(y + max(sizes[key][1] for key in row if key in sizes))
        y = bottoms[-1] + BETWEEN_LAYERS

    def stroke(key: int) -> tuple[float, float, float]:
        return x[key] - left, tops[layer_of[key]], bottoms[layer_of[key]]

    centers = {key: (x[key] - left, (tops[layer_of[key]] + bottoms[layer_of[key]]) / 2) for key in sizes}
    strokes = []
    for chain in chains:
        start, *middle, end = chain
        start_x, _, start_bottom = stroke(start)
        end_x, end_top, _ = stroke(end)
        first = (start_x, centers[start][1] + sizes[start][1] / 2, start_bottom)
        last = (end_x, end_top, centers[end][1] - sizes[end][1] / 2)
        strokes.append([first, *map(stroke, middle), last])
    return Layout(centers, strokes, right - left, max(y - BETWEEN_LAYERS, 0.0))


def layers(sizes: dict[int, tuple[float, float]], edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """The layer of each box, counted from the top: every edge points down."""
    above, below = defaultdict(list), defaultdict(list)
    for start, end in edges:
        above[end].append(start)
        below[start].append(end)
    found: dict[int, int] = {}
    for key in sorted(sizes):
        found[key] = max((found[other] + 1 for other in above[key]), default=0)
    # A box moves down to where it is first used, with the inputs that nobody else uses, unless several edges would
    # become longer for the one that becomes shorter.
    for key in sorted(sizes, reverse=True):
        if below[key] and len({other for other in above[key] if len(below[other]) > 1}) <= 1:
            found[key] = min(found[other] for other in below[key]) - 1
    return found


def routes(
    sizes: dict[int, tuple[float, float]], edges: Sequence[tuple[int, int]], layer_of: dict[int, int]
) -> tuple[dict[int, float], list[list[int]]]:
    """The width of every box and waypoint, and each edge as a chain of them; `layer_of` gets the waypoints' layers.

    Edges that leave one box share their waypoints: a value that is used far below travels there once.
    """
    widths = {key: width for key, (width, _) in sizes.items()}
    chains, shared = [], {}
    fresh = max(sizes, default=0) + 1
    for start, end in edges:
        chain = [start]
        for layer in range(layer_of[start] + 1, layer_of[end]):
            if (start, layer) not in shared:
                shared[start, layer] = fresh
                layer_of[fresh], widths[fresh] = layer, WAYPOINT_WIDTH
                fresh += 1
            chain.append(shared[start, layer])
        chains.append([*chain, end])
    return widths, chains


def order(layer_of: dict[int, int], chains: list[list[int]]) -> list[list[int]]:
    """The boxes and waypoints of each layer from left to right."""
    rows: list[list[int]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for key in depth_first(chains, sorted(layer_of)):
        rows[layer_of[key]].append(key)
    up, down = neighbors(chains)
    position = {key: i for row in rows for i, key in enumerate(row)}
    best, fewest = [list(row) for row in rows], crossings(rows, down, position)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        near = down if sweep % 2 else up
        for row in reversed(rows) if sweep % 2 else rows:
            row.sort(key=lambda key: mean([position[other] for other in near[key]], position[key]))
            position.update((key, i) for i, key in enumerate(row))
        count = crossings(rows, down, position)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def depth_first(chains: list[list[int]], keys: list[int]) -> list[int]:
    """A first order: from the outputs up, arguments from left to right, so that a tree is drawn without a crossing."""
    up, down = neighbors(chains)
    seen: dict[int, None] = {}
    for end in reversed(keys):
        stack = [] if down[end] else [end]
        while stack:
            key = stack.pop()
            if key not in seen:
                seen[key] = None
                stack.extend(reversed(up[key]))
    return list(seen)


def neighbors(chains: list[list[int]]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """What is directly above and directly below each box and waypoint, each once."""
    up: dict[int, dict[int, None]] = defaultdict(dict)
    down: dict[int, dict[int, None]] = defaultdict(dict)
    for chain in chains:
        for first, second in pairwise(chain):
            up[second][first] = None
            down[first][second] = None
    return (
        defaultdict(list, {key: list(found) for key, found in up.items()}),
        defaultdict(list, {key: list(found) for key, found in down.items()}),
    )


def mean(values: list[int], default: float) -> float:
    return sum(values) / len(values) if values else default


def crossings(rows: list[list[int]], down: dict[int, list[int]], position: dict[int, int]) -> int:
    """How many pairs of edges between neighboring layers cross: the inversions among their lower ends."""
    total = 0
    for row in rows:
        ends = [end for key in row for end in sorted(position[other] for other in down[key])]
        tree = [0] * (max(ends, default=0) + 2)  # a Fenwick tree counts, for each end, the earlier ones to its right
        for seen, end in enumerate(ends):
            smaller, i = 0, end + 1
            while i > 0:
                smaller += tree[i]
                i -= i & -i
            total += seen - smaller
            i = end + 1
            while i < len(tree):
                tree[i] += 1
                i += i & -i
    return total


def places(rows: list[list[int]], chains: list[list[int]], widths: dict[int, float]) -> dict[int, float]:
    """The x of every box's center: close to its neighbors', in the given order, at the wanted distances.

    A box without inputs that is used once hangs beside its user and pulls at nothing: the backbone stays straight.
    """
    up, down = neighbors(chains)
    hanging = {key for row in rows for key in row if not up[key] and len(down[key]) == 1}
    x: dict[int, float] = {}
    for row in rows:
        x.update(zip(row, spread(row, [0.0] * len(row), [1.0] * len(row), widths), strict=True))
    for sweep in range(2 * SWEEPS):
        sides = (up, down) if sweep >= 2 * SWEEPS - 2 else (down,) if sweep % 2 else (up,)
        for row in reversed(rows) if sweep % 2 else rows:
            wanted, weights = [], []
            for key in row:
                near = [other for side in sides for other in side[key]]
                near = [other for other in near if other not in hanging] or near
                wanted.append(sum(x[other] for other in near) / len(near) if near else x[key])
                weights.append(HANGING if key in hanging else STRAIGHT if widths[key] == WAYPOINT_WIDTH else 1.0)
            x.update(zip(row, spread(row, wanted, weights, widths), strict=True))
    straighten(rows, x, backbones(rows, up, down, hanging, widths), hanging, widths)
    return x


def backbones(
    rows: list[list[int]],
    up: dict[int, list[int]],
    down: dict[int, list[int]],
    hanging: set[int],
    widths: dict[int, float],
) -> dict[int, int]:
    """The first box of the line that each box is on: a line goes on where one box leads to one, or along an edge."""
    first: dict[int, int] = {}
    for row in rows:
        for key in row:
            above = [other for other in up[key] if other not in hanging]
            goes_on = len(above) == 1 and (
                len(down[above[0]]) == 1 or widths[key] == widths[above[0]] == WAYPOINT_WIDTH
            )
            first[key] = first[above[0]] if goes_on else key
    return first


def straighten(
    rows: list[list[int]], x: dict[int, float], first: dict[int, int], hanging: set[int], widths: dict[int, float]
) -> None:
    """Move the boxes of each line to their common mean, as far as the others leave room."""
    for _ in range(SWEEPS):
        lines: dict[int, list[float]] = defaultdict(list)
        for key, line in first.items():
            lines[line].append(x[key])
        common = {line: sum(values) / len(values) for line, values in lines.items()}
        for row in rows:
            weights = [HANGING if key in hanging else float(len(lines[first[key]])) for key in row]
            x.update(zip(row, spread(row, [common[first[key]] for key in row], weights, widths), strict=True))


def spread(row: list[int], wanted: list[float], weights: list[float], widths: dict[int, float]) -> list[float]:
    """The places closest to `wanted` (weighted least squares) that keep the order and the distances of a row.

    With the distances subtracted it is isotonic regression: neighbors that would overlap are pooled at their mean.
    """
    offsets = [0.0]
    for first, second in pairwise(row):
        offsets.append(offsets[-1] + (widths[first] + widths[second]) / 2 + BETWEEN_BOXES)
    pools: list[list[float]] = []  # [mean, weight, count]
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([place - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            value, weight, count = pools.pop()
            other = pools[-1]
            other[0] = (other[0] * other[1] + value * weight) / (other[1] + weight)
            other[1] += weight
            other[2] += count
    flat = [value for value, _, count in pools for _ in range(int(count))]
    return [place + offset for place, offset in zip(flat, offsets, strict=True)]
