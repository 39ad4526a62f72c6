"""Whole sequences as one node: random lengths, sizes and layouts beside the definitions; precision; what is kept."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused.recurrent import gru, lstm, rnn_relu, rnn_tanh, steps
from tinygrad_edu.testing import assert_close

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])
GATES = {rnn_tanh: 1, rnn_relu: 1, lstm: 4, gru: 3}
OPS = [pytest.param(op, id=op.name) for op in GATES]


def arrays_for(op: Any, batch_sizes: Any, inputs: int, size: int, rng: Any, biases: Any = (True, True)) -> list[Any]:
    """x, initial states, weights about as large as layers begin with, and biases or None."""
    rows = GATES[op] * size
    weights = [rng.normal(size=(rows, n)) / n**0.5 for n in (inputs, size)]
    states = [rng.normal(size=(batch_sizes[0], size)) for _ in range(2 if op is lstm else 1)]
    x = rng.normal(size=(sum(batch_sizes), inputs))
    return [x, *states, *weights, *(rng.normal(size=rows) if there else None for there in biases)]


def gradients(op: Any, arrays: list[Any], dtype: str = "float64", use: Any = tuple, **settings: Any) -> list[Any]:
    """All gradients along directions that look random and are the same each time."""
    xs = [None if x is None else te.tensor(x, dtype=dtype, requires_grad=True) for x in arrays]
    outs, rng = use(op(*xs, **settings)), numpy.random.default_rng(7)
    sum((out * te.tensor(rng.normal(size=tuple(out.shape)), dtype=dtype)).sum() for out in outs).backward()
    return [None if x is None or x.grad is None else x.grad.numpy() for x in xs]


@hypothesis.settings(max_examples=150, deadline=None, derandomize=True)
@hypothesis.given(
    op=st.sampled_from(list(GATES)),
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    reverse=st.booleans(),
    biases=st.tuples(st.booleans(), st.booleans()),
    layouts=st.tuples(layout, layout),
    block=st.sampled_from([1, 7, 4096]),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_lengths_sizes_and_layouts(
    op: Any, lengths: Any, sizes: Any, reverse: bool, biases: Any, layouts: Any, block: int, seed: int, request: Any
) -> None:
    batch_sizes = tuple(sum(length > t for length in lengths) for t in range(max(lengths)))
    arrays = arrays_for(op, batch_sizes, *sizes, numpy.random.default_rng(seed), biases)
    with pytest.MonkeyPatch.context() as patch:
        for module in (lstm, gru):
            patch.setitem(module.function.__globals__, "BLOCK", block)
        is_its_definition = request.getfixturevalue("is_its_definition")
        is_its_definition(op, arrays, layouts=layouts, batch_sizes=batch_sizes, reverse=reverse)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("batch_sizes", [(0, 0, 0), (40,), (1,) * 300, (9, 8, 2, 1), (5,) * 60])
def test_no_sequence_and_many_and_long_ones(op: Any, batch_sizes: Any, is_its_definition: Any, rng: Any) -> None:
    for inputs, size in ((3, 2), (1, 1), (30, 33)):
        is_its_definition(op, arrays_for(op, batch_sizes, inputs, size, rng), batch_sizes=batch_sizes)


@pytest.mark.parametrize("op", OPS)
def test_without_biases_among_the_arguments(op: Any, rng: Any) -> None:
    arrays = arrays_for(op, (3, 3, 1), 2, 4, rng)[:-2]
    for settings in ({"batch_sizes": (3, 3, 1)}, {"batch_sizes": (3, 3, 1), "reverse": True}):
        for one, other in zip(
            gradients(op, arrays, **settings), gradients(op.definition, arrays, **settings), strict=True
        ):
            assert_close(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("op", OPS)
def test_any_of_the_results_may_be_all_that_is_used(op: Any, rng: Any) -> None:
    arrays = arrays_for(op, (3, 2, 1), 2, 4, rng)
    for i in range(3 if op is lstm else 2):
        for reverse in (False, True):
            settings = {"batch_sizes": (3, 2, 1), "reverse": reverse, "use": lambda out, i=i: [out[i]]}
            for one, other in zip(
                gradients(op, arrays, **settings), gradients(op.definition, arrays, **settings), strict=True
            ):
                assert_close(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("op", OPS)
def test_float32_is_about_as_close_to_float64_as_the_definition_is(op: Any, rng: Any) -> None:
    arrays = arrays_for(op, (8,) * 40, 10, 30, rng)
    exact, *rough = (
        gradients(function, arrays, dtype, batch_sizes=(8,) * 40)
        for function, dtype in ((op.definition, "float64"), (op, "float32"), (op.definition, "float32"))
    )
    of_kernel, of_definition = (
        [numpy.abs(x - y).max() / numpy.abs(y).max() for x, y in zip(found, exact, strict=True)] for found in rough
    )
    assert max(of_kernel) < 2 * max(of_definition)
    assert max(of_kernel) < 1e-5


@pytest.mark.parametrize("op", OPS)
def test_gates_as_far_open_or_closed_as_can_be(op: Any) -> None:
    """σ is exactly 0 or 1 there, tanh is ±1, and nothing overflows on the way."""
    arrays = [numpy.full_like(x, 1e4) for x in arrays_for(op, (2, 2), 3, 2, numpy.random.default_rng(0))]
    for sign in (1, -1):
        arrays[0] = arrays[0] * sign
        found, wanted = (function(*map(te.tensor, arrays), batch_sizes=(2, 2)) for function in (op, op.definition))
        for one, other in zip(found, wanted, strict=True):
            assert_close(one, other, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("op", OPS)
def test_only_what_is_wanted_is_computed_and_it_is_the_same(op: Any, rng: Any) -> None:
    arrays, settings = arrays_for(op, (3, 2), 2, 4, rng), {"batch_sizes": (3, 2)}
    outs, kept = op.function(*arrays, **settings, keep=True)
    g = tuple(rng.normal(size=out.shape) for out in outs)
    everything = op.back(g, kept, (True,) * len(arrays), **settings)
    for i in range(len(arrays)):
        found = op.back(g, kept, tuple(j == i for j in range(len(arrays))), **settings)
        assert [part is None for part in found] == [j != i for j in range(len(arrays))]
        assert (found[i] == everything[i]).all()
    assert not numpy.shares_memory(everything[-1], everything[-2])  # the two biases have equal ones


@pytest.mark.parametrize("op", OPS)
def test_without_gradients_nothing_is_kept_and_the_result_is_the_same(op: Any, rng: Any) -> None:
    arrays, settings = arrays_for(op, (30,) * 20, 2, 40, rng), {"batch_sizes": (30,) * 20}
    recorded, _ = op.function(*arrays, **settings, keep=True)
    found, kept = op.function(*arrays, **settings, keep=False)
    assert kept is None
    assert all((one == other).all() for one, other in zip(found, recorded, strict=True))
    for i, out in enumerate(found):
        assert out.flags.owndata
        assert not any(numpy.shares_memory(out, other) for other in (*arrays, *found[:i]))


@pytest.mark.parametrize("op", OPS)
def test_what_comes_out_may_be_overwritten_and_the_way_back_be_gone_twice(op: Any, rng: Any) -> None:
    arrays = arrays_for(op, (3, 2), 2, 4, rng)
    xs = [te.tensor(x, requires_grad=True) for x in arrays]
    outs = op(*xs, batch_sizes=(3, 2))
    loss = sum((out * out).sum() for out in [out * 1 for out in outs])
    with te.no_grad():
        for out in outs:
            out.zero_()
    loss.backward(retain_graph=True)
    once = [x.grad.numpy().copy() for x in xs]
    loss.backward()
    for x, first in zip(xs, once, strict=True):
        assert_close(x.grad, 2 * first, rtol=1e-14, atol=0)


@pytest.mark.parametrize("op", OPS)
def test_time_takes_memory_in_proportion_to_its_length(op: Any, rng: Any) -> None:
    peaks = []
    for length in (100, 400):
        xs = [te.tensor(x, requires_grad=True) for x in arrays_for(op, (4,) * length, 3, 8, rng)]
        tracemalloc.start()
        out = op(*xs, batch_sizes=(4,) * length)
        out[0].sum().backward()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 5 * peaks[0]


# ------------------------------------------------------------------------------------------------------ what they share
def test_rows_in_turn() -> None:
    assert steps.rows_in_turn((3, 2, 2), False) == [(0, 3), (3, 5), (5, 7)]
    assert steps.rows_in_turn((3, 2, 2), True) == [(5, 7), (3, 5), (0, 3)]


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@hypothesis.given(
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=12), reverse=st.booleans(), rows=st.integers(0, 9)
)
def test_blocks_are_the_turns_in_order_and_only_the_last_may_be_small(
    sizes: list[int], reverse: bool, rows: int
) -> None:
    turns = steps.rows_in_turn(sizes, reverse)
    blocks = steps.blocks_of(turns, rows)
    assert [turn for block in blocks for turn in block] == turns
    covered = [[stop - start for start, stop in block] for block in blocks]
    assert all(sum(block) >= rows for block in covered[:-1])
    assert all(sum(block[:-1]) < rows for block in covered if len(block) > 1)  # and none is larger than it must be


def test_weights_are_stacked_gate_by_gate() -> None:
    w, b = numpy.arange(12.0).reshape(6, 2), 100 + numpy.arange(6.0)
    stacked = steps.stacked(3, w, b)
    assert stacked.tolist() == [
        [[0, 2, 4], [1, 3, 5], [100, 101, 102]],
        [[6, 8, 10], [7, 9, 11], [103, 104, 105]],
    ]
    assert stacked.flags.c_contiguous
