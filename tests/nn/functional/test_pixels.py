"""pixel_shuffle and pixel_unshuffle: the same numbers in another order, there and back."""

import itertools

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F


@pytest.mark.parametrize(("shape", "r"), [((2, 8, 2, 3), 2), ((9, 1, 2), 3), ((1, 2, 4, 1, 1), 1)])
def test_every_pixel_comes_from_its_channel(shape, r):
    x = numpy.arange(numpy.prod(shape), dtype=float).reshape(shape)
    y = F.pixel_shuffle(tensor(x), r).numpy()
    *batch, channels, high, wide = shape
    assert y.shape == (*batch, channels // r**2, high * r, wide * r)
    for c, i, j, u, v in itertools.product(range(channels // r**2), range(high), range(wide), range(r), range(r)):
        numpy.testing.assert_array_equal(y[..., c, r * i + u, r * j + v], x[..., c * r**2 + u * r + v, i, j])
    numpy.testing.assert_array_equal(F.pixel_unshuffle(tensor(y), r).numpy(), x)


BAD = {
    "channels": (F.pixel_shuffle, (1, 6, 2, 2), 2, ValueError, r"input.size\(-3\)=6 is not divisible by 4"),
    "axes": (F.pixel_shuffle, (4, 4), 2, ValueError, "at least 3 dimensions"),
    "factor": (F.pixel_shuffle, (1, 4, 2, 2), 0, ValueError, "non-positive upscale_factor is not supported"),
    "kind": (F.pixel_unshuffle, (1, 4, 2, 2), 2.0, TypeError, "wanted downscale_factor to be an integer"),
    "height": (F.pixel_unshuffle, (1, 1, 3, 4), 2, ValueError, "divisible by downscale_factor, but got 3 x 4 and"),
}


@pytest.mark.parametrize(("function", "shape", "factor", "kind", "words"), BAD.values(), ids=BAD)
def test_they_say_what_is_wrong(function, shape, factor, kind, words):
    with pytest.raises(kind, match=words):
        function(tensor(numpy.ones(shape)), factor)
