"""Pooling against loops over its windows, and against PyTorch."""

import itertools
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

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


@some.composite
def poolings(draw, dilations=1):
    """(x with many equal numbers, kernel, settings that fit one another) for one or two axes."""
    axes = draw(some.integers(1, 2))
    several = lambda low, high: tuple(draw(some.integers(low, high)) for _ in range(axes))  # noqa: E731
    kernel, stride, dilation = several(1, 4), several(1, 4), several(1, dilations)
    span = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = tuple(draw(some.integers(0, k // 2)) for k in kernel)
    lengths = [max(cells - 2 * p, 1) + more for cells, p, more in zip(span, padding, several(0, 4), strict=True)]
    rng = numpy.random.default_rng(draw(some.integers(0, 99)))
    x = rng.integers(-3, 4, (draw(some.integers(1, 2)), 2, *lengths)).astype(float)
    settings = {"stride": stride, "padding": padding, "ceil_mode": draw(some.booleans())}
    return x, kernel, settings if dilations == 1 else {**settings, "dilation": dilation}


def steps_of(length, span, stride, padding, ceil_mode):
    """Where each patch begins, counted from the first cell: while it fits or, rounding up, while something is left."""
    starts = itertools.count(-padding, stride)
    last = length + padding - (1 if ceil_mode else span)
    found = list(itertools.takewhile(lambda start: start <= last, starts))
    while ceil_mode and len(found) > 1 and (found[-1] >= length or found[-2] + span >= length + padding):
        found.pop()
    return found


def patches_of(x, kernel, stride, padding, ceil_mode, dilation=(1, 1)):
    """(place, the rows and columns of x in its patch, how many cells of x and its padding it covers), for all."""
    sizes = list(zip(x.shape[2:], kernel, padding, dilation))
    axes = [steps_of(n, d * (k - 1) + 1, s, p, ceil_mode) for (n, k, p, d), s in zip(sizes, stride, strict=True)]
    for place in itertools.product(*(range(len(starts)) for starts in axes)):
        begin = [starts[i] for starts, i in zip(axes, place, strict=True)]
        reached = [range(b, b + d * (k - 1) + 1, d) for b, (_, k, _, d) in zip(begin, sizes, strict=True)]
        inside = [[i for i in cells if 0 <= i < n] for cells, (n, *_) in zip(reached, sizes, strict=True)]
        covered = [sum(-p <= i < n + p for i in cells) for cells, (n, _, p, _) in zip(reached, sizes, strict=True)]
        yield place, numpy.ix_(*inside), math.prod(covered)


@how(max_examples=200, deadline=None, derandomize=True)
@given(poolings(dilations=3))
def test_max_pooling_by_loops_with_the_places_of_the_largest(drawn):
    x, kernel, settings = drawn
    pool = {3: F.max_pool1d, 4: F.max_pool2d}[x.ndim]
    values, where = (out.numpy() for out in pool(tensor(x), kernel, return_indices=True, **settings))
    numpy.testing.assert_array_equal(pool(tensor(x), kernel, **settings).numpy(), values)
    positions = numpy.arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    seen = 0
    for place, inside, _ in patches_of(x, kernel, **settings):
        for n, c in itertools.product(*map(range, x.shape[:2])):
            cells = x[n, c][inside]
            assert values[n, c][place] == cells.max(initial=-math.inf)
            if cells.size:
                assert where[n, c][place] == positions[inside].reshape(-1)[cells.argmax()]
            seen += 1
    assert seen == values.size
    assert where.dtype == numpy.int64


@how(max_examples=200, deadline=None, derandomize=True)
@given(poolings(dilations=3))
def test_each_cell_gets_as_many_gradients_as_patches_have_chosen_it(drawn):
    x, kernel, settings = drawn
    image = tensor(x, requires_grad=True)
    pool = {3: F.max_pool1d, 4: F.max_pool2d}[x.ndim]
    values, where = pool(image, kernel, return_indices=True, **settings)
    values.sum().backward()
    wanted = numpy.zeros((x.shape[0] * x.shape[1], math.prod(x.shape[2:])))
    for plane, largest, chosen in zip(wanted, by_plane(values), by_plane(where), strict=True):
        numpy.add.at(plane, chosen[largest > -math.inf], 1)
    numpy.testing.assert_array_equal(image.grad.numpy(), wanted.reshape(x.shape))


def by_plane(planes):
    """(N, C, ...) -> (N·C, ...): one row for each plane"""
    return planes.detach().numpy().reshape(planes.shape[0] * planes.shape[1], -1)


@how(max_examples=200, deadline=None, derandomize=True)
@given(poolings(), some.booleans())
def test_average_pooling_by_loops(drawn, counted):
    x, kernel, settings = drawn
    pool = {3: F.avg_pool1d, 4: F.avg_pool2d}[x.ndim]
    means = pool(tensor(x), kernel, count_include_pad=counted, **settings).numpy()
    seen = 0
    for place, inside, covered in patches_of(x, kernel, **settings):
        cells = x[(..., *inside)].reshape(*x.shape[:2], -1)
        wanted = cells.sum(-1) / (covered if counted else cells.shape[-1])
        numpy.testing.assert_allclose(means[(..., *place)], wanted, rtol=1e-12, atol=1e-14)
        seen += 1
    assert seen == math.prod(means.shape[2:])


def test_pooling_a_line_is_pooling_an_image_one_cell_high():
    x = numpy.random.default_rng(3).normal(size=(2, 3, 9))
    for line, image in ((F.max_pool1d, F.max_pool2d), (F.avg_pool1d, F.avg_pool2d)):
        wanted = image(tensor(x).unsqueeze(2), (1, 3), (1, 2), (0, 1)).numpy()[:, :, 0]
        numpy.testing.assert_array_equal(line(tensor(x), 3, 2, 1).numpy(), wanted)


def test_the_largest_are_the_cells_at_the_returned_places():
    x = numpy.random.default_rng(4).normal(size=(2, 3, 7, 6))
    values, where = F.max_pool2d(tensor(x), 3, 2, 1, return_indices=True)
    flat = numpy.take_along_axis(x.reshape(2, 3, -1), where.numpy().reshape(2, 3, -1), axis=-1)
    numpy.testing.assert_array_equal(values.numpy().reshape(2, 3, -1), flat)


def test_where_all_is_minus_infinity_a_cell_inside_is_chosen_not_the_padding():
    x = tensor(numpy.full((1, 1, 3), -math.inf), requires_grad=True)
    values, where = F.max_pool1d(x, 3, 2, 1, return_indices=True)
    assert where.tolist() == [[[0, 1]]]
    values.sum().backward()
    assert x.grad.tolist() == [[[1.0, 1.0, 0.0]]]


def test_a_patch_that_misses_the_image_through_its_gaps_is_minus_infinity():
    out = F.max_pool1d(tensor(numpy.ones((1, 1, 2))), 2, 1, 1, dilation=3)
    assert out.tolist() == [[[-math.inf]]]


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_an_empty_batch_is_pooled_to_an_empty_batch(pool):
    x = tensor(numpy.zeros((0, 2, 4, 4)), requires_grad=True)
    y = pool(x, 2)
    assert y.shape == (0, 2, 2, 2)
    y.sum().backward()
    assert x.grad.shape == x.shape


def test_pooling_does_not_wait_for_the_device():
    from tinygrad_edu.backend.strict import counters

    x = tensor(numpy.random.default_rng(5).normal(size=(2, 2, 5, 5)), device="strict", requires_grad=True)
    before = counters.synchronizations
    for pool in (F.max_pool2d, F.avg_pool2d):
        pool(x, 3, 2, 1, ceil_mode=True).sum().backward()
    F.adaptive_max_pool2d(x, 3).sum().backward()
    F.interpolate(x, 7, mode="bilinear").sum().backward()
    assert counters.synchronizations == before


BAD = {
    "dimensions": ((4, 4), (2,), ValueError, r"non-empty 3D or 4D \(batch mode\) tensor expected for input"),
    "too large": ((1, 1, 2, 2), (3,), ValueError, "Kernel size can't be greater than actual input size"),
    "pad": ((1, 1, 8, 8), (2, 2, 2), ValueError, "pad should be at most half of kernel size"),
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


def test_pooling_a_line_says_what_is_wrong():
    for pool in (F.max_pool1d, F.avg_pool1d):
        with pytest.raises(ValueError, match=r"2D or 3D \(batch mode\) tensor expected for input: wanted \(N, C, L\)"):
            pool(tensor(numpy.ones((1, 1, 4, 4))), 2)
        with pytest.raises(ValueError, match=r"padded input size per channel: \(2\). Kernel size: \(3\)"):
            pool(tensor(numpy.ones((1, 1, 2))), 3)
        with pytest.raises(TypeError, match="wanted stride to be an integer or a tuple of 1 integer"):
            pool(tensor(numpy.ones((1, 1, 4))), 2, (1, 1))
