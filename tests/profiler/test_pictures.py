"""The two pictures of a profile: what is drawn is what was measured."""

from __future__ import annotations

import io
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn, profiler
from tinygrad_edu.profiler import Machine, measure_machine, profile, roofline
from tinygrad_edu.profiler.flame import blocks, operation_color
from tinygrad_edu.profiler.roofline import points
from tinygrad_edu.profiler.rows import Row

pytest.importorskip("matplotlib", reason="draws the pictures")

ROWS = [
    Row("linear", ("Net", "a"), 1, 2.0, 3.0, 4_000_000_000, 8_000_000_000, 1_000_000_000, 500_000_000),
    Row("tanh", ("Net", "a"), 1, 1.0, 0.0, 10, 0, 10, 0),
    Row("add", (), 1, 1.0, 2.0, 0, 5, 10, 10),
]


def made_up() -> profile:
    p = profile()
    p.rows, p.others, p.total, p._measured = ROWS, {"SGD.step": 0.5}, 12.0, 9.5
    return p


def test_a_module_is_as_wide_as_what_it_calls() -> None:
    root = blocks(ROWS, "forward")
    assert root.seconds == 4.0
    assert {name: child.seconds for name, child in root.children.items()} == {"Net": 3.0, "add()": 1.0}
    inner = root.children["Net"].children["a"]
    assert {name: child.seconds for name, child in inner.children.items()} == {"linear()": 2.0, "tanh()": 1.0}
    assert root.depth == 4
    assert set(blocks(ROWS, "backward").children["Net"].children["a"].children) == {"linear()"}


def bars(axes: Any) -> dict[tuple[float, float], float]:
    """(left end, level) -> width"""
    return {(bar.get_x(), bar.get_y() + bar.get_height() / 2 - 0.5): bar.get_width() for bar in axes.patches}


def test_the_picture() -> None:
    forward, backward = (figure := made_up().draw()).axes
    assert bars(forward) == {(0, 0): 4, (0, 1): 3, (0, 2): 3, (0, 3): 2, (2, 3): 1, (3, 1): 1}
    assert bars(backward) == {(0, 0): 5, (0, 1): 3, (0, 2): 3, (0, 3): 3, (3, 1): 2}
    assert forward.get_xlim()[1] / backward.get_xlim()[1] == 4 / 5
    words = [text.get_text() for text in forward.texts]
    assert words == ["forward 4e+03 ms", "Net", "a", "linear", "tanh", "add"]
    assert "SGD.step 500 ms" in figure._supxlabel.get_text()
    assert "2.5e+03 ms" in figure._supxlabel.get_text()
    target = io.StringIO()
    figure.savefig(target, format="svg")
    assert "<svg" in target.getvalue()


def test_a_side_without_time_can_be_drawn() -> None:
    with profile() as p, te.no_grad():
        nn.Linear(2, 2)(te.ones(1, 2))
    assert len(p.draw().axes) == 2
    with profile() as p:
        pass
    p.draw()


def test_colors_are_light_and_stay() -> None:
    assert operation_color("matmul") == operation_color("matmul") != operation_color("add")
    for name in ("matmul", "add", "conv2d", "tanh"):
        assert 0.5 < numpy.mean(operation_color(name)) < 1


# ---------------------------------------------------------------------------------------------------- the roofline
def test_the_roof() -> None:
    machine = Machine(gflops=100.0, gigabytes=20.0)
    assert machine.ridge == 5.0
    assert machine.roof([1.0, 5.0, 50.0]).tolist() == [20.0, 100.0, 100.0]


def test_points_are_flops_for_each_byte_and_second() -> None:
    found = {(point.name, point.is_backward): point for point in points(made_up())}
    there, back = found["linear", False], found["linear", True]
    assert (there.intensity, there.gflops) == (4.0, 2.0)
    assert (back.intensity, back.gflops) == (16.0, pytest.approx(8 / 3))
    assert set(found) == {("linear", False), ("linear", True), ("tanh", False), ("add", True)}
    assert [point.seconds for point in points(made_up())] == [3.0, 2.0, 2.0, 1.0]


def test_the_roofline_is_drawn_with_every_point() -> None:
    axes = roofline(made_up(), Machine(100.0, 20.0)).axes[0]
    drawn = sorted(tuple(collection.get_offsets()[0]) for collection in axes.collections)
    assert drawn == sorted((point.intensity, point.gflops) for point in points(made_up()))
    assert {text.get_text() for text in axes.texts} == {"linear", "linear back", "tanh", "add back"}
    assert axes.get_title() == "peak 100 GFLOP/s, memory 20 GB/s, float32"


def test_a_profile_without_arithmetic_has_no_place_in_it() -> None:
    with profile() as p:
        te.ones(3).clone()
    with pytest.raises(ValueError, match="wanted a profile with operations that calculate, got none"):
        roofline(p, Machine(1.0, 1.0))


def test_this_machine_can_be_measured() -> None:
    machine = measure_machine(size=128, copied=1 << 16, times=2)
    assert 0.05 < machine.gflops < 100_000
    assert 0.05 < machine.gigabytes < 100_000


def test_the_real_thing() -> None:
    layer = nn.Linear(30, 20)
    with profiler.profile() as p:
        layer(te.ones(10, 30)).tanh().sum().backward()
    there = next(point for point in points(p) if point.name == "linear" and not point.is_backward)
    row = next(row for row in p.rows if row.name == "linear")
    assert there.intensity == row.forward_flops / row.forward_bytes == 12200 / (4 * (300 + 600 + 20 + 200))
    p.draw()
