"""Samplers: in which order the samples are visited.

For: iterables over indices (`Sampler`s) and over lists of indices (`BatchSampler`). Not for: fetching anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any

from tinygrad_edu.backend import Generator, host_generator


class Sampler:
    """An iterable over indices: a subclass writes `__iter__()`, and `__len__()` if the DataLoader's is asked for."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} wants a method __iter__(self) that yields indices")


class SequentialSampler(Sampler):
    """0, 1, …, N - 1"""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """A random order, a new one each time it is iterated over: each index once, or drawn with replacement.

    The whole order is drawn in one call when the iteration begins, from `generator` or the default one: equal seeds
    give equal orders, and a generator's state saved between two epochs is all that is needed to continue.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if num_samples is not None:
            _check_positive(num_samples, "num_samples")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self) -> int:
        """How many indices one iteration yields: as many as there are samples, unless another number was asked for."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        random, size = host_generator(self.generator), len(self.data_source)
        if size == 0:
            raise ValueError("RandomSampler wants at least one sample, got none: check what was read or selected")
        if self.replacement:
            return iter(random.integers(size, size=self.num_samples).tolist())
        order: list[int] = []
        while len(order) < self.num_samples:  # more than once around only if num_samples exceeds the data set
            order += random.permutation(size).tolist()
        return iter(order[: self.num_samples])

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` indices from another sampler; the last list may be shorter, or is dropped (`drop_last`)."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        _check_positive(batch_size, "batch_size")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        size = len(self.sampler)  # type: ignore[arg-type]
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)


def _check_positive(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value!r}")
