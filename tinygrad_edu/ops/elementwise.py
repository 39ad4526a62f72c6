"""Element by element: y_i = f(x_i), so the gradient is g_i f'(x_i). Arithmetic, powers, exponentials.

With two arguments, each may have been broadcast: its rule ends in `unbroadcast`, which sums over the copies.
"""

from __future__ import annotations

import math

from tinygrad_edu.backend import namespace, number
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import additions, unbroadcast
from tinygrad_edu.ops.casting import to_common, to_floating, to_numbers
from tinygrad_edu.ops.comparing import floor_divide
from tinygrad_edu.ops.erf import error_function
from tinygrad_edu.ops.shaping import zeros_like

_LARGEST_EXPONENT = {2: 11.0, 4: 88.0, 8: 709.0}  # bytes of a float -> the largest whole x whose e^x it can hold


# ------------------------------------------------------------------------------------------------------ arithmetic
@primitive(prepare=to_common)
def add(x, y):
    """x + y"""
    return x + y


add.defvjp(
    x=lambda g, x_shape: unbroadcast(g, x_shape),
    y=lambda g, y_shape: unbroadcast(g, y_shape),
)
add.deflatex("x + y", x="g", y="g")
add.defcost(x=lambda out, x: additions(out, x), y=lambda out, y: additions(out, y))


@primitive(prepare=to_common)
def sub(x, y):
    """x - y"""
    return x - y


sub.defvjp(
    x=lambda g, x_shape: unbroadcast(g, x_shape),
    y=lambda g, y_shape: unbroadcast(-g, y_shape),
)
sub.deflatex("x - y", x="g", y="-g")
sub.defcost(x=lambda out, x: additions(out, x))


@primitive(prepare=to_common)
def mul(x, y):
    """x y"""
    return x * y


mul.defvjp(
    x=lambda g, y, x_shape: unbroadcast(g * y, x_shape),
    y=lambda g, x, y_shape: unbroadcast(g * x, y_shape),
)
mul.deflatex(r"x \odot y", x=r"g \odot y", y=r"g \odot x")


@primitive(prepare=to_floating)
def div(x, y):
    """x / y"""
    return x / y


div.defvjp(
    x=lambda g, y, x_shape: unbroadcast(g / y, x_shape),
    y=lambda g, y, out, y_shape: unbroadcast(-g * out / y, y_shape),
)
div.deflatex(r"\frac{x}{y}", x=r"\frac{g}{y}", y=r"-\frac{g \odot \mathrm{out}}{y}")


@primitive
def neg(x):
    """-x"""
    return -x


neg.defvjp(x=lambda g: -g)
neg.deflatex("-x", x="-g")


@primitive(prepare=to_numbers)
def pow(x, y):
    """x^y for two arrays. At y = 0 the slope in x is 0, at x = 0 the slope in y ≥ 0 is 0: no 0 · ∞."""
    return x**y


pow.defvjp(
    x=lambda g, x, y, x_shape: unbroadcast(g * y * pow(x, y - (y != 0)), x_shape),
    y=lambda g, x, y, y_shape, out: unbroadcast(g * out * log(x + (x == 0) * (y >= 0)), y_shape),
)
pow.deflatex("x^{y}", x=r"g \odot y \odot x^{y - 1}", y=r"g \odot \mathrm{out} \odot \ln x")


@primitive(prepare=to_numbers)
def remainder(x, y):
    """x - y ⌊x / y⌋: what is left, with the sign of y. Computed by the library, exactly, also where x / y rounds."""
    return namespace(x).remainder(x, y)


remainder.defvjp(
    x=lambda g, x_shape: unbroadcast(g, x_shape),
    y=lambda g, x, y, y_shape: unbroadcast(-g * floor_divide(x, y), y_shape),
)
remainder.deflatex(
    r"x - y \odot \lfloor \frac{x}{y} \rfloor",
    x="g",
    y=r"-g \odot \lfloor \frac{x}{y} \rfloor",
)


@primitive
def power(x, *, exponent):
    """x^n for one number n. Small whole powers are products, a hundred times faster than a general power."""
    if exponent in (2, 3):
        return x * x if exponent == 2 else x * x * x
    return x**exponent


power.defvjp(x=lambda g, x, exponent: g * (exponent * power(x, exponent=exponent - 1)) if exponent else zeros_like(g))
power.deflatex(r"x^{\mathrm{exponent}}", x=r"\mathrm{exponent} \, g \odot x^{\mathrm{exponent} - 1}")


