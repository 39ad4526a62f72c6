"""What an exercise is: a right answer, inputs to try, and wrong answers that its check must recognize.

    Exercise("03.unbroadcast", "Sum back what was broadcast", reference=unbroadcast, inputs=some_shapes,
             wrong=(Wrong("keeps the axis", …, "shape"), …), minutes=10, difficulty=2, points=2)

For: `exercises/lesson_NN.py`, one file for each lesson. Not for: judging an answer, which is `check`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy

KINDS = ("trace", "fill-in", "implement", "extend", "explain", "bug hunt")
Inputs = Callable[[numpy.random.Generator], Iterable[tuple[Any, ...]]]
# slip(inputs, want, got) -> a sentence that explains this very mistake, or None
Slip = Callable[[tuple[Any, ...], Any, Any], str | None]


def _call(answer: Any, *inputs: Any) -> Any:
    return answer(*inputs) if callable(answer) else answer


@dataclass(frozen=True)
class Wrong:
    """A planted wrong answer: what a learner may well write, and words that the check must find for it."""

    mistake: str  # "divides by N twice"
    answer: Any
    says: str  # a part of the message


@dataclass(frozen=True)
class Exercise:
    """A question of a lesson. `reference` is a function, a class or a value, and so is an answer."""

    id: str  # "03.unbroadcast": the lesson's number, a dot, a name
    title: str
    reference: Any
    inputs: Inputs = lambda rng: [()]  # what answers are tried on; the easiest first
    ask: Callable[..., Any] = _call  # ask(answer, *inputs) -> what is compared; for answers that are classes or loops
    wrong: tuple[Wrong, ...] = ()
    slips: tuple[Slip, ...] = ()  # mistakes that only this exercise knows, asked first
    kind: str = "implement"
    minutes: int = 5
    difficulty: int = 1  # 1 to 5
    points: int = 1
    tolerance: float = 1e-7  # relative to the largest number
    factors: Callable[..., dict[str, Any]] | None = None  # factors(*inputs): what may have been forgotten, by name
    terms: Callable[..., dict[str, Any]] | None = None  # terms(*inputs): what adds up to the answer, in order, by name

    @property
    def is_code(self) -> bool:
        """True if the answer is code, False if it is a plain value, which a message must not give away."""
        return callable(self.reference)


def exercise(name: str) -> Exercise:
    """The exercise called `name`, from the file of its lesson."""
    number, dot, _ = name.partition(".")
    known = exercises_of(number) if dot and number.isdigit() else {}
    if name not in known:
        there = ", ".join(known) or "none"
        raise ValueError(f"there is no exercise {name!r}: lesson {number!r} has {there}")
    return known[name]


def exercises_of(lesson: str) -> dict[str, Exercise]:
    """All exercises of a lesson ("03"), in order; none for a lesson that has no file."""
    module_name = f"tinygrad_edu.course.exercises.lesson_{lesson}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        return {}
    return {entry.id: entry for entry in module.EXERCISES}
