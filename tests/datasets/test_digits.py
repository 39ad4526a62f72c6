"""Digits: the construction keeps what its description promises."""

from __future__ import annotations

import numpy
import pytest

pytest.importorskip("sklearn", reason="the handwriting comes with scikit-learn")

from tinygrad_edu.datasets import Digits, digits


@pytest.fixture(scope="module")
def held_out() -> Digits:
    return Digits(train=False, copies=1)


def test_sizes_types_and_classes(held_out):
    train = Digits(copies=1)
    assert (len(train), len(held_out), len(Digits(train=False))) == (1437, 360, 4 * 360)
    assert held_out.data.shape == (360, 3, 32, 32)
    assert held_out.data.dtype == numpy.uint8
    assert held_out.classes == list("0123456789")
    picture, label = held_out[0]
    assert picture.shape == (3, 32, 32)
    assert picture.dtype == numpy.float32
    assert -1 <= picture.numpy().min() < picture.numpy().max() <= 1
    assert type(label) is int
    for data in (train, held_out):  # every digit occurs about equally often
        assert numpy.bincount(data.targets).min() > 0.07 * len(data)


def test_no_original_is_on_both_sides():
    from sklearn.datasets import load_digits

    (train, train_labels), (held_out, held_out_labels) = (digits.original_digits(side) for side in (True, False))
    together = numpy.concatenate([train, held_out]).reshape(1797, 64)
    originals = load_digits()
    assert sorted(map(tuple, together)) == sorted(map(tuple, originals.data))  # each is used, none twice
    label_of = {tuple(image): label for image, label in zip(originals.data, originals.target, strict=True)}
    labels = [*train_labels, *held_out_labels]
    assert all(label_of[tuple(image)] == label for image, label in zip(together, labels, strict=True))


def test_equal_seeds_give_equal_pictures(held_out):
    numpy.testing.assert_array_equal(Digits(train=False, copies=1).data, held_out.data)
    other = Digits(train=False, copies=1, seed=1)
    numpy.testing.assert_array_equal(other.targets, held_out.targets)  # the split does not depend on the seed
    assert (other.data != held_out.data).mean() > 0.9


def test_copies_are_drawn_anew(held_out):
    twice = Digits(train=False, copies=2)
    numpy.testing.assert_array_equal(twice.data[:360], held_out.data)
    numpy.testing.assert_array_equal(twice.targets[:360], twice.targets[360:])
    assert (twice.data[:360] != twice.data[360:]).mean() > 0.9
    with pytest.raises(ValueError, match="copies of 1 or more, got 0"):
        Digits(copies=0)


def test_ink_and_paper_contrast_in_every_picture(held_out):
    brightness = numpy.einsum("nchw,c->nhw", held_out.data / 255, digits.LUMINANCE)
    darkest, lightest = brightness.min(axis=(1, 2)), brightness.max(axis=(1, 2))
    assert darkest.max() <= 0.25 + 0.01
    assert lightest.min() >= 0.7 - 0.01


def test_light_ink_and_dark_ink_are_equally_common(held_out):
    corners = held_out.data[:, :, [0, 0, 31, 31], [0, 31, 0, 31]].mean(axis=2) @ digits.LUMINANCE / 255
    assert 0.4 < (corners < 0.5).mean() < 0.6


def test_colors_keep_their_brightness():
    random = numpy.random.default_rng(0)
    dark, light = digits.dark_color(random, 1000), digits.light_color(random, 1000)
    for colors in (dark, light):
        assert colors.min() >= 0
        assert colors.max() <= 1
        assert colors.std(axis=0).min() > 0.05  # many hues
    assert (dark @ digits.LUMINANCE).max() <= 0.25 + 1e-9
    assert (light @ digits.LUMINANCE).min() >= 0.7 - 1e-9
    numpy.testing.assert_allclose(
        digits.pure_hue(numpy.array([0, 1 / 6, 1 / 3, 2 / 3])), [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]], atol=1e-12
    )


def test_interpolation_is_exact_for_what_it_should_be():
    margin, scale = numpy.array([0.0, 1.25]), numpy.array([4.0, 3.5])
    weights = digits.interpolation(margin, scale)
    assert weights.shape == (2, 32, 8)
    inside = slice(6, 26)  # two counts away from either edge all weights are there
    numpy.testing.assert_allclose(weights[0, inside].sum(axis=1), 1)
    place = (numpy.arange(32) + 0.5) / 4 - 0.5
    for power in (1, 2):  # Keys' cubic reproduces straight lines and parabolas
        numpy.testing.assert_allclose(
            (weights[0] @ numpy.arange(8.0) ** power)[inside], place[inside] ** power, atol=1e-12
        )
    outside = numpy.abs((numpy.arange(32) + 0.5 - 1.25) / 3.5 - 4) > 6
    assert numpy.all(weights[1, outside] == 0)


def test_an_enlarged_digit_is_where_it_was_placed():
    counts = numpy.zeros((64, 8, 8))
    counts[:, 2:6, 2:6] = 16
    pictures = digits.draw_digits(counts, numpy.random.default_rng(0)).astype(float)
    random = numpy.random.default_rng(0)
    scale = random.uniform(digits.SMALLEST, digits.LARGEST, 64)
    top, left = random.uniform(0, 32 - 8 * scale, (2, 64))
    ink = numpy.abs(pictures - pictures[:, :, :1, :1]).sum(axis=1)
    ink /= ink.sum(axis=(1, 2), keepdims=True)
    rows, columns = (ink.sum(axis=axis) @ (numpy.arange(32) + 0.5) for axis in (2, 1))
    numpy.testing.assert_allclose(rows, top + 4 * scale, atol=0.1)
    numpy.testing.assert_allclose(columns, left + 4 * scale, atol=0.1)


def test_counts_out_of_range_are_refused():
    random = numpy.random.default_rng(0)
    for wrong in (numpy.full((1, 8, 8), 17.0), numpy.full((1, 8, 8), numpy.nan), numpy.zeros((8, 8))):
        with pytest.raises(ValueError, match=r"counts of ink of shape \(N, 8, 8\) from 0 to 16"):
            digits.draw_digits(wrong, random)
