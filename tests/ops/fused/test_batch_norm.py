"""Batch norm: random shapes and layouts beside its definition, results used or not, precision, and the layout kept."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.autograd import gradcheck
from tinygrad_edu.ops.fused.batch_norm import batch_norm

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])
size = st.integers(1, 4)
random = numpy.random.default_rng(5)


@hypothesis.settings(max_examples=80, deadline=None, derandomize=True)
@hypothesis.given(
    shape=st.lists(size, min_size=2, max_size=4),
    given=st.tuples(st.booleans(), st.booleans()),
    eps=st.sampled_from([1e-2, 0.5]),
    layouts=st.tuples(layout, layout),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_shapes_and_layouts(
    shape: list[int], given: Any, eps: float, layouts: Any, seed: int, request: Any
) -> None:
    rng = numpy.random.default_rng(seed)
    weight, bias = (rng.normal(size=shape[1]) if there else None for there in given)
    check = request.getfixturevalue("is_its_definition")
    check(batch_norm, [rng.normal(size=shape), weight, bias], layouts=layouts, eps=eps)


@pytest.mark.parametrize("used", [(0,), (1,), (2,), (0, 2)])
def test_results_that_nobody_uses(used: tuple[int, ...]) -> None:
    inputs = [te.tensor(random.normal(size=s), requires_grad=True) for s in ((3, 2, 2, 2), (2,), (2,))]
    if 0 not in used:
        inputs = inputs[:1]
    rest = [None] * (3 - len(inputs))
    assert gradcheck(lambda *xs: tuple(batch_norm(*xs, *rest, eps=1e-3)[i] for i in used), inputs)


def test_float32_is_close_to_float64_even_far_from_zero() -> None:
    x = random.normal(size=(20, 3, 16, 16)) + 100
    exact, rough = (batch_norm(te.tensor(x.astype(d)), None, None, eps=1e-5) for d in ("float64", "float32"))
    for one, other, allowed in zip(rough, exact, (5e-5, 2e-5, 1e-5), strict=True):
        assert numpy.abs(one.numpy() - other.numpy()).max() < allowed


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (0, 2, 3, 1), (1, 2, 3, 0)])
def test_the_result_lies_in_memory_as_the_argument_does(order: tuple[int, ...]) -> None:
    x = random.normal(size=(4, 3, 5, 2)).transpose(order).copy().transpose(numpy.argsort(order))
    out, _, _ = batch_norm(te.Tensor(x), None, None, eps=1e-3)
    assert out.array.strides == x.strides
    numpy.testing.assert_allclose(out.array, batch_norm(te.tensor(x.copy("C")), None, None, eps=1e-3)[0].array)
