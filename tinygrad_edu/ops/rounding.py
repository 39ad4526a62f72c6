"""Whole numbers nearby: up, towards zero, to the nearest. Steps, flat wherever they are smooth: their gradient is 0.

For: `ceil`, `trunc`, `round`, and `fmod`, what is left over after `trunc`. Not for: `floor`, which is in `kinks`, and
`remainder`, what that leaves over, in `elementwise`. Whole numbers come out as they went in.
"""

from __future__ import annotations

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.casting import to_numbers
from tinygrad_edu.ops.shaping import zeros_like


@primitive
def ceil(x):
    """The smallest integer not below x"""
    return namespace(x).ceil(x) if x.dtype.kind == "f" else x.copy()


ceil.defvjp(x=lambda g: zeros_like(g))
ceil.deflatex(r"-\lfloor -x \rfloor", x="0")
ceil.defcost(x=0)


@primitive
def trunc(x):
    """x without its digits behind the point: rounded towards 0"""
    return namespace(x).trunc(x) if x.dtype.kind == "f" else x.copy()


trunc.defvjp(x=lambda g: zeros_like(g))
trunc.deflatex(r"\operatorname{sign}(x) \odot \lfloor \lvert x \rvert \rfloor", x="0")
trunc.defcost(x=0)


@primitive
def round_(x):
    """The nearest integer; halves go to the even one of their neighbors, so that they average out"""
    return namespace(x).rint(x) if x.dtype.kind == "f" else x.copy()


round_.defvjp(x=lambda g: zeros_like(g))
round_.deflatex(r"\operatorname{round}(x)", x="0")
round_.defcost(x=0)


@primitive(prepare=to_numbers)
def fmod(x, y):
    """x - y · trunc(x / y): what is left, with the sign of x. Computed by the library, exactly."""
    return namespace(x).fmod(x, y)


fmod.defvjp(
    x=lambda g, x_shape: unbroadcast(g, x_shape),
    y=lambda g, x, y, y_shape: unbroadcast(-g * trunc(x / y), y_shape),
)
fmod.deflatex(
    r"x - y \odot \operatorname{trunc}(\frac{x}{y})",
    x="g",
    y=r"-g \odot \operatorname{trunc}(\frac{x}{y})",
)
