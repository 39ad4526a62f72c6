"""Group norm: random shapes and layouts beside its definition; one group and as many as channels; precision."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused.group_norm import group_norm

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])
size = st.integers(1, 4)


@hypothesis.settings(max_examples=80, deadline=None, derandomize=True)
@hypothesis.given(
    cases=st.integers(0, 3),
    groups=st.integers(1, 3),
    each=st.integers(1, 3),
    space=st.lists(st.integers(0, 3), max_size=2),
    given=st.tuples(st.booleans(), st.booleans()),
    eps=st.sampled_from([1e-2, 0.5]),
    layouts=st.tuples(layout, layout),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_shapes_and_layouts(
    cases: int, groups: int, each: int, space: Any, given: Any, eps: float, layouts: Any, seed: int, request: Any
) -> None:
    rng, channels = numpy.random.default_rng(seed), groups * each
    weight, bias = (rng.normal(size=channels) if there else None for there in given)
    arrays = [rng.normal(size=(cases, channels, *space)), weight, bias]
    request.getfixturevalue("is_its_definition")(group_norm, arrays, layouts=layouts, groups=groups, eps=eps)


def test_float32_is_close_to_float64_even_far_from_zero() -> None:
    x = numpy.random.default_rng(0).normal(size=(5, 4, 16, 16)) + 100
    exact, rough = (group_norm(te.tensor(x.astype(d)), None, None, groups=2, eps=1e-5) for d in ("float64", "float32"))
    assert numpy.abs(rough.numpy() - exact.numpy()).max() < 5e-5
