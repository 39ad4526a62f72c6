"""Element-by-element methods, operators and comparisons of a Tensor: each is one op of floor 2.

Every method is also a function of the package (`x.exp()`, `tinygrad_edu.exp(x)`), so its first parameter has the name
that PyTorch gives it there: `input`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import constant
from tinygrad_edu.engine import Value
from tinygrad_edu.ops import activations, casting, comparing, elementwise
from tinygrad_edu.tensors.axes import axis_of

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor

Number = int | float | bool


def _zero_dimensional(number: Any, like: Any) -> Any:
    """A number as a 0-d tensor beside `like`, in the dtype that the two have together."""
    dtype = casting.to_floating((like, number))[0].array.dtype if isinstance(number, float) else like.array.dtype
    return type(like)(constant(numpy.asarray(number, dtype), like=like.array))


class Arithmetic:
    __slots__ = ()

    # ------------------------------------------------------------------------------------------------- operators
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
        return comparing.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return comparing.floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return self.remainder(other)

    def __pow__(self, other: Any) -> Tensor:
        return self.pow(other)

    def __rpow__(self, other: Any) -> Tensor:
        return elementwise.pow(_zero_dimensional(other, self), self)

    def __neg__(self) -> Tensor:
        return elementwise.neg.run(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return elementwise.abs_.run(self)

    def __invert__(self) -> Tensor:
        return comparing.bitwise_not(self)

    def __and__(self, other: Any) -> Tensor:
        return comparing.bitwise_and(self, other)

    def __or__(self, other: Any) -> Tensor:
        return comparing.bitwise_or(self, other)

    def __xor__(self, other: Any) -> Tensor:
        return comparing.bitwise_xor(self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __eq__(self, other: Any) -> Any:
        return comparing.eq(self, other)

    def __ne__(self, other: Any) -> Any:
        return comparing.ne(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return comparing.lt(self, other)

    def __le__(self, other: Any) -> Tensor:
        return comparing.le(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return comparing.gt(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return comparing.ge(self, other)

    __hash__ = object.__hash__

    # ------------------------------------------------------------------------------------------------ arithmetic
    def add(input, other: Any, *, alpha: Number = 1) -> Tensor:
        """input + alpha · other"""
        return elementwise.add(input, other if alpha == 1 else other * alpha)

    def sub(input, other: Any, *, alpha: Number = 1) -> Tensor:
        """input - alpha · other"""
        return elementwise.sub(input, other if alpha == 1 else other * alpha)

    def mul(input, other: Any) -> Tensor:
        """input · other"""
        return elementwise.mul.run(input, other)

    def div(input, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode "floor" rounds down, "trunc" towards 0"""
        if rounding_mode is None:
            return elementwise.div(input, other)
        if rounding_mode == "floor":
            return comparing.floor_divide(input, other)
        if rounding_mode == "trunc":
            quotient = elementwise.div(input, other)
            whole = elementwise.sign(quotient) * elementwise.floor(elementwise.abs_(quotient))
            return casting.cast(whole, dtype=casting.result_type(input, other))
        raise ValueError(f"wanted rounding_mode None, 'floor' or 'trunc', got {rounding_mode!r}")

    def remainder(input, other: Any) -> Tensor:
        """input - other · ⌊input / other⌋: it has the sign of `other`"""
        return input - comparing.floor_divide(input, other) * other

    def pow(input, exponent: Any) -> Tensor:
        """input^exponent"""
        if isinstance(exponent, Value):
            if not isinstance(input, Value):
                input = _zero_dimensional(input, exponent)
            return elementwise.pow(input, exponent)
        if isinstance(exponent, numpy.generic):
            exponent = exponent.item()
        if isinstance(exponent, float):
            (input,) = casting.to_floating((input,))
            if exponent == 0.5:
                return elementwise.sqrt.run(input)
        elif exponent < 0 and input.array.dtype.kind != "f":
            raise ValueError(f"integers to the negative power {exponent} are not integers: convert with .float() first")
        return elementwise.power(input, exponent=exponent)

    def neg(input) -> Tensor:
        """-input"""
        return elementwise.neg.run(input)

    def square(input) -> Tensor:
        """input²"""
        return elementwise.square.run(input)

    def sqrt(input) -> Tensor:
        """√input; its slope at 0 is infinite"""
        return elementwise.sqrt.run(input)

    def rsqrt(input) -> Tensor:
        """1 / √input"""
        return elementwise.rsqrt.run(input)

    def reciprocal(input) -> Tensor:
        """1 / input"""
        return elementwise.reciprocal.run(input)

    def exp(input) -> Tensor:
        """e^input"""
        return elementwise.exp.run(input)

    def expm1(input) -> Tensor:
        """e^input - 1, exact for small input"""
        return elementwise.expm1.run(input)

    def log(input) -> Tensor:
        """The natural logarithm"""
        return elementwise.log.run(input)

    def log1p(input) -> Tensor:
        """ln(1 + input), exact for small input"""
        return elementwise.log1p.run(input)

    def sin(input) -> Tensor:
        """sin of an angle in radians"""
        return elementwise.sin.run(input)

    def cos(input) -> Tensor:
        """cos of an angle in radians"""
        return elementwise.cos.run(input)

    def tanh(input) -> Tensor:
        """The hyperbolic tangent"""
        return elementwise.tanh.run(input)

    def sigmoid(input) -> Tensor:
        """1 / (1 + e^-input)"""
        return elementwise.sigmoid.run(input)

    def erf(input) -> Tensor:
        """(2/√π) ∫₀ˣ e^(-t²) dt"""
        return elementwise.erf.run(input)

    def abs(input) -> Tensor:
        """|input|"""
        return elementwise.abs_.run(input)

    def sign(input) -> Tensor:
        """-1, 0 or 1"""
        return elementwise.sign.run(input)

    def floor(input) -> Tensor:
        """The largest integer not above"""
        return elementwise.floor.run(input)

    def maximum(input, other: Any) -> Tensor:
        """The larger of the two, element by element; a tie shares the gradient"""
        return elementwise.maximum(input, other)

    def minimum(input, other: Any) -> Tensor:
        """The smaller of the two, element by element; a tie shares the gradient"""
        return elementwise.minimum(input, other)

    def clamp(input, min: Any = None, max: Any = None) -> Tensor:
        """input kept between min and max: numbers, tensors, or None for no bound"""
        if min is None and max is None:
            raise ValueError("clamp wanted min, max or both, got neither")
        if not isinstance(min, Value) and not isinstance(max, Value):
            if isinstance(min, float) or isinstance(max, float):
                (input,) = casting.to_floating((input,))
            return elementwise.clamp(input, low=min, high=max)
        if min is not None:
            input = elementwise.where(input < min, min, input)
        return input if max is None else elementwise.where(input > max, max, input)

    def where(input, condition: Any, other: Any) -> Tensor:
        """input where the condition holds, `other` elsewhere"""
        return elementwise.where(condition, input, other)

    def masked_fill(input, mask: Any, value: Any) -> Tensor:
        """`value` where the mask holds, input elsewhere"""
        if mask.array.dtype.kind != "b":
            raise TypeError(f"masked_fill wanted a mask of dtype bool, got {mask.array.dtype}: compare first, x == 0")
        filled = elementwise.where(mask, value, input)
        return filled if filled.array.dtype == input.array.dtype else casting.cast(filled, dtype=input.array.dtype)

    # ---------------------------------------------------------------------------------------- comparisons and logic
    def eq(input, other: Any) -> Tensor:
        """input = other, element by element"""
        return comparing.eq(input, other)

    def ne(input, other: Any) -> Tensor:
        """input ≠ other"""
        return comparing.ne(input, other)

    def lt(input, other: Any) -> Tensor:
        """input < other"""
        return comparing.lt(input, other)

    def le(input, other: Any) -> Tensor:
        """input ≤ other"""
        return comparing.le(input, other)

    def gt(input, other: Any) -> Tensor:
        """input > other"""
        return comparing.gt(input, other)

    def ge(input, other: Any) -> Tensor:
        """input ≥ other"""
        return comparing.ge(input, other)

    def logical_and(input, other: Any) -> Tensor:
        """Both are not 0"""
        return comparing.logical_and(input, other)

    def logical_or(input, other: Any) -> Tensor:
        """At least one is not 0"""
        return comparing.logical_or(input, other)

    def logical_xor(input, other: Any) -> Tensor:
        """Exactly one is not 0"""
        return comparing.logical_xor(input, other)

    def logical_not(input) -> Tensor:
        """It is 0"""
        return comparing.logical_not(input)

    def isnan(input) -> Tensor:
        """It is not a number"""
        return comparing.isnan(input)

    def isinf(input) -> Tensor:
        """It is infinite"""
        return comparing.isinf(input)

    def isfinite(input) -> Tensor:
        """It is a finite number"""
        return comparing.isfinite(input)

    # ----------------------------------------------------------------------------------------------- activations
    def relu(input) -> Tensor:
        """max(input, 0)"""
        return activations.relu.run(input)

    def softmax(input, dim: int, dtype: Any = None) -> Tensor:
        """e^input / Σ e^input along `dim`"""
        input = input if dtype is None else input.to(dtype)
        return activations.softmax(input, axis=axis_of(dim, input.ndim)) if input.ndim else input * 0 + 1

    def log_softmax(input, dim: int, dtype: Any = None) -> Tensor:
        """input - ln Σ e^input along `dim`"""
        input = input if dtype is None else input.to(dtype)
        return activations.log_softmax(input, axis=axis_of(dim, input.ndim)) if input.ndim else input * 0


