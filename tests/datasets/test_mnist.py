"""MNIST's four files, generated small: read, and refused when they do not fit together."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu.datasets import MNIST, write_idx


def write_mnist(folder, *, part="train", zipped="", pictures=None, labels=None) -> tuple[numpy.ndarray, numpy.ndarray]:
    random = numpy.random.default_rng(0)
    if pictures is None:
        pictures = random.integers(0, 256, (7, 28, 28), dtype=numpy.uint8)
    if labels is None:
        labels = random.integers(0, 10, 7, dtype=numpy.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    write_idx(folder / f"{part}-images-idx3-ubyte{zipped}", pictures)
    write_idx(folder / f"{part}-labels-idx1-ubyte{zipped}", labels)
    return pictures, labels


@pytest.mark.parametrize("zipped", ["", ".gz"])
@pytest.mark.parametrize("part", ["train", "t10k"])
@pytest.mark.parametrize("below", [".", "MNIST/raw"])
def test_pictures_and_labels_come_back(tmp_path, zipped, part, below):
    pictures, labels = write_mnist(tmp_path / below, part=part, zipped=zipped)
    data = MNIST(tmp_path, train=part == "train")
    assert len(data) == 7
    assert data.classes == list("0123456789")
    for index in range(7):
        picture, label = data[index]
        assert picture.shape == (1, 28, 28)
        assert picture.dtype == numpy.float32
        numpy.testing.assert_allclose(picture.numpy()[0], pictures[index] / 127.5 - 1, atol=1e-6)
        assert label == labels[index]
        assert type(label) is int


def test_missing_files_are_named_with_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wanted train-images-idx3-ubyte or .*nothing is downloaded here"):
        MNIST(tmp_path)
    write_mnist(tmp_path)
    with pytest.raises(FileNotFoundError, match="t10k-images-idx3-ubyte"):
        MNIST(tmp_path, train=False)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        MNIST(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pictures": numpy.zeros((7, 32, 32), numpy.uint8)}, r"images.*shape \(N, 28, 28\).* got uint8 \(7, 32, 32\)"),
        ({"pictures": numpy.zeros((7, 28, 28), numpy.float32)}, "images.*got float32"),
        ({"pictures": numpy.zeros((0, 28, 28), numpy.uint8), "labels": numpy.zeros(0, numpy.uint8)}, "images.*N > 0"),
        ({"pictures": numpy.zeros(7, numpy.uint8)}, r"Is it the file with the pictures\?"),
        ({"labels": numpy.zeros(6, numpy.uint8)}, r"labels.*wanted 7 uint8 labels.* got uint8 \(6,\)"),
        ({"labels": numpy.zeros(7, numpy.int32)}, "labels.*got int32"),
        ({"labels": numpy.array([0, 1, 10, 3, 4, 5, 6], numpy.uint8)}, "labels.*from 0 to 9, got 10 at position 2"),
    ],
)
def test_what_does_not_fit_is_said_with_the_files_name(tmp_path, wrong, words):
    write_mnist(tmp_path, **wrong)
    with pytest.raises(ValueError, match=words):
        MNIST(tmp_path)


def test_other_classes(tmp_path):
    write_mnist(tmp_path, labels=numpy.full(7, 11, numpy.uint8))
    assert MNIST(tmp_path, classes=[f"class {number}" for number in range(12)])[0][1] == 11
