"""IDX files: what is written comes back; what is cut, longer or of another kind is refused by name."""

from __future__ import annotations

import gzip
import pathlib

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from tinygrad_edu.datasets import read_idx, write_idx

KINDS = ["uint8", "int8", "int16", "int32", "float32", "float64"]
any_array = some.sampled_from(KINDS).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    return tmp_path_factory.mktemp("idx")


@given(array=any_array, zipped=some.booleans())
def test_what_is_written_comes_back(folder, array, zipped):
    path = folder / ("array.gz" if zipped else "array")
    write_idx(path, array)
    back = read_idx(path)
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    numpy.testing.assert_array_equal(back, array)
    back[...] = 0  # the reader's own memory, free to be changed


@given(array=any_array, where=some.floats(0, 1, exclude_max=True), zipped=some.booleans())
def test_a_file_cut_anywhere_is_refused(folder, array, where, zipped):
    path = folder / ("cut.gz" if zipped else "cut")
    write_idx(path, array)
    content = path.read_bytes()
    path.write_bytes(content[: int(where * len(content))])
    with pytest.raises(ValueError, match=r"cut.*(is cut short|is not an IDX file)"):
        read_idx(path)


def test_the_bytes_are_the_published_ones(tmp_path):
    write_idx(tmp_path / "a", numpy.array([[1, 2], [3, 0x0102]], dtype=numpy.int16))
    assert (tmp_path / "a").read_bytes().hex(" ") == "00 00 0b 02 00 00 00 02 00 00 00 02 00 01 00 02 00 03 01 02"
    (tmp_path / "labels").write_bytes(bytes.fromhex("00000801 00000003 07 02 09"))  # the beginning of a label file
    assert read_idx(tmp_path / "labels").tolist() == [7, 2, 9]


def test_zipped_is_told_by_content_not_by_name(tmp_path):
    write_idx(tmp_path / "a.gz", numpy.arange(3, dtype=numpy.uint8))
    (tmp_path / "a.gz").rename(tmp_path / "a")
    assert read_idx(tmp_path / "a").tolist() == [0, 1, 2]


def test_equal_arrays_make_equal_files(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, numpy.arange(9, dtype=numpy.uint8))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)  # where gzip keeps the time of day


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "got an empty file"),
        (b"\x00\x00\x08\x03" + bytes(2), "is cut short: wanted 16 bytes of header for 3 axes, got 6"),
        (b"\x01\x00\x08\x01" + bytes(4), "is not an IDX file: .* got 01 00 08 01"),
        (b"\x00\x00\x07\x01" + bytes(4), "is not an IDX file: .* got 00 00 07 01"),
        (b"\x00\x00\x08\x00", "is not an IDX file"),
        (b"\x89PNG\r\n\x1a\n", "is not an IDX file: .* got 89 50 4e 47"),
        (
            b"\x00\x00\x08\x01\x00\x00\x00\x02\x05",
            r"is cut short: .* shape \(2,\) of uint8, so wanted 2 bytes .* got 1",
        ),
        (b"\x00\x00\x08\x01\x00\x00\x00\x01\x05\x06", "is longer than it says: .* wanted 1 bytes .* got 2"),
        (
            b"\x00\x00\x0e\x02" + b"\xff" * 8,
            "is cut short",
        ),  # promises 2^64 numbers: refused before memory is asked for
        (gzip.compress(bytes(100))[:20], "is cut short or damaged: wanted a whole gzip file"),
        (b"\x1f\x8b nonsense that is not zipped", "is cut short or damaged"),
    ],
)
def test_what_is_wrong_is_said_with_the_files_name(tmp_path, content, words):
    path = tmp_path / "train-images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as raised:
        read_idx(path)
    assert str(path) in str(raised.value)


def test_what_the_format_has_not_cannot_be_written(tmp_path):
    with pytest.raises(TypeError, match=r"got int64: convert first, as in labels.astype\(numpy.uint8\)"):
        write_idx(tmp_path / "a", numpy.arange(3))
    with pytest.raises(ValueError, match=r"1 to 64 axes, got shape \(\)"):
        write_idx(tmp_path / "a", numpy.array(3, dtype=numpy.uint8))
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "a")
