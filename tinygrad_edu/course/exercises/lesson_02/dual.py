"""02.dual: numbers that carry their slope along."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong


class Dual:
    """a + b ε with ε² = 0"""

    def __init__(self, value: float, slope: float = 0.0) -> None:
        self.value, self.slope = value, slope

    def __add__(self, other: Any) -> Any:
        other = other if isinstance(other, Dual) else type(self)(other)
        return type(self)(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Any) -> Any:
        other = other if isinstance(other, Dual) else type(self)(other)
        return type(self)(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def tanh(self) -> Any:
        return type(self)(math.tanh(self.value), self.slope / math.cosh(self.value) ** 2)


FORMULAS: dict[str, Callable[[Any], Any]] = {
    "x + x": lambda x: x + x,
    "x * x": lambda x: x * x,
    "x + 3": lambda x: x + 3,
    "x * 3": lambda x: x * 3,
    "tanh(x)": lambda x: x.tanh(),
    "tanh(x * 3)": lambda x: (x * 3).tanh(),
    "x * tanh(x * x + 1)": lambda x: x * (x * x + 1).tanh(),
}


def value_and_slope(kind: Any, formula: str, x: float) -> tuple[float, float]:
    """A formula and its derivative at x, in one run."""
    out = FORMULAS[formula](kind(x, 1.0))
    return out.value, out.slope


def dual_inputs(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for formula in FORMULAS:
        yield formula, round(rng.uniform(0.3, 0.9), 3)


def dual_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    formula, x = inputs
    if not all(isinstance(number, (int, float, numpy.number)) for number in got):
        return f"{formula}: value and slope are plain numbers: other.value or other.slope, not other"
    if numpy.allclose(got, want):
        return None
    if not numpy.isclose(got[0], want[0]):
        return f"{formula}: the value itself is wrong, wanted {want[0]:.6g}, got {got[0]:.6g}"
    mistakes = {
        ("x * x", 1.0): "(a + bε)(c + dε) = ac + (ad + bc)ε: a product's slope is not the product of the slopes",
        ("x * x", x): "(a + bε)(c + dε) = ac + (ad + bc)ε: one of the two terms in the bracket is missing",
        ("x + 3", 2.0): "3 does not move when x does: a plain number has slope 0",
        ("tanh(x * 3)", 1 / math.cosh(3 * x) ** 2): "the chain rule: times the slope that tanh's input came with",
    }
    for (where, slope), sentence in mistakes.items():
        if formula == where and numpy.isclose(got[1], slope):
            return f"{formula}: {sentence}"
    return None


def wrong_dual(**methods: Callable[..., Any]) -> type:
    """The reference with some methods written wrong."""
    return type("WrongDual", (Dual,), {f"__{name}__" if name != "tanh" else name: m for name, m in methods.items()})


def add_with_moving_numbers(self: Any, other: Any) -> Any:
    other = other if isinstance(other, Dual) else type(self)(other, 1.0)
    return type(self)(self.value + other.value, self.slope + other.slope)


DUAL_WRONG = (
    Wrong(
        "multiplies the slopes",
        wrong_dual(mul=lambda s, o: type(s)(s.value * o.value, s.slope * o.slope)),
        "is not the product of the slopes",
    ),
    Wrong(
        "keeps one of the two terms",
        wrong_dual(mul=lambda s, o: type(s)(s.value * o.value, s.slope * o.value)),
        "one of the two terms",
    ),
    Wrong(
        "makes the slope of a product a Dual",
        wrong_dual(mul=lambda s, o: type(s)(s.value * o.value, Dual(s.slope * o.value + s.value * o.slope))),
        "plain numbers: other.value or other.slope",
    ),
    Wrong("gives numbers the slope 1", wrong_dual(add=add_with_moving_numbers), "a plain number has slope 0"),
    Wrong(
        "forgets the inner slope",
        wrong_dual(tanh=lambda s: type(s)(math.tanh(s.value), 1 - math.tanh(s.value) ** 2)),
        "the chain rule",
    ),
)

EXERCISE = Exercise(
    "02.dual",
    "Forward, with dual numbers",
    Dual,
    dual_inputs,
    value_and_slope,
    DUAL_WRONG,
    (dual_slip,),
    kind="extend",
    minutes=12,
    difficulty=3,
    points=3,
)
