"""Exercises of lesson 01: derivatives you can measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong

Function = Callable[[Any], Any]


# ------------------------------------------------------------------------------------------------ 01.terms: trace
def terms(f: float, slope: float, curvature: float, third: float, h: float) -> tuple[float, float]:
    """The leading errors of a forward and of a central difference."""
    return h / 2 * curvature, h * h / 6 * third


def term_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    _, slope, curvature, third, h = inputs
    if numpy.shape(got) != (2,):
        return None
    forward, central = got
    if numpy.isclose(forward, h * curvature):
        return "the forward error is twice too large: Taylor's second term has 2! below it"
    if numpy.isclose(forward, h / 2 * slope):
        return "the first derivative is what the quotient measures; what is left over begins with the second"
    if numpy.isclose(central, h * h / 2 * third) or numpy.isclose(central, h * h / 3 * third):
        return "the central error has another constant: two terms of size h³/3! are divided by 2h"
    return None


def some_expansions(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield 1.0, 2.0, 3.0, 5.0, 0.1
    for _ in range(3):
        yield (*map(float, rng.uniform(1.0, 3.0, size=4)), float(rng.uniform(0.05, 0.3)))


# ------------------------------------------------------------------------------------------ 01.central: implement
def central_gradient(f: Function, x: numpy.ndarray, h: float = 1e-6) -> numpy.ndarray:
    gradient = numpy.zeros(x.shape)
    for index in numpy.ndindex(*x.shape):
        step = numpy.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def bumpy(x: numpy.ndarray) -> float:
    weights = numpy.arange(1.0, x.size + 1).reshape(x.shape)
    return float((numpy.sin(x) * weights + x**2 / 7).sum() + x.sum() ** 2 / 11)


def some_points(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for shape in ((3,), (5,), (3, 5), ()):
        yield bumpy, numpy.asarray(rng.normal(size=shape))


def first_only(f: Function, x: numpy.ndarray, h: float = 1e-6) -> numpy.ndarray:
    return numpy.array([(f(x + h) - f(x - h)) / (2 * h)])


def one_sided(f: Function, x: numpy.ndarray, h: float = 1e-2) -> numpy.ndarray:
    flat = [(f(x + h * e.reshape(x.shape)) - f(x)) / h for e in numpy.eye(x.size)]
    return numpy.array(flat).reshape(x.shape)


def walks_away(f: Function, x: numpy.ndarray, h: float = 1e-3) -> numpy.ndarray:
    gradient = numpy.zeros(x.shape)
    for index in numpy.ndindex(*x.shape):
        before = f(x)
        x[index] += h
        gradient[index] = (f(x) - before) / h
    return gradient


def shape_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    shape = numpy.shape(got)
    if shape != numpy.shape(want) and shape == (1,):
        return "one number came back: every entry of x wants its own small step, while the others stay where they are"
    if shape != numpy.shape(want) and numpy.size(got) == numpy.size(want):
        return f"the gradient has shape {shape}, x has {numpy.shape(want)}: a gradient has the shape of its variable"
    return None


def one_sided_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    error = numpy.abs(numpy.asarray(got) - want) if numpy.shape(got) == numpy.shape(want) else numpy.ones(1)
    if error.size and 1e-5 < error.max() < 0.1:
        return (
            "close, but only to two or three digits: that is the error of a one-sided difference, or of a step that "
            "is too large. Take one step to each side, and h = 1e-6"
        )
    return None


# -------------------------------------------------------------------------------------------- 01.step: fill-in
def best_step(f: float, third: float, epsilon: float) -> float:
    """Where truncation h²|f'''|/6 and rounding ε|f|/h together are least."""
    return (3 * epsilon * f / third) ** (1 / 3)


def some_scales(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield 1.0, 3.0, 2.0**-52
    for epsilon in (2.0**-52, 2.0**-23):
        yield (*map(float, rng.uniform(0.5, 5.0, size=2)), epsilon)


def as_logarithm(answer: Any, *inputs: Any) -> Any:
    return numpy.log10(answer(*inputs))


# ------------------------------------------------------------------------------------------- 01.second: extend
def second_difference(f: Function, x: float, h: float = 1e-4) -> float:
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


def some_curves(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield numpy.exp, 0.0
    for x in rng.uniform(-1, 1, size=3):
        yield lambda t: numpy.exp(numpy.sin(3 * t)), float(x)


# ------------------------------------------------------------------------------------------- 01.liar: bug hunt
def honest_check(f: Function, slope: Function, x: numpy.ndarray) -> bool:
    """Is slope(x) the derivative of f at x? In float64, with a step that suits it, relative to the size of things."""
    x = numpy.asarray(x, dtype=numpy.float64)
    h = 1e-6 * numpy.maximum(1.0, numpy.abs(x))
    measured = (f(x + h) - f(x - h)) / (2 * h)
    return bool(numpy.all(numpy.abs(measured - slope(x)) <= 1e-6 * numpy.maximum(1.0, numpy.abs(measured))))


def lying_check(f: Function, slope: Function, x: numpy.ndarray) -> bool:
    x = numpy.asarray(x, dtype=numpy.float32)
    h = numpy.float32(1e-7)
    measured = (f(x + h) - f(x - h)) / (2 * h)
    return bool(numpy.any(numpy.abs(measured - slope(x)) <= 0.5 * numpy.abs(measured)))


def interrogate(answer: Any, f: Function, slope: Function, x: numpy.ndarray, truth: bool) -> bool:
    return bool(answer(f, slope, x))


def suspects(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    x = rng.uniform(0.5, 2.0, size=7)
    big = rng.uniform(200.0, 300.0, size=5)
    yield numpy.sin, numpy.cos, x, True
    yield numpy.exp, numpy.exp, x, True
    yield numpy.square, lambda t: 2 * t, big, True  # large x: a fixed tiny step drowns in rounding
    yield numpy.exp, numpy.exp, x + 5, True  # values near 1000: an absolute tolerance is too tight
    yield numpy.sin, lambda t: 1.001 * numpy.cos(t), x, False  # slightly wrong
    yield numpy.sin, lambda t: numpy.where(t > x.mean(), numpy.cos(t), 2.0), x, False  # wrong in some entries
    yield numpy.exp, lambda t: 1.4 * numpy.exp(t), x, False


def liar_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    _, _, x, truth = inputs
    if bool(got) == truth:
        return None
    if truth and x.max() > 100:
        return "your check rejects a slope that is right, at large x: is anything float32, the step too small for x?"
    if truth:
        return (
            "your check rejects a slope that is right: is the tolerance tighter than a measurement can be, or absolute?"
        )
    return (
        "your check accepts a slope that is wrong: is the tolerance far too wide, or is one good entry enough for it?"
    )


EXERCISES = [
    Exercise(
        "01.terms",
        "What is left over",
        terms,
        inputs=some_expansions,
        kind="trace",
        minutes=5,
        difficulty=1,
        points=1,
        tolerance=1e-12,
        slips=(term_slip,),
        wrong=(
            Wrong("forgets the 2! of Taylor", lambda f, s, c, t, h: (h * c, h * h / 6 * t), "2! below it"),
            Wrong("uses f''' / 2", lambda f, s, c, t, h: (h / 2 * c, h * h / 2 * t), "another constant"),
            Wrong(
                "takes the slope for the curvature",
                lambda f, s, c, t, h: (h / 2 * s, h * h / 6 * t),
                "begins with the second",
            ),
        ),
    ),
    Exercise(
        "01.central",
        "A gradient by central differences",
        central_gradient,
        inputs=some_points,
        kind="implement",
        minutes=12,
        difficulty=2,
        points=3,
        tolerance=1e-7,
        slips=(shape_slip, one_sided_slip),
        wrong=(
            Wrong("moves all entries at once", first_only, "every entry of x wants its own small step"),
            Wrong("takes one-sided differences", one_sided, "one-sided difference"),
            Wrong("divides by h instead of 2h", lambda f, x: 2 * central_gradient(f, x), "factor 2"),
            Wrong("never goes back after a step", walks_away, "changed the input"),
            Wrong("returns a flat gradient", lambda f, x: central_gradient(f, x).reshape(-1), "shape of its variable"),
        ),
    ),
    Exercise(
        "01.step",
        "The best step",
        best_step,
        inputs=some_scales,
        ask=as_logarithm,
        kind="fill-in",
        minutes=8,
        difficulty=3,
        points=2,
        tolerance=1e-9,
        slips=(
            lambda inputs, want, got: (
                "that is a square root: the truncation error of a central difference falls as h², not as h"
                if numpy.allclose(2 * got, numpy.log10(3 * inputs[2] * inputs[0] / inputs[1]))
                or numpy.allclose(2 * got, numpy.log10(inputs[2]))
                else None
            ),
            lambda inputs, want, got: (
                "the exponent is right; the constant is what sets the derivative of the sum of both errors to zero"
                if 1e-6 < abs(got - want) < 0.6
                else None
            ),
            lambda inputs, want, got: (
                "so small a step leaves only rounding: at h = ε the numerator has no right digit left"
                if got < want - 3
                else None
            ),
        ),
        wrong=(
            Wrong("the square root of forward differences", lambda f, t, e: (3 * e * f / t) ** 0.5, "square root"),
            Wrong("forgets the 3", lambda f, t, e: (e * f / t) ** (1 / 3), "the constant"),
            Wrong("the smaller the better", lambda f, t, e: e, "only rounding"),
        ),
    ),
    Exercise(
        "01.second",
        "A second derivative from three values",
        second_difference,
        inputs=some_curves,
        kind="extend",
        minutes=10,
        difficulty=3,
        points=2,
        tolerance=2e-5,
        slips=(
            lambda inputs, want, got: (
                "there are no right digits in it: h is so small that rounding, divided by h², is all that is left"
                if 0.2 * abs(want) + 0.5 < abs(got - want) < 1e6 and abs(got + want) > 1e-3
                else None
            ),
        ),
        wrong=(
            Wrong("h = 1e-8", lambda f, x: second_difference(f, x, 1e-8), "no right digits"),
            Wrong("the sign turned round", lambda f, x: -second_difference(f, x), "sign is wrong everywhere"),
            Wrong("divides by 2h²", lambda f, x: second_difference(f, x) / 2, "a factor 2 is missing"),
        ),
    ),
    Exercise(
        "01.liar",
        "The lying check",
        honest_check,
        inputs=suspects,
        ask=interrogate,
        kind="bug hunt",
        minutes=15,
        difficulty=4,
        points=3,
        slips=(liar_slip,),
        wrong=(
            Wrong("as it stands", lying_check, "at large x"),
            Wrong("believes everything", lambda f, s, x: True, "accepts a slope that is wrong"),
            Wrong(
                "any instead of all",
                lambda f, s, x: bool(
                    numpy.any(abs((f(x + 1e-6 * x) - f(x - 1e-6 * x)) / (2e-6 * x) - s(x)) <= 1e-6 * abs(s(x)))
                ),
                "accepts a slope that is wrong",
            ),
            Wrong(
                "an absolute tolerance",
                lambda f, s, x: bool(numpy.all(abs((f(x + 1e-6) - f(x - 1e-6)) / 2e-6 - s(x)) <= 1e-13)),
                "tighter than a measurement",
            ),
        ),
    ),
]
