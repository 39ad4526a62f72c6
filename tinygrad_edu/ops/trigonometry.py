r"""Angles and hyperbolas: tangents, the inverse functions, and the sides of a right triangle.

For: what `sin`, `cos` and `tanh`, which stand in `elementwise`, leave over. Every derivative here is elementary: that
of an inverse function is 1 over the derivative of the function, at the place where the inverse has arrived.
"""

from __future__ import annotations

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.casting import to_floating
from tinygrad_edu.ops.elementwise import rsqrt


@primitive(prepare=to_floating)
def tan(x):
    """sin x / cos x"""
    return namespace(x).tan(x)


tan.defvjp(x=lambda g, out: g * (1 + out * out))
tan.deflatex(r"\tan x", x=r"g \odot (1 + \mathrm{out}^{2})")


@primitive(prepare=to_floating)
def asin(x):
    """The angle in [-π/2, π/2] whose sine is x"""
    return namespace(x).arcsin(x)


asin.defvjp(x=lambda g, x: g * rsqrt(1 - x * x))
asin.deflatex(r"\arcsin x", x=r"\frac{g}{\sqrt{1 - x^{2}}}")


@primitive(prepare=to_floating)
def acos(x):
    """The angle in [0, π] whose cosine is x"""
    return namespace(x).arccos(x)


acos.defvjp(x=lambda g, x: -g * rsqrt(1 - x * x))
acos.deflatex(r"\arccos x", x=r"-\frac{g}{\sqrt{1 - x^{2}}}")


@primitive(prepare=to_floating)
def atan(x):
    """The angle in (-π/2, π/2) whose tangent is x"""
    return namespace(x).arctan(x)


atan.defvjp(x=lambda g, x: g / (1 + x * x))
atan.deflatex(r"\arctan x", x=r"\frac{g}{1 + x^{2}}")


@primitive(prepare=to_floating)
def atan2(y, x):
    """The angle in (-π, π] of the point (x, y), seen from the origin"""
    return namespace(y).arctan2(y, x)


atan2.defvjp(
    y=lambda g, y, x, y_shape: unbroadcast(g * x / (x * x + y * y), y_shape),
    x=lambda g, y, x, x_shape: unbroadcast(-g * y / (x * x + y * y), x_shape),
)
atan2.deflatex(
    r"\operatorname{atan2}(y, x)",
    y=r"g \odot \frac{x}{x^{2} + y^{2}}",
    x=r"-g \odot \frac{y}{x^{2} + y^{2}}",
)


@primitive(prepare=to_floating)
def hypot(x, y):
    """√(x² + y²) without overflow: the long side of a right triangle"""
    return namespace(x).hypot(x, y)


hypot.defvjp(
    x=lambda g, x, out, x_shape: unbroadcast(g * x / out, x_shape),
    y=lambda g, y, out, y_shape: unbroadcast(g * y / out, y_shape),
)
hypot.deflatex(r"\sqrt{x^{2} + y^{2}}", x=r"g \odot \frac{x}{\mathrm{out}}", y=r"g \odot \frac{y}{\mathrm{out}}")


# -------------------------------------------------------------------------------------------------------- hyperbolic
@primitive(prepare=to_floating)
def sinh(x):
    """(e^x - e^-x) / 2"""
    return namespace(x).sinh(x)


sinh.defvjp(x=lambda g, x: g * cosh(x))
sinh.deflatex(r"\sinh x", x=r"g \odot \cosh x")


@primitive(prepare=to_floating)
def cosh(x):
    """(e^x + e^-x) / 2"""
    return namespace(x).cosh(x)


cosh.defvjp(x=lambda g, x: g * sinh(x))
cosh.deflatex(r"\cosh x", x=r"g \odot \sinh x")


@primitive(prepare=to_floating)
def asinh(x):
    """ln(x + √(x² + 1)), the inverse of sinh"""
    return namespace(x).arcsinh(x)


asinh.defvjp(x=lambda g, x: g * rsqrt(x * x + 1))
asinh.deflatex(r"\ln (x + \sqrt{x^{2} + 1})", x=r"\frac{g}{\sqrt{x^{2} + 1}}")


@primitive(prepare=to_floating)
def acosh(x):
    """ln(x + √(x² - 1)), the inverse of cosh for x ≥ 1"""
    return namespace(x).arccosh(x)


acosh.defvjp(x=lambda g, x: g * rsqrt(x * x - 1))
acosh.deflatex(r"\ln (x + \sqrt{x^{2} - 1})", x=r"\frac{g}{\sqrt{x^{2} - 1}}")


@primitive(prepare=to_floating)
def atanh(x):
    """½ ln((1 + x) / (1 - x)), the inverse of tanh"""
    return namespace(x).arctanh(x)


atanh.defvjp(x=lambda g, x: g / (1 - x * x))
atanh.deflatex(r"\frac{1}{2} \, \ln \frac{1 + x}{1 - x}", x=r"\frac{g}{1 - x^{2}}")
