"""Exercises of lesson 06: classification, softmax and cross-entropy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong

Array = numpy.ndarray


def same(got: Any, other: Any) -> bool:
    """True if an answer equals what a known slip would give."""
    return numpy.shape(got) == numpy.shape(other) and bool(numpy.allclose(got, other, equal_nan=True))


# --------------------------------------------------------------------------------------------- 06.logsumexp: implement
def logsumexp(z: Array) -> Array:
    """ln Σ_j e^(z_j) along the last axis, without overflow"""
    top = z.max(axis=-1, keepdims=True)
    return numpy.log(numpy.exp(z - top).sum(axis=-1)) + top[..., 0]


def some_logits(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield (rng.normal(size=(3, 5)),)
    yield (rng.normal(size=(3, 5)) + 1000,)
    yield (rng.normal(size=(7, 3)) - 1000,)
    yield (rng.normal(size=11) * 300,)


def logsumexp_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    (z,) = inputs
    if numpy.shape(got) == numpy.shape(want) and not numpy.isfinite(got).all():
        return (
            "it overflows (or takes the logarithm of 0) for logits near ±1000: take the largest out first, "
            "ln Σ e^z = m + ln Σ e^(z-m)"
        )
    if same(got, want - z.max(axis=-1)):
        return "the largest was taken out and never put back"
    if z.ndim == 2 and numpy.shape(got) == (z.shape[1],):
        return "that is a sum over the cases; wanted over the classes, the last axis"
    return None


# ------------------------------------------------------------------------------------------- 06.gradient: implement
def softmax(z: Array) -> Array:
    raised = numpy.exp(z - z.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def cross_entropy_gradient(z: Array, labels: Array) -> Array:
    """(p - y) / N"""
    gradient = softmax(z)
    gradient[numpy.arange(len(z)), labels] -= 1
    return gradient / len(z)


def some_batches(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for cases, classes in ((7, 3), (5, 11)):
        yield rng.normal(size=(cases, classes)), rng.integers(0, classes, size=cases)


def gradient_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    z, _ = inputs
    if same(got, want * len(z)):
        return f"got = {len(z)} · wanted, and there are {len(z)} cases: the loss is a mean, the gradient has 1/N too"
    if same(got, softmax(z) / len(z)):
        return "the probabilities are there, the labels are not: subtract 1 at the place of each case's label"
    if numpy.shape(got) == numpy.shape(want) and same(got, (softmax(z) - 1) / len(z)):
        return "1 was subtracted everywhere: only the label's class has y = 1"
    return None


# ------------------------------------------------------------------------------------------------- 06.vjp: implement
def softmax_vjp(p: Array, g: Array) -> Array:
    """p ⊙ (g - Σ_j g_j p_j), for each row"""
    return p * (g - (g * p).sum(axis=-1, keepdims=True))


def some_rows(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for cases, classes in ((3, 5), (7, 11)):
        yield softmax(rng.normal(size=(cases, classes))), rng.normal(size=(cases, classes))


def vjp_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    p, g = inputs
    if same(got, g * p * (1 - p)):
        return "that is the diagonal of the Jacobian alone: raising one logit lowers all other probabilities, too"
    if same(got, p * (g - (g * p).sum())):
        return "the sum runs over all cases; each row has its own"
    if same(got, p * g):
        return "a term is missing: - p_i p_j is in every place of the Jacobian"
    return None


# ------------------------------------------------------------------------------------------------- 06.smoothing: extend
def smoothed_targets(labels: Array, classes: int, epsilon: float) -> Array:
    """(1 - ε) y + ε / C"""
    return (1 - epsilon) * numpy.eye(classes)[labels] + epsilon / classes


def some_labels(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield numpy.array([2, 0, 1, 1, 0]), 3, 0.3
    yield rng.integers(0, 7, size=11), 7, 0.1


# ------------------------------------------------------------------------------------------------- 06.nan: bug hunt
def binary_cross_entropy(z: Array, y: Array) -> float:
    """mean of max(z, 0) - z y + ln(1 + e^-|z|)"""
    return float(numpy.mean(numpy.maximum(z, 0) - z * y + numpy.log1p(numpy.exp(-numpy.abs(z)))))


def some_pairs(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield rng.normal(size=7), rng.integers(0, 2, size=7).astype(float)
    yield numpy.array([800.0, -800.0, 3.0]), numpy.array([1.0, 0.0, 0.0])
    yield numpy.array([800.0, -800.0, 3.0]), numpy.array([0.0, 1.0, 1.0])


def naive(z: Array, y: Array) -> float:
    p = 1 / (1 + numpy.exp(-z))
    return float(numpy.mean(-y * numpy.log(p) - (1 - y) * numpy.log(1 - p)))


def clipped(z: Array, y: Array) -> float:
    p = numpy.clip(1 / (1 + numpy.exp(-z)), 1e-12, 1 - 1e-12)
    return float(numpy.mean(-y * numpy.log(p) - (1 - y) * numpy.log(1 - p)))


def nan_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    if numpy.shape(got) != ():
        return "one number is wanted: the mean over the cases"
    if not numpy.isfinite(got):
        return (
            "not a finite number: the logarithm of a probability that has become 0. Derive it from the logit directly"
        )
    if want > 100 and got < want / 2:
        return (
            "a probability was clipped: the loss stops growing at about 27, its gradient is 0, and the worst mistakes "
            "teach nothing"
        )
    return None


EXERCISES = [
    Exercise(
        "06.logsumexp",
        "A logarithm that survives",
        logsumexp,
        inputs=some_logits,
        kind="implement",
        minutes=10,
        difficulty=2,
        points=2,
        tolerance=1e-10,
        slips=(logsumexp_slip,),
        wrong=(
            Wrong("as it is written", lambda z: numpy.log(numpy.exp(z).sum(axis=-1)), "overflows"),
            Wrong("forgets to put it back", lambda z: logsumexp(z - z.max(axis=-1, keepdims=True)), "never put back"),
            Wrong("over the cases", lambda z: logsumexp(z.T) if z.ndim == 2 else logsumexp(z), "over the cases"),
        ),
    ),
    Exercise(
        "06.vjp",
        "Back through the softmax",
        softmax_vjp,
        inputs=some_rows,
        kind="implement",
        minutes=12,
        difficulty=3,
        points=2,
        slips=(vjp_slip,),
        wrong=(
            Wrong("the diagonal only", lambda p, g: g * p * (1 - p), "diagonal of the Jacobian alone"),
            Wrong("one sum for all", lambda p, g: p * (g - (g * p).sum()), "each row has its own"),
            Wrong("forgets the sum", lambda p, g: p * g, "term is missing"),
            Wrong("the sign turned round", lambda p, g: -softmax_vjp(p, g), "sign is wrong"),
        ),
    ),
    Exercise(
        "06.gradient",
        "The most used gradient of all",
        cross_entropy_gradient,
        inputs=some_batches,
        kind="implement",
        minutes=12,
        difficulty=3,
        points=3,
        slips=(gradient_slip,),
        wrong=(
            Wrong("the mean forgotten", lambda z, t: cross_entropy_gradient(z, t) * len(z), "the gradient has 1/N"),
            Wrong("the labels forgotten", lambda z, t: softmax(z) / len(z), "the labels are not"),
            Wrong("1 taken from all", lambda z, t: (softmax(z) - 1) / len(z), "subtracted everywhere"),
            Wrong("labels minus probabilities", lambda z, t: -cross_entropy_gradient(z, t), "sign is wrong"),
        ),
    ),
    Exercise(
        "06.smoothing",
        "Never be quite sure",
        smoothed_targets,
        inputs=some_labels,
        kind="extend",
        minutes=6,
        difficulty=2,
        points=1,
        slips=(
            lambda inputs, want, got: (
                "these don't add up to 1: what is taken from the label has to be shared by all C classes"
                if numpy.shape(got) == numpy.shape(want) and not numpy.allclose(numpy.sum(got, axis=-1), 1)
                else None
            ),
            lambda inputs, want, got: (
                "shared among the other classes only; the formula shares ε among all C, the label too"
                if numpy.shape(got) == numpy.shape(want)
                and numpy.isclose(numpy.max(got), 1 - inputs[2])
                and not same(got, want)
                else None
            ),
            lambda inputs, want, got: (
                "one row of C numbers for each label is wanted" if numpy.shape(got) != numpy.shape(want) else None
            ),
        ),
        wrong=(
            Wrong("adds ε to all", lambda t, c, e: numpy.eye(c)[t] + e / c, "add up to 1"),
            Wrong(
                "shares among the others",
                lambda t, c, e: numpy.eye(c)[t] * (1 - e) + (1 - numpy.eye(c)[t]) * e / (c - 1),
                "among the other classes only",
            ),
            Wrong("labels as numbers", lambda t, c, e: (1 - e) * t + e / c, "ne row of C numbers"),
        ),
    ),
    Exercise(
        "06.nan",
        "Why is my loss nan?",
        binary_cross_entropy,
        inputs=some_pairs,
        kind="bug hunt",
        minutes=12,
        difficulty=4,
        points=3,
        tolerance=1e-9,
        slips=(nan_slip,),
        wrong=(
            Wrong("as it is written", naive, "ot a finite number"),
            Wrong("clips the probability", clipped, "was clipped"),
            Wrong(
                "a list of losses",
                lambda z, y: numpy.maximum(z, 0) - z * y + numpy.log1p(numpy.exp(-numpy.abs(z))),
                "ne number is wanted",
            ),
        ),
    ),
]
