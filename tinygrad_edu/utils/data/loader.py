"""The loader: a data set, an order and a way to collate, put together as an iterable over batches.

For: `for x, y in DataLoader(dataset, batch_size=32, shuffle=True)`. Not for: moving batches to a device, which the
training loop does where it can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.utils.data.dataset import take_batch
from tinygrad_edu.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler


class DataLoader:
    """Batches of `dataset`: ceil(N / batch_size) of them in each iteration, or floor(N / batch_size) with `drop_last`.

    shuffle: visit the samples in a new random order each time, drawn from `generator` (the default one if None); the
        same seed gives the same batches.
    sampler, batch_sampler: an order of your own, over indices or over lists of indices, instead of `shuffle`.
    collate_fn: from a list of samples to a batch; `default_collate` stacks them.
    num_workers: accepted because PyTorch's listings pass it. Samples are always loaded in this process, so the batches
        are the same whatever it says; there is no background work to wait for or to seed.
    pin_memory: accepted for the same reason. It tells PyTorch which kind of host memory to use, never what is in it.

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
    ) -> None:
        _check_dataset(dataset)
        if isinstance(num_workers, bool) or not isinstance(num_workers, int) or num_workers < 0:
            raise ValueError(f"num_workers option should be a whole number, 0 or more, got {num_workers!r}")
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle: the sampler already decides the order")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last: it "
                "already decides all four"
            )
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

    def __iter__(self) -> Iterator[Any]:
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


def _check_a_batch_is_left(batches: BatchSampler) -> None:
    size = len(batches.sampler) if isinstance(batches.sampler, Sized) else None
    if batches.drop_last and size is not None and size < batches.batch_size:
        raise ValueError(
            f"DataLoader wants at least one batch, got none: drop_last=True drops the only one, of {size} samples, "
            f"because batch_size is {batches.batch_size}. Choose a smaller batch_size, or drop_last=False"
        )
