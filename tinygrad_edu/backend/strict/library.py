"""`library` stands in for the module `cupy`: `library.exp(x)`, `library.float32`, `library.linalg.norm(x)`.

For: code written as `xp = namespace(array); xp.exp(array)`. A name that CuPy has not is an AttributeError. A name that
CuPy has and the stand-in has not (kernels, streams, files) is there, and raises NotImplementedError when it is used.
Not for: adding names; what exists is in `cupy_surface.json`.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any, NoReturn

import numpy

from tinygrad_edu.backend.strict.array import StrictArray
from tinygrad_edu.backend.strict.calls import Call
from tinygrad_edu.backend.strict.functions import ELEMENTWISE, HANDWRITTEN
from tinygrad_edu.backend.strict.listing import find, missing, surface
from tinygrad_edu.backend.strict.ufuncs import ufunc

# The modules whose names are in the listing; the others (cuda, testing, ...) are refused as a whole.
LISTED = frozenset(["cupy.fft", "cupy.lib", "cupy.lib.stride_tricks", "cupy.linalg", "cupy.random"])
# CuPy's modules, and NumPy's that do their work.
TWINS: dict[str, ModuleType] = {"cupy": numpy, "cupy.linalg": numpy.linalg, "cupy.fft": numpy.fft}
CLASSES: dict[str, type] = {"cupy.ndarray": StrictArray, "cupy.ufunc": ufunc}
# Functions that NumPy could carry out, but that read files, call Python per element, or print.
NOT_FOR_DEVICES = {"apply_along_axis", "apply_over_axes", "fromfunction", "mask_indices", "piecewise", "vectorize"}
NOT_FOR_DEVICES |= {"array2string", "array_repr", "array_str", "base_repr", "binary_repr", "show_config"}
NOT_FOR_DEVICES |= {"format_float_positional", "format_float_scientific", "from_dlpack", "frombuffer", "fromfile"}
NOT_FOR_DEVICES |= {
    "fromiter",
    "fromstring",
    "genfromtxt",
    "load",
    "loadtxt",
    "save",
    "savetxt",
    "savez",
    "savez_compressed",
}
VALUES = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan, "None": None, "True": True, "False": False}


class Refused:
    """Something that CuPy has and the stand-in has not: it can be named, but not used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}, which the strict stand-in has not>"

    def _refuse(self, *arguments: Any, **keywords: Any) -> NoReturn:
        raise NotImplementedError(f"CuPy has {self._name}; the strict stand-in, which has no GPU, has not")

    __call__ = __getitem__ = __enter__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python itself is asking, as in copy or isinstance
            raise AttributeError(name)
        self._refuse()


class Library:
    """One of CuPy's modules. Names are made when they are first asked for."""

    def __init__(self, name: str, shown_as: str) -> None:
        self.__name__ = shown_as
        self._name = name

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, a stand-in for {self._name}>"

    def __dir__(self) -> list[str]:
        inside = (name.rpartition(".") for name in surface()["names"])
        return [name for owner, _, name in inside if owner == self._name]

    def __getattr__(self, name: str) -> Any:
        full_name = f"{self._name}.{name}"
        entry = find(full_name)
        if entry is None:
            raise missing(self._name, name)
        value = self._make(full_name, name, entry)
        setattr(self, name, value)  # found without __getattr__ from now on
        return value

    def _make(self, full_name: str, name: str, entry: dict[str, Any]) -> Any:
        kind = entry["kind"]
        twin = getattr(TWINS.get(self._name), name, None) or getattr(numpy.exceptions, name, None)
        if kind == "value":
            text = entry["value"]
            return VALUES[text] if text in VALUES else float(text)
        if kind == "numpy":
            return twin
        if kind == "module" and full_name in LISTED:
            return Library(full_name, f"{self.__name__}.{name}")
        if kind == "class":
            return CLASSES.get(full_name) or Refused(full_name)
        if kind == "ufunc":
            return ufunc(full_name, ELEMENTWISE.get(full_name, twin), entry)
        if kind == "function":
            if full_name in HANDWRITTEN:
                return HANDWRITTEN[full_name]
            if callable(twin) and name not in NOT_FOR_DEVICES:
                return Call(
                    full_name, numpy.matmul if name == "matmul" else twin
                )  # CuPy has one matmul, under two names
        return Refused(full_name)


library = Library("cupy", "strict")
cupyx = Library("cupyx", "strictx")
