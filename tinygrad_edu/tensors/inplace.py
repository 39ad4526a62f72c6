"""Writing into a tensor: `add_`, `t[...] = v` and the rest, and what keeps them honest.

A tensor that is on a graph takes the history of the new value (its node is exchanged); the memory is marked as written,
so that a backward which still needs the old numbers refuses to use the new ones. What cannot be made right is refused
here: a leaf that wants a gradient, and a view whose other owners would not know.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy

from tinygrad_edu.backend import Generator, device_of, host_generator, namespace, owner, to_device
from tinygrad_edu.engine import Leaf, Value, clock, is_grad_enabled, mark_written, result
from tinygrad_edu.ops import casting, elementwise, indexing, kinks
from tinygrad_edu.tensors.indexing import clean_key
from tinygrad_edu.tensors.part import Part


def _bare(value: Any) -> Any:
    return value.array if isinstance(value, Value) else value


def _on_graph(*values: Any) -> bool:
    return is_grad_enabled() and any(isinstance(value, Value) and value.node is not None for value in values)


def write(target: Any, on_arrays: Callable[..., Any], on_values: Callable[..., Any], *others: Any) -> Any:
    """Overwrite `target` with on_values(target, *others); off the graph, with on_arrays, in one buffer."""
    if not _on_graph(target, *others):
        try:
            on_arrays(target.array, *map(_bare, others))
        except TypeError as error:
            raise TypeError(
                f"an in-place operation keeps its dtype, {target.array.dtype}: {error}; use the out-of-place one"
            ) from None
        mark_written(target.array)
        return target
    _refuse_unsafe(target)
    memory = owner(target.array)
    fresh = on_values(*(_kept(value, memory) for value in (target, *others)))
    if fresh.array.shape != target.array.shape or not numpy.can_cast(
        fresh.array.dtype, target.array.dtype, "same_kind"
    ):
        raise ValueError(
            f"an in-place operation keeps shape and dtype, {target.array.shape} {target.array.dtype}; "
            f"the result would be {fresh.array.shape} {fresh.array.dtype}: use the out-of-place one"
        )
    if fresh.array.dtype != target.array.dtype:
        fresh = casting.cast(fresh, dtype=target.array.dtype)
    target.array[...] = fresh.array
    mark_written(target.array, changes_graph=True)
    if fresh.node is not None:  # a step function has no history
        fresh.node.age = clock.tick()  # the new history begins after the write
    target.node = fresh.node
    return target


def _refuse_unsafe(target: Any) -> None:
    if isinstance(target.node, Leaf):
        raise RuntimeError(
            "a leaf Tensor that requires grad is being used in an in-place operation, which would lose what its "
            "gradient belongs to: write inside `with no_grad():`, or make a new tensor"
        )
    # A view that alone holds its memory (a fresh result, reshaped) is as good as an owner: 2 is it and this call.
    if getattr(target.array, "base", None) is not None and sys.getrefcount(target.array.base) > 2:
        raise RuntimeError(
            "wanted to write in place, on a graph, into a view of another tensor, whose own history would not know: "
            "clone() the view first, or build the result with where, cat or scatter_add"
        )


def _kept(value: Any, memory: Any) -> Any:
    """The value with a copy of its numbers if they are about to be overwritten: a rule may want the old ones."""
    if isinstance(value, Value) and owner(value.array) is memory:
        return result(value.array.copy(), value.node)
    return value


class InPlace(Part):
    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        first, key, _ = clean_key(key, self.array)
        if isinstance(value, (list, tuple, numpy.ndarray)) and not isinstance(value, Value):
            value = result(to_device(numpy.asarray(value, self.array.dtype), device_of(self.array)))
        write(
            self,
            lambda array, value: operator.setitem(array[first], key, value),
            lambda target, value: indexing.set_at(target, value, first=first, key=key),
            value,
        )

    def add_(self, other: Any, *, alpha: Any = 1) -> Any:
        """self += alpha · other"""
        return write(self, operator.iadd, elementwise.add, other if alpha == 1 else other * alpha)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Any:
        """self -= alpha · other"""
        return write(self, operator.isub, elementwise.sub, other if alpha == 1 else other * alpha)

    def mul_(self, other: Any) -> Any:
        """self *= other"""
        return write(self, operator.imul, elementwise.mul, other)

    def div_(self, other: Any) -> Any:
        """self /= other"""
        return write(self, operator.itruediv, elementwise.div, other)

    __iadd__, __isub__, __imul__, __itruediv__ = add_, sub_, mul_, div_

    def pow_(self, exponent: Any) -> Any:
        """self **= exponent"""
        return write(self, operator.ipow, lambda x, exponent: x.pow(exponent), exponent)

    def neg_(self) -> Any:
        """self = -self"""
        return write(self, lambda a: namespace(a).negative(a, out=a), elementwise.neg)

    def sqrt_(self) -> Any:
        """self = √self"""
        return write(self, lambda a: namespace(a).sqrt(a, out=a), elementwise.sqrt)

    def exp_(self) -> Any:
        """self = e^self"""
        return write(self, lambda a: namespace(a).exp(a, out=a), elementwise.exp)

    def abs_(self) -> Any:
        """self = |self|"""
        return write(self, lambda a: namespace(a).abs(a, out=a), kinks.abs_)

    def clamp_(self, min: Any = None, max: Any = None) -> Any:
        """self kept between min and max"""
        return write(self, lambda a: namespace(a).clip(a, _bare(min), _bare(max), out=a), lambda x: x.clamp(min, max))

    def maximum_(self, other: Any) -> Any:
        """self = max(self, other), element by element"""
        return write(self, lambda a, b: namespace(a).maximum(a, b, out=a), kinks.maximum, other)

    def lerp_(self, end: Any, weight: float) -> Any:
        """self += weight · (end - self): a step from self towards end"""
        return self.add_((end - self) * weight)

    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
        """self += value · tensor1 · tensor2"""
        return self.add_(tensor1 * tensor2, alpha=value)

    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
        """self += value · tensor1 / tensor2"""
        return self.add_(tensor1 / tensor2, alpha=value)

    def copy_(self, src: Any) -> Any:
        """self = src, converted to self's dtype and device"""
        src = src.to(device_of(self.array), self.array.dtype)
        return write(self, lambda a, b: operator.setitem(a, ..., b), lambda x, y: x * 0 + y, src)

    def fill_(self, value: Any) -> Any:
        """self = value everywhere"""
        return write(self, lambda a, v: operator.setitem(a, ..., v), lambda x, v: x * 0 + v, value)

    def zero_(self) -> Any:
        """self = 0 everywhere"""
        return self.fill_(0)

    def masked_fill_(self, mask: Any, value: Any) -> Any:
        """self = value where the mask holds"""
        return write(self, lambda a, m, v: operator.setitem(a, m, v), lambda x, m, v: x.masked_fill(m, v), mask, value)

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Any:
        """self = numbers drawn evenly from [a, b)"""
        return self.copy_(self._drawn(host_generator(generator).uniform(a, b, self.shape)))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
        """self = numbers drawn from the normal distribution with this mean and standard deviation"""
        return self.copy_(self._drawn(host_generator(generator).normal(mean, std, self.shape)))

    def _drawn(self, numbers: Any) -> Any:
        """Numbers from the host as a tensor beside this one: drawn in float64, rounded, shipped once."""
        return result(to_device(numpy.asarray(numbers, self.array.dtype), device_of(self.array)))
