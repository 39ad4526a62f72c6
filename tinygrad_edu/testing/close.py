"""assert_close: equal within rounding, and if not, where and by how much. The names and tolerances are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import device_of, is_array, to_host
from tinygrad_edu.engine import Value

# dtype -> (rtol, atol): a few units in the last place, relative to the number and near 0
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """|actual - expected| ≤ atol + rtol |expected| everywhere, or an AssertionError that says where not.

    actual, expected  tensors, NumPy arrays, numbers, or sequences and mappings of these. Device and dtype are compared
                      between two tensors only.
    rtol, atol        both or neither; left out, they follow the dtype (the coarser of two): see TOLERANCES
    msg               a message instead of ours, or a function from ours to another
    """
    if (rtol is None) != (atol is None):
        raise ValueError(f"assert_close wanted both rtol and atol or neither, got rtol={rtol} and atol={atol}")
    options = (rtol, atol, equal_nan, check_device, check_dtype)
    problem = _compare(actual, expected, "", options)
    if problem is not None:
        raise AssertionError(problem if msg is None else msg(problem) if callable(msg) else msg)


def _compare(actual: Any, expected: Any, where: str, options: Any) -> str | None:
    """None, or a sentence about the first thing that differs."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            return f"The keys of the mappings do not match{where}: {sorted(actual)} and {sorted(expected)}"
        pairs = [(actual[key], expected[key], f"[{key!r}]") for key in actual]
    elif isinstance(actual, Sequence) and isinstance(expected, Sequence):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch{where}: {len(actual)} != {len(expected)}"
        pairs = [(a, e, f"[{i}]") for i, (a, e) in enumerate(zip(actual, expected, strict=True))]
    else:
        return _compare_arrays(actual, expected, where, options)
    problems = (_compare(a, e, f"{where}{place}", options) for a, e, place in pairs)
    return next((problem for problem in problems if problem is not None), None)


def _compare_arrays(actual: Any, expected: Any, where: str, options: Any) -> str | None:
    rtol, atol, equal_nan, check_device, check_dtype = options
    arrays = [value.array if isinstance(value, Value) else value for value in (actual, expected)]
    if isinstance(actual, Value) and isinstance(expected, Value):
        first, second = (device_of(array) for array in arrays)
        if check_device and first != second:
            return f"The values for attribute 'device' do not match{where}: {first} != {second}."
        if check_dtype and arrays[0].dtype != arrays[1].dtype:
            return f"The values for attribute 'dtype' do not match{where}: {arrays[0].dtype} != {arrays[1].dtype}."
    a, e = (to_host(array) if is_array(array) else numpy.asarray(array) for array in arrays)
    if a.shape != e.shape:
        return f"The values for attribute 'shape' do not match{where}: {a.shape} != {e.shape}."
    if rtol is None:
        kinds = [str(x.dtype) for x, given in zip((a, e), arrays, strict=True) if is_array(given)] or ["float64"]
        rtol, atol = max(TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds)
    return _report(a, e, where, rtol, atol, equal_nan)


def _report(a: numpy.ndarray, e: numpy.ndarray, where: str, rtol: float, atol: float, equal_nan: bool) -> str | None:
    bad = ~numpy.isclose(a, e, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if not bad.any():
        return None
    with numpy.errstate(all="ignore"):
        error = numpy.abs(a.astype(float) - e.astype(float))
        relative = error / numpy.abs(e.astype(float))
    worst, worst_relative = (_greatest(numpy.where(bad, x, -1.0)) for x in (error, relative))
    title = "Scalars" if not a.ndim else "Tensor-likes"
    return (
        f"{title} are not close{where and ' at ' + where}!\n"
        f"Mismatched elements: {int(bad.sum())} / {bad.size} ({bad.mean():.1%})\n"
        f"Greatest absolute difference: {error[worst]:.6g} at index {worst}: got {a[worst]}, expected {e[worst]} "
        f"(up to {atol} allowed)\n"
        f"Greatest relative difference: {relative[worst_relative]:.6g} at index {worst_relative} (up to {rtol} allowed)"
    )


def _greatest(error: numpy.ndarray) -> tuple[int, ...]:
    flat = int(numpy.argmax(numpy.where(numpy.isnan(error), numpy.inf, error)))
    return tuple(int(i) for i in numpy.unravel_index(flat, error.shape))
