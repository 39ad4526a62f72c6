"""interpolate against a loop over its formula, exactly where the formula is exact."""

import itertools
import math
from fractions import Fraction

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

lengths = some.integers(1, 7)


def places(length, count, mode, corners=False):
    """Where cell i of the result reads: (lower cell, upper cell, share of the upper one), as exact fractions."""
    ratio = Fraction(length, count)
    for i in range(count):
        if mode.startswith("nearest"):
            cell = math.floor((i + (Fraction(1, 2) if mode == "nearest-exact" else 0)) * ratio)
            yield min(cell, length - 1), 0, Fraction(0)
            continue
        place = (
            Fraction(i * (length - 1), max(count - 1, 1)) if corners else (i + Fraction(1, 2)) * ratio - Fraction(1, 2)
        )
        low = math.floor(max(place, 0))
        yield low, min(low + 1, length - 1), max(place, 0) - low


def by_loops(x, sizes, mode, corners=False):
    """The product of the formula along each axis, one cell at a time."""
    out = numpy.zeros((*x.shape[:2], *sizes))
    along = [list(places(n, count, mode, corners)) for n, count in zip(x.shape[2:], sizes, strict=True)]
    for place in itertools.product(*map(range, sizes)):
        ends = [((low, 1 - t), (high, t)) for low, high, t in (axis[i] for axis, i in zip(along, place, strict=True))]
        for corner in itertools.product(*ends):
            cells = tuple(cell for cell, _ in corner)
            out[(..., *place)] += float(math.prod(share for _, share in corner)) * x[(..., *cells)]
    return out


def image(draw, axes):
    rng = numpy.random.default_rng(draw(some.integers(0, 99)))
    return rng.normal(size=(2, 1, *(draw(lengths) for _ in range(axes)))), tuple(draw(lengths) for _ in range(axes))


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@how(max_examples=60, deadline=None, derandomize=True)
@given(data=some.data())
def test_the_nearest_cell(mode, data):
    x, sizes = image(data.draw, data.draw(some.integers(1, 3)))
    numpy.testing.assert_array_equal(F.interpolate(tensor(x), sizes, mode=mode).numpy(), by_loops(x, sizes, mode))


@pytest.mark.parametrize("corners", [False, True])
@how(max_examples=60, deadline=None, derandomize=True)
@given(data=some.data())
def test_the_line_between_two_cells(corners, data):
    axes = data.draw(some.integers(1, 3))
    mode = ("linear", "bilinear", "trilinear")[axes - 1]
    x, sizes = image(data.draw, axes)
    y = F.interpolate(tensor(x), sizes, mode=mode, align_corners=corners).numpy()
    numpy.testing.assert_allclose(y, by_loops(x, sizes, mode, corners), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_the_nearest_cell_is_exact_in_sizes_where_rounding_would_miss_it(mode):
    for length, count in itertools.product(range(1, 30), range(1, 99, 2)):
        cells = F.interpolate(tensor(numpy.arange(float(length))[None, None]), count, mode=mode).tolist()[0][0]
        assert cells == [low for low, _, _ in places(length, count, mode)], (length, count)


def test_twice_the_size_repeats_every_cell_and_its_gradient_adds_up():
    x = tensor([[[1.0, 2.0, 3.0]]], requires_grad=True)
    y = F.interpolate(x, scale_factor=2)
    assert y.tolist() == [[[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]]]
    (y * tensor([1.0, 10.0, 2.0, 20.0, 3.0, 30.0])).sum().backward()
    assert x.grad.tolist() == [[[11.0, 22.0, 33.0]]]


def test_a_straight_line_stays_straight_between_its_aligned_corners():
    x = tensor(numpy.arange(5.0)[None, None])
    y = F.interpolate(x, 9, mode="linear", align_corners=True)
    numpy.testing.assert_allclose(y.numpy()[0, 0], numpy.arange(0, 4.5, 0.5), rtol=1e-12)
    back = F.interpolate(y, 5, mode="linear", align_corners=True)
    numpy.testing.assert_allclose(back.numpy(), x.numpy(), rtol=1e-12)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "area"])
def test_to_its_own_size_nothing_changes(mode):
    x = numpy.random.default_rng(0).normal(size=(1, 2, 4, 5))
    numpy.testing.assert_array_equal(F.interpolate(tensor(x), (4, 5), mode=mode).numpy(), x)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "area"])
def test_what_is_constant_stays_constant(mode):
    y = F.interpolate(tensor(numpy.full((1, 1, 3, 5), 2.5)), (7, 2), mode=mode)
    numpy.testing.assert_allclose(y.numpy(), 2.5, rtol=1e-14)