@primitive(prepare=to_floating)
def sqrt(x):
    """√x. The slope at 0 is infinite: add a small ε inside before taking a root of something that can vanish."""
    return namespace(x).sqrt(x)


sqrt.defvjp(x=lambda g, out: g * 0.5 / out)
sqrt.deflatex(r"\sqrt{x}", x=r"\frac{g}{2 \, \mathrm{out}}")


@primitive(prepare=to_floating)
def rsqrt(x):
    """1 / √x"""
    return 1 / namespace(x).sqrt(x)


rsqrt.defvjp(x=lambda g, out: g * -0.5 * (out * out * out))
rsqrt.deflatex(r"\frac{1}{\sqrt{x}}", x=r"-\frac{1}{2} \, g \odot \mathrm{out}^{3}")


@primitive
def square(x):
    """x²"""
    return x * x


square.defvjp(x=lambda g, x: g * (2 * x))
square.deflatex("x^{2}", x=r"2 \, g \odot x")


@primitive(prepare=to_floating)
def reciprocal(x):
    """1 / x"""
    return 1 / x


reciprocal.defvjp(x=lambda g, out: -g * (out * out))
reciprocal.deflatex(r"\frac{1}{x}", x=r"-g \odot \mathrm{out}^{2}")


# ------------------------------------------------------------------------------------- exponentials and trigonometry
@primitive(prepare=to_floating)
def exp(x):
    """e^x"""
    return namespace(x).exp(x)


exp.defvjp(x=lambda g, out: g * out)
exp.deflatex("e^{x}", x=r"g \odot \mathrm{out}")


@primitive(prepare=to_floating)
def expm1(x):
    """e^x - 1, exact for small x"""
    return namespace(x).expm1(x)


expm1.defvjp(x=lambda g, out: g * (out + 1))
expm1.deflatex("e^{x} - 1", x=r"g \odot (\mathrm{out} + 1)")


@primitive(prepare=to_floating)
def log(x):
    """ln x"""
    return namespace(x).log(x)


log.defvjp(x=lambda g, x: g / x)
log.deflatex(r"\ln x", x=r"\frac{g}{x}")


@primitive(prepare=to_floating)
def log1p(x):
    """ln(1 + x), exact for small x"""
    return namespace(x).log1p(x)


log1p.defvjp(x=lambda g, x: g / (x + 1))
log1p.deflatex(r"\ln (1 + x)", x=r"\frac{g}{1 + x}")


@primitive(prepare=to_floating)
def sin(x):
    """sin x"""
    return namespace(x).sin(x)


sin.defvjp(x=lambda g, x: g * cos(x))
sin.deflatex(r"\sin x", x=r"g \odot \cos x")


@primitive(prepare=to_floating)
def cos(x):
    """cos x"""
    return namespace(x).cos(x)


cos.defvjp(x=lambda g, x: -g * sin(x))
cos.deflatex(r"\cos x", x=r"-g \odot \sin x")


@primitive(prepare=to_floating)
def tanh(x):
    """(e^x - e^-x) / (e^x + e^-x)"""
    return namespace(x).tanh(x)


tanh.defvjp(x=lambda g, out: g * (1 - out * out))
tanh.deflatex(r"\tanh x", x=r"g \odot (1 - \mathrm{out}^{2})")


@primitive(prepare=to_floating)
def sigmoid(x):
    """1 / (1 + e^-x); where e^-x would overflow, the largest number in its place gives 0 to rounding"""
    library = namespace(x)
    one, largest = number(1, x), number(_LARGEST_EXPONENT[x.dtype.itemsize], x)
    return one / (library.exp(library.minimum(-x, largest)) + one)


sigmoid.defvjp(x=lambda g, out: g * (out - out * out))
sigmoid.deflatex(r"\frac{1}{1 + e^{-x}}", x=r"g \odot (\mathrm{out} - \mathrm{out}^{2})")


@primitive(prepare=to_floating)
def erf(x):
    """(2/√π) ∫₀ˣ e^(-t²) dt"""
    return error_function(x)


erf.defvjp(x=lambda g, x: g * (2 / math.sqrt(math.pi) * exp(-x * x)))
erf.deflatex(r"\operatorname{erf}(x)", x=r"\frac{2}{\sqrt{\pi}} \, g \odot e^{-x^{2}}")
