"""The walk back: whose memory a gradient is in, when it is freed, and that long chains cost no more per operation."""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.engine import backward_observers, kernel
from tinygrad_edu.engine.primitive import shared

made: list[Any] = []  # the gradients that `twice` has made, in order


def twice_definition(x: Any) -> Any:
    return x * 2


@kernel(twice_definition, register=False)
def twice(x: Any) -> Any:
    return x * 2, ()


@twice.backward
def twice_back(g: Any, kept: Any, wanted: Any) -> Any:
    made.append(2 * g)
    return (made[-1],)


def leaf(size: int = 3) -> Any:
    made.clear()
    return te.tensor(numpy.ones(size), requires_grad=True)


def test_a_gradient_that_a_kernel_made_is_not_copied() -> None:
    x = leaf()
    twice(x).sum().backward()
    assert x.grad.array is made[0]
    assert x.grad.tolist() == [2.0] * 3
    twice(x).sum().backward()
    assert x.grad.array is made[0]
    assert x.grad.tolist() == [4.0] * 3


@pytest.mark.parametrize("kernel_last", [True, False])
def test_gradients_add_up_in_memory_that_nobody_else_holds(kernel_last: bool) -> None:
    x, g = leaf(), te.tensor([1.0, 10.0, 100.0], dtype=te.float64)
    h = x + 0
    parts = [h + 0, twice(h)] if kernel_last else [twice(h), h + 0]  # the last one's gradient arrives first
    (parts[0] + parts[1]).backward(g)
    assert g.tolist() == [1.0, 10.0, 100.0]  # which is the gradient of h + 0 as well
    assert x.grad.tolist() == [3.0, 30.0, 300.0]
    assert made[0].tolist() == x.grad.tolist()  # the sum was made there


def test_a_value_used_many_times() -> None:
    x = leaf()
    total = sum((part for i in range(2, 12) for part in (x * i, twice(x))), start=x + 0)
    total.sum().backward()
    assert x.grad.tolist() == [1.0 + sum(range(2, 12)) + 2 * 10] * 3


def test_a_kept_graph_may_be_walked_again_and_again() -> None:
    x = leaf()
    h = x + 0
    out = (h * 3 + twice(h) + twice(h)).sum()
    for times in (1, 2, 3):
        out.backward(retain_graph=True)
        assert x.grad.tolist() == [7.0 * times] * 3


def test_a_gradient_that_was_shown_to_somebody_is_not_written_to() -> None:
    x = leaf()
    h = x + 0
    h.retain_grad()
    k = twice(h)
    k.retain_grad()
    (h + k + twice(k)).sum().backward()
    assert k.grad.tolist() == [3.0] * 3
    assert h.grad.tolist() == [7.0] * 3
    h.grad.array[:] = 0
    assert x.grad.tolist() == [7.0] * 3
    shown: list[Any] = []
    x.register_hook(shown.append)
    x.grad = None
    twice(x).sum().backward()
    shown[0].array[:] = 0
    assert x.grad.tolist() == [2.0] * 3


def test_what_an_observer_was_shown_stays_as_it_was() -> None:
    x, seen = leaf(), []
    backward_observers.append(
        lambda node, g, contributions: seen.extend((c, c.copy()) for c in contributions if c is not None)
    )
    try:
        h = x + 0
        (twice(h) + twice(h) + h).sum().backward()
    finally:
        backward_observers.pop()
    assert len(seen) >= 4
    assert all(numpy.array_equal(shown, copy) for shown, copy in seen)


def test_an_array_that_a_user_gave_is_copied() -> None:
    class Given(te.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return given

    given = te.ones(3, dtype=te.float64)
    x, y = leaf(), leaf()
    (Given.apply(x) + Given.apply(y) + Given.apply(y)).sum().backward()
    assert given.tolist() == [1.0] * 3
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0] * 3, [2.0] * 3)
    assert not numpy.shares_memory(x.grad.array, given.array)


def test_gradients_of_parameters_stand_in_memory_once() -> None:
    layers = te.nn.Sequential(*(te.nn.Linear(300, 300) for _ in range(6)))
    loss = layers(te.ones(2, 300)).sum()
    tracemalloc.start()
    try:
        loss.backward()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * after  # what is left is the gradients


# -------------------------------------------------------------------------------------------------- many operations
def test_equal_shapes_are_kept_once() -> None:
    x = leaf()
    assert (x + 1).node.saved is (x + 2.0).node.saved
    assert (x + x).node.saved == (((3,),), ((3,),))
    for size in range(1, 20_000, 2):
        shared[(size,), None]
    assert len(shared) <= 10_000
    assert (x + 1).node.saved == (((3,),), None)


def chain(length: int) -> tuple[float, float]:
    """Seconds per operation of `length` additions, there and back."""
    x = leaf(1)
    gc.collect()
    start = time.thread_time()
    y = x
    for _ in range(length):
        y = y + 1.0
    middle = time.thread_time()
    y.sum().backward()
    end = time.thread_time()
    assert y.tolist() == [length + 1.0]
    assert x.grad.tolist() == [1.0]
    return (middle - start) / length, (end - middle) / length


@pytest.mark.slow
def test_a_million_operations_take_as_long_each_as_a_thousand_and_bounded_memory() -> None:
    short = [min(times) for times in zip(*(chain(1000) for _ in range(20)), strict=True)]
    long = chain(1_000_000)
    assert long[0] < 4 * short[0]  # Python's collector, which visits what lives, takes a part of it
    assert long[1] < 2 * short[1]
    tracemalloc.start()
    try:
        y = x = leaf(1)
        for _ in range(100_000):
            y = y + 1.0
        assert tracemalloc.get_traced_memory()[0] < 100_000 * 350  # bytes for each operation that is recorded
        y.sum().backward()
        assert x.grad.tolist() == [1.0]
        del y
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_million_operations_without_a_tape_keep_nothing() -> None:
    x = leaf(1)
    tracemalloc.start()
    try:
        with te.no_grad():
            y = x
            for _ in range(1_000_000):
                y = y + 1.0
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert y.tolist() == [1_000_001.0]
