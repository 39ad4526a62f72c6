"""02.rules: what x y, xⁿ and tanh x record: the value, the parents, a slope for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong


class Recorded:
    """A number that remembers what it was made of, and how fast it moves with each part."""

    def __init__(self, data: float, parents: Sequence[Any] = (), slopes: Sequence[float] = (), op: str = "") -> None:
        self.data, self.parents, self.slopes, self.op = data, tuple(parents), tuple(slopes), op

    def __mul__(self, other: Recorded) -> Recorded:
        return Recorded(self.data * other.data, [self, other], [other.data, self.data])

    def __pow__(self, exponent: float) -> Recorded:
        return Recorded(self.data**exponent, [self], [exponent * self.data ** (exponent - 1)])

    def tanh(self) -> Recorded:
        return Recorded(math.tanh(self.data), [self], [1 / math.cosh(self.data) ** 2])


def use_rule(kind: Any, rule: str, x: float, other: float) -> dict[str, Any]:
    """What one operation records: its value, its parents' values, its slopes."""
    first = kind(x)
    made = {
        "x * y": lambda: first * kind(other),
        "x ** n": lambda: first**other,
        "tanh(x)": lambda: first.tanh(),
    }[rule]()
    return {"value": made.data, "parents": [parent.data for parent in made.parents], "slopes": list(made.slopes)}


def rule_inputs(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield "x * y", 3.0, 5.0
    yield "x ** n", 3.0, 5
    yield "tanh(x)", 0.7, None
    for x, y in rng.uniform(0.3, 1.9, size=(3, 2)).round(3).tolist():
        yield "x * y", x, y
        yield "x ** n", x, -1
        yield "tanh(x)", x, None


def rule_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    """What was written in the place of a slope."""
    rule, x, other = inputs
    if got["parents"] != want["parents"]:
        return f"{rule}: the parents are the Scalars it was made from, wanted {want['parents']}, got {got['parents']}"
    if not all(isinstance(number, (int, float, numpy.number)) for number in (got["value"], *got["slopes"])):
        return f"{rule}: value and slopes are plain numbers: other.data, not other"
    if len(got["slopes"]) != len(want["slopes"]):
        return f"{rule}: one slope for each parent, wanted {len(want['slopes'])}, got {len(got['slopes'])}"
    known: dict[str, list[tuple[float, ...]]] = {}
    if rule == "x * y":
        known["the slope of x y in x is the other factor, y: yours are exchanged"] = [(x, other)]
        known["those are the slopes of a sum; double y, and x y moves twice as fast with x"] = [(1, 1)]
    elif rule == "x ** n":
        known["the exponent drops by one: n x^(n - 1)"] = [(other * x**other,)]
        known["the factor n in front is missing: n x^(n - 1)"] = [(x ** (other - 1),)]
    else:
        known["1 - tanh² is right, but of the result: 1 - tanh(x)², not 1 - x²"] = [(1 - x**2,)]
        known["1 - tanh(x) is not it: square it, 1 - tanh(x)²"] = [(1 - math.tanh(x),)]
    for sentence, slopes in known.items():
        if any(numpy.allclose(got["slopes"], one) for one in slopes):
            return f"{rule}: {sentence}"
    return None


def variant(**methods: Callable[..., Any]) -> type:
    """The reference with some methods written wrong."""
    return type("Variant", (Recorded,), {f"__{name}__" if name != "tanh" else name: m for name, m in methods.items()})


def with_type_of(self: Any, data: float, parents: Sequence[Any], *slopes: float) -> Any:
    return type(self)(data, parents, slopes)


RULES_WRONG = (
    Wrong(
        "exchanges the slopes of a product",
        variant(mul=lambda s, o: with_type_of(s, s.data * o.data, (s, o), s.data, o.data)),
        "yours are exchanged",
    ),
    Wrong(
        "copies the slopes of a sum",
        variant(mul=lambda s, o: with_type_of(s, s.data * o.data, (s, o), 1.0, 1.0)),
        "slopes of a sum",
    ),
    Wrong(
        "takes Scalars for slopes",
        variant(mul=lambda s, o: with_type_of(s, s.data * o.data, (s, o), o, s)),
        "plain numbers: other.data, not other",
    ),
    Wrong(
        "does not lower the exponent",
        variant(pow=lambda s, n: with_type_of(s, s.data**n, (s,), n * s.data**n)),
        "the exponent drops by one",
    ),
    Wrong(
        "forgets the exponent in front",
        variant(pow=lambda s, n: with_type_of(s, s.data**n, (s,), s.data ** (n - 1))),
        "the factor n in front is missing",
    ),
    Wrong(
        "squares the input of tanh instead of its result",
        variant(tanh=lambda s: with_type_of(s, math.tanh(s.data), (s,), 1 - s.data**2)),
        "not 1 - x²",
    ),
    Wrong(
        "forgets who the parents are",
        variant(tanh=lambda s: with_type_of(s, math.tanh(s.data), (), 1 - math.tanh(s.data) ** 2)),
        "the parents are the Scalars it was made from",
    ),
)

EXERCISE = Exercise(
    "02.rules",
    "Three rules",
    Recorded,
    rule_inputs,
    use_rule,
    RULES_WRONG,
    (rule_slip,),
    kind="fill-in",
    minutes=10,
    difficulty=2,
    points=3,
)
