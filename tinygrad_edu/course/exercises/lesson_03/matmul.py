"""03.matmul: dX = G Yᵀ and dY = Xᵀ G, in batches that may be broadcast."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong
from tinygrad_edu.course.exercises.lesson_03.unbroadcast import unbroadcast

Array = numpy.ndarray


def matmul_backward(g: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Index by index: dX_ab = Σ_j G_aj Y_bj, dY_ab = Σ_i X_ia G_ib."""
    dx = numpy.einsum("...aj,...bj->...ab", g, y)
    dy = numpy.einsum("...ia,...ib->...ab", x, g)
    return unbroadcast(dx, x.shape), unbroadcast(dy, y.shape)


def some_matrices(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for of_x, of_y in (
        ((3, 5), (5, 7)),
        ((11, 3, 5), (11, 5, 7)),
        ((11, 3, 5), (5, 7)),
        ((3, 5), (11, 5, 7)),
        ((11, 1, 3, 5), (13, 5, 7)),
    ):
        x, y = rng.normal(size=of_x), rng.normal(size=of_y)
        yield rng.normal(size=(x @ y).shape), x, y


def slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        return "two gradients are wanted, of x and of y: return dx, dy"
    shapes = [numpy.shape(one) for one in got]
    if shapes == [numpy.shape(one) for one in reversed(want)]:
        return "dx comes first: the two are exchanged"
    for name, mine, right in zip("xy", shapes, map(numpy.shape, want), strict=True):
        if len(mine) >= 2 and mine[:-2] == right[:-2] and mine[-2:] == right[-2:][::-1] and mine != right:
            return f"the gradient of {name} has shape {mine}, {name} has {right}: which product of g has that shape?"
        if mine != right and mine[-2:] == right[-2:]:
            return f"{name} was copied along the batch, so d{name}, now {mine}, is summed back to {right}: unbroadcast"
    return None


def reversed_axes(g: Array, x: Array, y: Array) -> tuple[Array, Array]:
    return unbroadcast(g @ y.T, x.shape), unbroadcast(x.T @ g, y.shape)


def first_transposed(g: Array, x: Array, y: Array) -> tuple[Array, Array]:
    return y @ g.mT, x.mT @ g


def second_transposed(g: Array, x: Array, y: Array) -> tuple[Array, Array]:
    return g @ y.mT, g.mT @ x


def batch_kept(g: Array, x: Array, y: Array) -> tuple[Array, Array]:
    return g @ y.mT, x.mT @ g


def averaged(g: Array, x: Array, y: Array) -> tuple[Array, Array]:
    dx, dy = matmul_backward(g, x, y)
    return dx, dy / x.shape[-2]


EXERCISE = Exercise(
    "03.matmul",
    "The two products of a product",
    matmul_backward,
    some_matrices,
    slips=(slip,),
    wrong=(
        Wrong("transposes the first", first_transposed, "gradient of x has shape (5, 3)"),
        Wrong("transposes the second", second_transposed, "gradient of y has shape (7, 5)"),
        Wrong("reverses all axes with .T", reversed_axes, "stopped with ValueError"),
        Wrong("keeps the copies of a batch", batch_kept, "was copied along the batch"),
        Wrong("exchanges the two", lambda g, x, y: matmul_backward(g, x, y)[::-1], "the two are exchanged"),
        Wrong("averages over the rows", averaged, "divided by N once too often"),
    ),
    minutes=15,
    difficulty=4,
    points=3,
)
