"""Rows of the table: element by element — arithmetic, exponentials, selections, comparisons, activations."""

from __future__ import annotations

from tinygrad_edu.ops import shaping
from tinygrad_edu.testing.cases.table import (
    Case,
    between,
    distinct,
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


def _arithmetic() -> list[Case]:
    return [
        *rows("add", lambda t, x, y: t.add(x, y), double(normal)),
        *rows("add", lambda t, x: 2 + x + 1.5, {"number": (normal(2, 3),)}),
        *rows("add", lambda t, x, y: t.add(x, y, alpha=0.5), {"alpha": (normal(2, 3), normal(3))}),
        *rows("add", lambda t, x: x + x, {"twice": (normal(2, 3),)}),
        *rows("sub", lambda t, x, y: t.sub(x, y), double(normal)),
        *rows("sub", lambda t, x: 2 - x - 1.5, {"number": (normal(2, 3),)}),
        *rows("mul", lambda t, x, y: t.mul(x, y), double(normal)),
        *rows("mul", lambda t, x: 2 * x * 1.5, {"number": (normal(2, 3),)}),
        *rows("mul", lambda t, x: x * x, {"twice": (normal(2, 3),)}),
        *rows("div", lambda t, x, y: t.div(x, y), double(normal, nonzero)),
        *rows("div", lambda t, x: 2 / x / 3, {"number": (nonzero(2, 3),)}),
        *rows("div", lambda t, x, y: t.div(x, y, rounding_mode="trunc"), {"trunc": (normal(4), positive(4))}, orders=0),
        *rows("floor_divide", lambda t, x, y: x // y, {"broadcast": (normal(2, 3), nonzero(3))}, orders=0),
        *rows("remainder", lambda t, x, y: t.remainder(x, y), {"same": (normal(2, 3), nonzero(2, 3))}, orders=0),
        *rows("neg", lambda t, x: t.neg(x), single(normal)),
        *rows("pow", lambda t, x, y: t.pow(x, y), double(positive, normal)),
        *rows("pow", lambda t, y: 2**y, {"number-base": (normal(2, 3),)}),
        *rows("pow", lambda t, x: x ** t.tensor(2.0, device=x.device), {"0-d-exponent": (normal(2, 3),)}),
        *rows("power", lambda t, x: t.pow(x, 3), single(normal)),
        *rows("power", lambda t, x: x**2, {"square": (normal(2, 3),)}),
        *rows("power", lambda t, x: x**1, {"one": (normal(2, 3),)}),
        *rows("power", lambda t, x: x**0, {"zero": (normal(2, 3),)}),
        *rows("power", lambda t, x: x**-2, {"negative": (nonzero(2, 3),)}),
        *rows("power", lambda t, x: x**1.7, {"fraction": (positive(2, 3),)}),
        *rows("power", lambda t, x: x**0.5, {"root": (positive(2, 3),)}),
        *rows("sqrt", lambda t, x: t.sqrt(x), single(positive)),
        *rows("rsqrt", lambda t, x: t.rsqrt(x), single(positive)),
        *rows("square", lambda t, x: t.square(x), single(normal)),
        *rows("reciprocal", lambda t, x: t.reciprocal(x), single(nonzero)),
    ]


def _functions() -> list[Case]:
    return [
        *rows("exp", lambda t, x: t.exp(x), single(normal)),
        *rows("expm1", lambda t, x: t.expm1(x), single(normal)),
        *rows("log", lambda t, x: t.log(x), single(positive)),
        *rows("log1p", lambda t, x: t.log1p(x), single(positive)),
        *rows("sin", lambda t, x: t.sin(x), single(normal)),
        *rows("cos", lambda t, x: t.cos(x), single(normal)),
        *rows("tanh", lambda t, x: t.tanh(x), single(normal)),
        *rows("sigmoid", lambda t, x: t.sigmoid(x), single(normal)),
        *rows("sigmoid", lambda t, x: t.sigmoid(x), {"extreme": (exactly([-800.0, -30.0, 30.0, 800.0]),)}, orders=1),
        *rows("erf", lambda t, x: t.erf(x), single(normal)),
        *rows("erf", lambda t, x: t.erf(x), {"wide": (between(-5, 5, 20),)}),
    ]


def _selections() -> list[Case]:
    return [
        *rows("abs", lambda t, x: t.abs(x), single(nonzero)),
        *rows("sign", lambda t, x: t.sign(x), single(nonzero)),
        *rows("floor", lambda t, x: t.floor(x), single(nonzero)),
        *rows("maximum", lambda t, x, y: t.maximum(x, y), _pairs()),
        *rows("minimum", lambda t, x, y: t.minimum(x, y), _pairs()),
        *rows("clamp", lambda t, x: t.clamp(x, -0.55, 0.55), single(distinct)),
        *rows("clamp", lambda t, x: t.clamp(x, min=0), {"below": (nonzero(2, 3),)}),
        *rows("clamp", lambda t, x: t.clamp(x, max=0.0), {"above": (nonzero(2, 3),)}),
        *rows("clamp", lambda t, x, y: t.clamp(x, min=y), {"tensor": (between(-1, 0, 2, 3), between(0.1, 1, 3))}),
        *rows(
            "where",
            lambda t, c, x, y: t.where(c, x, y),
            {
                "same": (truth(2, 3), normal(2, 3), normal(2, 3)),
                "broadcast": (truth(2, 1), normal(3), normal(2, 3)),
                "0-d": (truth(2, 3), normal(), normal()),
                "empty": (truth(0, 3), normal(0, 3), normal(1, 3)),
            },
        ),
        *rows("where", lambda t, c, x: t.where(c, x, 0.5), {"number": (truth(2, 3), normal(2, 3))}),
        *rows("masked_fill", lambda t, x, c: x.masked_fill(c, 7.0), {"broadcast": (normal(2, 3), truth(3))}),
        *rows(
            "zeros_like",
            lambda t, x: shaping.zeros_like(x),
            {"matrix": (normal(2, 3),)},
            orders=0,
            reference=lambda torch, x: torch.zeros_like(x),
        ),
        *rows("lerp", lambda t, x, y: x + (y - x) * 0.3, {"as-a-composition": (normal(2, 3), normal(3))}),
    ]


def _pairs() -> dict[str, tuple]:
    """Two tensors none of whose elements are near each other."""
    low, high = (lambda *shape: between(-1, 0, *shape)), (lambda *shape: between(0.1, 1, *shape))
    return {**double(low, high), "mixed": (exactly([[1.0, -2.0], [3.0, 0.5]]), exactly([-1.0, 2.0]))}


def _ties() -> list[Case]:
    """Where two are equal both libraries share the gradient; finite differences have no opinion."""
    tied = {"tie": (exactly([1.0, 2.0, 3.0]), exactly([1.0, 1.0, 4.0]))}
    return [
        *rows("maximum", lambda t, x, y: t.maximum(x, y), tied, orders=-1),
        *rows("minimum", lambda t, x, y: t.minimum(x, y), tied, orders=-1),
        *rows("relu", lambda t, x: t.relu(x), {"tie": (exactly([-1.0, 0.0, 1.0]),)}, orders=-1),
        *rows("abs", lambda t, x: t.abs(x), {"tie": (exactly([-1.0, 0.0, 1.0]),)}, orders=-1),
        *rows("clamp", lambda t, x: t.clamp(x, -1, 1), {"tie": (exactly([-1.0, 0.0, 1.0, 2.0]),)}, orders=-1),
        *rows(
            "pow", lambda t, x, y: t.pow(x, y), {"tie": (exactly([0.0, 0.0, 2.0]), exactly([0.0, 2.0, 0.0]))}, orders=-1
        ),
        *rows("amax", lambda t, x: t.amax(x, 1), {"tie": (exactly([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]),)}, orders=-1),
        *rows("amin", lambda t, x: t.amin(x, 1), {"tie": (exactly([[1.0, 1.0, 3.0], [2.0, 2.0, 2.0]]),)}, orders=-1),
        *rows(
            "max", lambda t, x: t.max(x, 1).values, {"tie": (exactly([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]]),)}, orders=-1
        ),
        *rows("euclidean", lambda t, x: x.norm(dim=1), {"tie": (exactly([[0.0, 0.0], [3.0, 4.0]]),)}, orders=-1),
    ]


def _truth_values() -> list[Case]:
    numbers = {
        "broadcast": (exactly([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), exactly([2.0, 2.0, 1.0])),
        "0-d": (normal(), normal()),
    }
    logic = {"truth": (truth(2, 3), truth(3)), "numbers": (integers(2, 2, 3), integers(2, 2, 3))}
    odd = {"odd": (exactly([1.0, float("nan"), float("inf"), -float("inf"), 0.0]),)}
    bits = {"truth": (truth(2, 3), truth(3)), "integers": (integers(9, 4), integers(9, 4))}
    found = []
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        found += rows(name, lambda t, x, y, name=name: getattr(t, name)(x, y), numbers, orders=0)
    for name in ("logical_and", "logical_or", "logical_xor"):
        found += rows(name, lambda t, x, y, name=name: getattr(t, name)(x, y), logic, orders=0)
    for name in ("isnan", "isinf", "isfinite"):
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x), odd, orders=0)
    return [
        *found,
        *rows(
            "logical_not", lambda t, x: t.logical_not(x), {"truth": (truth(2, 3),), "numbers": (normal(3),)}, orders=0
        ),
        *rows("bitwise_and", lambda t, x, y: x & y, bits, orders=0),
        *rows("bitwise_or", lambda t, x, y: x | y, bits, orders=0),
        *rows("bitwise_xor", lambda t, x, y: x ^ y, bits, orders=0),
        *rows("bitwise_not", lambda t, x: ~x, {"truth": (truth(2, 3),), "integers": (integers(9, 4),)}, orders=0),
    ]


