"""Bilinear and Unflatten: how they start, what they undo, what they refuse."""

import numpy
import pytest

from tinygrad_edu import Generator, float64, nn, tensor


def test_bilinear_starts_uniform_within_one_over_the_root_of_its_first_input():
    layer = nn.Bilinear(25, 3, 200, generator=Generator().manual_seed(0))
    for parameter in layer.parameters():
        values = parameter.detach().numpy() * 5
        assert values.dtype == numpy.float32
        assert 0.95 < abs(values).max() <= 1.0
        assert abs(values.mean()) < 0.15
        assert abs(values.var() - 1 / 3) < 0.06
    again = nn.Bilinear(25, 3, 200, generator=Generator().manual_seed(0))
    assert again.weight.tolist() == layer.weight.tolist()
    assert nn.Bilinear(1, 1, 1, dtype=float64, device="cpu").bias.dtype == float64
    assert nn.Bilinear(1, 1, 1, bias=False).bias is None


def test_unflatten_undoes_flatten(rng):
    x = tensor(rng.normal(size=(2, 3, 4)))
    for size in ((3, 4), [3, -1]):
        assert nn.Unflatten(1, size)(nn.Flatten()(x)).tolist() == x.tolist()


BAD = {
    "Bilinear, first": (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be a positive integer: got 0"),
    "Bilinear, second": (lambda: nn.Bilinear(1, 1.0, 1), TypeError, "wanted in2_features to be an integer"),
    "Bilinear, third": (lambda: nn.Bilinear(1, 1, -1), ValueError, "out_features must be a positive integer"),
    "Unflatten, number": (lambda: nn.Unflatten(1, 4), TypeError, "must be a tuple of ints, but found type int"),
    "Unflatten, parts": (lambda: nn.Unflatten(1, (2, 2.0)), TypeError, "found element of type float at pos 1"),
    "Unflatten, sizes": (lambda: nn.Unflatten(1, (2, 2))(tensor(numpy.ones((2, 5)))), ValueError, "5"),
    "Unflatten, axis": (lambda: nn.Unflatten(2, (2, 2))(tensor(numpy.ones((2, 4)))), IndexError, "out of range"),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
