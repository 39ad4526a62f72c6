"""Samplers: orders over indices, equal for equal seeds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.backend import Generator, manual_seed
from tinygrad_edu.utils.data import BatchSampler, RandomSampler, Sampler, SequentialSampler


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def test_sequential_is_in_order_and_follows_a_growing_source():
    source = [0, 0, 0]
    sampler = SequentialSampler(source)
    assert list(sampler) == [0, 1, 2]
    source.append(0)
    assert list(sampler) == [0, 1, 2, 3]
    assert len(sampler) == 4


def test_random_visits_each_index_once_in_a_new_order_each_time():
    sampler = RandomSampler(range(50), generator=seeded(0))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert first != sorted(first)
    assert len(sampler) == 50


def test_equal_seeds_give_equal_orders():
    assert list(RandomSampler(range(50), generator=seeded(3))) == list(RandomSampler(range(50), generator=seeded(3)))
    assert list(RandomSampler(range(50), generator=seeded(3))) != list(RandomSampler(range(50), generator=seeded(4)))
    manual_seed(7)
    first = list(RandomSampler(range(50)))
    manual_seed(7)
    assert list(RandomSampler(range(50))) == first


def test_a_saved_generator_continues_with_the_next_order():
    generator = seeded(5)
    sampler = RandomSampler(range(20), generator=generator)
    list(sampler)
    state = generator.get_state()
    expected = list(sampler)
    resumed = Generator()
    resumed.set_state(state)
    assert list(RandomSampler(range(20), generator=resumed)) == expected


def test_number_of_samples_and_replacement():
    assert len(list(RandomSampler(range(5), num_samples=3, generator=seeded(0)))) == 3
    more = list(RandomSampler(range(5), num_samples=12, generator=seeded(0)))
    assert [more.count(index) for index in range(5)] != [12 / 5] * 5
    assert sorted(more[:5]) == sorted(more[5:10]) == list(range(5))
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=300, generator=seeded(0)))
    assert len(drawn) == 300
    assert all(70 < drawn.count(index) < 130 for index in range(3))


@given(size=some.integers(0, 30), batch_size=some.integers(1, 10), drop_last=some.booleans())
def test_batches_are_the_order_cut_into_pieces(size, batch_size, drop_last):
    sampler = BatchSampler(range(size), batch_size, drop_last)
    batches = list(sampler)
    assert len(sampler) == len(batches)
    kept = size - size % batch_size if drop_last else size
    assert [index for batch in batches for index in batch] == list(range(kept))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert all(1 <= len(batch) <= batch_size for batch in batches)


def test_an_earlier_batch_is_not_changed_by_a_later_one():
    batches = iter(BatchSampler(range(4), 2, False))
    first = next(batches)
    next(batches)
    assert first == [0, 1]


def test_settings_out_of_range_are_named():
    for wrong in (0, -1, 2.0, True, "2"):
        with pytest.raises(ValueError, match="batch_size should be a positive integer value, but got"):
            BatchSampler(range(3), wrong, False)
        with pytest.raises(ValueError, match="num_samples should be a positive integer value, but got"):
            RandomSampler(range(3), num_samples=wrong)
    with pytest.raises(ValueError, match="drop_last should be a boolean value"):
        BatchSampler(range(3), 1, 1)
    with pytest.raises(ValueError, match="RandomSampler wants at least one sample, got none"):
        list(RandomSampler([]))
    with pytest.raises(TypeError, match="wanted generator=Generator"):
        list(RandomSampler(range(3), generator=5))
    with pytest.raises(NotImplementedError, match="__iter__"):
        iter(Sampler())
