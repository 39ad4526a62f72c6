"""Data sets: samples by number, and parts of data sets."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.backend import Generator
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import ConcatDataset, Dataset, Subset, TensorDataset, default_collate, random_split
from tinygrad_edu.utils.data.dataset import take_batch


def squares(size: int) -> TensorDataset:
    numbers = numpy.arange(size)
    return TensorDataset(tensor(numbers), tensor(numbers**2))


def test_tensor_dataset_takes_its_tensors_apart_along_the_first_axis():
    data = squares(5)
    assert len(data) == 5
    number, square = data[3]
    assert (number.item(), square.item()) == (3, 9)
    assert [number.item() for number, _ in data] == [0, 1, 2, 3, 4]  # iterating ends at the end


def test_tensor_dataset_batches_equal_collated_samples():
    data, indices = squares(9), [4, 4, 0, 8]
    for fast, slow in zip(data.take(indices), default_collate([data[index] for index in indices]), strict=True):
        numpy.testing.assert_array_equal(fast.numpy(), slow.numpy())
        assert fast.dtype == slow.dtype


def test_tensor_dataset_on_every_device(device):
    data = TensorDataset(tensor([[1.0], [2.0], [3.0]], device=device))
    (batch,) = data.take([2, 0])
    assert batch.device == data.tensors[0].device
    assert batch.tolist() == [[3.0], [1.0]]


def test_tensor_dataset_names_what_does_not_fit():
    with pytest.raises(ValueError, match=r"Size mismatch between tensors: .* got shapes \[\(2,\), \(3,\)\]"):
        TensorDataset(tensor([1, 2]), tensor([1, 2, 3]))
    with pytest.raises(ValueError, match="one or more tensors"):
        TensorDataset()
    with pytest.raises(ValueError, match="Size mismatch"):
        TensorDataset(tensor(1.0))
    with pytest.raises(TypeError, match=r"got ndarray as argument 1: wrap it with tensor"):
        TensorDataset(tensor([1]), numpy.zeros(1))


def test_subset_looks_through_its_indices():
    part = Subset(squares(6), [5, 1])
    assert len(part) == 2
    assert part[0][1].item() == 25
    assert part.take([1, 0])[1].tolist() == [1, 25]
    assert Subset(part, [1])[0][1].item() == 1


def test_concatenation_counts_through():
    data = squares(2) + squares(3) + squares(1)
    assert isinstance(data, ConcatDataset)
    assert [data[index][0].item() for index in range(len(data))] == [0, 1, 0, 1, 2, 0]
    assert data[-1][0].item() == 0
    assert data[-2][0].item() == 2
    for index in (6, -7):
        with pytest.raises(IndexError, match=f"index {index} is out of range for a ConcatDataset of 6"):
            data[index]
    with pytest.raises(ValueError, match="one or more data sets"):
        ConcatDataset([])


@given(
    size=some.integers(1, 60),
    weights=some.lists(some.integers(1, 9), min_size=1, max_size=5),
    seed=some.integers(0, 99),
)
def test_random_split_by_fractions_shares_no_sample_and_loses_none(size, weights, seed):
    fractions = [weight / sum(weights) for weight in weights]
    parts = random_split(list(range(size)), fractions, Generator().manual_seed(seed))
    assert sorted(index for part in parts for index in part.indices) == list(range(size))
    for part, fraction in zip(parts, fractions, strict=True):
        assert 0 <= len(part) - int(size * fraction) <= 1


def test_random_split_lengths_are_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch's random_split")
    for size, lengths in [(10, [7, 3]), (10, [0.5, 0.25, 0.25]), (11, [0.3, 0.3, 0.4]), (7, [1.0])]:
        theirs = torch.utils.data.random_split(list(range(size)), lengths)
        assert [len(part) for part in random_split(list(range(size)), lengths)] == [len(part) for part in theirs]


def test_random_split_is_repeatable_and_random():
    first, again, other = (random_split(range(100), [50, 50], Generator().manual_seed(seed))[0] for seed in (1, 1, 2))
    assert list(first) == list(again)
    assert list(first) != list(other)
    assert list(first) != list(range(50))


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.4], [11, -1], [9.5, 0.5], []])
def test_random_split_wants_lengths_that_add_up(lengths):
    with pytest.raises(ValueError, match=r"Sum of input lengths does not equal .* add up to 10"):
        random_split(range(10), lengths)


class Doubled(TensorDataset):
    def __getitem__(self, index):
        return tuple(2 * value for value in super().__getitem__(index))


def test_a_subclass_that_changes_its_samples_changes_its_batches():
    changed = Doubled(tensor([1, 2, 3]))
    assert take_batch(changed, [0, 2])[0].tolist() == [2, 6]
    assert take_batch(Subset(changed, [2, 1]), [0])[0].tolist() == [6]


def test_a_data_set_without_its_methods_says_which():
    with pytest.raises(NotImplementedError, match=r"Dataset wants a method __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match=r"Dataset wants a method __len__"):
        len(Dataset())
