"""The memory of a step: the peak, where it is, and what the tape keeps."""

from __future__ import annotations

import tracemalloc
import weakref

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.profiler import profile
from tinygrad_edu.profiler.memory import _knows

N = 500_000
SIZE = 4 * N  # bytes of one array


def test_the_peak_is_what_was_alive_at_once() -> None:
    x = te.ones(N)
    with profile(profile_memory=True) as p:
        x + 1
        y = x * 2
        y + y
        del y
        te.ones(3) * 2
        x - 1
    memory = p.memory
    assert memory is not None
    assert memory.peak == pytest.approx(2 * SIZE, rel=0.02)
    assert memory.during["mul", "forward"] == pytest.approx(SIZE, rel=0.02)
    assert memory.during["add", "forward"] == pytest.approx(2 * SIZE, rel=0.02)
    assert memory.during["sub", "forward"] == pytest.approx(SIZE, rel=0.02)
    assert memory.kept == {}
    assert not tracemalloc.is_tracing()


def test_what_lies_between_operations_counts_too() -> None:
    with profile(profile_memory=True) as p:
        te.ones(10) + 1
        numpy.ones(N, "float32")
        te.ones(10) + 1
    assert p.memory is not None
    assert p.memory.peak == pytest.approx(SIZE, rel=0.02)
    assert p.memory.during["add", "forward"] < 0.1 * SIZE


def test_the_tape_keeps_what_the_rules_signatures_say() -> None:
    x, w = te.rand(N, requires_grad=True), te.rand(N, requires_grad=True)
    with profile(profile_memory=True) as p:
        y = x * w  # keeps both, which were there before
        z = y.tanh()  # keeps its result
        out = z.sin() + 1  # sin keeps z once more, + nothing
        out.sum().backward()
    memory = p.memory
    assert memory is not None
    assert memory.activations == SIZE
    assert memory.given == 2 * SIZE
    assert sum(memory.kept.values()) == 3 * SIZE
    assert memory.kept["sin"] == SIZE  # the youngest that keeps it
    assert memory.kept["mul"] == 2 * SIZE
    text = str(memory)
    assert "activations" in text
    assert f"{SIZE / 2**20:.3f}" in text


def test_each_graph_is_looked_at_once_and_a_retained_one_not_again() -> None:
    x = te.rand(N, requires_grad=True)
    with profile(profile_memory=True) as p:
        for _ in range(2):
            loss = x.tanh().sum()
            loss.backward(retain_graph=True)
            loss.backward()
    assert p.memory is not None
    assert p.memory.kept["tanh"] == 2 * SIZE


def test_an_account_that_somebody_else_keeps_goes_on() -> None:
    tracemalloc.start()
    try:
        numpy.ones(N, "float32")
        with profile(profile_memory=True) as p:
            te.ones(3) + 1
        assert tracemalloc.is_tracing()
        assert p.memory is not None
        assert p.memory.peak < 0.1 * SIZE
    finally:
        tracemalloc.stop()


def test_memory_is_known_by_itself_and_not_by_its_address_alone() -> None:
    x, y = numpy.ones(3), numpy.ones(3)
    assert _knows({id(x): weakref.ref(x)}, x)
    assert not _knows({id(x): weakref.ref(y)}, x)
    assert not _knows({}, x)


def test_no_account_unless_asked_for() -> None:
    with profile() as p:
        te.ones(3) + 1
        assert not tracemalloc.is_tracing()
    assert p.memory is None
