"""Collating: the same structure as PyTorch's default_collate, and clear errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy
import pytest

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import default_collate


class Point(NamedTuple):
    x: int
    y: float


BATCHES = {
    "integers": [3, 1, 2],
    "floats": [0.5, 1.5],
    "booleans": [True, False],
    "numpy scalars": [numpy.float32(1), numpy.float32(2)],
    "arrays": [numpy.arange(6, dtype=numpy.float32).reshape(2, 3)] * 2,
    "strings": ["a", "b"],
    "pairs": [(1, 2.0), (3, 4.0)],
    "lists": [[1, [2, 3]], [4, [5, 6]]],
    "dictionaries": [{"x": 1.0, "y": [1, 2]}, {"x": 2.0, "y": [3, 4]}],
    "named tuples": [Point(1, 2.0), Point(3, 4.0)],
}


def assert_same(ours, theirs):
    if isinstance(ours, Tensor):
        assert ours.array.dtype.name == str(theirs.dtype).removeprefix("torch.")
        numpy.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    elif isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert_same(ours[key], theirs[key])
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(theirs)
        assert hasattr(ours, "_fields") == hasattr(theirs, "_fields")
        for mine, other in zip(ours, theirs, strict=True):
            assert_same(mine, other)
    else:
        assert ours == theirs


@pytest.mark.parametrize("name", BATCHES)
def test_structure_and_dtypes_are_pytorchs(name):
    theirs = pytest.importorskip("torch.utils.data", reason="compares with PyTorch's default_collate")
    assert_same(default_collate(BATCHES[name]), theirs.default_collate(BATCHES[name]))


def test_tensors_are_stacked_along_a_new_first_axis():
    batch = default_collate([tensor([1.0, 2.0]), tensor([3.0, 4.0]), tensor([5.0, 6.0])])
    assert batch.shape == (3, 2)
    assert batch.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ([tensor([1.0]), tensor([1.0]), tensor([1.0, 2.0])], r"got \(1,\) for sample 0 and \(2,\) for sample 2"),
        ([numpy.zeros(2), numpy.zeros(3)], r"got \(2,\) for sample 0 and \(3,\) for sample 1"),
        ([(1, 2), (1,)], "samples of one length, got 2 for sample 0 and 1 for sample 1"),
        ([{"x": 1}, {"y": 1}], "samples of one keys"),
        ([], "at least one sample, got an empty list"),
    ],
)
def test_samples_that_do_not_fit_together_are_named(batch, words):
    with pytest.raises(ValueError, match=words):
        default_collate(batch)


def test_an_unknown_kind_is_named_with_the_remedy():
    with pytest.raises(TypeError, match=r"default_collate: batch must contain .* got object: .* collate_fn"):
        default_collate([object(), object()])
