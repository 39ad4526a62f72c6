"""The adding problem: what is marked, what is asked, and the losses that are said to be known."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu.datasets import AddingProblem
from tinygrad_edu.datasets.adding import BASELINE
from tinygrad_edu.utils.data import default_collate


@pytest.mark.parametrize("length", [2, 3, 7, 60])
def test_one_marker_in_each_half_and_the_sum_of_what_is_marked(length):
    data = AddingProblem(length=length, sequences=200)
    values, markers = data.sequences[..., 0], data.sequences[..., 1]
    assert data.sequences.shape == (200, length, 2)
    assert data.sequences.dtype == data.sums.dtype == numpy.float32
    assert set(numpy.unique(markers)) <= {0.0, 1.0}
    numpy.testing.assert_array_equal(markers[:, : length // 2].sum(1), 1)
    numpy.testing.assert_array_equal(markers[:, length // 2 :].sum(1), 1)
    numpy.testing.assert_allclose((values * markers).sum(1), data.sums, rtol=1e-6)


def test_every_place_gets_marked():
    assert (AddingProblem(length=10, sequences=500).sequences[..., 1].sum(0) > 50).all()


def test_the_losses_of_who_remembers_nothing_and_half():
    data = AddingProblem(sequences=100_000, length=4)
    second = data.sequences[numpy.arange(len(data)), data.marked[:, 1], 0]
    spread = 5 / numpy.sqrt(len(data))  # five standard errors, since squares here are below 1
    assert abs(((data.sums - 1) ** 2).mean() - BASELINE) < spread
    assert abs(((data.sums - second - 0.5) ** 2).mean() - BASELINE / 2) < spread
    assert round(BASELINE, 4) == 0.1667


def test_equal_seeds_equal_sequences_and_other_ones_are_held_out():
    first, again, other, held_out = (
        AddingProblem(train, sequences=5, seed=seed).sequences
        for train, seed in ((True, 1), (True, 1), (True, 2), (False, 1))
    )
    numpy.testing.assert_array_equal(first, again)
    assert not numpy.array_equal(first, other)
    assert not numpy.array_equal(first, held_out)


def test_take_is_the_samples_together():
    data = AddingProblem(sequences=9, length=5)
    for together, one_by_one in zip(data.take([4, 0, 4]), default_collate([data[4], data[0], data[4]]), strict=True):
        assert together.dtype == one_by_one.dtype
        numpy.testing.assert_array_equal(together.numpy(), one_by_one.numpy())


@pytest.mark.parametrize("wrong", [{"length": 1}, {"sequences": 0}])
def test_what_cannot_be_done(wrong):
    with pytest.raises(ValueError, match="wanted 1 sequence or more, of length 2 or more, got"):
        AddingProblem(**wrong)


def test_its_name():
    assert repr(AddingProblem(sequences=3, length=5)) == "AddingProblem(3 sequences of length 5)"
