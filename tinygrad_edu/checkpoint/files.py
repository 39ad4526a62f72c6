"""Safetensors files: named arrays and one JSON text, written all or nothing, and checked before they are believed.

    8 bytes    length of the header, n, least significant byte first
    n bytes    JSON: {name: {"dtype": …, "shape": …, "data_offsets": [begin, end]}, …, "__metadata__": {text: text}}
    the rest   the numbers, row by row, without gaps

For: `write_file` and `read_file`. Not for: what the arrays mean (`weights.py`, `training.py`).
"""

from __future__ import annotations

import json
import os
import pathlib
import secrets
from collections.abc import Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import Array, require, to_host

KEY = "tinygrad_edu"  # the metadata entry that holds our JSON text
_PREFIX = 8  # bytes that say how long the header is


def write_file(path: str | os.PathLike[str], arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    """Write {name: array}, on any device, and `facts`, a JSON object. An array with two names is stored once."""
    library = require("safetensors.numpy", extra="io", purpose="save checkpoints")
    stored: dict[str, numpy.ndarray] = {}
    aliases: dict[str, str] = {}
    first_name: dict[int, str] = {}  # of the array with this id
    for name, array in arrays.items():
        if id(array) in first_name:
            aliases[name] = first_name[id(array)]
        else:
            first_name[id(array)] = name
            stored[name] = _plain(array)
    try:
        text = json.dumps({"version": 1, "names": list(arrays), "aliases": aliases, **facts})
    except TypeError as error:
        raise TypeError(f"cannot save the metadata: wanted numbers, text, lists and dictionaries; {error}") from error
    write_atomically(path, library.save(stored, {KEY: text}))


def _plain(array: Array) -> numpy.ndarray:
    """On the host, row by row, least significant byte first: safetensors copies memory whatever its layout."""
    host = to_host(array)
    # not numpy.ascontiguousarray, which turns a single number into an array of shape (1,)
    return numpy.asarray(host, dtype=host.dtype.newbyteorder("<"), order="C")


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace the file at `path` by `content`, so that whoever stops us at any moment finds the old file or the new
    one, whole.

    The content goes to a temporary file in the same folder; it is on the disk (fsync) before `os.replace` gives it
    the name, which the operating system does in one step; then the folder is brought to the disk too. A process that
    is killed on the way may leave the temporary file behind, never a broken `path`.
    """
    target = os.path.realpath(path)  # through a symbolic link: it keeps pointing where it pointed
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except OSError as error:
        advice = "Choose a folder that exists, has room and may be written to"
        raise OSError(error.errno, f"cannot write {os.fspath(path)}: {error.strerror}. {advice}") from error
    finally:  # after success it has its new name; after an error or Ctrl-C it has to go
        pathlib.Path(temporary).unlink(missing_ok=True)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_file(path: str | os.PathLike[str]) -> tuple[dict[str, numpy.ndarray], dict[str, Any]]:
    """({name: array}, facts) of any safetensors file; `facts` is empty if it was not written by `write_file`.

    Errors: FileNotFoundError; ValueError, naming the file, if it is cut short, damaged or of another format.
    """
    library = require("safetensors", extra="io", purpose="read checkpoints")
    codec = require("safetensors.numpy", extra="io", purpose="read checkpoints")
    content = _read_bytes(path)
    header = _header(path, content)
    try:
        arrays = codec.load(content)
    except (library.SafetensorError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}. Use another copy") from error
    except KeyError as error:
        raise ValueError(
            f"{path} holds numbers of a type that NumPy lacks, {error}: convert them to float32 where the file was made"
        ) from error
    text = header.pop("__metadata__", {}).get(KEY, "{}")
    try:
        facts = dict(json.loads(text))
        aliases = dict(facts.get("aliases", {}))
        names = facts.get("names", header)  # in the order in which they were given; the library has its own
        named = {name: arrays[aliases.get(name, name)] for name in names}
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged: its metadata does not fit ({error}). Use another copy") from error
    if facts.get("version", 1) != 1:
        raise ValueError(f"{path} is of version {facts['version']}, wanted version 1: it needs a newer tinygrad_edu")
    return named, facts


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, "there is no checkpoint here: check the path", os.fspath(path)) from None


def _header(path: str | os.PathLike[str], content: bytes) -> dict[str, Any]:
    """The header as a dictionary, after a check that the file has the length that the header promises."""
    size = int.from_bytes(content[:_PREFIX], "little")
    looks_right = content[_PREFIX : _PREFIX + 1] == b"{" and size < 100_000_000  # the format's own limit
    if len(content) > _PREFIX and not looks_right:
        raise ValueError(f"{path} is not a safetensors file: {_other_format(content)}")
    if len(content) < _PREFIX + size or not content:
        raise ValueError(
            f"{path} is cut short: wanted a header of {max(size, 2)} bytes after the first {_PREFIX}, got "
            f"{len(content)} bytes in all. "
            "Use another copy"
        )
    try:
        header: dict[str, Any] = json.loads(content[_PREFIX : _PREFIX + size])
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} is damaged: its header cannot be read ({error}). Use another copy") from error
    wanted = _PREFIX + size + max(ends, default=0)
    if len(content) != wanted:
        problem = "is cut short" if len(content) < wanted else "is longer than it says"
        raise ValueError(f"{path} {problem}: wanted {wanted} bytes, got {len(content)}. Use another copy")
    return header


def _other_format(content: bytes) -> str:
    kinds = {
        b"PK": "it is a zip file, perhaps made by torch.save or numpy.savez. Load it there, and save its state_dict "
        "with "
        "safetensors.torch.save_file",
        b"\x80": "it is a Python pickle, which could run code when it is read. Load it where you trust it, and save "
        "its "
        "state_dict as safetensors",
        b"\x93NUMPY": "it is a single NumPy array: read it with numpy.load(path, allow_pickle=False)",
        b"\x89HDF": "it is an HDF5 file, perhaps of Keras: convert its weights to safetensors",
    }
    known = (advice for magic, advice in kinds.items() if content.startswith(magic))
    return next(known, f"it begins with the bytes {content[:8].hex(' ')}. Wanted a file of save or save_checkpoint")
