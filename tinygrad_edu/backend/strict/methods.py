"""The methods of a device array: `x.sum(axis=0)`, `x.reshape(2, 3)`, `x.astype(...)`.

For: what `cupy.ndarray` has, with CuPy's parameters. Most are carried out by NumPy's method of the same name; those
written out here differ from NumPy, or are called so often that checking their arguments one by one would be slow.
Not for: operators and indexing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from tinygrad_edu.backend.strict.calls import Call
from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.indexing import to_integer, write
from tinygrad_edu.backend.strict.memory import Memory, adopt, checked_dtype, computed, host_of, view, wrap


def by_numpy(name: str) -> Callable[..., Any]:
    """The method `name`, carried out by NumPy's method and checked against CuPy's signature."""

    @functools.cache
    def call() -> Call:
        return Call(f"cupy.ndarray.{name}", getattr(numpy.ndarray, name, None) or getattr(numpy, name))

    def method(self: Memory, *arguments: Any, **keywords: Any) -> Any:
        return call()(self, *arguments, **keywords)

    method.__name__ = name
    return method


def reduced(function: Any, array: Memory, out: Any, **settings: Any) -> Any:
    """A reduction, silent as on a GPU."""
    with numpy.errstate(all="ignore"):
        result = function(array._host, out=None if out is None else host_of(out), **settings)
    return computed(result) if out is None else adopt(result, (out,))


class Methods(Memory):
    """The methods of `cupy.ndarray`."""

    __slots__ = ()

    # Reductions

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        return reduced(numpy.add.reduce, self, out, axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = None) -> Any:
        return reduced(numpy.multiply.reduce, self, out, axis=axis, dtype=dtype, keepdims=bool(keepdims))

    def max(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        return reduced(numpy.maximum.reduce, self, out, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        return reduced(numpy.minimum.reduce, self, out, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        return reduced(numpy.ndarray.mean, self, out, axis=axis, dtype=dtype, keepdims=keepdims)

    all, any, ptp = by_numpy("all"), by_numpy("any"), by_numpy("ptp")
    argmax, argmin = by_numpy("argmax"), by_numpy("argmin")
    std, var, trace = by_numpy("std"), by_numpy("var"), by_numpy("trace")
    cumsum, cumprod = by_numpy("cumsum"), by_numpy("cumprod")

    # Views and copies

    @property
    def T(self) -> Any:
        """All axes reversed; an array of fewer than two axes is its own transpose."""
        return self if self.ndim < 2 else view(self._host.T, self)

    @property
    def mT(self) -> Any:
        """The last two axes swapped."""
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return view(self._host.swapaxes(-1, -2), self)

    @property
    def real(self) -> Any:
        """The real part: the array itself when it has no other."""
        return view(self._host.real, self) if self.dtype.kind == "c" else self

    @real.setter
    def real(self, value: Any) -> None:
        write(self.real, ..., value)

    @property
    def imag(self) -> Any:
        """The imaginary part: zeros for real numbers."""
        return view(self._host.imag, self) if self.dtype.kind == "c" else computed(numpy.zeros_like(self._host))

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError("cannot set imag of a real array")
        write(self.imag, ..., value)

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
        result = self._host.reshape(*shape, order=order)
        if copy and result.base is not None:
            result = result.copy()
        elif copy is False and not numpy.may_share_memory(result, self._host):
            raise ValueError(f"wanted a reshape without a copy, but the strides {self.strides} do not allow it")
        return adopt(result, (self,))

    def transpose(self, *axes: Any) -> Any:
        return view(self._host.transpose(*axes), self)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        return view(self._host.swapaxes(axis1, axis2), self)

    def squeeze(self, axis: Any = None) -> Any:
        result = self._host.squeeze(axis)
        return self if result.ndim == self.ndim else view(result, self)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        result = self._host.diagonal(offset, axis1, axis2)
        result.flags.writeable = self._host.flags.writeable  # NumPy protects diagonals, CuPy does not
        return view(result, self)

    def view(self, dtype: Any = None, type: Any = None) -> Any:
        if dtype is Memory._kind or dtype is None:
            return view(self._host.view(), self)
        return view(self._host.view(checked_dtype(dtype)), self)

    def reduced_view(self, dtype: Any = None) -> Any:
        """A view with as few axes as the strides allow; only the contiguous case is reduced here."""
        if dtype is not None:
            raise NotImplementedError("CuPy deprecates reduced_view(dtype): use view(dtype)")
        return self if self.ndim <= 1 or not self.flags.c_contiguous else view(self._host.reshape(-1), self)

    def ravel(self, order: Any = "C") -> Any:
        return adopt(self._host.ravel(order), (self,))

    def flatten(self, order: Any = "C") -> Any:
        return computed(self._host.flatten(order))

    def copy(self, order: Any = "C") -> Any:
        return computed(self._host.copy(order))

    def astype(self, dtype: Any, order: Any = "K", casting: Any = None, subok: Any = None, copy: bool = True) -> Any:
        if casting is not None or subok is not None:
            raise TypeError("casting= and subok= are not supported by cupy.ndarray.astype")
        target = checked_dtype(dtype)
        if target.kind in "iu" and self.dtype.kind == "f":
            return computed(to_integer(self._host, target))
        with numpy.errstate(all="ignore"):
            return adopt(self._host.astype(target, order=order, copy=copy), (self,))

    # Writing

    def fill(self, value: Any) -> None:
        if isinstance(value, Memory) and value.ndim:
            raise ValueError(f"wanted a number to fill with, got an array of shape {value.shape}")
        write(self, ..., value)

    def put(self, indices: Any, values: Any, mode: str = "wrap") -> None:
        """Writes into the flattened array. An index out of range raises, though CuPy's default wraps it around."""
        if mode == "clip" or not self.flags.c_contiguous:
            raise NotImplementedError("the strict stand-in puts into C-contiguous arrays, and without mode='clip'")
        counters.synchronizations += mode == "raise"
        write(self.reshape(-1), wrap(numpy.ravel(host_of(indices))), values)

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        check_stable(kind)
        if not self.flags.c_contiguous:
            raise NotImplementedError("Sorting non-contiguous array is not supported by CuPy: copy() it first")
        counters.launches += 1
        self._host.sort(axis, kind="stable")

    def argsort(self, axis: Any = -1, kind: Any = None) -> Any:
        check_stable(kind)
        return computed(self._host.argsort(axis, kind="stable"))

    def scatter_add(self, slices: Any, value: Any) -> None:
        raise NotImplementedError("CuPy deprecates ndarray.scatter_add: use add.at")

    def scatter_max(self, slices: Any, value: Any) -> None:
        raise NotImplementedError("CuPy deprecates ndarray.scatter_max: use maximum.at")

    def scatter_min(self, slices: Any, value: Any) -> None:
        raise NotImplementedError("CuPy deprecates ndarray.scatter_min: use minimum.at")

    partition, argpartition, searchsorted = by_numpy("partition"), by_numpy("argpartition"), by_numpy("searchsorted")
    take, choose, compress, repeat = by_numpy("take"), by_numpy("choose"), by_numpy("compress"), by_numpy("repeat")
    clip, round, dot, nonzero = by_numpy("clip"), by_numpy("round"), by_numpy("dot"), by_numpy("nonzero")
    conj, conjugate, byteswap = by_numpy("conj"), by_numpy("conjugate"), by_numpy("byteswap")


def check_stable(kind: Any) -> None:
    """CuPy sorts stably and in no other way."""
    if kind not in (None, "stable"):
        raise ValueError(f"kind can only be None or 'stable' in CuPy, got {kind!r}")