def test_a_scale_is_used_as_it_is_unless_it_is_to_be_computed_again():
    """5 · 1.5 = 7.5 is rounded down to 7 cells: one of them is 1/1.5 cells of the input, or 5/7."""
    x = tensor(numpy.arange(5.0)[None, None])
    used, again = (F.interpolate(x, scale_factor=1.5, mode="linear", recompute_scale_factor=r) for r in (False, True))
    middles = numpy.arange(7) + 0.5
    numpy.testing.assert_allclose(used.numpy()[0, 0], (middles / 1.5 - 0.5).clip(0, 4), rtol=1e-12)
    numpy.testing.assert_allclose(again.numpy()[0, 0], (middles * 5 / 7 - 0.5).clip(0, 4), rtol=1e-12)


def test_an_axis_that_keeps_its_length_is_left_as_it_is_and_nearest_repeats_one_that_doubles():
    x = tensor([[[1.0, 2.0, 3.0]]])
    for mode in ("nearest", "linear"):
        assert F.interpolate(x, scale_factor=1.3, mode=mode).tolist() == x.tolist()
    assert F.interpolate(x, scale_factor=2.3).tolist() == [[[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]]]


def test_each_axis_may_have_a_scale_of_its_own():
    assert F.interpolate(tensor(numpy.ones((1, 1, 4, 6))), scale_factor=(2, 0.5)).shape == (1, 1, 8, 3)


def test_not_a_number_stays_where_it_is_read():
    x = tensor([[[1.0, math.nan, 3.0, 4.0]]])
    assert str(F.interpolate(x, 2).tolist()) == "[[[1.0, 3.0]]]"
    on_lines = F.interpolate(x, 8, mode="linear").numpy()[0, 0]  # the first cell is 1 · 1 + 0 · NaN
    numpy.testing.assert_array_equal(on_lines, [*[math.nan] * 5, 3.25, 3.75, 4.0])


def test_interpolation_keeps_float32_and_an_empty_batch():
    x = tensor(numpy.ones((1, 1, 3, 3), "float32"))
    for mode in ("nearest", "bilinear", "area"):
        assert F.interpolate(x, 5, mode=mode).dtype == numpy.float32
        assert F.interpolate(tensor(numpy.ones((0, 2, 3, 3))), 5, mode=mode).shape == (0, 2, 5, 5)


IMAGE = (1, 1, 4, 4)
BAD = {
    "neither": (IMAGE, {}, "either size or scale_factor should be defined"),
    "both": (IMAGE, {"size": 2, "scale_factor": 2}, "only one of size or scale_factor should be defined: got size=2"),
    "sizes": (IMAGE, {"size": (2, 2, 2)}, "same number of spatial dimensions, .* output size of"),
    "factors": (IMAGE, {"scale_factor": (2.0,)}, "same number of spatial dimensions, .* scale_factor of"),
    "zero": (IMAGE, {"size": 0}, r"should be greater than 0, but got input \(4, 4\) and output \(0, 0\)"),
    "too small": (IMAGE, {"scale_factor": 0.2}, "should be greater than 0"),
    "no scale": (IMAGE, {"scale_factor": 0.0}, "should be greater than 0"),
    "empty": ((1, 1, 0, 4), {"size": 2}, "should be greater than 0"),
    "again": (IMAGE, {"size": 2, "recompute_scale_factor": True}, "not meaningful with an explicit size"),
    "mode": (IMAGE, {"size": 2, "mode": "bicubic"}, "wanted mode as one of 'nearest', .* got 'bicubic'"),
    "mode of a line": (
        IMAGE,
        {"size": 2, "mode": "linear"},
        "Got 4D input, but linear mode needs 3D .* mode='bilinear'",
    ),
    "corners": (
        IMAGE,
        {"size": 2, "align_corners": False},
        "align_corners option can only be set with the interpolating",
    ),
    "axes": ((4, 4), {"size": 2}, r"Only 3D, 4D and 5D input Tensors supported \(got 2D\)"),
    "antialias": (IMAGE, {"size": 2, "mode": "bilinear", "antialias": True}, "antialias=True is not supported here"),
}


@pytest.mark.parametrize(("shape", "settings", "words"), BAD.values(), ids=BAD)
def test_interpolate_says_what_is_wrong(shape, settings, words):
    with pytest.raises(ValueError, match=words):
        F.interpolate(tensor(numpy.ones(shape)), **settings)


def test_integers_are_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        F.interpolate(tensor(numpy.ones(IMAGE, "int64")), 2)
    with pytest.raises(TypeError, match="wanted size to be an integer or a pair of integers"):
        F.interpolate(tensor(numpy.ones(IMAGE)), 2.5)
