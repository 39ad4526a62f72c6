"""erf against the standard library, number by number."""

from __future__ import annotations

import math

import numpy
import pytest

import tinygrad_edu as te


@pytest.mark.parametrize(("dtype", "error"), [(te.float64, 5e-15), (te.float32, 3e-7), (te.float16, 2e-3)])
def test_against_the_standard_library(dtype: numpy.dtype, error: float) -> None:
    points = numpy.concatenate([numpy.linspace(-7, 7, 4001), [1e-8, -1e-8, 0.0, 1.0, -1.0, 40.0]]).astype(dtype)
    want = numpy.array([math.erf(float(point)) for point in points])
    got = te.tensor(points).erf()
    assert got.dtype == dtype
    numpy.testing.assert_allclose(got.numpy().astype(float), want, rtol=error, atol=0)


def test_far_out_it_is_exactly_one_and_gelu_as_good_as_zero() -> None:
    assert te.tensor([30.0, -30.0, math.inf, -math.inf], dtype=te.float64).erf().tolist() == [1.0, -1.0, 1.0, -1.0]
    assert abs(te.nn.functional.gelu(te.tensor([-30.0], dtype=te.float64)).item()) < 1e-190


def test_nan_stays_nan() -> None:
    assert math.isnan(te.tensor([math.nan]).erf().item())
