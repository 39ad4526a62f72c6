"""03.shapes: x (7, 1, 5) times y (3, 1): the shape of the result, and over which axes each gradient is summed."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.course.exercise import Exercise, Wrong

Axes = tuple[int, ...]
ANSWER: tuple[Axes, Axes, Axes] = ((7, 3, 5), (1,), (0, 2))
# what a single slip leads to
OF_RESULT: dict[Any, str] = {
    (7, 1, 5): "the result is as large as the larger size on each axis: x is repeated too, along its axis of size 1",
    (7, 3, 1): "the result is as large as the larger size on each axis: y is repeated too, along its axis of size 1",
    (7, 5, 3): "shapes are aligned at the right, and no axis changes its place",
}
OF_X: dict[Any, str] = {
    (): "x is repeated along its axis of size 1: what was copied is summed",
    (0,): "along axis 0 y was copied; x has its own 7 there",
    (1, 2): "x has its own 5 along axis 2: nothing was copied there",
}
OF_Y: dict[Any, str] = {
    (2,): "y has no axis for the 7, so it is copied along that one as well: a new axis in front counts",
    (0,): "y's axis of size 1 is repeated 5 times: that one counts as well",
    (1,): "axis numbers are those of the result: y's last axis, its number 1, stands at the result's axis 2",
    (0, 1): "axis numbers are those of the result: y's last axis stands at the result's axis 2",
}


def slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    """Something is said about the first part that is wrong."""
    if not isinstance(got, (tuple, list)) or len(got) != len(ANSWER):
        return f"three tuples are wanted: (shape, axes of x, axes of y), got {got!r}"
    for part, right, known in zip(got, ANSWER, (OF_RESULT, OF_X, OF_Y), strict=True):
        if isinstance(part, int):
            return f"axes come in a tuple, and a tuple of one is written ({part},)"
        if isinstance(part, tuple) and part != right and part in known:
            return known[part]
    return None


EXERCISE = Exercise(
    "03.shapes",
    "Who was copied where",
    ANSWER,
    slips=(slip,),
    wrong=(
        Wrong("does not let x be repeated", ((7, 1, 5), (), (0, 2)), "x is repeated too"),
        Wrong("mixes up who was copied", ((7, 3, 5), (0,), (0, 2)), "0 y was copied; x has its own"),
        Wrong("overlooks the new axis in front", ((7, 3, 5), (1,), (2,)), "a new axis in front counts"),
        Wrong("counts the axes of y itself", ((7, 3, 5), (1,), (0, 1)), "numbers are those of the result"),
        Wrong("writes a number for a tuple", ((7, 3, 5), 1, (0, 2)), "a tuple of one is written (1,)"),
    ),
    kind="trace",
    minutes=5,
    points=2,
)
