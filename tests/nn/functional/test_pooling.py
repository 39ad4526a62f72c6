"""Pooling against loops over its windows, and against PyTorch."""

import math

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

MAX_CASES = {
    "plain": (2, {}),
    "one number for both": (3, {"stride": 1}),
    "rectangle": ((3, 2), {"stride": (1, 2)}),
    "padding": (3, {"stride": 2, "padding": 1}),
    "dilation": (2, {"stride": 1, "dilation": 2}),
    "ceil": (2, {"stride": 2, "ceil_mode": True}),
    "ceil, padded": ((3, 2), {"stride": (3, 2), "padding": (1, 1), "ceil_mode": True}),
    "ceil, longer stride": (2, {"stride": 4, "padding": 1, "ceil_mode": True}),
}
AVERAGE_CASES = {
    **{name: case for name, case in MAX_CASES.items() if name != "dilation"},
    "padding not counted": (3, {"stride": 2, "padding": 1, "count_include_pad": False}),
    "ceil, not counted": (3, {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
    "own divisor": (2, {"divisor_override": 3}),
}


def pooled_by_loops(x, kernel, function, stride=None, padding=0):
    """function(patch) for every patch of a (H, W) image, for square settings."""
    stride = kernel if stride is None else stride
    x = numpy.pad(x, padding, constant_values=-math.inf if function is numpy.max else 0.0)
    count = [(size - kernel) // stride + 1 for size in x.shape]
    corners = [[(stride * i, stride * j) for j in range(count[1])] for i in range(count[0])]
    return numpy.array([[function(x[i : i + kernel, j : j + kernel]) for i, j in row] for row in corners])


@pytest.mark.parametrize(("kernel", "settings"), [(2, {}), (3, {"stride": 1}), (3, {"stride": 2, "padding": 1})])
@pytest.mark.parametrize(("pool", "function"), [(F.max_pool2d, numpy.max), (F.avg_pool2d, numpy.mean)])
def test_pooling_is_a_function_of_each_patch(pool, function, kernel, settings):
    x = numpy.random.default_rng(0).normal(size=(2, 3, 7, 6))
    y = pool(tensor(x), kernel, **settings).numpy()
    wanted = [[pooled_by_loops(image, kernel, function, **settings) for image in images] for images in x]
    numpy.testing.assert_allclose(y, wanted, rtol=1e-12, atol=1e-14)


def compare_with_pytorch(name, x, kernel, settings):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y = getattr(F, name)(ours, kernel, **settings)
    wanted = getattr(torch.nn.functional, name)(theirs, kernel, **settings)
    numpy.testing.assert_allclose(y.detach().numpy(), wanted.detach().numpy(), rtol=1e-12, atol=1e-13)
    g = numpy.random.default_rng(9).normal(size=y.shape)
    y.backward(tensor(g))
    wanted.backward(torch.tensor(g))
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("kernel", "settings"), MAX_CASES.values(), ids=MAX_CASES)
@pytest.mark.parametrize("shape", [(2, 3, 7, 8), (3, 7, 8), (1, 1, 6, 9)])
def test_max_pool2d_equals_pytorchs(kernel, settings, shape):
    compare_with_pytorch("max_pool2d", numpy.random.default_rng(1).normal(size=shape), kernel, settings)


@pytest.mark.parametrize(("kernel", "settings"), AVERAGE_CASES.values(), ids=AVERAGE_CASES)
@pytest.mark.parametrize("shape", [(2, 3, 7, 8), (3, 7, 8), (1, 1, 6, 9)])
def test_avg_pool2d_equals_pytorchs(kernel, settings, shape):
    compare_with_pytorch("avg_pool2d", numpy.random.default_rng(2).normal(size=shape), kernel, settings)


@pytest.mark.parametrize("settings", [{}, {"stride": 1}])
def test_equal_largest_numbers_give_the_gradient_to_the_first_as_in_pytorch(settings):
    x = numpy.array([[[[1.0, 2.0, 2.0], [2.0, 2.0, 0.0], [2.0, 2.0, 2.0]]]])
    compare_with_pytorch("max_pool2d", x, 2, settings)
    own = tensor(numpy.full((1, 1, 2, 2), 7.0), requires_grad=True)
    F.max_pool2d(own, 2).sum().backward()
    assert own.grad.tolist() == [[[[1.0, 0.0], [0.0, 0.0]]]]


def test_not_a_number_wins_the_maximum():
    x = tensor([[[[1.0, math.nan], [math.inf, 2.0]]]])
    assert math.isnan(F.max_pool2d(x, 2).item())


def test_padding_never_wins_the_maximum():
    x = tensor(numpy.full((1, 1, 2, 2), -5.0))
    assert F.max_pool2d(x, 2, stride=1, padding=1).tolist() == [[[[-5.0] * 3] * 3]]


BAD = {
    "dimensions": ((4, 4), (2,), ValueError, r"non-empty 3D or 4D \(batch mode\) tensor expected for input"),
    "too large": ((1, 1, 2, 2), (3,), ValueError, "Kernel size can't be greater than actual input size"),
    "pad": ((1, 1, 8, 8), (2, 2, 2), ValueError, "pad should be at most half of effective kernel size"),
    "kernel": ((1, 1, 8, 8), (0,), ValueError, "non-positive kernel_size is not supported"),
    "stride": ((1, 1, 8, 8), (2, -1), ValueError, "non-positive stride is not supported"),
    "kind": ((1, 1, 8, 8), ("2",), TypeError, "wanted kernel_size to be an integer or a pair of integers, got '2'"),
}


@pytest.mark.parametrize(("shape", "settings", "kind", "words"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_pooling_says_what_is_wrong(pool, shape, settings, kind, words):
    with pytest.raises(kind, match=words):
        pool(tensor(numpy.ones(shape)), *settings)


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_pooling_refuses_integers(pool):
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        pool(tensor(numpy.ones((1, 1, 4, 4), "int64")), 2)


def test_avg_pool2d_refuses_a_divisor_of_zero():
    with pytest.raises(ValueError, match="divisor must be not zero"):
        F.avg_pool2d(tensor(numpy.ones((1, 1, 4, 4))), 2, divisor_override=0)
