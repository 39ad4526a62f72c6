"""The layout on random graphs: boxes and routes keep clear of each other, every edge points down."""

import itertools
import random
import time

import pytest

from tinygrad_edu.show.layout import (
    BETWEEN_BOXES,
    WAYPOINT_WIDTH,
    crossings,
    layers,
    layout,
    neighbors,
    order,
    routes,
    spread,
)


def random_graph(seed: int, count: int, reach: int):
    """Sizes and edges of a graph with `count` boxes whose inputs are at most `reach` places earlier."""
    draw = random.Random(seed)
    sizes = {key: (draw.uniform(30, 240), draw.uniform(20, 120)) for key in range(-count // 4, count)}
    edges = []
    for key in range(1, count):
        for _ in range(draw.choice((0, 1, 1, 2, 2, 3))):
            edges.append((draw.randrange(max(key - reach, -count // 4), key), key))
    return sizes, edges


def overlap(first, second) -> bool:
    (x, y, width, height), (x2, y2, width2, height2) = first, second
    return abs(x - x2) < (width + width2) / 2 - 1e-6 and abs(y - y2) < (height + height2) / 2 - 1e-6


@pytest.mark.parametrize("seed", range(30))
def test_no_two_boxes_overlap_and_edges_point_down(seed):
    sizes, edges = random_graph(seed, count=10 + 4 * seed, reach=3 + 2 * seed)
    plan = layout(sizes, edges)
    boxes = [(*plan.places[key], *size) for key, size in sizes.items()]
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    for (start, end), route in zip(edges, plan.routes, strict=True):
        assert plan.places[start][1] + sizes[start][1] / 2 < plan.places[end][1] - sizes[end][1] / 2
        ys = [y for _, top, bottom in route for y in (top, bottom)]
        assert all(lower >= upper - 1e-6 for upper, lower in itertools.pairwise(ys))
        assert route[0][0] == plan.places[start][0]
        assert route[-1][0] == plan.places[end][0]


@pytest.mark.parametrize("seed", range(10))
def test_routes_pass_between_boxes(seed):
    sizes, edges = random_graph(seed, count=60, reach=40)
    plan = layout(sizes, edges)
    boxes = [(*plan.places[key], *size) for key, size in sizes.items()]
    for route in plan.routes:
        for x, top, bottom in route[1:-1]:
            stroke = (x, (top + bottom) / 2, 1.0, bottom - top)
            assert not any(overlap(stroke, box) for box in boxes)


@pytest.mark.parametrize("seed", range(5))
def test_everything_lies_inside_the_picture(seed):
    sizes, edges = random_graph(seed, count=50, reach=20)
    plan = layout(sizes, edges)
    for key, (x, y) in plan.places.items():
        width, height = sizes[key]
        assert -1e-6 <= x - width / 2 <= x + width / 2 <= plan.width + 1e-6
        assert -1e-6 <= y - height / 2 <= y + height / 2 <= plan.height + 1e-6


def test_a_chain_is_a_straight_line():
    sizes = {key: (50.0 + 10 * key, 20.0) for key in range(6)}
    plan = layout(sizes, [(key, key + 1) for key in range(5)])
    assert max(x for x, _ in plan.places.values()) - min(x for x, _ in plan.places.values()) < 1e-6


def test_leaves_stand_just_above_their_first_use():
    sizes = dict.fromkeys(range(-1, 5), (40.0, 20.0))
    found = layers(sizes, [(0, 1), (1, 2), (2, 3), (3, 4), (-1, 4)])
    assert found == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, -1: 3}


def test_crossings_are_counted_and_removed():
    sizes = dict.fromkeys(range(4), (40.0, 20.0))
    edges = [(0, 3), (1, 2)]
    _, down = neighbors([list(edge) for edge in edges])
    assert crossings([[0, 1], [2, 3]], down, {0: 0, 1: 1, 2: 0, 3: 1}) == 1
    layer_of = layers(sizes, edges)
    _, chains = routes(sizes, edges, layer_of)
    rows = order(layer_of, chains)
    position = {key: i for row in rows for i, key in enumerate(row)}
    assert crossings(rows, neighbors(chains)[1], position) == 0


@pytest.mark.parametrize("seed", range(5))
def test_crossings_agree_with_counting_pairs(seed):
    draw = random.Random(seed)
    down = {key: draw.sample(range(10, 20), 3) for key in range(10)}
    position = {**{key: key for key in range(10)}, **{key: key - 10 for key in range(10, 20)}}
    pairs = [(key, end) for key in down for end in down[key]]
    wanted = sum((a - c) * (position[b] - position[d]) < 0 for (a, b), (c, d) in itertools.combinations(pairs, 2))
    rows = [list(range(10)), list(range(10, 20))]
    assert crossings(rows, {**down, **{key: [] for key in rows[1]}}, position) == wanted


def test_edges_of_one_box_share_their_way():
    sizes = dict.fromkeys(range(5), (40.0, 20.0))
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 3), (0, 4)]
    widths, chains = routes(sizes, edges, layers(sizes, edges))
    assert chains[4][1:-1] == chains[5][1:3]
    assert sum(width == WAYPOINT_WIDTH for width in widths.values()) == 3


def test_places_are_the_closest_that_keep_distance():
    widths = {0: 20.0, 1: 20.0, 2: 20.0}
    assert spread([0, 1, 2], [0.0, 100.0, 200.0], [1.0] * 3, widths) == [0.0, 100.0, 200.0]
    left, right = spread([0, 1], [50.0, 50.0], [1.0, 1.0], widths)
    assert (left + right) / 2 == pytest.approx(50.0)
    assert right - left == pytest.approx(20.0 + BETWEEN_BOXES)
    left, right = spread([0, 1], [50.0, 50.0], [1.0, 1e9], widths)
    assert right == pytest.approx(50.0)


def test_nothing_and_one_box():
    assert layout({}, []).places == {}
    assert layout({7: (30.0, 10.0)}, []).places == {7: (15.0, 5.0)}


def test_five_hundred_boxes_are_placed_quickly():
    sizes, edges = random_graph(3, count=400, reach=12)
    start = time.process_time()
    layout(sizes, edges)
    assert time.process_time() - start < 2.0  # measured: about 0.2 s
