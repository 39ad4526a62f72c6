"""MNIST: 28 x 28 gray pictures of handwritten digits, read from the four IDX files that you have.

For: MNIST and the sets that share its files (Fashion-MNIST, KMNIST). Not for: downloading them.
Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.datasets.idx import read_idx
from tinygrad_edu.datasets.pictures import PictureDataset
from tinygrad_edu.tensors import Tensor


class MNIST(PictureDataset):
    """sample i = (picture, label): float32 (1, 28, 28) in [-1, 1], 1 where the ink is; an int from 0 to 9.

    root: the folder with train-images-idx3-ubyte and train-labels-idx1-ubyte (`train=False`: t10k-…), with or without
        .gz; torchvision's MNIST/raw below it is found too.
    classes: the ten names, if they are not digits (Fashion-MNIST).
    Errors: FileNotFoundError, and ValueError naming the file, when something is missing, cut short or out of range.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        *,
        classes: Sequence[str] = tuple("0123456789"),
    ) -> None:
        part = "train" if train else "t10k"
        picture_file = _find(pathlib.Path(root), f"{part}-images", "idx3-ubyte")
        label_file = _find(pathlib.Path(root), f"{part}-labels", "idx1-ubyte")
        pictures, labels = read_idx(picture_file), read_idx(label_file)
        _check(pictures, labels, picture_file, label_file, len(classes))
        super().__init__(pictures[:, None], labels, classes, transform, target_transform)


def _find(root: pathlib.Path, stem: str, kind: str) -> pathlib.Path:
    """The file in any of the spellings it is handed around in: stem-kind, stem.kind, with or without .gz."""
    names = [f"{stem}{dot}{kind}{zipped}" for dot in "-." for zipped in ("", ".gz")]
    for folder in (root, root / "MNIST" / "raw"):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    raise FileNotFoundError(
        f"wanted {names[0]} or {names[1]} in {root}, got a folder without it: nothing is downloaded here, so put the "
        "four "
        "MNIST files there"
        if root.is_dir()
        else f"wanted a folder with the MNIST files, but there is no folder {root}: check the path"
    )


def _check(
    pictures: numpy.ndarray, labels: numpy.ndarray, picture_file: pathlib.Path, label_file: pathlib.Path, classes: int
) -> None:
    if pictures.dtype != numpy.uint8 or pictures.shape[1:] != (28, 28) or len(pictures) == 0:
        raise ValueError(
            f"{picture_file}: wanted uint8 pictures of shape (N, 28, 28) with N > 0, got {pictures.dtype} "
            f"{pictures.shape}. "
            "Is it the file with the pictures?"
        )
    if labels.dtype != numpy.uint8 or labels.shape != pictures.shape[:1]:
        raise ValueError(
            f"{label_file}: wanted {len(pictures)} uint8 labels, one for each picture of {picture_file.name}, got "
            f"{labels.dtype} {labels.shape}. Do the two files belong together?"
        )
    if labels.max() >= classes:
        worst = int(labels.argmax())
        raise ValueError(
            f"{label_file}: wanted labels from 0 to {classes - 1}, got {labels[worst]} at position {worst}: pass "
            "classes= with "
            "a name for each class, or check the file"
        )
