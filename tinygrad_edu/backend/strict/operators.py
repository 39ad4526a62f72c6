"""Python's operators on device arrays: `a + b`, `2 - a`, `a @ b`, `a += b`, `a < b`.

For: the dunder methods of `StrictArray`, and the one function through which every ufunc runs. Not for: named functions,
which are in `functions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tinygrad_edu.backend.strict.counters import counters
from tinygrad_edu.backend.strict.memory import PYTHON_SCALARS, Memory, computed, host_of, refusal

Operator = Callable[[Any, Any], Any]
DIVISIONS = (numpy.floor_divide, numpy.remainder, numpy.divmod, numpy.fmod)
_UNSET = object()


def run_ufunc(ufunc: Any, inputs: tuple[Any, ...], **settings: Any) -> Any:
    """Apply a NumPy ufunc to host data, silently as a GPU does it: no warnings for log(0) or overflow."""
    with numpy.errstate(all="ignore"):
        result = ufunc(*inputs, **settings)
    if ufunc in DIVISIONS:
        check_divisor(inputs[1], result)
    return result


def check_divisor(divisor: Any, result: Any) -> None:
    """An integer divided by zero: NumPy says 0, a GPU says anything."""
    kind = (result[0] if isinstance(result, tuple) else result).dtype.kind
    if kind in "iu" and not numpy.all(divisor):
        raise ZeroDivisionError("integer division by zero: the result is undefined on a GPU, so mask the zeros first")


def takes_over(other: Any) -> bool:
    """Whether CuPy lets the other operand's own operator answer (NEP 13): its class says `__array_ufunc__ = None`."""
    protocol = getattr(other, "__array_ufunc__", _UNSET)
    if protocol is not _UNSET:
        return protocol is None
    return getattr(other, "__array_priority__", 0) > Operators.__array_priority__


def operand(other: Any) -> Any:
    """The host data of the other operand; NotImplemented when that operand is to answer instead."""
    if isinstance(other, Memory):
        return other._host
    if type(other) in PYTHON_SCALARS or isinstance(other, numpy.generic):
        return other
    if isinstance(other, numpy.ndarray):
        raise refusal(other)
    if takes_over(other):
        return NotImplemented
    raise TypeError(
        f"wanted an array on the device or a number, got {type(other).__name__}: for CuPy to leave the operator to "
        "that class, it must define `__array_ufunc__ = None`"
    )


def results(result: Any) -> Any:
    """Device arrays for one result, or for the two of divmod."""
    if isinstance(result, tuple):
        counters.launches -= len(result) - 1  # one kernel writes both
        return tuple(computed(part) for part in result)
    return computed(result)


def binary(ufunc: Any) -> tuple[Operator, Operator]:
    """The methods for `self ∘ other` and `other ∘ self`."""

    def forward(self: Memory, other: Any) -> Any:
        right = operand(other)
        return right if right is NotImplemented else results(run_ufunc(ufunc, (self._host, right)))

    def reflected(self: Memory, other: Any) -> Any:
        left = operand(other)
        return left if left is NotImplemented else results(run_ufunc(ufunc, (left, self._host)))

    return forward, reflected


def arithmetic(ufunc: Any) -> tuple[Operator, Operator, Operator]:
    """The methods for `self ∘ other`, `other ∘ self` and `self ∘= other`, which writes into self."""

    def in_place(self: Memory, other: Any) -> Any:
        counters.launches += 1
        run_ufunc(ufunc, (self._host, host_of(other)), out=self._host)
        return self

    return (*binary(ufunc), in_place)


def comparison(ufunc: Any) -> Operator:
    """A comparison; Python itself swaps the operands for the reflected one."""
    return binary(ufunc)[0]


def equality(ufunc: Any, otherwise: bool) -> Operator:
    """== and !=, which CuPy answers without comparing when the other side is None or a plain object."""
    compare = comparison(ufunc)

    def equal(self: Memory, other: Any) -> Any:
        if other is None or (type(other).__eq__ is object.__eq__ and not takes_over(other)):
            return computed(numpy.full(self.shape, otherwise))
        return compare(self, other)

    return equal


def unary(ufunc: Any) -> Callable[[Any], Any]:
    """The method for `∘ self`."""

    def apply(self: Memory) -> Any:
        return computed(run_ufunc(ufunc, (self._host,)))

    return apply


class Operators(Memory):
    """Every operator of `cupy.ndarray`, and none that it lacks (there is no `@=`)."""

    __slots__ = ()
    __array_priority__ = 100

    __add__, __radd__, __iadd__ = arithmetic(numpy.add)
    __sub__, __rsub__, __isub__ = arithmetic(numpy.subtract)
    __mul__, __rmul__, __imul__ = arithmetic(numpy.multiply)
    __truediv__, __rtruediv__, __itruediv__ = arithmetic(numpy.true_divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = arithmetic(numpy.floor_divide)
    __mod__, __rmod__, __imod__ = arithmetic(numpy.remainder)
    __pow__, __rpow__, __ipow__ = arithmetic(numpy.power)
    __and__, __rand__, __iand__ = arithmetic(numpy.bitwise_and)
    __or__, __ror__, __ior__ = arithmetic(numpy.bitwise_or)
    __xor__, __rxor__, __ixor__ = arithmetic(numpy.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = arithmetic(numpy.left_shift)
    __rshift__, __rrshift__, __irshift__ = arithmetic(numpy.right_shift)
    __divmod__, __rdivmod__ = binary(numpy.divmod)
    __matmul__, __rmatmul__ = binary(numpy.matmul)

    __lt__, __le__ = comparison(numpy.less), comparison(numpy.less_equal)
    __gt__, __ge__ = comparison(numpy.greater), comparison(numpy.greater_equal)
    __eq__, __ne__ = equality(numpy.equal, False), equality(numpy.not_equal, True)
    __hash__ = None  # type: ignore[assignment]  # as NumPy's arrays: == compares elements

    __neg__, __pos__ = unary(numpy.negative), unary(numpy.positive)
    __abs__, __invert__ = unary(numpy.absolute), unary(numpy.invert)
