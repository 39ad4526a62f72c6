"""03.bugs: a layer whose gradients all have the right shapes, as long as everything is 5 by 5."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong

Array = numpy.ndarray
NAMES = ("x", "w", "b", "s")


def layer_backward(
    x: Array,
    w: Array,
    b: Array,
    s: Array,
    *,
    count: Any = lambda y: y.size,
    sum_s: Any = lambda g: g.sum(0),
    sum_b: Any = lambda g: g.sum(0),
    back: Any = lambda w: w.T,
    through: Any = lambda h, y: h,
) -> tuple[Array, ...]:
    """The gradients of mean(((x w + b) s)²) in x, w, b, s; the settings are for what a learner may leave as it is."""
    h = x @ w + b
    y = h * s
    dy = 2 * y / count(y)
    ds = sum_s(dy * through(h, y))
    dh = dy * s
    return dh @ back(w), x.T @ dh, sum_b(dh), ds


def some_layers(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    for rows, inner, outer in ((7, 5, 5), (7, 3, 5), (2, 11, 3)):
        yield tuple(rng.normal(size=size) for size in ((rows, inner), (inner, outer), (outer,), (outer,)))


LEFT: dict[str, tuple[str, dict[str, Any]]] = {
    "divides by the number of rows": (
        "the loss is a mean over all entries of y, not over its rows: divide by y.size",
        {"count": len},
    ),
    "sums the gradient of s over the wrong axis": (
        "s was copied to every row, so ds is summed over the rows, axis 0",
        {"sum_s": lambda g: g.sum(1)},
    ),
    "sums the gradient of b over the wrong axis": (
        "b was copied to every row, so db is summed over the rows, axis 0",
        {"sum_b": lambda g: g.sum(1)},
    ),
    "does not transpose w": ("dx is dh times the transpose of w", {"back": lambda w: w}),
    "takes y for h in the gradient of s": ("the slope of h s in s is h, not h s", {"through": lambda h, y: y}),
}


def slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    """Which part of the colleague's text is still there? Results that agree say nothing."""
    if not isinstance(got, (tuple, list)) or len(got) != len(NAMES):
        return f"four gradients are wanted, of {', '.join(NAMES)}, in this order"
    for sentence, left in LEFT.values():
        try:
            variant = layer_backward(*inputs, **left)
        except ValueError:  # with these shapes this mistake stops by itself
            continue
        for name, right, wrong, mine in zip(NAMES, want, variant, got, strict=True):
            same = wrong.shape == numpy.shape(mine) and numpy.allclose(wrong, mine)
            if same and not (wrong.shape == right.shape and numpy.allclose(wrong, right)):
                return f"d{name}: {sentence}"
    return None


EXERCISE = Exercise(
    "03.bugs",
    "All shapes fit, all numbers wrong",
    layer_backward,
    some_layers,
    slips=(slip,),
    wrong=tuple(
        Wrong(mistake, lambda *inputs, left=left: layer_backward(*inputs, **left), sentence)
        for mistake, (sentence, left) in LEFT.items()
    ),
    kind="bug hunt",
    minutes=12,
    difficulty=3,
    points=4,
)
