"""Which pictures to train on: `digits`, `cifar10:PATH` or `mnist:PATH`, as two data sets of 3 x 32 x 32.

For: the option `--data`. Not for: reading the files, which is `tinygrad_edu.datasets`.
"""

from __future__ import annotations

import numpy

from tinygrad_edu.datasets import CIFAR10, MNIST, Digits, PictureDataset


def load_data(name: str) -> tuple[PictureDataset, PictureDataset]:
    """(pictures to learn from, pictures held out) of a `--data` value."""
    kind, _, path = name.partition(":")
    if kind not in ("digits", "cifar10", "mnist") or bool(path) == (kind == "digits"):
        raise ValueError(f"wanted --data digits, cifar10:PATH or mnist:PATH, got {name!r}")
    if kind == "digits":
        return Digits(train=True), Digits(train=False)
    if kind == "cifar10":
        return CIFAR10(path, train=True), CIFAR10(path, train=False)
    return in_color(MNIST(path, train=True)), in_color(MNIST(path, train=False))


def in_color(grey: PictureDataset) -> PictureDataset:
    """(N, 1, 28, 28) -> (N, 3, 32, 32): a border of 2 pixels, as LeNet-5 had it, and three equal channels.

    The three are one in memory: a view with stride 0.
    """
    padded = numpy.pad(grey.data, ((0, 0), (0, 0), (2, 2), (2, 2)))
    pictures = numpy.broadcast_to(padded, (len(padded), 3, 32, 32))
    return PictureDataset(pictures, grey.targets, grey.classes)
