"""Exercises of lesson 05: regression, the mean squared error, and the bowl it makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong

Array = numpy.ndarray


def some_regressions(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for cases, features in ((7, 3), (11, 5), (13, 1)):
        yield rng.normal(size=(cases, features)), rng.normal(size=cases), rng.normal(size=features)


# -------------------------------------------------------------------------------------------- 05.gradient: implement
def mse_gradient(x: Array, y: Array, w: Array) -> Array:
    """(2/N) Xᵀ (X w - y)"""
    return 2 / len(x) * x.T @ (x @ w - y)


def gradient_factors(x: Array, y: Array, w: Array) -> dict[str, Any]:
    return {"the residual": numpy.ones(()), "1/N": numpy.array(1 / len(x))}


def forgotten_n(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    cases = len(inputs[0])
    if numpy.shape(got) == numpy.shape(want) and numpy.allclose(got, cases * want):
        return f"got = {cases} · wanted, and there are {cases} cases: the loss is a mean, so the gradient has 1/N too"
    if numpy.shape(got) == (cases,):
        return f"shape {(cases,)} is one number for each case; wanted one for each weight: sum over the cases with Xᵀ"
    return None


# ------------------------------------------------------------------------------------------------ 05.normal: implement
def normal_equations(x: Array, y: Array) -> Array:
    """Xᵀ X w = Xᵀ y, solved"""
    return numpy.linalg.solve(x.T @ x, x.T @ y)


def some_data(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for cases, features in ((7, 3), (17, 5)):
        yield rng.normal(size=(cases, features)), rng.normal(size=cases)


# -------------------------------------------------------------------------------------------------- 05.ridge: extend
def ridge(x: Array, y: Array, strength: float) -> Array:
    """The minimum of mean squared error + strength · Σ w²"""
    cases, features = x.shape
    return numpy.linalg.solve(x.T @ x / cases + strength * numpy.eye(features), x.T @ y / cases)


def some_ridges(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for cases, features, strength in ((7, 3, 0.5), (5, 11, 0.1)):
        yield rng.normal(size=(cases, features)), rng.normal(size=cases), strength


def ridge_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    x, y, strength = inputs
    cases, features = x.shape
    if numpy.shape(got) != numpy.shape(want):
        return None
    unscaled = numpy.linalg.solve(x.T @ x + strength * numpy.eye(features), x.T @ y)
    if numpy.allclose(got, unscaled):
        return "the penalty was added to Xᵀ X, but the loss is a mean: with the sum it must be N · strength"
    everywhere = x.T @ x / cases + strength
    if numpy.linalg.matrix_rank(everywhere) == features and numpy.allclose(
        got, numpy.linalg.solve(everywhere, x.T @ y / cases)
    ):
        return "the strength was added to every entry of the matrix; Σ w² adds it to the diagonal alone"
    if features < cases and numpy.allclose(got, numpy.linalg.lstsq(x, y)[0]):
        return "that is the solution without any penalty"
    return None


# -------------------------------------------------------------------------------------------------- 05.rate: explain
def largest_rate(x: Array) -> float:
    """2 / λ_max of the Hessian 2 Xᵀ X / N"""
    return float(2 / numpy.linalg.eigvalsh(2 / len(x) * x.T @ x)[-1])


def some_inputs(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for cases, features in ((11, 3), (23, 7)):
        yield (rng.normal(size=(cases, features)) * rng.uniform(0.2, 3, size=features),)


# -------------------------------------------------------------------------------------------------- 05.huber: extend
def huber_gradient(error: Array, delta: float) -> Array:
    """The slope of the Huber loss: the error itself, but never beyond ±delta"""
    return numpy.clip(error, -delta, delta)


def some_errors(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield numpy.array([-3.0, -0.5, 0.25, 0.75, 5.0]), 1.0
    yield rng.normal(size=13) * 3, 0.7


EXERCISES = [
    Exercise(
        "05.gradient",
        "The gradient of the mean squared error",
        mse_gradient,
        inputs=some_regressions,
        factors=gradient_factors,
        kind="implement",
        minutes=10,
        difficulty=2,
        points=2,
        slips=(forgotten_n,),
        wrong=(
            Wrong("the mean forgotten", lambda x, y, w: 2 * x.T @ (x @ w - y), "the loss is a mean"),
            Wrong("the 2 forgotten", lambda x, y, w: x.T @ (x @ w - y) / len(x), "a factor 2 is missing"),
            Wrong("target minus prediction", lambda x, y, w: 2 / len(x) * x.T @ (y - x @ w), "sign is wrong"),
            Wrong("the residuals instead", lambda x, y, w: 2 / len(x) * (x @ w - y), "one for each weight"),
        ),
    ),
    Exercise(
        "05.normal",
        "The bottom of the bowl in one step",
        normal_equations,
        inputs=some_data,
        kind="implement",
        minutes=8,
        difficulty=2,
        points=2,
        tolerance=1e-6,
        slips=(
            lambda inputs, want, got: (
                "Xᵀ X is there, Xᵀ y is not: y has to be carried into the space of the weights as well"
                if numpy.shape(got) == (len(inputs[1]),)
                else None
            ),
            lambda inputs, want, got: (
                "that is Xᵀ y alone: it still has to be divided, in the sense of matrices, by Xᵀ X"
                if numpy.shape(got) == numpy.shape(want) and numpy.allclose(got, inputs[0].T @ inputs[1])
                else None
            ),
            lambda inputs, want, got: (
                "each feature was solved alone; the entries of Xᵀ X beside the diagonal say how features overlap"
                if numpy.shape(got) == numpy.shape(want)
                and numpy.allclose(got, (inputs[0].T @ inputs[1]) / (inputs[0] ** 2).sum(axis=0))
                else None
            ),
        ),
        wrong=(
            Wrong("forgets the inverse", lambda x, y: x.T @ y, "divided"),
            Wrong("divides by the diagonal", lambda x, y: x.T @ y / (x**2).sum(axis=0), "ach feature was solved alone"),
            Wrong("predicts instead", lambda x, y: x @ normal_equations(x, y), "carried into the space of the weights"),
        ),
    ),
    Exercise(
        "05.ridge",
        "A bowl with a bottom",
        ridge,
        inputs=some_ridges,
        kind="extend",
        minutes=10,
        difficulty=3,
        points=2,
        tolerance=1e-6,
        slips=(ridge_slip,),
        wrong=(
            Wrong(
                "a mean loss, a sum's matrix",
                lambda x, y, s: numpy.linalg.solve(x.T @ x + s * numpy.eye(x.shape[1]), x.T @ y),
                "N · strength",
            ),
            Wrong(
                "added everywhere",
                lambda x, y, s: numpy.linalg.solve(x.T @ x / len(x) + s, x.T @ y / len(x)),
                "diagonal alone",
            ),
            Wrong("no penalty", lambda x, y, s: numpy.linalg.lstsq(x, y)[0], "without any penalty"),
        ),
    ),
    Exercise(
        "05.rate",
        "How large may the step be?",
        largest_rate,
        inputs=some_inputs,
        kind="explain",
        minutes=8,
        difficulty=4,
        points=2,
        slips=(
            lambda inputs, want, got: (
                "that edge belongs to the flattest direction; the steepest one explodes first"
                if numpy.isclose(got, 2 / numpy.linalg.eigvalsh(2 / len(inputs[0]) * inputs[0].T @ inputs[0])[0])
                else None
            ),
            lambda inputs, want, got: (
                "twice too large: the Hessian of a mean of squares is (2/N) Xᵀ X, with its 2"
                if numpy.isclose(got, 2 * want)
                else None
            ),
            lambda inputs, want, got: (
                "half of it: at 1/λ the steepest direction arrives in one step, at 2/λ it begins to grow"
                if numpy.isclose(got, want / 2)
                else None
            ),
        ),
        wrong=(
            Wrong(
                "the flattest direction",
                lambda x: float(2 / numpy.linalg.eigvalsh(2 / len(x) * x.T @ x)[0]),
                "explodes first",
            ),
            Wrong("the Hessian without its 2", lambda x: 2 * largest_rate(x), "wice too large"),
            Wrong("1/λ", lambda x: largest_rate(x) / 2, "alf of it"),
        ),
    ),
    Exercise(
        "05.huber",
        "Errors that shout",
        huber_gradient,
        inputs=some_errors,
        kind="bug hunt",
        minutes=6,
        difficulty=2,
        points=1,
        slips=(
            lambda inputs, want, got: (
                "small errors are pulled as strongly as large ones: that is the slope of |error|, not of Huber's loss"
                if numpy.shape(got) == numpy.shape(want) and numpy.allclose(numpy.abs(got), inputs[1])
                else None
            ),
            lambda inputs, want, got: (
                "an outlier pulls with all its might: beyond delta the slope stays at ±delta"
                if numpy.shape(got) == numpy.shape(want) and numpy.allclose(got, inputs[0])
                else None
            ),
            lambda inputs, want, got: (
                "negative errors are pulled the wrong way: the slope keeps the sign of the error"
                if numpy.shape(got) == numpy.shape(want) and numpy.allclose(got, numpy.abs(want))
                else None
            ),
        ),
        wrong=(
            Wrong("never clipped", lambda e, d: e, "with all its might"),
            Wrong("only the sign", lambda e, d: d * numpy.sign(e), "as strongly as large ones"),
            Wrong("loses the sign", lambda e, d: numpy.minimum(numpy.abs(e), d), "wrong way"),
        ),
    ),
]
