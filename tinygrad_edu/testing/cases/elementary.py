"""Rows of the table: angles, hyperbolas, other bases, rounding, mixtures."""

from __future__ import annotations

import math

from tinygrad_edu.testing.cases.table import (
    Case,
    between,
    double,
    exactly,
    integers,
    nonzero,
    normal,
    positive,
    rows,
    single,
    truth,
)


def _angles() -> list[Case]:
    found = []
    for name in ("tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "atanh", "erfc"):
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x), single(nonzero))
    for name in ("atan2", "hypot"):
        found += rows(name, lambda t, x, y, name=name: getattr(t, name)(x, y), double(nonzero))
    return [
        *found,
        *rows("acosh", lambda t, x: t.acosh(x), single(lambda *shape: between(1.5, 3, *shape))),
        *rows(
            "atan2",
            lambda t, y, x: t.atan2(y, x),
            {"quadrants": (exactly([1.0, 1, -1, -1]), exactly([2.0, -2, 2, -2]))},
        ),
        *rows("hypot", lambda t, x, y: t.hypot(x, y), {"large": (exactly([3e25]), exactly([4e25]))}, orders=0),
        *rows("deg2rad", lambda t, x: t.deg2rad(x), {"vector": (normal(3),)}),
        *rows("rad2deg", lambda t, x: t.rad2deg(x), {"vector": (normal(3),)}),
    ]


def _logarithms() -> list[Case]:
    infinite = {"infinite": (exactly([math.inf, -math.inf, 800.0]), exactly([1.0, 2.0, 800.0]))}
    return [
        *rows("exp2", lambda t, x: t.exp2(x), single(normal)),
        *rows("log2", lambda t, x: t.log2(x), {**single(positive), "whole": (exactly([1.0, 8.0, 0.25]),)}),
        *rows("log10", lambda t, x: t.log10(x), {**single(positive), "whole": (exactly([1.0, 1000.0, 0.01]),)}),
        *rows("logaddexp", lambda t, x, y: t.logaddexp(x, y), double(normal)),
        *rows("logaddexp", lambda t, x, y: t.logaddexp(x, y), infinite, orders=0),
        *rows("logit", lambda t, x: t.logit(x), single(lambda *shape: between(0.2, 0.8, *shape))),
        *rows("logit", lambda t, x: t.logit(x, 0.1), {"eps": (exactly([0.05, 0.3, 0.97]),)}),
    ]


def _rounding() -> list[Case]:
    halves = exactly([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1.49, -1.51])
    apart = {
        "broadcast": (exactly([[5.5, -5.5, 0.3], [7.2, -0.4, 1.1]]), exactly([2.0, -3.0, 0.7])),
        "size-1": (exactly([[5.5], [-7.2]]), exactly([2.0, -3.0, 0.7])),
    }
    found = []
    for name in ("ceil", "floor", "trunc", "round"):
        if name != "floor":  # whose smooth side is among the kinks
            found += rows(name, lambda t, x, name=name: getattr(t, name)(x), single(nonzero))
        values = {"halves": (halves,), "integers": (integers(5, 3),)}
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x), values, orders=0)
    return [
        *found,
        *rows(
            "round", lambda t, x: t.round(x, decimals=1), {"decimals": (exactly([0.15, 0.24, -1.77, 2.0]),)}, orders=0
        ),
        *rows("round", lambda t, x: t.round(x, decimals=-1), {"tens": (exactly([14.0, -16.0, 25.0]),)}, orders=0),
        *rows("frac", lambda t, x: t.frac(x), single(nonzero)),
        *rows("fmod", lambda t, x, y: t.fmod(x, y), apart),
        *rows("fmod", lambda t, x: t.fmod(x, 2), {"integers": (exactly([5, -5, 4], "int64"),)}, orders=0),
        *rows("floor_divide", lambda t, x: t.floor_divide(x, -0.5), {"number": (normal(3),)}, orders=0),
    ]


def _mixtures() -> list[Case]:
    three = (normal(2, 3), normal(3), nonzero(2, 1))
    odd = exactly([1.0, math.nan, math.inf, -math.inf, -2.0])
    return [
        *rows("lerp", lambda t, x, y: t.lerp(x, y, 0.3), {"number": (normal(2, 3), normal(3))}),
        *rows("lerp", lambda t, x, y, w: t.lerp(x, y, w), {"tensor": three}),
        *rows("addcmul", lambda t, x, y, z: t.addcmul(x, y, z, value=0.5), {"value": three}),
        *rows("addcdiv", lambda t, x, y, z: t.addcdiv(x, y, z, value=0.5), {"value": three}),
        *rows("clamp_min", lambda t, x: t.clamp_min(x, 0.0), {"number": (nonzero(2, 3),)}),
        *rows("clamp_max", lambda t, x: t.clamp_max(x, 0.0), {"number": (nonzero(2, 3),)}),
        *rows("nan_to_num", lambda t, x: t.nan_to_num(x, 7.0, 8.0, 9.0), {"odd": (odd,)}, orders=-1),
        *rows("nan_to_num", lambda t, x: t.nan_to_num(x), {"plain": (normal(3),)}),
        *rows(
            "isclose",
            lambda t, x, y: t.isclose(x, y),
            {"near": (exactly([1.0, 1.0]), exactly([1.0000001, 1.1]))},
            orders=0,
        ),
        *rows("isclose", lambda t, x: t.isclose(x, x), {"odd": (odd,)}, orders=0),
        *rows("isclose", lambda t, x: t.isclose(x, x, equal_nan=True), {"equal-nan": (odd,)}, orders=0),
        *rows("bitwise_and", lambda t, x, y: t.bitwise_and(x, y), {"function": (truth(3), truth(3))}, orders=0),
        *rows("bitwise_or", lambda t, x, y: t.bitwise_or(x, y), {"function": (truth(3), truth(3))}, orders=0),
        *rows("bitwise_xor", lambda t, x, y: t.bitwise_xor(x, y), {"function": (truth(3), truth(3))}, orders=0),
        *rows("bitwise_not", lambda t, x: t.bitwise_not(x), {"function": (truth(3),)}, orders=0),
    ]


CASES = [*_angles(), *_logarithms(), *_rounding(), *_mixtures()]
