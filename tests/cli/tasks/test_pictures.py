"""Pictures as a task: gray ones become the size and the channels that the reference CNN wants."""

from __future__ import annotations

import numpy

from tinygrad_edu.cli.tasks.pictures import in_color
from tinygrad_edu.datasets import PictureDataset


def test_grey_pictures_get_a_border_and_three_equal_channels():
    pixels = numpy.random.default_rng(0).integers(1, 256, (2, 1, 28, 28), dtype=numpy.uint8)
    colored = in_color(PictureDataset(pixels, numpy.array([0, 1]), ["a", "b"]))
    assert colored.data.shape == (2, 3, 32, 32)
    for channel in range(3):
        numpy.testing.assert_array_equal(colored.data[:, channel, 2:30, 2:30], pixels[:, 0])
    assert int((colored.data == 0).sum()) == 2 * 3 * (32 * 32 - 28 * 28)
    assert colored.classes == ["a", "b"]
