"""pad: every margin is made of what it should be, and its gradient goes back to where the margin came from."""

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

IN_NUMPY = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@some.composite
def margins(draw, mode):
    """(an array of whole numbers, widths of its last axes): no wider than the mode can fill."""
    shape = tuple(draw(some.integers(1, 4)) for _ in range(draw(some.integers(1, 3))))
    axes = draw(some.integers(1, len(shape)))
    widest = {"reflect": -1, "circular": 0}.get(mode, 2)
    widths = [(0, 0)] * (len(shape) - axes)
    widths += [tuple(draw(some.integers(0, n + widest)) for _ in range(2)) for n in shape[-axes:]]
    x = numpy.random.default_rng(draw(some.integers(0, 99))).integers(-9, 9, shape).astype(float)
    return x, widths, axes


def flat(widths, axes):
    """PyTorch's order: the last axis first."""
    return [width for pair in widths[::-1][:axes] for width in pair]


@pytest.mark.parametrize("mode", IN_NUMPY)
@how(max_examples=40, deadline=None, derandomize=True)
@given(data=some.data())
def test_padding_is_numpys(mode, data):
    x, widths, axes = data.draw(margins(mode))
    padded = F.pad(tensor(x), flat(widths, axes), mode)
    numpy.testing.assert_array_equal(padded.numpy(), numpy.pad(x, widths, IN_NUMPY[mode]))


@pytest.mark.parametrize("mode", IN_NUMPY)
@how(max_examples=40, deadline=None, derandomize=True)
@given(data=some.data())
def test_the_gradient_counts_how_often_each_cell_is_shown(mode, data):
    x, widths, axes = data.draw(margins(mode))
    value = tensor(x, requires_grad=True)
    F.pad(value, flat(widths, axes), mode).sum().backward()
    if mode == "constant":
        shown = numpy.ones(x.shape)
    else:
        cells = numpy.pad(numpy.arange(x.size).reshape(x.shape), widths, IN_NUMPY[mode])
        shown = numpy.bincount(cells.reshape(-1), minlength=x.size).reshape(x.shape)
    numpy.testing.assert_array_equal(value.grad.numpy(), shown)


def test_each_mode_on_four_letters():
    line = tensor([1.0, 2.0, 3.0, 4.0])
    assert F.pad(line, (2, 2)).tolist() == [0, 0, 1, 2, 3, 4, 0, 0]
    assert F.pad(line, (2, 1), value=9).tolist() == [9, 9, 1, 2, 3, 4, 9]
    assert F.pad(line, (2, 2), "reflect").tolist() == [3, 2, 1, 2, 3, 4, 3, 2]
    assert F.pad(line, (2, 2), "replicate").tolist() == [1, 1, 1, 2, 3, 4, 4, 4]
    assert F.pad(line, (2, 2), "circular").tolist() == [3, 4, 1, 2, 3, 4, 1, 2]


@pytest.mark.parametrize("mode", IN_NUMPY)
def test_a_negative_margin_takes_away_before_the_other_side_is_filled(mode):
    line = tensor([1.0, 2.0, 3.0, 4.0])
    filled = {"constant": 0, "reflect": 3, "replicate": 4, "circular": 2}[mode]
    assert F.pad(line, (-1, 1), mode).tolist() == [2, 3, 4, filled]


def test_no_margin_is_no_copy():
    x = tensor([[1.0, 2.0]])
    assert F.pad(x, (0, 0, 0, 0)) is x
    assert F.pad(x, (0, 0), "reflect") is x


def test_whole_numbers_and_truth_values_are_padded_too():
    assert F.pad(tensor([1, 2, 3]), (1, 1), "reflect").tolist() == [2, 1, 2, 3, 2]
    assert F.pad(tensor([True]), (0, 1)).tolist() == [True, False]


BAD = {
    "mode": ((2, 3), (1, 1), {"mode": "mirror"}, "Unrecognised padding mode 'mirror': wanted 'constant', 'reflect'"),
    "value": ((2, 3), (1, 1), {"mode": "reflect", "value": 2.0}, "doesn't take in value argument"),
    "odd": ((2, 3), (1, 1, 1), {}, "wanted two numbers for each axis"),
    "too many": ((3,), (1, 1, 1, 1), {}, "for at most 1 axes of an input of shape"),
    "mirror": (
        (2, 3),
        (3, 0),
        {"mode": "reflect"},
        r"Padding size should be less .* \(3, 0\) at dimension 1 .* has 2 to",
    ),
    "mirror after": ((1, 3), (0, 0, 0, 1), {"mode": "reflect"}, r"padding \(0, 1\) at dimension 0 of input \[1, 3\]"),
    "mirror cropped": ((2, 3), (-1, 2), {"mode": "reflect"}, r"padding \(0, 2\) at dimension 1 of input \[2, 2\]"),
    "ring": ((2, 3), (0, 4), {"mode": "circular"}, "wrapping around more than once: wanted at most 3 at dimension 1"),
    "nothing to repeat": ((2, 0), (1, 0), {"mode": "replicate"}, "at least one cell to replicate at dimension 1"),
}


@pytest.mark.parametrize(("shape", "amounts", "settings", "words"), BAD.values(), ids=BAD)
def test_pad_says_what_is_wrong(shape, amounts, settings, words):
    with pytest.raises(ValueError, match=words):
        F.pad(tensor(numpy.ones(shape)), amounts, **settings)
