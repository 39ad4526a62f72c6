"""03.unbroadcast: the gradient of a copy is a sum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong

Array = numpy.ndarray


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Adds every entry of g to the one it was copied from, found by copying the entries' own numbers."""
    source = numpy.broadcast_to(numpy.arange(int(numpy.prod(shape))).reshape(shape), g.shape)
    total = numpy.zeros(int(numpy.prod(shape)))
    numpy.add.at(total, source.reshape(-1), g.reshape(-1))
    return total.reshape(shape)


def some_shapes(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for of_g, shape in (
        ((7, 5), (5,)),
        ((7, 3, 5), (3, 1)),
        ((7, 5), (7, 1)),
        ((7, 5), (7, 5)),
        ((7, 3, 5), (1, 5)),
        ((7, 3, 5), (7, 1, 1)),
        ((7, 3, 5), ()),
    ):
        yield rng.normal(size=of_g), shape


def slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    """One copy kept, or shapes aligned at the wrong end."""
    g, shape = inputs
    got = numpy.asarray(got)
    if got.shape == want.shape and got.shape != g.shape and got.size:
        new = g.ndim - len(shape)
        first = g[(0,) * new + tuple(slice(1) if n == 1 else slice(None) for n in shape)]
        if numpy.allclose(got, first):
            return "that is the gradient of one of the copies: every copy sends one, and they add up"
    if got.shape == g.shape != want.shape:
        return f"g has shape {g.shape}, its variable has {shape}: nothing was summed"
    if got.shape == g.shape[g.ndim - len(shape) :] != want.shape:
        return "the new axes in front are summed; along an axis of size 1 the variable was copied as well"
    if got.ndim and got.size == numpy.asarray(want).size and got.shape != want.shape:
        return f"the sums have shape {got.shape}, the variable has {shape}: a gradient has the shape of its variable"
    return None


def leading_only(g: Array, shape: tuple[int, ...]) -> Array:
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


def without_ones(g: Array, shape: tuple[int, ...]) -> Array:
    new = g.ndim - len(shape)
    ones = tuple(i + new for i, n in enumerate(shape) if n == 1 and g.shape[i + new] != 1)
    return g.sum(axis=(*range(new), *ones))


def averages(g: Array, shape: tuple[int, ...]) -> Array:
    return unbroadcast(g, shape) * (max(1, int(numpy.prod(shape))) / g.size)


def one_copy(g: Array, shape: tuple[int, ...]) -> Array:
    new = g.ndim - len(shape)
    return g[(0,) * new + tuple(slice(1) if n == 1 else slice(None) for n in shape)]


EXERCISE = Exercise(
    "03.unbroadcast",
    "Sum back what was copied",
    unbroadcast,
    some_shapes,
    slips=(slip,),
    wrong=(
        Wrong("returns g as it is", lambda g, shape: g, "nothing was summed"),
        Wrong("sums over new axes only", leading_only, "along an axis of size 1"),
        Wrong("loses the axes of size 1", without_ones, "a gradient has the shape of its variable"),
        Wrong("averages", averages, "divided by N once too often"),
        Wrong("keeps the gradient of one copy", one_copy, "every copy sends one"),
    ),
    minutes=12,
    difficulty=3,
    points=3,
)  # fmt: skip
