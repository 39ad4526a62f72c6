"""Reductions of short rows: the same as NumPy's for arrays of every size and layout, and for Tensors."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.engine import primitives
from tinygrad_edu.ops import rows

random = numpy.random.default_rng(2)
ARRAYS = {
    "few": random.normal(size=(3, 4)),
    "many": random.normal(size=(5, 60, 7)),
    "columns": random.normal(size=(7, 400)).T,
    "one": random.normal(size=(2000, 1)),
    "vector": random.normal(size=2000),
}


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_every_axis(name: str) -> None:
    x = ARRAYS[name]
    for axis in range(x.ndim):
        found = (rows.sum_along(x, axis), rows.largest_along(x, axis), rows.dot_along(x, x + 1, axis))
        wanted = (x.sum(axis, keepdims=True), x.max(axis, keepdims=True), (x * (x + 1)).sum(axis, keepdims=True))
        for one, other in zip(found, wanted, strict=True):
            numpy.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)


def test_nan_and_infinity_stay_in_their_row() -> None:
    x = random.normal(size=(300, 5))
    x[3, 1], x[5, 2] = numpy.nan, -numpy.inf
    largest = rows.largest_along(x, 1)[:, 0]
    assert numpy.flatnonzero(numpy.isnan(largest)).tolist() == [3]
    assert numpy.flatnonzero(~numpy.isfinite(rows.sum_along(x, 1)[:, 0])).tolist() == [3, 5]


def test_tensors_take_the_usual_way_and_are_recorded(device: Any) -> None:
    x = te.tensor(ARRAYS["many"], device=device, requires_grad=True)
    assert rows.sum_along(x, 2).grad_fn is not None
    numpy.testing.assert_allclose(rows.dot_along(x, x, 2).detach().cpu().numpy()[..., 0], (ARRAYS["many"] ** 2).sum(2))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_the_softmax_of_many_rows_is_its_definition(name: str, axis: int) -> None:
    op = primitives[name]
    found = []
    for call in (op, op.definition):
        x = te.tensor(numpy.random.default_rng(1).normal(size=(300, 9)), requires_grad=True)
        out = call(x, axis=axis)
        out.backward(te.tensor(numpy.random.default_rng(2).normal(size=(300, 9))))
        found.append((out.detach().numpy(), x.grad.numpy()))
    for one, other in zip(*found, strict=True):
        numpy.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
