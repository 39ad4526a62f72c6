"""CIFAR-10's binary files, generated small: read from a folder or an archive, and refused when they are damaged."""

from __future__ import annotations

import io
import pathlib
import tarfile
import zlib

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.datasets import CIFAR10
from tinygrad_edu.datasets.cifar10 import read_records

NAMES = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def records(pictures: numpy.ndarray, labels: numpy.ndarray) -> bytes:
    return b"".join(bytes([label]) + picture.tobytes() for picture, label in zip(pictures, labels, strict=True))


def drawn(size: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    random = numpy.random.default_rng(seed)
    return random.integers(0, 256, (size, 3, 32, 32), dtype=numpy.uint8), random.integers(0, 10, size)


def write_cifar10(folder: pathlib.Path, size: int = 3) -> dict[str, tuple[numpy.ndarray, numpy.ndarray]]:
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: drawn(size, seed) for seed, name in enumerate(NAMES)}
    for name, part in parts.items():
        (folder / name).write_bytes(records(*part))
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n\n")  # the original ends in an empty line too
    return parts


def write_archive(folder: pathlib.Path, path: pathlib.Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "cifar-10-batches-bin")


@pytest.mark.parametrize("place", ["folder", "folder above", "archive"])
def test_pictures_and_labels_come_back(tmp_path, place):
    folder = tmp_path / "cifar-10-batches-bin"
    parts = write_cifar10(folder)
    write_archive(folder, tmp_path / "cifar-10-binary.tar.gz")
    root = {"folder": folder, "folder above": tmp_path, "archive": tmp_path / "cifar-10-binary.tar.gz"}[place]
    train, test = CIFAR10(root), CIFAR10(root, train=False)
    assert (len(train), len(test)) == (15, 3)
    assert train.classes == CLASSES
    numpy.testing.assert_array_equal(train.data, numpy.concatenate([parts[name][0] for name in NAMES[:5]]))
    numpy.testing.assert_array_equal(train.targets, numpy.concatenate([parts[name][1] for name in NAMES[:5]]))
    picture, label = test[1]
    numpy.testing.assert_allclose(picture.numpy(), parts["test_batch.bin"][0][1] / 127.5 - 1, atol=1e-6)
    assert label == parts["test_batch.bin"][1][1]


def test_a_record_is_label_red_green_blue():
    content = bytes([7]) + bytes([10] * 1024) + bytes([20] * 1024) + bytes([30] * 1023) + bytes([31])
    pictures, labels = read_records(content, "file")
    assert labels.tolist() == [7]
    assert [int(channel[0, 0]) for channel in pictures[0]] == [10, 20, 30]
    assert pictures[0, 2, 31, 31] == 31


@given(size=some.integers(1, 3), seed=some.integers(0, 99))
def test_records_come_back(size, seed):
    pictures, labels = drawn(size, seed)
    read_pictures, read_labels = read_records(records(pictures, labels), "file")
    numpy.testing.assert_array_equal(read_pictures, pictures)
    numpy.testing.assert_array_equal(read_labels, labels)


@given(size=some.integers(1, 3), cut=some.integers(1, 3072))
def test_a_file_cut_inside_a_record_is_refused(size, cut):
    content = records(*drawn(size, 0))
    with pytest.raises(ValueError, match=r"a\.bin is cut short .* wanted a multiple of 3073 bytes"):
        read_records(content[:-cut], "a.bin")


def test_an_empty_file_and_a_label_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"a\.bin is empty"):
        read_records(b"", "a.bin")
    pictures, labels = drawn(3, 0)
    labels[2] = 10
    with pytest.raises(ValueError, match=r"a\.bin: wanted labels from 0 to 9, got 10 in record 2"):
        read_records(records(pictures, labels), "a.bin")


def test_a_training_file_cut_between_records_is_refused(tmp_path):
    write_cifar10(tmp_path)
    path = tmp_path / "data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-3073])
    with pytest.raises(ValueError, match=r"equally many pictures .*'data_batch_3.bin': 2"):
        CIFAR10(tmp_path)


def test_missing_files_are_named_with_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is nothing at"):
        CIFAR10(tmp_path / "elsewhere")
    with pytest.raises(
        FileNotFoundError, match=r"data_batch_1.bin, .*data_batch_5.bin is missing: nothing is downloaded"
    ):
        CIFAR10(tmp_path)
    write_cifar10(tmp_path)
    (tmp_path / "data_batch_4.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"but data_batch_4.bin is missing"):
        CIFAR10(tmp_path)


def test_class_names_are_optional_but_ten(tmp_path):
    write_cifar10(tmp_path)
    (tmp_path / "batches.meta.txt").write_text("cat\ndog\n")
    with pytest.raises(ValueError, match=r"batches.meta.txt: wanted 10 class names, one a line, got 2"):
        CIFAR10(tmp_path)
    (tmp_path / "batches.meta.txt").unlink()
    assert CIFAR10(tmp_path).classes == CLASSES


def test_a_damaged_archive_is_refused(tmp_path):
    write_cifar10(tmp_path / "files", size=1)
    path = tmp_path / "cifar.tar.gz"
    write_archive(tmp_path / "files", path)
    whole = path.read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2], whole[:1000] + zlib.compress(b"x") + whole[1020:]):
        path.write_bytes(content)
        with pytest.raises((ValueError, FileNotFoundError), match=r"cifar.tar.gz"):
            CIFAR10(path)
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("other"), io.BytesIO())
    with pytest.raises(FileNotFoundError, match="is missing"):
        CIFAR10(path)
