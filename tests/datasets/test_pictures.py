"""Picture data sets: bytes inside, numbers around zero outside."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu.datasets import PictureDataset, bytes_to_floats, floats_to_bytes
from tinygrad_edu.utils.data import DataLoader, default_collate


def some_pictures(**settings) -> PictureDataset:
    random = numpy.random.default_rng(0)
    return PictureDataset(random.integers(0, 256, (6, 3, 4, 5), dtype=numpy.uint8), range(6), "abcdef", **settings)


def test_bytes_fill_the_range_and_come_back():
    every = numpy.arange(256, dtype=numpy.uint8)
    floats = bytes_to_floats(every)
    assert floats.dtype == numpy.float32
    assert (floats[0], floats[255]) == (-1, 1)
    numpy.testing.assert_allclose(floats, every / 127.5 - 1, atol=1e-7)
    numpy.testing.assert_array_equal(floats_to_bytes(floats), every)
    assert floats_to_bytes(numpy.array([-2.0, 2.0])).tolist() == [0, 255]


def test_batches_equal_collated_samples():
    data, indices = some_pictures(), [5, 0, 0]
    for fast, slow in zip(data.take(indices), default_collate([data[index] for index in indices]), strict=True):
        numpy.testing.assert_array_equal(fast.numpy(), slow.numpy())
        assert fast.dtype == slow.dtype


def test_transforms_are_applied_to_samples_and_to_batches():
    data = some_pictures(transform=lambda picture: picture * 2, target_transform=lambda label: -label)
    plain = some_pictures()
    numpy.testing.assert_array_equal(data[3][0].numpy(), 2 * plain[3][0].numpy())
    assert data[3][1] == -3
    (pictures, labels), *_ = DataLoader(data, batch_size=2)
    numpy.testing.assert_array_equal(pictures.numpy(), 2 * bytes_to_floats(plain.data[:2]))
    assert labels.tolist() == [0, -1]


def test_a_sample_does_not_share_the_data_sets_memory():
    data = some_pictures()
    data[0][0].fill_(0.5)
    assert data[0][0].tolist() != [0.5]
    numpy.testing.assert_array_equal(data.data, some_pictures().data)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"uint8 and shape \(N, C, H, W\).* got pictures of type float64"):
        PictureDataset(numpy.zeros((2, 3, 4, 4)), [0, 1], "ab")
    with pytest.raises(ValueError, match=r"labels of shape \(3,\)"):
        PictureDataset(numpy.zeros((2, 3, 4, 4), numpy.uint8), [0, 1, 1], "ab")


def test_it_can_be_printed():
    assert repr(some_pictures()) == "PictureDataset(6 pictures of 3 x 4 x 5, 6 classes)"
