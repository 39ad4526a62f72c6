"""Exercises of lesson 00: start here. They are easy on purpose; what is learned is how a check talks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong


# ------------------------------------------------------------------------------------------------- 00.green: fill-in
def half_square(x: Any) -> Any:
    """x² / 2"""
    return x * x / 2


def some_numbers(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield (3.0,)
    yield (-2.0,)
    yield (rng.normal(size=5),)


# --------------------------------------------------------------------------------------------- 00.message: bug hunt
def mean_squared_error(prediction: numpy.ndarray, target: numpy.ndarray) -> float:
    """(1/N) Σ (prediction - target)²"""
    return float(((prediction - target) ** 2).sum() / prediction.size)


def some_pairs(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for size in (7, 11):
        yield rng.normal(size=size), rng.normal(size=size)
    yield rng.normal(size=(3, 5)), rng.normal(size=(3, 5))


def destroys(prediction: numpy.ndarray, target: numpy.ndarray) -> float:
    prediction -= target
    return float((prediction**2).mean())


# --------------------------------------------------------------------------------------------------- 00.shape: trace
def product_shape(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of A @ B for two matrices."""
    return (first[0], second[1])


def some_shapes(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield (3, 5), (5, 7)
    yield (11, 2), (2, 13)
    yield (1, 4), (4, 6)


def inner_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    first, second = inputs
    got = tuple(numpy.ravel(got).tolist())
    if got == (second[1], first[0]):
        return "turned round: the rows come from the first matrix, the columns from the second"
    if got in ((first[1], second[0]), (first[0], first[1]), (second[0], second[1])):
        return "the inner sizes, which are equal, are summed away: what is left are the outer ones"
    if len(got) != 2:
        return "a matrix times a matrix is a matrix: its shape has two numbers"
    return None


EXERCISES = [
    Exercise(
        "00.green",
        "Turn a red check green",
        half_square,
        inputs=some_numbers,
        kind="fill-in",
        minutes=3,
        difficulty=1,
        points=1,
        wrong=(
            Wrong("forgets the half", lambda x: x * x, "a factor 2 too many"),
            Wrong("takes the half twice", lambda x: (x / 2) ** 2, "a factor 2 is missing"),
            Wrong("the sign turned round", lambda x: -x * x / 2, "sign is wrong"),
            Wrong("forgets to return", lambda x: None, "is there a `return`"),
        ),
    ),
    Exercise(
        "00.message",
        "Read the message",
        mean_squared_error,
        inputs=some_pairs,
        kind="bug hunt",
        minutes=5,
        difficulty=1,
        points=1,
        factors=lambda prediction, target: {"1/N": numpy.array(1 / prediction.size)},
        slips=(
            lambda inputs, want, got: (
                f"got = N · wanted with N = {inputs[0].size}: a mean is a sum divided by N, and the division is missing"
                if numpy.shape(got) == () and numpy.isclose(got, want * inputs[0].size)
                else None
            ),
            lambda inputs, want, got: (
                "positive and negative differences cancel: are they squared before they are added?"
                if numpy.shape(got) == () and numpy.isclose(got, float((inputs[0] - inputs[1]).mean()) ** 2)
                else None
            ),
            lambda inputs, want, got: (
                f"one number is wanted, the mean over all entries; shape {numpy.shape(got)} came back"
                if numpy.shape(got) != ()
                else None
            ),
        ),
        wrong=(
            Wrong("a sum, not a mean", lambda p, t: float(((p - t) ** 2).sum()), "the division is missing"),
            Wrong("squares the mean", lambda p, t: float((p - t).mean()) ** 2, "cancel"),
            Wrong("one number for each entry", lambda p, t: (p - t) ** 2, "ne number is wanted"),
            Wrong("overwrites what it was given", destroys, "changed the input"),
        ),
    ),
    Exercise(
        "00.shape",
        "Which shape comes out",
        product_shape,
        inputs=some_shapes,
        kind="trace",
        minutes=4,
        difficulty=1,
        points=1,
        slips=(inner_slip,),
        wrong=(
            Wrong("turned round", lambda a, b: (b[1], a[0]), "rows come from the first"),
            Wrong("keeps the inner sizes", lambda a, b: (a[1], b[0]), "summed away"),
            Wrong("all four", lambda a, b: (*a, *b), "has two numbers"),
        ),
    ),
]
