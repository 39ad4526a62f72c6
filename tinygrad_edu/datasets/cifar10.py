"""CIFAR-10: 32 x 32 color photographs of ten kinds of things, read from the "binary version" that you have.

One record is 3073 bytes: the label, then 1024 bytes of red, 1024 of green and 1024 of blue, each row by row. A file is
nothing but records: 10,000 of them in the original files. There is no header, so a file that was cut at a record's end
cannot be told from a smaller one; five training files that differ in length can.

For: reading data_batch_1.bin … data_batch_5.bin, test_batch.bin and batches.meta.txt, from a folder or from the
cifar-10-binary.tar.gz they come in. Not for: downloading them, nor for the Python (pickle) version: unpickling runs
whatever code is in the file. Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

import os
import pathlib
import tarfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from tinygrad_edu.datasets.pictures import PictureDataset
from tinygrad_edu.tensors import Tensor

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FOLDER = "cifar-10-batches-bin"
_SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32
_NAMES_FILE = "batches.meta.txt"


class CIFAR10(PictureDataset):
    """sample i = (picture, label): float32 (3, 32, 32) in [-1, 1], channels red, green, blue; an int from 0 to 9.

    root: the folder with the .bin files, or the folder above it, or cifar-10-binary.tar.gz.
    classes: read from batches.meta.txt; the ten original names if that file is not there.
    Errors: FileNotFoundError, and ValueError naming the file, when something is missing, cut short or out of range.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        names = [f"data_batch_{number}.bin" for number in range(1, 6)] if train else ["test_batch.bin"]
        files = _read_files(pathlib.Path(root), [*names, _NAMES_FILE])
        if missing := [name for name in names if name not in files]:
            raise FileNotFoundError(
                f"wanted the binary version of CIFAR-10 in {root}, but {', '.join(missing)} is missing: nothing is "
                "downloaded "
                f"here, so give the folder {FOLDER} or cifar-10-binary.tar.gz"
            )
        parts = [read_records(files[name], f"{root}: {name}") for name in names]
        lengths = {name: len(labels) for name, (_, labels) in zip(names, parts, strict=True)}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"{root}: wanted training files with equally many pictures (10000 in the original), got {lengths}. "
                "The shorter one was cut short: copy it again"
            )
        classes = _class_names(files[_NAMES_FILE], f"{root}: {_NAMES_FILE}") if _NAMES_FILE in files else CLASSES
        pictures, labels = (numpy.concatenate(column) for column in zip(*parts, strict=True))
        super().__init__(pictures, labels, classes, transform, target_transform)


def read_records(content: bytes, name: str) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Records of 3073 bytes -> pictures uint8 (N, 3, 32, 32) and labels uint8 (N,). `name` is for the error's text."""
    if len(content) == 0 or len(content) % _RECORD != 0:
        raise ValueError(
            f"{name} is cut short or not of the binary version of CIFAR-10: wanted a multiple of {_RECORD} bytes (a "
            "label and "
            f"3 x 32 x 32 pixels each), got {len(content)} bytes, {len(content) % _RECORD} too many. Copy it again"
            if content
            else f"{name} is empty: wanted records of {_RECORD} bytes, got 0 bytes. Copy it again"
        )
    records = numpy.frombuffer(content, dtype=numpy.uint8).reshape(-1, _RECORD)
    labels = records[:, 0]
    if labels.max() >= len(CLASSES):
        worst = int(labels.argmax())
        raise ValueError(
            f"{name}: wanted labels from 0 to {len(CLASSES) - 1}, got {labels[worst]} in record {worst}: the file is "
            "damaged, "
            "or is not of CIFAR-10's binary version (CIFAR-100 has records of 3074 bytes)"
        )
    return records[:, 1:].reshape(-1, *_SHAPE), labels


def _read_files(root: pathlib.Path, names: Iterable[str]) -> dict[str, bytes]:
    """{name: content} of those of the files that are there."""
    if root.is_file():
        return _read_archive(root, set(names))
    if not root.is_dir():
        raise FileNotFoundError(
            f"wanted a folder or archive with CIFAR-10, but there is nothing at {root}: check the path"
        )
    folder = root / FOLDER if (root / FOLDER).is_dir() else root
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def _read_archive(path: pathlib.Path, names: set[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = pathlib.PurePosixPath(member.name).name
                # read in memory: nothing is unpacked to the disk
                stream = archive.extractfile(member) if name in names else None
                if stream is not None:
                    files[name] = stream.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path} is cut short or not an archive: wanted cifar-10-binary.tar.gz or the folder {FOLDER}, got a "
            "file that does "
            f"not unpack ({error}). Copy it again"
        ) from error
    return files


def _class_names(content: bytes, name: str) -> list[str]:
    found = [line.strip() for line in content.decode("utf-8", errors="replace").splitlines() if line.strip()]
    if len(found) != len(CLASSES):
        raise ValueError(f"{name}: wanted {len(CLASSES)} class names, one a line, got {len(found)}: copy it again")
    return found
