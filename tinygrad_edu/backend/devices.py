"""Devices: where an array lives, and the named doors through which data moves.

For: `device("cpu" | "cuda" | "cuda:0" | "strict")` and explicit transfers. Not for: a current or default device;
there is none. Asking for a GPU that is not there is an error that says how to get one, never a silent fall-back.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy

from tinygrad_edu.backend.arrays import Array, namespace

_TYPES = ("cpu", "cuda", "strict")


class device:
    """A place for arrays: `device("cpu")`, `device("cuda")`, `device("cuda:1")`, `device("cuda", 1)`.

    "strict" is a NumPy-backed stand-in that refuses what CuPy refuses; it is there to test GPU code without a GPU.
    """

    __slots__ = ("type", "index")

    def __init__(self, type: str | device, index: int | None = None) -> None:
        name = str(type)
        kind, _, number = name.partition(":")
        if kind not in _TYPES or (number and not number.isdigit()) or (number and index is not None):
            raise ValueError(f"wanted a device such as 'cpu', 'cuda' or 'cuda:0', got {name!r}")
        self.type = kind
        self.index: int | None = int(number) if number else index
        if kind == "cuda" and self.index is None:
            self.index = 0

    def __str__(self) -> str:
        return f"{self.type}:{self.index}" if self.type == "cuda" else self.type

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + (f", index={self.index})" if self.type == "cuda" else ")")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            other = device(other)
        return isinstance(other, device) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


CPU = device("cpu")
STRICT = device("strict")


def cuda_problem() -> str | None:
    """None when a GPU can be used; else a sentence that says what is missing and what to do about it."""
    if importlib.util.find_spec("cupy") is None:
        return (
            'CuPy is not installed. Install it for your driver: pip install "tinygrad_edu[cuda12]" or '
            '"tinygrad_edu[cuda13]" (nvidia-smi prints which)'
        )
    import cupy

    if not cupy.cuda.is_available():
        return "CuPy is installed, but finds no GPU or no driver: check that nvidia-smi lists your GPU"
    return None


def device_of(array: Array) -> device:
    """The device that holds `array`."""
    library = namespace(array)
    if library is numpy:
        return CPU
    if library.__name__ == "cupy":
        return device("cuda", array.device.id)
    return STRICT


def to_host(array: Array) -> numpy.ndarray:
    """The array as a NumPy array: itself on the host, a copy (and a wait for the GPU) from elsewhere."""
    library = namespace(array)
    if library is numpy:
        return numpy.asarray(array)
    if library.__name__ == "cupy":
        return library.asnumpy(array)
    from tinygrad_edu.backend import strict

    return strict.download(array)


def to_device(array: Array, target: device | str) -> Array:
    """The array on `target`; itself, uncopied, when it is there already."""
    target = target if isinstance(target, device) else device(target)
    if device_of(array) == target:
        return array
    host = to_host(array)
    if target.type == "cpu":
        return host
    if target.type == "strict":
        from tinygrad_edu.backend import strict

        return strict.upload(host)
    problem = cuda_problem()
    if problem is not None:
        raise RuntimeError(f"wanted device {target}, but {problem}; or ask for device('cpu')")
    import cupy

    count = cupy.cuda.runtime.getDeviceCount()
    if target.index is not None and target.index >= count:
        raise RuntimeError(f"wanted device {target}, but this machine has {count} GPU(s): cuda:0 to cuda:{count - 1}")
    with cupy.cuda.Device(target.index):
        return cupy.asarray(host)


def library_of(target: device | str | None) -> Any:
    """The array library of a device (for creation without a host copy)."""
    target = CPU if target is None else device(target)
    if target.type == "cpu":
        return numpy
    if target.type == "strict":
        from tinygrad_edu.backend import strict

        return strict.library
    problem = cuda_problem()
    if problem is not None:
        raise RuntimeError(f"wanted device {target}, but {problem}; or ask for device('cpu')")
    import cupy

    return cupy
