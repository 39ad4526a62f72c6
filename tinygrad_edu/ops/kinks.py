"""Kinks and choices: |x|, the larger of two, one or the other. Smooth on either side, with a convention in between.

Masks multiply a gradient instead of selecting from it: NumPy multiplies twenty times faster than it selects. Only
`where` selects, so that an infinite gradient on the side not taken does no harm.
"""

from __future__ import annotations

import numpy

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.casting import result_type, to_common
from tinygrad_edu.ops.shaping import zeros_like


@primitive
def abs_(x):
    """|x|; the slope at the kink is taken as 0"""
    return namespace(x).abs(x)


abs_.defvjp(x=lambda g, x: g * sign(x))
abs_.deflatex(r"\lvert x \rvert", x=r"g \odot \operatorname{sign}(x)")


@primitive
def sign(x):
    """-1, 0 or 1. Flat everywhere it is smooth."""
    return namespace(x).sign(x) if x.dtype.kind != "b" else x.copy()


sign.defvjp(x=lambda g: zeros_like(g))
sign.deflatex(r"\operatorname{sign}(x)", x="0")
sign.defcost(x=0)


@primitive
def floor(x):
    """The largest integer not above x. Flat everywhere it is smooth."""
    return namespace(x).floor(x) if x.dtype.kind == "f" else x.copy()


floor.defvjp(x=lambda g: zeros_like(g))
floor.deflatex(r"\lfloor x \rfloor", x="0")
floor.defcost(x=0)


@primitive(prepare=to_common)
def maximum(x, y):
    """max(x, y); at a tie each argument gets half of the gradient"""
    return namespace(x).maximum(x, y)


maximum.defvjp(
    x=lambda g, x, y, x_shape: unbroadcast(g * (x > y) + g * (x == y) * 0.5, x_shape),
    y=lambda g, x, y, y_shape: unbroadcast(g * (y > x) + g * (x == y) * 0.5, y_shape),
)
maximum.deflatex(
    r"\max(x, y)",
    x=r"g \odot ([x > y] + \frac{1}{2} \, [x = y])",
    y=r"g \odot ([y > x] + \frac{1}{2} \, [x = y])",
)


@primitive(prepare=to_common)
def minimum(x, y):
    """min(x, y); at a tie each argument gets half of the gradient"""
    return namespace(x).minimum(x, y)


minimum.defvjp(
    x=lambda g, x, y, x_shape: unbroadcast(g * (x < y) + g * (x == y) * 0.5, x_shape),
    y=lambda g, x, y, y_shape: unbroadcast(g * (y < x) + g * (x == y) * 0.5, y_shape),
)
minimum.deflatex(
    r"\min(x, y)",
    x=r"g \odot ([x < y] + \frac{1}{2} \, [x = y])",
    y=r"g \odot ([y < x] + \frac{1}{2} \, [x = y])",
)


@primitive
def clamp(x, *, low, high):
    """x kept between two numbers (None: no bound). Outside, nothing depends on x."""
    return namespace(x).clip(x, low, high)


clamp.defvjp(x=lambda g, x, low, high: g * (low is None or x >= low) * (high is None or x <= high))
clamp.deflatex(
    r"\min(\max(x, \mathrm{low}), \mathrm{high})",
    x=r"g \odot [x \ge \mathrm{low}] \odot [x \le \mathrm{high}]",
)


def _common_values(args):
    """where: its condition keeps its own dtype, the two values agree."""
    values = to_common(args[1:])
    dtype = result_type(*values)
    for value in values:
        if isinstance(value, int):
            numpy.asarray(value, dtype)  # raises OverflowError where the selection itself would wrap around
    return args if all(a is b for a, b in zip(values, args[1:], strict=True)) else (args[0], *values)


@primitive(prepare=_common_values)
def where(condition, x, y):
    """x where the condition holds, y elsewhere. Selects the gradient, so that an ∞ not chosen does no harm."""
    return namespace(condition).where(condition, x, y)


where.defvjp(
    x=lambda g, condition, x_shape: unbroadcast(where(condition, g, zeros_like(g)), x_shape),
    y=lambda g, condition, y_shape: unbroadcast(where(condition, zeros_like(g), g), y_shape),
)
where.deflatex(
    r"[\mathrm{condition}] \odot x + [\lnot \mathrm{condition}] \odot y",
    x=r"g \odot [\mathrm{condition}]",
    y=r"g \odot [\lnot \mathrm{condition}]",
)
