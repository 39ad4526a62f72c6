"""The linear map as one node: random shapes and layouts beside its definition, and what it keeps."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused.linear import linear

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])
size = st.integers(0, 4)


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@hypothesis.given(
    leading=st.lists(size, max_size=3),
    sizes=st.tuples(size, size),
    biased=st.booleans(),
    layouts=st.tuples(layout, layout),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_shapes_and_layouts(
    leading: list[int], sizes: Any, biased: bool, layouts: Any, seed: int, request: Any
) -> None:
    rng, (inputs, outputs) = numpy.random.default_rng(seed), sizes
    arrays = [rng.normal(size=(*leading, inputs)), rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)]
    request.getfixturevalue("is_its_definition")(linear, arrays if biased else [*arrays[:2], None], layouts=layouts)


def test_it_keeps_its_arguments_and_nothing_else() -> None:
    x, weight, bias = te.rand(5, 3), te.rand(2, 3, requires_grad=True), te.rand(2, requires_grad=True)
    kept, arguments = linear(x, weight, bias).grad_fn.kept[1]
    rows, its_weight, shape = kept
    assert numpy.shares_memory(rows, x.array)
    assert its_weight is arguments[1] is weight.array
    assert shape == (5, 3)


def test_the_gradient_of_the_input_is_computed_only_where_it_is_wanted() -> None:
    x, weight = te.rand(5, 3), te.rand(2, 3, requires_grad=True)
    linear(x, weight, None).sum().backward()
    numpy.testing.assert_allclose(weight.grad.numpy(), numpy.tile(x.numpy().sum(0), (2, 1)), rtol=1e-6)
    assert x.grad is None
