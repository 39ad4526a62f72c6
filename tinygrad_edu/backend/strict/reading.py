"""Everything that brings numbers back to the host, and what refuses to.

For: float(x), x.item(), x.get(), print(x) and so on, each of which counts as a download and a synchronization, and for
the protocols by which NumPy and others reach into foreign arrays. Not for: `download`, the named door.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.indexing import read, write
from tinygrad_edu.backend.strict.memory import Memory, computed


class Reading(Memory):
    """Reading, iterating, and the refusals."""

    __slots__ = ()

    def get(self, stream: Any = None, order: Any = "C", out: Any = None, blocking: bool = True) -> numpy.ndarray:
        """A copy as a NumPy array."""
        counters.read_back()
        if out is None:
            return numpy.array(self._host, order=order, copy=True)
        numpy.copyto(out, self._host)
        return out

    def set(self, arr: numpy.ndarray, stream: Any = None) -> None:
        """Overwrite the data with that of a NumPy array of the same shape and dtype: an upload."""
        if not isinstance(arr, numpy.ndarray):
            raise TypeError(f"wanted a numpy.ndarray, got {type(arr).__name__}")
        if arr.dtype != self.dtype or arr.shape != self.shape:
            raise ValueError(f"wanted {self.dtype} of shape {self.shape}, got {arr.dtype} of shape {arr.shape}")
        counters.uploads += 1
        self._host[...] = arr

    def item(self) -> Any:
        """The one element as a Python number."""
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self.get().tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """The data as bytes."""
        return self.get().tobytes(order)

    def tofile(self, fid: Any, sep: str = "", format: str = "%s") -> None:
        """Write the data to a file."""
        self.get().tofile(fid, sep, format)

    def dump(self, file: Any) -> None:
        """Write a pickle to a file; loading it gives a NumPy array here."""
        self.get().dump(file)

    def dumps(self) -> bytes:
        """A pickle as bytes; loading it gives a NumPy array here."""
        return self.get().dumps()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __bool__(self) -> bool:
        return bool(self.get())

    def __bytes__(self) -> bytes:
        return self.tobytes()

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, format_spec: str) -> str:
        return format(self.get(), format_spec)

    def __getitem__(self, index: Any) -> Any:
        return read(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        write(self, index, value)

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (read(self, position) for position in range(len(self)))

    def __copy__(self) -> Any:
        return computed(self._host.copy())

    def __deepcopy__(self, memo: Any) -> Any:
        return computed(self._host.copy())

    def __reduce__(self) -> NoReturn:
        raise TypeError("the strict stand-in does not pickle: download the array first")

    # NumPy asks these before it touches a foreign array.

    __array_ufunc__ = None  # numpy.exp(x) raises, and `host_array * x` is left to x, which refuses

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed, as in CuPy: use to_host(array), or the array's own "
            "library (`namespace(array)`) in place of `numpy`"
        )

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> NoReturn:
        name = function.__name__
        raise TypeError(f"numpy.{name} got an array on the device: call namespace(array).{name} in its place")

    def __dlpack__(self, **keywords: Any) -> NoReturn:
        raise BufferError("the strict stand-in has no GPU memory to share: download the array first")

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0  # what CuPy says: CUDA device number 0

    def toDlpack(self) -> NoReturn:
        """Refused: there is no GPU memory to share."""
        self.__dlpack__()

    @property
    def cstruct(self) -> NoReturn:
        """Refused: there is no kernel to hand it to."""
        raise NotImplementedError("CuPy has ndarray.cstruct; the strict stand-in runs no CUDA kernels")

    def mdspan(self, *, index_type: Any, allow_unsafe: bool = False) -> NoReturn:
        """Refused: there is no kernel to hand it to."""
        raise NotImplementedError("CuPy has ndarray.mdspan; the strict stand-in runs no CUDA kernels")

    @property
    def flat(self) -> NoReturn:
        """Refused: CuPy's flat iterator is no array; ravel() and reshape(-1) are."""
        raise NotImplementedError("CuPy has ndarray.flat; the strict stand-in has not: use ravel()")