def _activations() -> list[Case]:
    wide = {**single(nonzero), "wide": (distinct(30),)}
    return [
        *rows("relu", lambda t, x: t.relu(x), single(nonzero)),
        *rows("gelu", lambda t, x: t.nn.functional.gelu(x), wide),
        *rows("gelu", lambda t, x: t.nn.functional.gelu(x, approximate="tanh"), {"tanh": (normal(2, 3),)}),
        *rows("silu", lambda t, x: t.nn.functional.silu(x), wide),
        *rows("leaky_relu", lambda t, x: t.nn.functional.leaky_relu(x, 0.1), wide),
        *rows("elu", lambda t, x: t.nn.functional.elu(x, 1.3), wide),
        *rows("softplus", lambda t, x: t.nn.functional.softplus(x), wide),
        *rows("softplus", lambda t, x: t.nn.functional.softplus(x, beta=3.0, threshold=5.0), {"beta": (distinct(30),)}),
        *rows("softmax", lambda t, x: t.softmax(x, 1), {"rows": (normal(2, 3),), "empty": (normal(0, 3),)}),
        *rows("softmax", lambda t, x: t.softmax(x, -3), {"first": (normal(2, 3, 2),)}),
        *rows("softmax", lambda t, x: t.softmax(x, 0), {"0-d": (normal(),)}),
        *rows("log_softmax", lambda t, x: t.log_softmax(x, 1), {"rows": (normal(2, 3),), "empty": (normal(0, 3),)}),
        *rows("log_softmax", lambda t, x: t.log_softmax(x, -3), {"first": (normal(2, 3, 2),)}),
        *rows(
            "log_softmax", lambda t, x: t.log_softmax(x, 0), {"0-d": (normal(),), "large": (exactly([1000.0, 0.0]),)}
        ),
        *rows("dropout", lambda t, x: t.nn.functional.dropout(x, 0.5, training=False), {"eval": (normal(2, 3),)}),
        *rows("dropout", lambda t, x: t.nn.functional.dropout(x, 1.0), {"all": (normal(2, 3),)}),
    ]


CASES = [*_arithmetic(), *_functions(), *_selections(), *_ties(), *_truth_values(), *_activations()]
