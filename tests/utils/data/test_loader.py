"""The loader: data set, order and collating put together."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.backend import Generator, manual_seed
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import BatchSampler, DataLoader, Dataset, Subset, TensorDataset


def numbered(size: int) -> TensorDataset:
    numbers = numpy.arange(size)
    return TensorDataset(tensor(numbers[:, None].astype(numpy.float32)), tensor(numbers))


class Letters(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return {"letter": "abcde"[index], "place": index}


@given(size=some.integers(1, 30), batch_size=some.integers(1, 12), shuffle=some.booleans(), drop_last=some.booleans())
def test_every_sample_comes_once_with_its_label(size, batch_size, shuffle, drop_last):
    if drop_last and size < batch_size:
        with pytest.raises(ValueError, match="wants at least one batch, got none: drop_last=True"):
            DataLoader(numbered(size), batch_size, shuffle, drop_last=drop_last)
        return
    loader = DataLoader(numbered(size), batch_size, shuffle, drop_last=drop_last, generator=Generator().manual_seed(0))
    batches = list(loader)
    assert len(loader) == len(batches) == (size // batch_size if drop_last else -(-size // batch_size))
    for pictures, labels in batches:
        assert pictures.shape == (len(labels), 1)
        assert pictures.dtype == numpy.float32
        assert labels.dtype == numpy.int64
        assert pictures.numpy()[:, 0].tolist() == labels.tolist()
    seen = [label for _, labels in batches for label in labels.tolist()]
    kept = size - size % batch_size if drop_last else size
    assert len(set(seen)) == len(seen) == kept
    if not shuffle:
        assert seen == list(range(kept))


def order(loader: DataLoader) -> list[int]:
    return [label for _, labels in loader for label in labels.tolist()]


def test_the_same_seed_gives_the_same_order():
    loaders = [DataLoader(numbered(40), 7, shuffle=True, generator=Generator().manual_seed(1)) for _ in range(2)]
    first, again = (order(loader) for loader in loaders)
    assert first == again
    assert order(loaders[0]) != first  # each epoch has its own order
    assert order(loaders[1]) != first
    manual_seed(2)
    first = order(DataLoader(numbered(40), shuffle=True))
    manual_seed(2)
    assert order(DataLoader(numbered(40), shuffle=True)) == first


def test_pinned_memory_and_lasting_workers_change_nothing():
    plain, other = (
        order(DataLoader(numbered(20), 3, True, generator=Generator().manual_seed(1), **settings))
        for settings in ({}, {"num_workers": 2, "pin_memory": True, "persistent_workers": True})
    )
    assert plain == other


def test_any_sequence_is_a_data_set():
    assert [batch.tolist() for batch in DataLoader([1, 2, 3], batch_size=2)] == [[1, 2], [3]]
    (batch,) = DataLoader(Letters(), batch_size=5)
    assert batch["letter"] == list("abcde")
    assert batch["place"].tolist() == [0, 1, 2, 3, 4]


def test_collate_fn_gets_the_samples():
    loader = DataLoader(numbered(4), batch_size=2, collate_fn=lambda samples: [label.item() for _, label in samples])
    assert list(loader) == [[0, 1], [2, 3]]


def test_own_order():
    assert order(DataLoader(numbered(5), 2, sampler=[4, 0, 4])) == [4, 0, 4]
    assert [labels.tolist() for _, labels in DataLoader(numbered(5), batch_sampler=[[1, 2], [0]])] == [[1, 2], [0]]
    loader = DataLoader(numbered(5), batch_sampler=BatchSampler([3, 1, 2], 2, True))
    assert order(loader) == [3, 1]
    assert loader.batch_size is None


def test_a_loader_over_a_subset():
    assert order(DataLoader(Subset(numbered(9), [8, 2, 5]), 2)) == [8, 2, 5]


def test_batches_stay_on_the_data_sets_device(device):
    data = TensorDataset(tensor([[1.0], [2.0], [3.0]], device=device))
    for (batch,) in DataLoader(data, batch_size=2, shuffle=True):
        assert isinstance(batch, Tensor)
        assert batch.device == data.tensors[0].device


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sampler": [0], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
        ({"num_workers": -1}, "num_workers option should be a whole number, 0 or more, got -1"),
        ({"prefetch_factor": 2}, "prefetch_factor option could only be specified with num_workers > 0"),
        ({"num_workers": 1, "prefetch_factor": -1}, "prefetch_factor option should be a whole number, 0 or more"),
        ({"num_workers": 1, "prefetch_factor": True}, "prefetch_factor option should be a whole number, 0 or more"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
    ],
)
def test_settings_that_contradict_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        DataLoader(numbered(3), **settings)


def test_an_empty_data_set_is_an_error_at_once():
    for empty in (TensorDataset(tensor(numpy.zeros((0, 3)))), [], Subset(numbered(3), [])):
        with pytest.raises(ValueError, match=f"at least one sample, got {type(empty).__name__} of length 0"):
            DataLoader(empty)


def test_a_generator_function_is_no_data_set():
    with pytest.raises(TypeError, match="__getitem__ and __len__, got generator"):
        DataLoader(number for number in range(3))
