"""Data sets: anything with a length and `dataset[i]`.

For: `Dataset`, the class to derive from, and data sets made from tensors or from other data sets. Not for: order and
batches (`sampler.py`, `loader.py`), nor for files (`tinygrad_edu.datasets`).
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import Generator, host_generator
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.utils.data.collate import default_collate


class Dataset:
    """Samples by number: a subclass writes `__getitem__(index)` and `__len__()`.

    A subclass that can fetch many samples at once may also write `take(indices)`, which must equal
    `default_collate([self[i] for i in indices])`: the DataLoader then asks for whole batches.
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} wants a method __getitem__(self, index): one sample")

    def __len__(self) -> int:
        # TypeError, because that is what Python means by "has no len()": list(dataset) then still works
        raise TypeError(f"{type(self).__name__} wants a method __len__(self) that returns the number of samples")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class TensorDataset(Dataset):
    """sample i = (tensors[0][i], tensors[1][i], …): tensors of equal length N, taken apart along their first axis."""

    def __init__(self, *tensors: Tensor) -> None:
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"TensorDataset wants tensors, got {type(tensor).__name__} as argument {position}: "
                    "wrap it with tensor(...) or from_numpy(...)"
                )
        shapes = [tuple(tensor.shape) for tensor in tensors]
        if not shapes or any(not shape or shape[0] != shapes[0][0] for shape in shapes):
            raise ValueError(
                "Size mismatch between tensors: TensorDataset wants one or more tensors that are equally long along "
                f"their first axis, got shapes {shapes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def take(self, indices: Sequence[int]) -> list[Tensor]:
        """The samples at `indices` as one batch: one indexing operation for each tensor, not one for each sample."""
        rows = numpy.asarray(indices, dtype=numpy.int64)
        return [tensor[rows] for tensor in self.tensors]


class Subset(Dataset):
    """sample i = dataset[indices[i]]"""

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def take(self, indices: Sequence[int]) -> Any:
        """The samples at `indices` as one batch, by the underlying data set's `take` where it has one."""
        return take_batch(self.dataset, [self.indices[index] for index in indices])


class ConcatDataset(Dataset):
    """The samples of the first data set, then those of the second, and so on."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset wants one or more data sets, got an empty list")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"index {index} is out of range for a ConcatDataset of {len(self)} samples")
        which = bisect.bisect_right(self.cumulative_sizes, position)
        before = self.cumulative_sizes[which - 1] if which > 0 else 0
        return self.datasets[which][position - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(dataset: Dataset, lengths: Sequence[int | float], generator: Generator | None = None) -> list[Subset]:
    """Cut `dataset` into random parts that share no sample: random_split(data, [0.8, 0.2], Generator().manual_seed(0)).

    `lengths` are whole numbers that add up to len(dataset), or fractions that add up to 1: then part k gets
    floor(N · fraction) samples, and what rounding leaves over goes to the first parts, one sample each.
    """
    total, sizes = len(dataset), [int(length) for length in lengths]
    are_fractions = math.isclose(math.fsum(lengths), 1.0) and all(0 <= length <= 1 for length in lengths)
    if are_fractions:
        sizes = [math.floor(total * fraction) for fraction in lengths]
        for part in range(total - sum(sizes)):
            sizes[part % len(sizes)] += 1
    if sum(sizes) != total or min(sizes, default=-1) < 0 or not (are_fractions or sizes == list(lengths)):
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset: wanted whole numbers that add up to "
            f"{total}, or fractions that add up to 1, got {list(lengths)}"
        )
    order = host_generator(generator).permutation(total).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def take_batch(dataset: Any, indices: Sequence[int]) -> Any:
    """default_collate([dataset[i] for i in indices]), by the data set's own `take` where it has one."""
    for kind in type(dataset).__mro__:
        # A subclass that overrides __getitem__ alone changes its samples: the `take` it inherits knows nothing of that
        if "take" in vars(kind):
            return dataset.take(indices)
        if "__getitem__" in vars(kind):
            break
    return default_collate([dataset[index] for index in indices])
