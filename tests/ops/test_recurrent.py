"""The loop through time keeps the right rows at the right times; and a definition takes bare arrays as well."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from tinygrad_edu import tensor
from tinygrad_edu.ops import recurrent

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=6).map(lambda found: sorted(found, reverse=True))


def running_sum(number: Any, total: Any) -> tuple[Any]:
    return (total + number,)


@how(max_examples=60, deadline=None, derandomize=True)
@given(LENGTHS, st.booleans(), st.booleans())
def test_a_step_that_adds_makes_running_sums(lengths: list[int], reverse: bool, bare: bool) -> None:
    """Whole numbers, so that each output says exactly which sequence, which times and which start went into it."""
    batch_sizes = [sum(length > t for length in lengths) for t in range(lengths[0])]
    numbers = [[10.0**j * (t + 1) for t in range(length)] for j, length in enumerate(lengths)]
    starts = [0.5 * (j + 1) for j in range(len(lengths))]
    packed = numpy.array([[numbers[j][t]] for t, size in enumerate(batch_sizes) for j in range(size)])
    wrap = numpy.asarray if bare else tensor
    initial = (wrap(numpy.array(starts).reshape(-1, 1)),)
    outputs, last = recurrent.over_time(running_sum, wrap(packed), initial, batch_sizes, reverse)
    assert isinstance(outputs, numpy.ndarray) == bare
    before = list(accumulate(batch_sizes, initial=0))
    for j, (length, start) in enumerate(zip(lengths, starts, strict=True)):
        order = range(length - 1, -1, -1) if reverse else range(length)
        wanted = list(accumulate((numbers[j][t] for t in order), initial=start))
        assert last[j].tolist() == [wanted[-1]]
        for t, total in zip(order, wanted[1:], strict=True):
            assert outputs[before[t] + j].tolist() == [total]


@pytest.mark.parametrize(
    ("name", "gates", "states"), [("rnn_tanh", 1, 1), ("rnn_relu", 1, 1), ("lstm", 4, 2), ("gru", 3, 1)]
)
@pytest.mark.parametrize("bias", [True, False])
def test_a_definition_takes_bare_arrays_and_tensors_alike(
    name: str, gates: int, states: int, bias: bool, rng: Any
) -> None:
    definition = getattr(recurrent, f"{name}_definition")
    x, rows = rng.normal(size=(6, 3)), gates * 2
    arrays = [
        x,
        *(rng.normal(size=(3, 2)) for _ in range(states)),
        rng.normal(size=(rows, 3)),
        rng.normal(size=(rows, 2)),
    ]
    if bias:
        arrays += [rng.normal(size=rows), rng.normal(size=rows)]
    for settings in ({"batch_sizes": (3, 2, 1)}, {"batch_sizes": (3, 3), "reverse": True}):
        from_arrays = definition(*arrays, **settings)
        from_tensors = definition(*map(tensor, arrays), **settings)
        assert [out.shape for out in from_arrays] == [(6, 2), *[(3, 2)] * states]
        for one, other in zip(from_arrays, from_tensors, strict=True):
            assert isinstance(one, numpy.ndarray)
            assert (one == other.numpy()).all()


def test_an_unused_output_costs_nothing_and_breaks_nothing(rng: Any) -> None:
    h0, x = tensor(rng.normal(size=(2, 3)), requires_grad=True), tensor(rng.normal(size=(4, 3)))
    w = tensor(rng.normal(size=(3, 3)), requires_grad=True)
    _, last = recurrent.rnn_tanh_definition(x, h0, w, w, batch_sizes=(2, 1, 1))
    last[1].sum().backward()  # the sequence that had ended after the first step
    assert (h0.grad.numpy()[0] == 0).all()
    assert (h0.grad.numpy()[1] != 0).all()
