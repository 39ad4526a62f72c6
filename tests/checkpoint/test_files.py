"""Safetensors files: the layout in memory does not matter, a broken file is refused, writing is all or nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import time
import zipfile

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.checkpoint.files import read_file, write_atomically, write_file

safetensors = pytest.importorskip("safetensors.numpy", reason="checkpoints are safetensors files")

base = numpy.arange(24, dtype=numpy.float32).reshape(4, 6)
LAYOUTS = {
    "row by row": base,
    "transposed": base.T,
    "Fortran order": numpy.asfortranarray(base),
    "strided": base[::2, ::3],
    "reversed": base[::-1],
    "broadcast": numpy.broadcast_to(base[:1], (4, 6)),
    "a single number": numpy.array(3.5),
    "empty": numpy.zeros((0, 3)),
    "most significant byte first": base.astype(">f4"),
    "integers": numpy.arange(5),
    "booleans": numpy.array([True, False]),
    "half": base.astype(numpy.float16),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("files") / "whole"
    write_file(path, {"weight": base, "bias": base[0]}, {"epoch": 3})
    return path.read_bytes()


def test_the_layout_in_memory_does_not_matter(tmp_path):
    write_file(tmp_path / "a", LAYOUTS, {})
    for back in (read_file(tmp_path / "a")[0], safetensors.load_file(tmp_path / "a")):
        for name, array in LAYOUTS.items():
            assert back[name].shape == array.shape, name
            assert back[name].dtype == array.dtype.newbyteorder("="), name
            numpy.testing.assert_array_equal(back[name], array, err_msg=name)


def test_facts_come_back(tmp_path):
    facts = {"text": "épée", "numbers": [1, 0.1, 2**127, float("inf")], "none": None, "nested": {"a": [{}]}}
    write_file(tmp_path / "a", {}, facts)
    arrays, back = read_file(tmp_path / "a")
    assert arrays == {}
    assert {name: back[name] for name in facts} == facts


def test_an_array_with_two_names_is_stored_once(tmp_path):
    big = numpy.zeros(10_000)
    write_file(tmp_path / "a", {"embedding": big, "head": big, "other": big.copy()}, {})
    assert os.path.getsize(tmp_path / "a") < 2 * big.nbytes + 1000
    arrays, _ = read_file(tmp_path / "a")
    assert list(arrays) == ["embedding", "head", "other"]
    assert arrays["head"] is arrays["embedding"]
    assert arrays["other"] is not arrays["embedding"]


def test_a_file_from_elsewhere_has_no_facts(tmp_path):
    safetensors.save_file({"x": base}, tmp_path / "a", metadata={"format": "pt"})
    arrays, facts = read_file(tmp_path / "a")
    assert facts == {}
    numpy.testing.assert_array_equal(arrays["x"], base)


def test_equal_contents_make_equal_files(tmp_path, whole):
    write_file(tmp_path / "a", {"weight": base, "bias": base[0]}, {"epoch": 3})
    assert (tmp_path / "a").read_bytes() == whole


@given(where=some.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory, whole, where):
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(whole[: int(where * len(whole))])
    with pytest.raises(ValueError, match=r"cut is cut short: wanted .* got .*Use another copy"):
        read_file(path)


@given(where=some.integers(0, 200), value=some.integers(0, 255))
def test_a_damaged_header_is_never_more_than_a_value_error(tmp_path_factory, whole, where, value):
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(whole[:where] + bytes([value]) + whole[where + 1 :])
    with contextlib.suppress(ValueError):  # some changes are harmless, such as a letter of a name
        read_file(path)


def zipped(path: pathlib.Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", "x" * 100)


def arrays_of_numpy(path: pathlib.Path) -> None:
    with path.open("wb") as stream:
        numpy.save(stream, base)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (zipped, "is not a safetensors file: it is a zip file, perhaps made by torch.save"),
        (lambda path: path.write_bytes(pickle.dumps({"x": base})), "it is a Python pickle, which could run code"),
        (arrays_of_numpy, "it is a single NumPy array"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(90)), "it is an HDF5 file"),
        (lambda path: path.write_text("only some text"), "it begins with the bytes 6f 6e 6c 79 20 73 6f 6d"),
        (lambda path: path.write_bytes(b"\x02" + bytes(7) + b"{]"), "is damaged: its header cannot be read"),
        (
            lambda path: path.write_bytes(b"\x02" + bytes(7) + b"{}" + b"more"),
            "is longer than it says: wanted 10 .* got 14",
        ),
        (lambda path: safetensors.save_file({}, path, {"tinygrad_edu": "{"}), "is damaged"),
        (
            lambda path: safetensors.save_file({}, path, {"tinygrad_edu": '{"version": 2}'}),
            "is of version 2, wanted version 1",
        ),
    ],
)
def test_other_formats_are_told_apart(tmp_path, make, words):
    make(tmp_path / "model.pt")
    with pytest.raises(ValueError, match=words) as raised:
        read_file(tmp_path / "model.pt")
    assert str(tmp_path / "model.pt") in str(raised.value)


def test_types_that_numpy_lacks_are_named(tmp_path):
    torch = pytest.importorskip("torch", reason="writes bfloat16")
    import safetensors.torch

    safetensors.torch.save_file({"x": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "a")
    with pytest.raises(ValueError, match="numbers of a type that NumPy lacks, 'BF16': convert them to float32"):
        read_file(tmp_path / "a")


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint here: check the path.*none"):
        read_file(tmp_path / "none")


@pytest.mark.parametrize("failing", ["replace", "fsync"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    write_atomically(tmp_path / "a", b"old")

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match=r"cannot write .*a: No space left on device\. Choose a folder") as raised:
        write_atomically(tmp_path / "a", b"new")
    assert raised.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_ctrl_c_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    write_atomically(tmp_path / "a", b"old")

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_the_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, call=original: (calls.append(name), call(*args))[1])
    write_atomically(tmp_path / "a", b"new")
    assert calls == (["fsync", "replace", "fsync"] if os.name == "posix" else ["fsync", "replace"])


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot write .*none/a: .*Choose a folder that exists"):
        write_atomically(tmp_path / "none" / "a", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"cannot write .*folder"):
        write_atomically(tmp_path / "folder", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(os.name != "posix", reason="links and permissions of POSIX")
def test_links_and_permissions_are_those_of_any_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "real").stat().st_mode == (tmp_path / "plain").stat().st_mode


WRITER = """
import itertools, sys, numpy
from tinygrad_edu.checkpoint.files import write_file
for number in itertools.count():
    write_file(sys.argv[1], {"a": numpy.full(300_000, number), "b": numpy.full(300_000, number)}, {"number": number})
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_kill_9_at_any_moment_leaves_a_whole_file(tmp_path):
    path = tmp_path / "checkpoint"
    random = numpy.random.default_rng(0)
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            finished = int(writer.stdout.readline())
            time.sleep(random.uniform(0, 0.05))
            writer.send_signal(signal.SIGKILL)
            for line in writer.stdout:  # what it still said before it died
                finished = int(line)
        arrays, facts = read_file(path)
        assert facts["number"] in (finished, finished + 1)  # the last one it knew of, or the one it had just renamed
        for array in arrays.values():
            assert array.shape == (300_000,)
            assert numpy.all(array == facts["number"])
