"""Embedding: random tables and tokens beside its definition, many tokens alike, and a table that is written to."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused.embedding import embedding

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@hypothesis.given(
    table=st.tuples(st.integers(1, 300), st.integers(1, 40)),
    shape=st.lists(st.integers(0, 12), max_size=3),
    kind=st.sampled_from(["int64", "int32", "uint8"]),
    padded=st.booleans(),
    layouts=st.tuples(layout, layout),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_tables_and_tokens(
    table: Any, shape: Any, kind: str, padded: bool, layouts: Any, seed: int, request: Any
) -> None:
    rng = numpy.random.default_rng(seed)
    tokens = numpy.asarray(rng.integers(0, min(table[0], 250), shape)).astype(kind)
    check = request.getfixturevalue("is_its_definition")
    check(embedding, [rng.normal(size=table), tokens], layouts=layouts, padding=table[0] // 2 if padded else None)


def test_the_gradient_is_handed_over_without_a_copy() -> None:
    made = embedding.back(numpy.ones((3, 40), "float32"), (numpy.array([1, 1, 4]), (50, 40)), (True, False), padding=4)[
        0
    ]
    assert made.base is None
    assert made[:, 0].nonzero()[0].tolist() == [1]
    assert made[1, 0] == 2


def test_a_table_that_is_shortened_twice_before_the_way_back() -> None:
    weight = te.tensor([[3.0, 4.0], [1.0, 0.0]], requires_grad=True)
    first = te.nn.functional.embedding(te.tensor([0]), weight, max_norm=2.0)
    second = te.nn.functional.embedding(te.tensor([0, 1]), weight, max_norm=1.0)
    (first.sum() + second.sum()).backward()
    assert weight.grad.tolist() == [[2.0, 2.0], [1.0, 1.0]]
