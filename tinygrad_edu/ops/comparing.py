"""Comparisons, logic and whole division: truth values and steps, through which no gradient flows."""

from __future__ import annotations

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.casting import to_common, to_numbers


@primitive(prepare=to_common)
def eq(x, y):
    """x = y"""
    return x == y


@primitive(prepare=to_common)
def ne(x, y):
    """x ≠ y"""
    return x != y


@primitive(prepare=to_common)
def lt(x, y):
    """x < y"""
    return x < y


@primitive(prepare=to_common)
def le(x, y):
    """x ≤ y"""
    return x <= y


@primitive(prepare=to_common)
def gt(x, y):
    """x > y"""
    return x > y


@primitive(prepare=to_common)
def ge(x, y):
    """x ≥ y"""
    return x >= y


@primitive
def logical_and(x, y):
    """x and y, where anything but 0 is true"""
    return namespace(x).logical_and(x, y)


@primitive
def logical_or(x, y):
    """x or y"""
    return namespace(x).logical_or(x, y)


@primitive
def logical_xor(x, y):
    """either x or y"""
    return namespace(x).logical_xor(x, y)


@primitive
def logical_not(x):
    """not x"""
    return namespace(x).logical_not(x)


@primitive(prepare=to_common)
def bitwise_and(x, y):
    """x & y of integers or truth values"""
    return x & y


@primitive(prepare=to_common)
def bitwise_or(x, y):
    """x | y of integers or truth values"""
    return x | y


@primitive(prepare=to_common)
def bitwise_xor(x, y):
    """x ^ y of integers or truth values"""
    return x ^ y


@primitive
def bitwise_not(x):
    """~x of integers or truth values"""
    return ~x


@primitive
def isnan(x):
    """x is not a number"""
    return namespace(x).isnan(x)


@primitive
def isinf(x):
    """x is infinite"""
    return namespace(x).isinf(x)


@primitive
def isfinite(x):
    """x is a finite number"""
    return namespace(x).isfinite(x)


@primitive(prepare=to_numbers)
def floor_divide(x, y):
    """⌊x / y⌋, a step function: its gradient is nowhere of use"""
    return x // y


@primitive
def all_(x, *, axis, keepdims):
    """Every element along `axis` is true."""
    return namespace(x).all(x, axis=axis, keepdims=keepdims)


@primitive
def any_(x, *, axis, keepdims):
    """Some element along `axis` is true."""
    return namespace(x).any(x, axis=axis, keepdims=keepdims)


for _op in (
    eq, ne, lt, le, gt, ge, logical_and, logical_or, logical_xor, logical_not, bitwise_and, bitwise_or, bitwise_xor,
    bitwise_not, isnan, isinf, isfinite, floor_divide,
    all_, any_,
):  # fmt: skip
    _op.notdifferentiable()
for _op in (all_, any_):
    _op.defcost(lambda x: x.size)
