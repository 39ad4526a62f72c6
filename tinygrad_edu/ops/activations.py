"""The bends between the layers: ReLU and its family, and the softmax."""

from __future__ import annotations

import math

from tinygrad_edu.backend import namespace, number
from tinygrad_edu.backend.orders import ordered_like
from tinygrad_edu.engine import fuses, primitive
from tinygrad_edu.ops.casting import to_floating
from tinygrad_edu.ops.elementwise import erf, exp, expm1, sigmoid, tanh
from tinygrad_edu.ops.kinks import clamp, where
from tinygrad_edu.ops.reductions import logsumexp
from tinygrad_edu.ops.rows import dot_along, largest_along, sum_along


@primitive
def relu(x):
    """max(x, 0); the slope at the kink is taken as 0. Many numbers are clipped, at a quarter of the time of maximum."""
    if x.size > 1024 and x.dtype.kind == "f":
        return x.clip(number(0, x), number(math.inf, x))
    return namespace(x).maximum(x, number(0, x))


relu.defvjp(x=lambda g, out: ordered_like(g, out) * (out > 0))
relu.deflatex(r"\max(x, 0)", x=r"g \odot [x > 0]")


@primitive(prepare=to_floating)
def softplus(x):
    """ln(1 + e^x), through e^-|x| so that nothing overflows"""
    library = namespace(x)
    return library.maximum(x, 0) + library.log1p(library.exp(-library.abs(x)))


softplus.defvjp(x=lambda g, x: g * sigmoid(x))
softplus.deflatex(r"\ln (1 + e^{x})", x=r"\frac{g}{1 + e^{-x}}")


def gelu_definition(x, *, approximate="none"):
    """x Φ(x), Φ the normal distribution function; "tanh" takes ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, 2016.
    """
    if approximate == "tanh":
        return x * 0.5 * (tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))) + 1)
    if approximate != "none":
        raise ValueError(f"gelu wanted approximate 'none' or 'tanh', got {approximate!r}")
    return x * 0.5 * (erf(x * math.sqrt(0.5)) + 1)


def silu_definition(x):
    """x σ(x)"""
    return x * sigmoid(x)


def leaky_relu(x, *, slope):
    """x above 0, slope · x below"""
    return where(x > 0, x, x * slope)


def elu(x, *, alpha):
    """x above 0, α (e^x - 1) below"""
    return where(x > 0, x, expm1(clamp(x, low=None, high=0)) * alpha)


def softmax_definition(x, *, axis):
    """e^(x_i) / Σ e^(x_j), as it is written; the logarithm of the sum keeps it from overflowing"""
    return exp(log_softmax_definition(x, axis=axis))


@fuses(softmax_definition, prepare=to_floating)
def softmax(x, *, axis):
    """out_i = e^(x_i) / Σ e^(x_j), with the largest taken out first. The Jacobian is diag(out) - out outᵀ."""
    raised = x - largest_along(x, axis) if x.size else x.copy()
    namespace(x).exp(raised, out=raised)
    raised /= sum_along(raised, axis)
    return raised


softmax.defvjp(x=lambda g, out, axis: out * (g - dot_along(g, out, axis)))
softmax.deflatex(
    r"\frac{e^{x}}{\sum_{\mathrm{axis}} e^{x}}",
    x=r"\mathrm{out} \odot (g - \sum_{\mathrm{axis}} g \odot \mathrm{out})",
)


def log_softmax_definition(x, *, axis):
    """x_i - ln Σ e^(x_j)"""
    return x - logsumexp(x, axis=(axis,), keepdims=True)


@fuses(log_softmax_definition, prepare=to_floating)
def log_softmax(x, *, axis):
    """x_i - ln Σ e^(x_j), with the largest taken out first"""
    library = namespace(x)
    shifted = x - largest_along(x, axis) if x.size else x.copy()
    shifted -= library.log(sum_along(library.exp(shifted), axis))
    return shifted


log_softmax.defvjp(x=lambda g, out, axis: g - exp(out) * sum_along(g, axis))
log_softmax.deflatex(r"x - \ln \sum_{\mathrm{axis}} e^{x}", x=r"g - e^{\mathrm{out}} \odot \sum_{\mathrm{axis}} g")
