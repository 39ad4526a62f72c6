"""The loader: a data set, an order and a way to collate, put together as an iterable over batches.

For: `for x, y in DataLoader(dataset, batch_size=32, shuffle=True)`. Not for: moving batches to a device, which the
training loop does where it can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.utils.data.dataset import take_batch
from tinygrad_edu.utils.data.prefetch import prefetched
from tinygrad_edu.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler


class DataLoader:
    """Batches of `dataset`: ceil(N / batch_size) of them in each iteration, or floor(N / batch_size) with `drop_last`.

    shuffle: visit the samples in a new random order each time, drawn from `generator` (the default one if None); the
        same seed gives the same batches.
    sampler, batch_sampler: an order of your own, over indices or over lists of indices, instead of `shuffle`.
    collate_fn: from a list of samples to a batch; `default_collate` stacks them.
    num_workers: 0: samples are loaded when their batch is asked for. 1 or more: one thread beside the loop loads
        `prefetch_factor` batches ahead (2 if None), the same ones bit for bit. PyTorch starts so many processes; a
        thread costs nothing to start and shares the data, but Python runs one at a time: see `prefetch.py` for when
        it pays.
    pin_memory, persistent_workers: accepted because PyTorch's listings pass them; there is nothing here to choose.

    A data set without samples, or one that `drop_last` leaves without any batch, is a ValueError: a loop over nothing
    would look like a training that learned nothing.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        *,
        generator: Generator | None = None,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ) -> None:
        _check_dataset(dataset)
        _check_prefetching(num_workers, prefetch_factor, persistent_workers)
        _check_one_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
            _check_a_batch_is_left(batch_sampler)
            self.batch_size: int | None = batch_size
        else:
            self.batch_size = None
        self.dataset = dataset
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.generator = generator
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        self.persistent_workers = persistent_workers

    def __iter__(self) -> Iterator[Any]:
        if self.prefetch_factor is None:
            return self._batches()
        return prefetched(self._batches().__next__, self.prefetch_factor, self.generator)

    def _batches(self) -> Iterator[Any]:
        for indices in self.batch_sampler:
            if self.collate_fn is None:
                yield take_batch(self.dataset, indices)
            else:
                yield self.collate_fn([self.dataset[index] for index in indices])

    def __len__(self) -> int:
        return len(self.batch_sampler)  # type: ignore[arg-type]


def _check_dataset(dataset: Any) -> None:
    if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise TypeError(
            f"DataLoader wants a data set with __getitem__ and __len__, got {type(dataset).__name__}: derive from "
            "Dataset, "
            "or pass a list of samples"
        )
    if len(dataset) == 0:
        raise ValueError(
            f"DataLoader wants a data set with at least one sample, got {type(dataset).__name__} of length 0: check "
            "the path "
            "it was read from, or the indices it was selected with"
        )


def _check_one_order(
    batch_size: int,
    shuffle: bool,
    sampler: Iterable[int] | None,
    batch_sampler: Iterable[list[int]] | None,
    drop_last: bool,
) -> None:
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle: the sampler already decides the order")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last: it "
            "already decides all four"
        )


def _check_prefetching(num_workers: int, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if isinstance(num_workers, bool) or not isinstance(num_workers, int) or num_workers < 0:
        raise ValueError(f"num_workers option should be a whole number, 0 or more, got {num_workers!r}")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified with num_workers > 0: without a worker nothing is loaded "
            "ahead"
        )
    if num_workers == 0 and persistent_workers:
        raise ValueError("persistent_workers option needs num_workers > 0: without a worker nothing can persist")
    if prefetch_factor is not None and (
        isinstance(prefetch_factor, bool) or not isinstance(prefetch_factor, int) or prefetch_factor < 0
    ):
        raise ValueError(f"prefetch_factor option should be a whole number, 0 or more, got {prefetch_factor!r}")


def _check_a_batch_is_left(batches: BatchSampler) -> None:
    size = len(batches.sampler) if isinstance(batches.sampler, Sized) else None
    if batches.drop_last and size is not None and size < batches.batch_size:
        raise ValueError(
            f"DataLoader wants at least one batch, got none: drop_last=True drops the only one, of {size} samples, "
            f"because batch_size is {batches.batch_size}. Choose a smaller batch_size, or drop_last=False"
        )
