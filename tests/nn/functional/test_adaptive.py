"""Adaptive pooling against a loop over its bins."""

import itertools
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F


@some.composite
def bins(draw):
    """(x with many equal numbers, the size of the result)"""
    axes = draw(some.integers(1, 2))
    lengths, sizes = ([draw(some.integers(1, 7)) for _ in range(axes)] for _ in range(2))
    rng = numpy.random.default_rng(draw(some.integers(0, 99)))
    return rng.integers(-3, 4, (2, 1, *lengths)).astype(float), tuple(sizes)


def each_bin(x, sizes):
    for place in itertools.product(*map(range, sizes)):
        numbers = list(zip(place, sizes, x.shape[2:], strict=True))
        yield place, tuple(slice(math.floor(i * n / count), math.ceil((i + 1) * n / count)) for i, count, n in numbers)


@how(max_examples=80, deadline=None, derandomize=True)
@given(bins())
def test_the_mean_of_each_bin(drawn):
    x, sizes = drawn
    y = (F.adaptive_avg_pool1d if x.ndim == 3 else F.adaptive_avg_pool2d)(tensor(x), sizes).numpy()
    assert y.shape == (2, 1, *sizes)
    for place, inside in each_bin(x, sizes):
        wanted = x[(..., *inside)].reshape(2, 1, -1).mean(-1)
        numpy.testing.assert_allclose(y[(..., *place)], wanted, rtol=1e-12, atol=1e-14)


@how(max_examples=80, deadline=None, derandomize=True)
@given(bins())
def test_the_largest_of_each_bin_and_where_it_is(drawn):
    x, sizes = drawn
    pool = F.adaptive_max_pool1d if x.ndim == 3 else F.adaptive_max_pool2d
    values, where = (out.numpy() for out in pool(tensor(x), sizes, return_indices=True))
    numpy.testing.assert_array_equal(pool(tensor(x), sizes).numpy(), values)
    positions = numpy.arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    for place, inside in each_bin(x, sizes):
        for n in range(2):
            cells = x[n, 0][inside]
            assert values[n, 0][place] == cells.max()
            assert where[n, 0][place] == positions[inside].reshape(-1)[cells.argmax()]


@how(max_examples=80, deadline=None, derandomize=True)
@given(bins())
def test_each_cell_gets_as_many_gradients_as_bins_have_chosen_it(drawn):
    x, sizes = drawn
    image = tensor(x, requires_grad=True)
    pool = F.adaptive_max_pool1d if x.ndim == 3 else F.adaptive_max_pool2d
    values, where = pool(image, sizes, return_indices=True)
    values.sum().backward()
    cells = math.prod(x.shape[2:])
    wanted = [numpy.bincount(plane.reshape(-1), minlength=cells) for plane in where.numpy()]
    numpy.testing.assert_array_equal(image.grad.numpy().reshape(2, cells), wanted)


def test_cells_that_two_bins_share_get_both_gradients():
    x = tensor([[[1.0, 5.0, 2.0]]], requires_grad=True)
    F.adaptive_max_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[0.0, 2.0, 0.0]]]
    x.grad = None
    F.adaptive_avg_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[0.5, 1.0, 0.5]]]


def test_to_size_one_it_is_the_mean_and_the_maximum():
    x = numpy.random.default_rng(0).normal(size=(2, 3, 5, 4))
    numpy.testing.assert_allclose(F.adaptive_avg_pool2d(tensor(x), 1).numpy()[..., 0, 0], x.mean((2, 3)), rtol=1e-12)
    numpy.testing.assert_array_equal(F.adaptive_max_pool2d(tensor(x), 1).numpy()[..., 0, 0], x.max((2, 3)))


def test_to_its_own_size_or_to_none_nothing_changes():
    x = numpy.random.default_rng(1).normal(size=(2, 3, 5, 4))
    for pool, size in itertools.product((F.adaptive_avg_pool2d, F.adaptive_max_pool2d), ((5, 4), None, (None, 4))):
        numpy.testing.assert_array_equal(pool(tensor(x), size).numpy(), x)


def test_where_the_bins_are_equal_it_is_pooling_with_that_kernel():
    x = tensor(numpy.random.default_rng(2).normal(size=(2, 3, 6, 8)))
    numpy.testing.assert_allclose(F.adaptive_avg_pool2d(x, (3, 2)).numpy(), F.avg_pool2d(x, (2, 4)).numpy(), rtol=1e-12)
    numpy.testing.assert_array_equal(F.adaptive_max_pool2d(x, (3, 2)).numpy(), F.max_pool2d(x, (2, 4)).numpy())


def test_a_number_that_is_none_or_infinite_stays_in_its_bins():
    x = tensor([[[1.0, math.nan, 3.0, 4.0, math.inf, 6.0]]])
    assert str(F.adaptive_avg_pool1d(x, 3).tolist()) == "[[[nan, 3.5, inf]]]"
    assert str(F.adaptive_max_pool1d(x, 3).tolist()) == "[[[nan, 4.0, inf]]]"


@pytest.mark.parametrize("pool", [F.adaptive_avg_pool2d, F.adaptive_max_pool2d])
def test_an_empty_batch_is_pooled_to_an_empty_batch(pool):
    assert pool(tensor(numpy.zeros((0, 2, 5, 4))), (2, 2)).shape == (0, 2, 2, 2)


BAD = {
    "axes": ((4, 4), 2, ValueError, r"Expected 3D or 4D input with non-zero size .* wanted \(N, C, H, W\)"),
    "no cells": ((1, 2, 0, 4), 2, ValueError, "non-zero size for non-batch dimensions"),
    "size": ((1, 2, 4, 4), 0, ValueError, "non-positive output_size is not supported"),
    "sizes": ((1, 2, 4, 4), (2, 2, 2), TypeError, "wanted output_size to be an integer or a pair of integers"),
    "kind": ((1, 2, 4, 4), (2.0, None), TypeError, "wanted output_size to be an integer or a pair of integers"),
}


@pytest.mark.parametrize(("shape", "size", "kind", "words"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("pool", [F.adaptive_avg_pool2d, F.adaptive_max_pool2d])
def test_adaptive_pooling_says_what_is_wrong(pool, shape, size, kind, words):
    with pytest.raises(kind, match=words):
        pool(tensor(numpy.ones(shape)), size)


@pytest.mark.parametrize("pool", [F.adaptive_avg_pool1d, F.adaptive_max_pool1d])
def test_integers_are_refused_with_the_remedy(pool):
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        pool(tensor(numpy.ones((1, 1, 4), "int64")), 2)
