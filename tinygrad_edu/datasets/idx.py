"""IDX: the file format of MNIST. A few bytes that say what follows, then the numbers of one array.

    byte 0, 1       0 0
    byte 2          type of the numbers: 8 uint8, 9 int8, 11 int16, 12 int32, 13 float32, 14 float64
    byte 3          number of axes, k
    k times 4 bytes length of each axis, most significant byte first
    the rest        the numbers, most significant byte first, the last axis running fastest

For: reading and writing one array. Not for: what it means (`mnist.py`). Source: LeCun, Cortes, Burges, "The MNIST
database of handwritten digits", section "File formats for the MNIST database".
"""

from __future__ import annotations

import gzip
import math
import os
import pathlib
import zlib

import numpy

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_AXES = 64  # NumPy's own limit


def read_idx(path: str | os.PathLike[str]) -> numpy.ndarray:
    """The array in an IDX file, gzipped or not (told by its first bytes, not by its name).

    Errors: FileNotFoundError; ValueError, naming the file, if it is no IDX file, or longer or shorter than it says it
    is.
    """
    content = _read_bytes(pathlib.Path(path))
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or not 1 <= content[3] <= _MOST_AXES:
        raise ValueError(
            f"{path} is not an IDX file: wanted a magic number 00 00 TT KK (TT one of 08 09 0b 0c 0d 0e, KK axes), got "
            f"{content[:4].hex(' ') or 'an empty file'}. Check that it is the file you meant, and that it was copied "
            "whole"
        )
    kind, axes = numpy.dtype(_TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(
            f"{path} is cut short: wanted {start} bytes of header for {axes} axes, got {len(content)} bytes in all. "
            "Copy it again"
        )
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    wanted = math.prod(shape) * kind.itemsize
    if len(content) - start != wanted:
        problem = "is cut short" if len(content) - start < wanted else "is longer than it says"
        raise ValueError(
            f"{path} {problem}: its header promises shape {shape} of {kind.name}, so wanted {wanted} bytes after the "
            "header, "
            f"got {len(content) - start}. Copy it again"
        )
    numbers = numpy.frombuffer(content, dtype=kind, offset=start)
    return numbers.astype(kind.newbyteorder("=")).reshape(shape)


def write_idx(path: str | os.PathLike[str], array: numpy.ndarray) -> None:
    """Write `array` as an IDX file, gzipped if the name ends in .gz. Equal arrays make equal files.

    Errors: TypeError for a type of number that the format has not (such as int64), ValueError for a 0-d array.
    """
    array = numpy.asarray(array)
    code = next((code for code, kind in _TYPES.items() if numpy.dtype(kind).newbyteorder("=") == array.dtype), None)
    if code is None:
        raise TypeError(
            "IDX files hold uint8, int8, int16, int32, float32 or float64, "
            f"got {array.dtype}: convert first, as in labels.astype(numpy.uint8)"
        )
    if not 1 <= array.ndim <= _MOST_AXES:
        raise ValueError(f"IDX files hold arrays of 1 to {_MOST_AXES} axes, got shape {array.shape}")
    header = bytes([0, 0, code, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    content = header + array.astype(_TYPES[code]).tobytes()
    if str(path).endswith(".gz"):
        content = gzip.compress(content, mtime=0)  # no time of day in the file
    pathlib.Path(path).write_bytes(content)


def _read_bytes(path: pathlib.Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is cut short or damaged: wanted a whole gzip file, got {len(content)} bytes that do not unpack "
            f"({error}). "
            "Copy it again"
        ) from error
