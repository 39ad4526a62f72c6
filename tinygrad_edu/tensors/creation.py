"""New tensors: from data, filled, counted, drawn.

Python floats become the default dtype (float32), Python integers int64, NumPy arrays keep theirs. Random numbers are
drawn on the host and shipped once, so that every device sees the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import (
    Generator,
    device_of,
    dtypes,
    host_generator,
    is_array,
    library_of,
    to_device,
)
from tinygrad_edu.engine import Value, result
from tinygrad_edu.tensors.axes import flat_sizes
from tinygrad_edu.tensors.nested import numbers_of, refuse_other_kinds
from tinygrad_edu.tensors.tensor import Tensor


def _finish(array: Any, device: Any, requires_grad: bool) -> Tensor:
    made: Any = result(array if device is None else to_device(array, device))
    return made.requires_grad_() if requires_grad else made


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested lists, a NumPy or CuPy array, or a tensor."""
    if isinstance(data, Value):
        data = data.array
    if is_array(data):
        refuse_other_kinds(data)
        array = data.copy() if dtype is None else data.astype(numpy.dtype(dtype))
        return _finish(array, device_of(data) if device is None else device, requires_grad)
    return _finish(numbers_of(data, dtype), device, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing its memory where dtype and device allow; a tensor is returned as it is."""
    if isinstance(data, Tensor):
        return data.to(data.device if device is None else device, dtype)
    if is_array(data):
        refuse_other_kinds(data)
        return result(data).to(device_of(data) if device is None else device, dtype)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: numpy.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array: writing to one writes to the other."""
    if not isinstance(ndarray, numpy.ndarray):
        raise TypeError(f"from_numpy wanted a numpy.ndarray, got {type(ndarray).__name__}: use tensor(...)")
    refuse_other_kinds(ndarray)
    return result(numpy.asarray(ndarray))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares the memory of any object that speaks DLPack: a PyTorch, JAX or CuPy array."""
    on_host = ext_tensor.__dlpack_device__()[0] == 1  # 1 is DLPack's number for the CPU
    library = numpy if on_host else library_of("cuda")
    return result(library.from_dlpack(ext_tensor))


# ---------------------------------------------------------------------------------------------------------- filled
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of shape `size` with the same number everywhere."""
    if isinstance(fill_value, Value):
        fill_value = fill_value.array
    if is_array(fill_value) or isinstance(fill_value, numpy.generic):
        fill_value = fill_value.item()  # as a Python number, of its kind
    if dtype is None:
        kinds = {bool: dtypes.bool, int: dtypes.int64}
        dtype = kinds.get(type(fill_value), dtypes.get_default_dtype())
    sizes = (size,) if isinstance(size, int) else tuple(size)
    if any(n < 0 for n in sizes):
        raise ValueError(f"wanted sizes of 0 or more, got {sizes}")
    made = library_of(device).full(sizes, fill_value, numpy.dtype(dtype))
    return _finish(made, device, requires_grad)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 everywhere: zeros(2, 3) or zeros((2, 3))"""
    return full(flat_sizes(size), 0.0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 everywhere"""
    return full(flat_sizes(size), 1.0, dtype=dtype, device=device, requires_grad=requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Room for numbers yet to be written. It holds zeros, so that forgetting to write them does no magic."""
    return zeros(*size, dtype=dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The same number everywhere, in the shape, dtype and place of `input`"""
    place = input.device if device is None else device
    return full(input.shape, fill_value, dtype=dtype or input.dtype, device=place, requires_grad=requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 everywhere, in the shape, dtype and place of `input`"""
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 everywhere, in the shape, dtype and place of `input`"""
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Room (zeros) in the shape, dtype and place of `input`"""
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


# --------------------------------------------------------------------------------------------------------- counted
def _counted(array: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    if dtype is None:
        dtype = dtypes.get_default_dtype() if array.dtype.kind == "f" else dtypes.int64
    return _finish(array.astype(numpy.dtype(dtype)), device, requires_grad)


def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, …, up to but without `end`; arange(n) counts from 0"""
    if step == 0:
        raise ValueError("arange wanted a step other than 0")
    first, last = (0, start) if end is None else (start, end)
    if (last - first) * step < 0:
        raise ValueError(f"arange wanted steps that lead from {first} to {last}, got a step of {step}")
    return _counted(numpy.arange(first, last, step), dtype, device, requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers evenly spaced from start to end, both included"""
    return _counted(numpy.linspace(float(start), float(end), steps), dtype, device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 on the diagonal of an n x m matrix, 0 elsewhere"""
    return _counted(numpy.eye(n, m), dtype, device, requires_grad)


# ----------------------------------------------------------------------------------------------------------- drawn
def _real(dtype: Any) -> Any:
    """The dtype to draw real numbers in."""
    dtype = dtypes.get_default_dtype() if dtype is None else numpy.dtype(dtype)
    if dtype.kind != "f":
        raise TypeError(f"wanted a floating-point dtype for numbers that are not whole, got {dtype}: use randint")
    return dtype


def _drawn(array: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    return _finish(numpy.asarray(array, dtype or dtypes.get_default_dtype()), device, requires_grad)


def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers drawn evenly from [0, 1)"""
    return _drawn(host_generator(generator).random(flat_sizes(size)), _real(dtype), device, requires_grad)


def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers drawn from the normal distribution with mean 0 and variance 1"""
    return _drawn(host_generator(generator).standard_normal(flat_sizes(size)), _real(dtype), device, requires_grad)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """Integers drawn evenly from [low, high), or from [0, low) when called as randint(high, size)"""
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if high <= low:
        raise ValueError(f"randint wanted low below high, got {low} and {high}")
    return _drawn(host_generator(generator).integers(low, high, tuple(size)), dtype or dtypes.int64, device, False)


def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """The integers from 0 to n - 1 in random order"""
    if n < 0:
        raise ValueError(f"randperm wanted n of 0 or more, got {n}")
    return _drawn(host_generator(generator).permutation(n), dtype or dtypes.int64, device, False)


def rand_like(input: Tensor, *, generator: Generator | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """Like rand, in the shape, dtype and place of `input`"""
    place = input.device if device is None else device
    return rand(*input.shape, generator=generator, dtype=dtype or input.dtype, device=place)


def randn_like(input: Tensor, *, generator: Generator | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """Like randn, in the shape, dtype and place of `input`"""
    place = input.device if device is None else device
    return randn(*input.shape, generator=generator, dtype=dtype or input.dtype, device=place)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
) -> Tensor:
    """Like randint, in the shape, dtype and place of `input`"""
    place = input.device if device is None else device
    return randint(low, high, input.shape, generator=generator, dtype=dtype or input.dtype, device=place)


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A single number as a 0-d tensor"""
    return tensor(s, dtype=dtype or dtypes.get_default_dtype(), device=device)
