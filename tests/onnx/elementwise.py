"""ONNX operators that work element by element, in functions of ours."""

from __future__ import annotations

import functools
from typing import Any

import tinygrad_edu as te
from tinygrad_edu.nn import functional as F


def div(x: Any, y: Any) -> Any:
    return te.div(x, y) if x.is_floating_point() else te.div(x, y, rounding_mode="trunc")


def pow_(x: Any, y: Any) -> Any:
    """The result has the type of the base."""
    return te.pow(x, y).to(x.dtype)


def mod(x: Any, y: Any, *, fmod: int = 0) -> Any:
    return te.fmod(x, y) if fmod else te.remainder(x, y)


def bit_shift(x: Any, y: Any, *, direction: str) -> Any:
    """One place to the left is twice as much, one to the right is half, rounded down; by n places, n times.

    Shifting by less than nothing pushes everything out, as shifting by all places does.
    """
    width = te.iinfo(x.dtype).bits
    y = te.where((y < 0) | (y > width), width, y) if y.is_signed() else te.clamp(y, max=width)
    for place in range(width):
        x = te.where(y > place, x * 2 if direction == "LEFT" else te.floor_divide(x, 2), x)
    return x


def clip(x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = min if low is None else low, max if high is None else high
    return x if low is None and high is None else te.clamp(x, low, high)


def is_inf(x: Any, *, detect_negative: int = 1, detect_positive: int = 1) -> Any:
    return te.isinf(x) & ((x < 0) & bool(detect_negative) | (x > 0) & bool(detect_positive))


def over_all(function: Any) -> Any:
    """An operator on any number of tensors from a function of two."""
    return lambda *xs: functools.reduce(function, xs)


def mean(*xs: Any) -> Any:
    return over_all(te.add)(*xs) / len(xs)


def cast(x: Any, *, to: Any, saturate: int = 1, round_mode: str = "up") -> Any:
    return x.to(to)


def cast_like(x: Any, like: Any, *, saturate: int = 1, round_mode: str = "up") -> Any:
    return x.to(like.dtype)


# ------------------------------------------------------------------------------------------------------- activations
def leaky_relu(x: Any, *, alpha: float = 0.01) -> Any:
    return F.leaky_relu(x, alpha)


def prelu(x: Any, slope: Any) -> Any:
    """ONNX broadcasts the slope, which need not be one number for each channel."""
    return te.where(x >= 0, x, slope * x)


def elu(x: Any, *, alpha: float = 1.0) -> Any:
    return F.elu(x, alpha)


def celu(x: Any, *, alpha: float = 1.0) -> Any:
    return F.elu(x / alpha, 1.0) * alpha


def selu(x: Any, *, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Any:
    return F.elu(x, alpha) * gamma


def hard_sigmoid(x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    return te.clamp(x * alpha + beta, 0.0, 1.0)


def thresholded_relu(x: Any, *, alpha: float = 1.0) -> Any:
    return te.where(x > alpha, x, 0.0)


def shrink(x: Any, *, bias: float = 0.0, lambd: float = 0.5) -> Any:
    return te.where(x < -lambd, x + bias, te.where(x > lambd, x - bias, 0.0))


def gelu(x: Any, *, approximate: str = "none") -> Any:
    return F.gelu(x, approximate=approximate)


def swish(x: Any, *, alpha: float = 1.0) -> Any:
    return x * te.sigmoid(x * alpha)


def mish(x: Any) -> Any:
    return x * te.tanh(F.softplus(x))


def softmax(x: Any, *, axis: int = -1) -> Any:
    return te.softmax(x, axis)


def log_softmax(x: Any, *, axis: int = -1) -> Any:
    return te.log_softmax(x, axis)


def hardmax(x: Any, *, axis: int = -1) -> Any:
    return F.one_hot(te.argmax(x, axis), x.shape[axis]).movedim(-1, axis).to(x.dtype)


OPERATORS = {
    "Abs": te.abs, "Acos": te.acos, "Acosh": te.acosh, "Add": te.add, "And": te.logical_and, "Asin": te.asin,
    "Asinh": te.asinh, "Atan": te.atan, "Atanh": te.atanh, "BitShift": bit_shift, "BitwiseAnd": te.bitwise_and,
    "BitwiseNot": te.bitwise_not, "BitwiseOr": te.bitwise_or, "BitwiseXor": te.bitwise_xor, "Cast": cast,
    "CastLike": cast_like, "Ceil": te.ceil, "Celu": celu, "Clip": clip, "Cos": te.cos, "Cosh": te.cosh, "Div": div,
    "Elu": elu, "Equal": te.eq, "Erf": te.erf, "Exp": te.exp, "Floor": te.floor, "Gelu": gelu, "Greater": te.gt,
    "GreaterOrEqual": te.ge, "HardSigmoid": hard_sigmoid, "HardSwish": lambda x: x * hard_sigmoid(x, alpha=1 / 6),
    "Hardmax": hardmax, "Identity": te.clone, "IsInf": is_inf, "IsNaN": te.isnan, "LeakyRelu": leaky_relu,
    "Less": te.lt, "LessOrEqual": te.le, "Log": te.log, "LogSoftmax": log_softmax, "Max": over_all(te.maximum),
    "Mean": mean, "Min": over_all(te.minimum), "Mish": mish, "Mod": mod, "Mul": te.mul, "Neg": te.neg,
    "Not": te.logical_not, "Or": te.logical_or, "PRelu": prelu, "Pow": pow_, "Reciprocal": te.reciprocal,
    "Relu": te.relu, "Round": te.round, "Selu": selu, "Shrink": shrink, "Sigmoid": te.sigmoid, "Sign": te.sign,
    "Sin": te.sin, "Sinh": te.sinh, "Softmax": softmax, "Softplus": F.softplus,
    "Softsign": lambda x: x / (te.abs(x) + 1), "Sqrt": te.sqrt, "Sub": te.sub, "Sum": over_all(te.add),
    "Swish": swish, "Tan": te.tan, "Tanh": te.tanh, "ThresholdedRelu": thresholded_relu, "Where": te.where,
    "Xor": te.logical_xor,
}  # fmt: skip
