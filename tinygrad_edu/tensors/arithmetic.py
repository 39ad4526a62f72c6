"""Element-by-element methods, operators and comparisons of a Tensor: each is one op of floor 2.

Every method is also a function of the package (`x.exp()`, `tinygrad_edu.exp(x)`), so its first parameter has the name
that PyTorch gives it there: `input`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import constant
from tinygrad_edu.engine import Value
from tinygrad_edu.ops import activations, casting, comparing, elementwise, kinks
from tinygrad_edu.tensors.axes import axis_of
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor

Number = int | float | bool


def zero_dimensional(number: Any, like: Any) -> Any:
    """A number as a 0-d tensor beside `like`, in the dtype that the two have together."""
    return type(like)(constant(numpy.asarray(number, casting.result_type(number, like)), like=like.array))


class Arithmetic(Part):
    __slots__ = ()

    # ------------------------------------------------------------------------------------------------ arithmetic
    def add(input: Any, other: Any, *, alpha: Number = 1) -> Tensor:
        """input + alpha · other"""
        return elementwise.add.run(input, other if alpha == 1 else other * alpha)

    def sub(input: Any, other: Any, *, alpha: Number = 1) -> Tensor:
        """input - alpha · other"""
        return elementwise.sub.run(input, other if alpha == 1 else other * alpha)

    def mul(input: Any, other: Any) -> Tensor:
        """input · other"""
        return elementwise.mul.run(input, other)

    def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode "floor" rounds down, "trunc" towards 0"""
        if rounding_mode is None:
            return elementwise.div.run(input, other)
        if rounding_mode == "floor":
            return comparing.floor_divide.run(input, other)
        if rounding_mode == "trunc":
            quotient = elementwise.div.run(input, other)
            whole = kinks.sign.run(quotient) * kinks.floor.run(kinks.abs_.run(quotient))
            return casting.cast(whole, dtype=casting.result_type(input, other))
        raise ValueError(f"wanted rounding_mode None, 'floor' or 'trunc', got {rounding_mode!r}")

    def remainder(input: Any, other: Any) -> Tensor:
        """input - other · ⌊input / other⌋: it has the sign of `other`"""
        return elementwise.remainder(input, other)

    def pow(input: Any, exponent: Any) -> Tensor:
        """input^exponent; either may be a number"""
        if isinstance(exponent, Value):
            if not isinstance(input, Value):
                input = zero_dimensional(input, exponent)
            return elementwise.pow.run(input, exponent)
        if isinstance(exponent, numpy.generic):
            exponent = exponent.item()
        if isinstance(exponent, float):
            (input,) = casting.to_floating((input,))
            if exponent == 0.5:
                return elementwise.sqrt.run(input)
        elif input.array.dtype.kind == "b" and not isinstance(exponent, bool):
            input = casting.cast(input, dtype=casting.result_type(input, exponent))
        if exponent < 0 and input.array.dtype.kind != "f":
            raise ValueError(f"integers to the negative power {exponent} are not integers: convert with .float() first")
        return elementwise.power.run(input, exponent=exponent)

    def neg(input: Any) -> Tensor:
        """-input"""
        return elementwise.neg.run(input)

    def square(input: Any) -> Tensor:
        """input²"""
        return elementwise.square.run(input)

    def sqrt(input: Any) -> Tensor:
        """√input; its slope at 0 is infinite"""
        return elementwise.sqrt.run(input)

    def rsqrt(input: Any) -> Tensor:
        """1 / √input"""
        return elementwise.rsqrt.run(input)

    def reciprocal(input: Any) -> Tensor:
        """1 / input"""
        return elementwise.reciprocal.run(input)

    def exp(input: Any) -> Tensor:
        """e^input"""
        return elementwise.exp.run(input)

    def expm1(input: Any) -> Tensor:
        """e^input - 1, exact for small input"""
        return elementwise.expm1.run(input)

    def log(input: Any) -> Tensor:
        """The natural logarithm"""
        return elementwise.log.run(input)

    def log1p(input: Any) -> Tensor:
        """ln(1 + input), exact for small input"""
        return elementwise.log1p.run(input)

    def sin(input: Any) -> Tensor:
        """sin of an angle in radians"""
        return elementwise.sin.run(input)

    def cos(input: Any) -> Tensor:
        """cos of an angle in radians"""
        return elementwise.cos.run(input)

    def tanh(input: Any) -> Tensor:
        """The hyperbolic tangent"""
        return elementwise.tanh.run(input)

    def sigmoid(input: Any) -> Tensor:
        """1 / (1 + e^-input)"""
        return elementwise.sigmoid.run(input)

    def erf(input: Any) -> Tensor:
        """(2/√π) ∫₀ˣ e^(-t²) dt"""
        return elementwise.erf.run(input)

    def abs(input: Any) -> Tensor:
        """|input|"""
        return kinks.abs_.run(input)

    def sign(input: Any) -> Tensor:
        """-1, 0 or 1"""
        return kinks.sign.run(input)

    def floor(input: Any) -> Tensor:
        """The largest integer not above"""
        return kinks.floor.run(input)

    def maximum(input: Any, other: Any) -> Tensor:
        """The larger of the two, element by element; a tie shares the gradient"""
        return kinks.maximum.run(input, other)

    def minimum(input: Any, other: Any) -> Tensor:
        """The smaller of the two, element by element; a tie shares the gradient"""
        return kinks.minimum.run(input, other)

    def clamp(input: Any, min: Any = None, max: Any = None) -> Tensor:
        """input kept between min and max: numbers, tensors, or None for no bound"""
        if min is None and max is None:
            raise ValueError("clamp wanted min, max or both, got neither")
        if not isinstance(min, Value) and not isinstance(max, Value):
            if isinstance(min, float) or isinstance(max, float):
                (input,) = casting.to_floating((input,))
            return kinks.clamp.run(input, low=min, high=max)
        if min is not None:
            input = kinks.where(input < min, min, input)
        return input if max is None else kinks.where(input > max, max, input)

    def where(input: Any, condition: Any, other: Any) -> Tensor:
        """input where the condition holds, `other` elsewhere"""
        return kinks.where(condition, input, other)

    def masked_fill(input: Any, mask: Any, value: Any) -> Tensor:
        """`value` where the mask holds, input elsewhere"""
        if mask.array.dtype.kind != "b":
            raise TypeError(f"masked_fill wanted a mask of dtype bool, got {mask.array.dtype}: compare first, x == 0")
        filled = kinks.where(mask, value, input)
        return filled if filled.array.dtype == input.array.dtype else casting.cast(filled, dtype=input.array.dtype)

    # ---------------------------------------------------------------------------------------- comparisons and logic
    def eq(input: Any, other: Any) -> Tensor:
        """input = other, element by element"""
        return comparing.eq.run(input, other)

    def ne(input: Any, other: Any) -> Tensor:
        """input ≠ other"""
        return comparing.ne.run(input, other)

    def lt(input: Any, other: Any) -> Tensor:
        """input < other"""
        return comparing.lt.run(input, other)

    def le(input: Any, other: Any) -> Tensor:
        """input ≤ other"""
        return comparing.le.run(input, other)

    def gt(input: Any, other: Any) -> Tensor:
        """input > other"""
        return comparing.gt.run(input, other)

    def ge(input: Any, other: Any) -> Tensor:
        """input ≥ other"""
        return comparing.ge.run(input, other)

    def logical_and(input: Any, other: Any) -> Tensor:
        """Both are not 0"""
        return comparing.logical_and.run(input, other)

    def logical_or(input: Any, other: Any) -> Tensor:
        """At least one is not 0"""
        return comparing.logical_or.run(input, other)

    def logical_xor(input: Any, other: Any) -> Tensor:
        """Exactly one is not 0"""
        return comparing.logical_xor.run(input, other)

    def logical_not(input: Any) -> Tensor:
        """It is 0"""
        return comparing.logical_not.run(input)

    def isnan(input: Any) -> Tensor:
        """It is not a number"""
        return comparing.isnan.run(input)

    def isinf(input: Any) -> Tensor:
        """It is infinite"""
        return comparing.isinf.run(input)

    def isfinite(input: Any) -> Tensor:
        """It is a finite number"""
        return comparing.isfinite.run(input)

    # ----------------------------------------------------------------------------------------------- activations
    def relu(input: Any) -> Tensor:
        """max(input, 0)"""
        return activations.relu.run(input)

    def softmax(input: Any, dim: int, dtype: Any = None) -> Tensor:
        """e^input / Σ e^input along `dim`"""
        input = input if dtype is None else input.to(dtype)
        return activations.softmax.run(input, axis=axis_of(dim, input.ndim)) if input.ndim else input * 0 + 1

    def log_softmax(input: Any, dim: int, dtype: Any = None) -> Tensor:
        """input - ln Σ e^input along `dim`"""
        input = input if dtype is None else input.to(dtype)
        return activations.log_softmax.run(input, axis=axis_of(dim, input.ndim)) if input.ndim else input * 0
