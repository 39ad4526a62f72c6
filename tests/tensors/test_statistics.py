"""Medians, quantiles, distinct numbers, counts: against PyTorch, on the edges too."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

NUMBERS = numpy.array([[5.0, 1.0, 4.0, 2.0], [0.5, 9.0, -3.0, 7.0]])
HOLES = numpy.array([[1.0, math.nan, 4.0], [math.nan, math.nan, math.nan]])


@pytest.mark.parametrize("dim", [None, 0, 1, -1, 2])
def test_order_statistics(dim: Any) -> None:
    along = () if dim is None else (dim,)
    agree(lambda library, x: library.median(x, *along), NUMBERS)
    agree(lambda library, x: library.quantile(x, 0.4, dim), NUMBERS)
    agree(lambda library, x: library.quantile(x, library.tensor([0.0, 0.5, 1.0], dtype=x.dtype), dim, True), NUMBERS)
    if dim is not None:
        agree(lambda library, x: library.median(x, dim, True), NUMBERS)
        agree(lambda library, x: library.kthvalue(x, 2, dim), NUMBERS)
        agree(lambda library, x: library.kthvalue(x, 5, dim), NUMBERS)


def test_order_statistics_of_odd_inputs() -> None:
    agree(lambda library, x: library.median(x), HOLES, grad=False)
    agree(lambda library, x: library.median(x, 1).values, HOLES, grad=False)
    agree(lambda library, x: library.quantile(x, 0.5, 1), HOLES, grad=False)
    agree(lambda library, x: library.median(x, 0), 3.0)
    agree(lambda library, x: library.kthvalue(x, 1), 3.0)
    agree(lambda library, x: library.median(x), [3, 1, 2, 4], grad=False)
    agree(lambda library, x: library.quantile(x, 1.5), NUMBERS)
    agree(lambda library, x: library.quantile(x, 0.5, interpolation="nowhere"), NUMBERS)
    agree(lambda library, x: library.quantile(x, 0.5), numpy.zeros(0))
    with pytest.raises(IndexError, match="median wanted at least one element"):
        te.zeros(2, 0).median(1)


@pytest.mark.parametrize("dim", [None, 0, 1, (0, 1)])
def test_sums_that_pass_over_nan(dim: Any) -> None:
    agree(lambda library, x: library.nansum(x, dim), HOLES)
    agree(lambda library, x: library.nansum(x, dim, dtype=library.float32), HOLES)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_means_that_pass_over_nan() -> None:
    agree(lambda library, x: library.nanmean(x, 1, True), HOLES, grad=False)
    assert te.nanmean(tensor([1.0, math.nan, 3.0])).item() == 2.0


def test_several_at_once() -> None:
    agree(lambda library, x: library.var_mean(x, 1, keepdim=True), NUMBERS)
    agree(lambda library, x: library.std_mean(x, False), NUMBERS)
    agree(lambda library, x: library.std_mean(x, 0, correction=0), NUMBERS)
    agree(lambda library, x: library.aminmax(x, dim=1, keepdim=True), NUMBERS)
    agree(lambda library, x: library.cumprod(x, 1), NUMBERS)
    agree(lambda library, x: library.cumprod(x, 0), [[2, 3], [4, 5]], grad=False)
    agree(lambda library, x: library.cumprod(x, 0, dtype=library.float64), [[2, 3], [4, 5]], grad=False)
    agree(lambda library, x: library.cumprod(x, 2), NUMBERS)
    agree(lambda library, x: library.cumprod(x, 0), numpy.zeros((0, 2)))


def test_unique() -> None:
    array = [[3, 1, 3], [2, 1, 2]]
    agree(lambda library, x: library.unique(x), array, grad=False)
    agree(lambda library, x: x.unique(return_counts=True), array, grad=False)
    agree(lambda library, x: library.unique(x, return_inverse=True), array, grad=False)
    agree(lambda library, x: library.unique(x, return_inverse=True, return_counts=True, dim=1), array, grad=False)
    agree(lambda library, x: library.unique(x), numpy.zeros(0), grad=False)
    agree(lambda library, x: library.unique(x), 3.0, grad=False)
    agree(lambda library, x: library.unique(x), [True, False, True], grad=False)


def test_counting() -> None:
    agree(lambda library, x: library.bincount(x), [0, 2, 2, 5], grad=False)
    agree(lambda library, x: library.bincount(x, minlength=8), [0, 2, 2, 5], grad=False)
    agree(lambda library, x, w: library.bincount(x, w), [0, 2, 2], numpy.float32([0.5, 1.0, 2.0]), grad=False)
    agree(lambda library, x: library.bincount(x), numpy.zeros(0, int), grad=False)
    agree(lambda library, x: library.bincount(x), [0, -1], grad=False)
    agree(lambda library, x: library.bincount(x), [0.5], grad=False)
    agree(lambda library, x: library.histc(x, 4, 0.0, 8.0), NUMBERS, grad=False)
    agree(lambda library, x: library.histc(x, 3), NUMBERS, grad=False)


def test_places_in_an_order() -> None:
    edges, numbers = [1.0, 3.0, 3.0, 7.0], [[0.0, 3.0], [7.0, 8.0]]
    for right in (False, True):
        agree(lambda library, s, x, r=right: library.searchsorted(s, x, right=r), edges, numbers, grad=False)
        agree(lambda library, s, x, r=right: library.bucketize(x, s, right=r), edges, numbers, grad=False)
    agree(lambda library, s, x: library.searchsorted(s, x), [[1.0, 2.0], [3.0, 4.0]], [[1.5], [1.5]], grad=False)
    agree(lambda library, s: library.searchsorted(s, 3.5), edges, grad=False)
    agree(lambda library, x, y: library.isin(x, y), [[1, 2], [3, 4]], [4, 1], grad=False)
    agree(lambda library, x, y: library.isin(x, y, invert=True), [[1, 2], [3, 4]], [4, 1], grad=False)
    with pytest.raises(ValueError, match="as many rows of numbers as of sequences"):
        te.searchsorted(te.zeros(2, 3), te.zeros(3, 1))
