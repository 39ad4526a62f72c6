"""The adding problem: remember two numbers, far apart in a long sequence, and say their sum.

    value    0.32  0.71  0.95  0.14  0.58  0.07  0.83  0.40
    marker   0     1     0     0     0     0     1     0          answer: 0.71 + 0.83 = 1.54

The values are uniform on [0, 1]; one marker stands in the first half, one in the second, each anywhere in it. What is
marked must survive all the steps up to the end, so the gradient has to come back as far.

**What is known about the loss.** The answer is the sum of two independent numbers uniform on [0, 1]: mean 1, variance
2/12. Who ignores the sequence does best by always saying 1, with the mean squared error 1/6 = 0.1667, the BASELINE.
Who remembers the second number only is left with the variance of the first, 1/12 = 0.0833. The best is 0.

For: AddingProblem, on which a recurrent network shows whether it can remember. Not for: arithmetic.
Source: Hochreiter, Schmidhuber 1997, "Long short-term memory", section 5.4; in the form of Le, Jaitly, Hinton 2015, "A
simple way to initialize recurrent networks of rectified linear units".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import Dataset

BASELINE = 1 / 6  # the mean squared error of always saying 1
TRAINING, HELD_OUT = 80_000, 1_000  # sequences


class AddingProblem(Dataset):
    """sample i = (sequence (T, 2), sum), float32: column 0 the values, column 1 the markers.

    train: sequences to learn from, or other ones that are held out.
    length: T, 2 or more.    sequences: how many; 80,000, or 1,000 held out.
    seed: decides values and places. Equal seeds give equal sequences.
    """

    def __init__(self, train: bool = True, *, length: int = 100, sequences: int | None = None, seed: int = 0) -> None:
        sequences = (TRAINING if train else HELD_OUT) if sequences is None else sequences
        if length < 2 or sequences < 1:
            raise ValueError(f"wanted 1 sequence or more, of length 2 or more, got {sequences} of length {length}")
        random = numpy.random.default_rng([seed, int(train)])  # other sequences on the two sides
        values = random.random((sequences, length), dtype=numpy.float32)
        first = random.integers(length // 2, size=sequences)
        second = random.integers(length // 2, length, size=sequences)
        self.marked = numpy.stack([first, second], axis=1)
        markers = numpy.zeros_like(values)
        numpy.put_along_axis(markers, self.marked, 1, axis=1)
        self.sequences = numpy.stack([values, markers], axis=2)
        self.sums = numpy.take_along_axis(values, self.marked, axis=1).sum(axis=1)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return tensor(self.sequences[index]), tensor(self.sums[index])

    def __len__(self) -> int:
        return len(self.sums)

    def take(self, indices: Sequence[int]) -> list[Tensor]:
        """[sequences (n, T, 2), sums (n,)] of the samples at `indices`."""
        rows = numpy.asarray(indices, dtype=numpy.int64)
        return [tensor(self.sequences[rows]), tensor(self.sums[rows])]

    def __repr__(self) -> str:
        return f"AddingProblem({len(self)} sequences of length {self.sequences.shape[1]})"
