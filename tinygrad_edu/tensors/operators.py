"""The operators of a Tensor: + - * / ** @ and the comparisons. Each is one op of floor 2.

`op.run` is the op itself, unrolled for operators (see `engine.unrolled`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.ops import comparing, elementwise, kinks
from tinygrad_edu.tensors.arithmetic import Arithmetic, zero_dimensional
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Operators(Part):
    __slots__ = ()

    def __add__(self, other: Any) -> Tensor:
        return elementwise.add.run(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return elementwise.add.run(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return elementwise.sub.run(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return elementwise.sub.run(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return elementwise.mul.run(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return elementwise.mul.run(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return elementwise.div.run(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return elementwise.div.run(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return comparing.floor_divide.run(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return comparing.floor_divide.run(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return Arithmetic.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return elementwise.remainder(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return Arithmetic.pow(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return elementwise.pow.run(zero_dimensional(other, self), self)

    def __neg__(self) -> Tensor:
        return elementwise.neg.run(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return kinks.abs_.run(self)

    def __invert__(self) -> Tensor:
        return comparing.bitwise_not.run(self)

    def __and__(self, other: Any) -> Tensor:
        return comparing.bitwise_and.run(self, other)

    def __or__(self, other: Any) -> Tensor:
        return comparing.bitwise_or.run(self, other)

    def __xor__(self, other: Any) -> Tensor:
        return comparing.bitwise_xor.run(self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __eq__(self, other: Any) -> Any:
        return comparing.eq(self, other) if _comparable(other) else NotImplemented  # then Python asks for identity

    def __ne__(self, other: Any) -> Any:
        return comparing.ne(self, other) if _comparable(other) else NotImplemented

    def __lt__(self, other: Any) -> Tensor:
        return comparing.lt.run(self, other)

    def __le__(self, other: Any) -> Tensor:
        return comparing.le.run(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return comparing.gt.run(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return comparing.ge.run(self, other)

    __hash__ = object.__hash__


def _comparable(other: Any) -> bool:
    """True for tensors, arrays and numbers; `tensor == None` is False, as for any two things of different kinds."""
    return hasattr(other, "dtype") or isinstance(other, (bool, int, float))
