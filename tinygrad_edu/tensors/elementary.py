"""More element-by-element methods: angles, hyperbolas, other bases, rounding, mixtures of two or three tensors.

For: what `arithmetic` leaves over, by PyTorch's names and signatures. Not for: second names of the same thing, which
are in `synonyms`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinygrad_edu.backend import is_array, namespace
from tinygrad_edu.engine import Value, result
from tinygrad_edu.ops import comparing, kinks, logarithms, rounding, trigonometry
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Elementary(Part):
    __slots__ = ()

    # ---------------------------------------------------------------------------------- angles, hyperbolas, bases
    def tan(input: Any) -> Tensor:
        """tan of an angle in radians"""
        return trigonometry.tan(input)

    def asin(input: Any) -> Tensor:
        """The angle in [-π/2, π/2] whose sine this is"""
        return trigonometry.asin(input)

    def acos(input: Any) -> Tensor:
        """The angle in [0, π] whose cosine this is"""
        return trigonometry.acos(input)

    def atan(input: Any) -> Tensor:
        """The angle in (-π/2, π/2) whose tangent this is"""
        return trigonometry.atan(input)

    def atan2(input: Any, other: Any) -> Tensor:
        """The angle in (-π, π] of the point (other, input): y first, as everywhere"""
        return trigonometry.atan2(input, other)

    def hypot(input: Any, other: Any) -> Tensor:
        """√(input² + other²)"""
        return trigonometry.hypot(input, other)

    def sinh(input: Any) -> Tensor:
        """(e^x - e^-x) / 2"""
        return trigonometry.sinh(input)

    def cosh(input: Any) -> Tensor:
        """(e^x + e^-x) / 2"""
        return trigonometry.cosh(input)

    def asinh(input: Any) -> Tensor:
        """The number whose sinh this is"""
        return trigonometry.asinh(input)

    def acosh(input: Any) -> Tensor:
        """The number of 0 or more whose cosh this is"""
        return trigonometry.acosh(input)

    def atanh(input: Any) -> Tensor:
        """The number whose tanh this is"""
        return trigonometry.atanh(input)

    def deg2rad(input: Any) -> Tensor:
        """Degrees as radians: 180 is π"""
        return input * (math.pi / 180)

    def rad2deg(input: Any) -> Tensor:
        """Radians as degrees: π is 180"""
        return input * (180 / math.pi)

    def exp2(input: Any) -> Tensor:
        """2^input"""
        return logarithms.exp2(input)

    def log2(input: Any) -> Tensor:
        """The logarithm in base 2"""
        return logarithms.log2(input)

    def log10(input: Any) -> Tensor:
        """The logarithm in base 10"""
        return logarithms.log10(input)

    def logaddexp(input: Any, other: Any) -> Tensor:
        """ln(e^input + e^other), without overflow"""
        return logarithms.logaddexp(input, other)

    def logit(input: Any, eps: float | None = None) -> Tensor:
        """ln(p / (1 - p)), the inverse of sigmoid; eps first keeps p between eps and 1 - eps"""
        p = input if eps is None else input.clamp(eps, 1 - eps)
        return (p / (1 - p)).log()

    def erfc(input: Any) -> Tensor:
        """1 - erf(input)"""
        return 1 - input.erf()

    # ---------------------------------------------------------------------------------------------------- rounding
    def ceil(input: Any) -> Tensor:
        """The smallest integer not below"""
        return rounding.ceil(input)

    def trunc(input: Any) -> Tensor:
        """Rounded towards 0"""
        return rounding.trunc(input)

    def frac(input: Any) -> Tensor:
        """input - trunc(input): the digits behind the point, with the sign"""
        return input - rounding.trunc(input)

    def round(input: Any, *, decimals: int = 0) -> Tensor:
        """The nearest number with so many decimals; halves go to the even neighbor"""
        scale = 10.0 ** abs(decimals)
        if decimals == 0:
            return rounding.round_(input)
        return rounding.round_(input * scale) / scale if decimals > 0 else rounding.round_(input / scale) * scale

    def fmod(input: Any, other: Any) -> Tensor:
        """input - other · trunc(input / other): it has the sign of `input`; `remainder` has that of `other`"""
        return rounding.fmod(input, other)

    def floor_divide(input: Any, other: Any) -> Tensor:
        """⌊input / other⌋"""
        return comparing.floor_divide(input, other)

    # ---------------------------------------------------------------------------------------------------- mixtures
    def lerp(input: Any, end: Any, weight: Any) -> Tensor:
        """input + weight · (end - input): from input (weight 0) to end (weight 1) on a straight line"""
        return input + (end - input) * weight

    def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        """input + value · tensor1 · tensor2"""
        return input.add(tensor1 * tensor2, alpha=value)

    def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        """input + value · tensor1 / tensor2"""
        return input.add(tensor1 / tensor2, alpha=value)

    def clamp_min(input: Any, min: Any) -> Tensor:
        """input, or min where it is below"""
        return input.clamp(min=min)

    def clamp_max(input: Any, max: Any) -> Tensor:
        """input, or max where it is above"""
        return input.clamp(max=max)

    def nan_to_num(input: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """Numbers in place of NaN, ∞ and -∞; by default 0 and the largest and smallest that the dtype has"""
        if not input.is_floating_point():
            return input.clone()
        limits = namespace(input.array).finfo(input.dtype)
        out = kinks.where(input.isnan(), nan, input)
        out = kinks.where(input == math.inf, float(limits.max) if posinf is None else posinf, out)
        return kinks.where(input == -math.inf, float(limits.min) if neginf is None else neginf, out)

    def bitwise_and(input: Any, other: Any) -> Tensor:
        """input & other, of integers or truth values"""
        return comparing.bitwise_and(input, other)

    def bitwise_or(input: Any, other: Any) -> Tensor:
        """input | other, of integers or truth values"""
        return comparing.bitwise_or(input, other)

    def bitwise_xor(input: Any, other: Any) -> Tensor:
        """input ^ other, of integers or truth values"""
        return comparing.bitwise_xor(input, other)

    def bitwise_not(input: Any) -> Tensor:
        """~input, of integers or truth values"""
        return comparing.bitwise_not(input)

    # --------------------------------------------------------------------------------------------------- agreement
    def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
        """|input - other| ≤ atol + rtol |other|, element by element"""
        first, second = _array("isclose", input), _array("isclose", other)
        return result(namespace(first).isclose(first, second, rtol, atol, equal_nan))

    def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
        """True when |input - other| ≤ atol + rtol |other| everywhere. On a GPU this waits for the answer"""
        return bool(Elementary.isclose(input, other, rtol, atol, equal_nan).all())

    def equal(input: Any, other: Any) -> bool:
        """True when both have the same shape and the same numbers. On a GPU this waits for the answer"""
        return input.shape == other.shape and bool((input == other).all())


def _array(name: str, value: Any) -> Any:
    array = value.array if isinstance(value, Value) else value
    if not is_array(array):
        raise TypeError(f"{name} wanted two tensors, got {type(value).__name__}: wrap the data with tensor(...)")
    return array
