"""Powers and logarithms in the bases 2 and 10, and sums of what is known by its logarithm.

For: what `exp` and `log`, which stand in `elementwise`, leave over. Computed by the library in their own base, so that
log2(8) is 3 and not 2.9999999999999996.
"""

from __future__ import annotations

import math

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.casting import to_floating
from tinygrad_edu.ops.elementwise import exp


@primitive(prepare=to_floating)
def exp2(x):
    """2^x"""
    return namespace(x).exp2(x)


exp2.defvjp(x=lambda g, out: g * (out * math.log(2)))
exp2.deflatex("2^{x}", x=r"\ln(2) \, g \odot \mathrm{out}")


@primitive(prepare=to_floating)
def log2(x):
    """The logarithm in base 2: log2(8) = 3"""
    return namespace(x).log2(x)


log2.defvjp(x=lambda g, x: g / (x * math.log(2)))
log2.deflatex(r"\frac{\ln x}{\ln 2}", x=r"\frac{g}{x \ln 2}")


@primitive(prepare=to_floating)
def log10(x):
    """The logarithm in base 10: log10(1000) = 3"""
    return namespace(x).log10(x)


log10.defvjp(x=lambda g, x: g / (x * math.log(10)))
log10.deflatex(r"\frac{\ln x}{\ln 10}", x=r"\frac{g}{x \ln 10}")


@primitive(prepare=to_floating)
def logaddexp(x, y):
    """ln(e^x + e^y), where neither power need be a number that fits"""
    return namespace(x).logaddexp(x, y)


logaddexp.defvjp(
    x=lambda g, x, out, x_shape: unbroadcast(g * exp(x - out), x_shape),
    y=lambda g, y, out, y_shape: unbroadcast(g * exp(y - out), y_shape),
)
logaddexp.deflatex(r"\ln (e^{x} + e^{y})", x=r"g \odot e^{x - \mathrm{out}}", y=r"g \odot e^{y - \mathrm{out}}")
