"""The key-value cache as a value: what was appended is there, nothing given is changed, and little is copied."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.models.cache import KeyValueCache, LayerCache


def rows(first: int, new: int, batch: int = 2) -> tuple[Any, Any]:
    """Keys that count the positions from `first`, (batch, 1, new, 3), and values that are their negatives."""
    keys = te.arange(first, first + new, dtype=te.float32).reshape(1, 1, new, 1).expand(batch, 1, new, 3).contiguous()
    return keys, -keys


def positions(cache: LayerCache) -> list[float]:
    assert te.equal(cache.values, -cache.keys)
    return cache.keys[0, 0, :, 0].tolist()


def test_what_was_appended_is_there_in_order() -> None:
    cache = LayerCache().append(*rows(0, 3)).append(*rows(3, 1)).append(*rows(4, 6))
    assert (cache.length, positions(cache)) == (10, list(range(10)))


def test_two_continuations_of_one_cache_do_not_meet() -> None:
    beginning = LayerCache().append(*rows(0, 2)).append(*rows(2, 1))  # with room to spare
    first = beginning.append(*rows(10, 1))
    second = beginning.append(*rows(20, 1))
    third = first.append(*rows(11, 1))
    assert positions(beginning) == [0, 1, 2]
    assert positions(first) == [0, 1, 2, 10]
    assert positions(second) == [0, 1, 2, 20]
    assert positions(third) == [0, 1, 2, 10, 11]


def test_steps_write_into_the_same_memory_and_copy_less_than_twice_their_number() -> None:
    cache, copied = LayerCache().append(*rows(0, 1)), 0
    for i in range(1, 200):
        grown = cache.append(*rows(i, 1))
        copied += 0 if numpy.shares_memory(grown.keys.numpy(), cache.keys.numpy()) else cache.length
        cache = grown
    assert positions(cache) == list(range(200))
    assert copied < 2 * 200


def test_a_cache_is_read_as_a_view() -> None:
    cache = LayerCache().append(*rows(0, 4))
    assert numpy.shares_memory(cache.keys.numpy(), cache.memory.room.numpy())


def test_sequences_can_be_chosen_and_repeated() -> None:
    keys = te.arange(3, dtype=te.float32).reshape(3, 1, 1, 1).expand(3, 1, 2, 4).contiguous()
    cache = KeyValueCache([LayerCache().append(keys, -keys)])
    chosen = cache.index_select(0, te.tensor([2, 2, 0, 1]))
    assert chosen.layers[0].keys[:, 0, 0, 0].tolist() == [2.0, 2.0, 0.0, 1.0]
    assert chosen.layers[0].values[:, 0, 1, 3].tolist() == [-2.0, -2.0, 0.0, -1.0]
    assert (chosen.batch, chosen.length, cache.batch) == (4, 2, 3)
    with pytest.raises(ValueError, match="a cache is selected from along its batch, dim 0: got dim 1"):
        cache.index_select(1, te.tensor([0]))


def test_an_empty_cache_knows_that_it_is() -> None:
    cache = KeyValueCache.empty(2)
    assert (cache.length, cache.batch, len(cache.layers)) == (0, None, 2)
    with pytest.raises(ValueError, match="the cache of this layer is empty"):
        _ = cache.layers[0].keys
