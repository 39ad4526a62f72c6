"""CuPy's ufuncs: `library.exp(x)`, `library.add(x, y, out=z)`, `library.add.at(x, index, values)`.

For: elementwise functions, with the keywords and the methods that CuPy's have. CuPy lacks `where=` everywhere, has
`reduce` and `accumulate` for add and multiply only, and `at` for seven functions. Not for: operators, which call NumPy
directly.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.indexing import explained, translate, writable
from tinygrad_edu.backend.strict.memory import Memory, adopt, computed, host_of, refusal
from tinygrad_edu.backend.strict.operators import results, run_ufunc

# What each `at` can add up: the types for which CUDA has atomic operations (cupy/_core/_routines_indexing.pyx).
_WORDS = {"int32", "int64", "uint32", "uint64"}
AT_DTYPES = {
    "add": _WORDS | {"float16", "float32", "float64"},
    "subtract": {"int32", "uint32"},
    "maximum": _WORDS | {"float32", "float64"},
    "minimum": _WORDS | {"float32", "float64"},
    "bitwise_and": _WORDS,
    "bitwise_or": _WORDS,
    "bitwise_xor": _WORDS,
}


class ufunc:
    """An elementwise function. `name` is CuPy's full name, `function` NumPy's function, `entry` the listing's."""

    def __init__(self, name: str, function: Any, entry: dict[str, Any]) -> None:
        self.__name__ = name.rpartition(".")[2]
        self.name = "cupy_" + self.__name__
        self.full_name = name
        self.function = function
        self.nin, self.nout = entry["inputs"], entry["outputs"]
        self.nargs = self.nin + self.nout
        self.methods = entry["methods"]

    def __repr__(self) -> str:
        return f"<ufunc '{self.name}' of the strict stand-in>"

    def __call__(self, *arguments: Any, out: Any = None, dtype: Any = None, casting: Any = None, **unknown: Any) -> Any:
        if unknown:
            raise TypeError(f"{self.full_name} in CuPy takes out, dtype and casting, got {', '.join(unknown)}")
        if not self.nin <= len(arguments) <= self.nargs:
            raise TypeError(f"{self.full_name} wants {self.nin} to {self.nargs} arguments, got {len(arguments)}")
        inputs = tuple([host_of(argument) for argument in arguments[: self.nin]])
        settings: dict[str, Any] = {}
        if dtype is not None:
            settings["dtype"] = dtype
        if casting is not None:
            settings["casting"] = casting
        out = arguments[self.nin :] or out
        if out is None:
            return results(run_ufunc(self.function, inputs, **settings))
        targets = out if isinstance(out, tuple) else (out,)
        settings["out"] = tuple(target if target is None else device_data(target) for target in targets)
        outcome = run_ufunc(self.function, inputs, **settings)
        if self.nout == 1:
            return adopted(outcome, targets)
        return tuple(adopted(part, targets) for part in outcome)

    def _check(self, method: str) -> None:
        if method not in self.methods:
            raise NotImplementedError(f"`{self.full_name}.{method}` is not supported by CuPy")

    def at(self, a: Any, indices: Any, b: Any = None) -> None:
        """a[indices] = self(a[indices], b), where an index that occurs twice counts twice."""
        self._check("at")
        host, found = device_data(a), translate(indices)
        writable(host)
        if found.arrays and host.dtype.name not in AT_DTYPES[self.__name__]:
            supported = ", ".join(sorted(AT_DTYPES[self.__name__]))
            raise TypeError(f"{self.full_name}.at in CuPy supports {supported}, got {host.dtype}")
        values = host_of(b)
        counters.synchronizations += found.masks
        counters.launches += 1
        try:
            with numpy.errstate(all="ignore"):
                self.function.at(host, found.entries, numpy.asarray(values).astype(host.dtype, copy=False))
        except IndexError as error:
            raise explained(error) from None

    def outer(self, A: Any, B: Any, **keywords: Any) -> Any:
        """self(a, b) for every pair of elements."""
        self._check("outer")
        first, second = wrapped(A), wrapped(B)
        return self(first.reshape(first.shape + (1,) * second.ndim), second, **keywords)

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """The sum (add) or the product (multiply) along an axis; for the others CuPy has max, min, any, all."""
        self._check("reduce")
        method = array.sum if self.__name__ == "add" else array.prod
        return method(axis, dtype, out, keepdims)

    def accumulate(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        """The running sum (add) or product (multiply) along an axis."""
        self._check("accumulate")
        method = array.cumsum if self.__name__ == "add" else array.cumprod
        return method(axis, dtype, out)

    def reduceat(self, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """Sums of stretches along an axis, as CuPy computes them: differences of a running sum, inexact in float32."""
        self._check("reduceat")
        if out is not None:
            raise NotImplementedError("CuPy has add.reduceat(out=); the strict stand-in has not")
        host, starts = numpy.moveaxis(device_data(array), axis, 0), numpy.asarray(host_of(indices))
        running = numpy.cumsum(host, axis=0, dtype=dtype)
        running = numpy.concatenate([numpy.zeros_like(running[:1]), running])
        stops = numpy.append(starts[1:], len(host))
        single = (starts >= stops).reshape(-1, *(1,) * (host.ndim - 1))
        sums = numpy.where(single, host[starts], running[stops] - running[starts])
        return computed(numpy.moveaxis(sums, 0, axis))


def device_data(value: Any) -> numpy.ndarray:
    """The host data of something that must be an array, such as an output."""
    if not isinstance(value, Memory):
        raise refusal(value)
    return value._host


def adopted(outcome: Any, targets: tuple[Any, ...]) -> Any:
    """The target itself when the result was written there; one launch either way."""
    found = adopt(outcome, [target for target in targets if target is not None])
    counters.launches += any(found is target for target in targets)
    return found


def wrapped(value: Any) -> Any:
    """An array without axes for a number."""
    return value if isinstance(value, Memory) else computed(host_of(value))
