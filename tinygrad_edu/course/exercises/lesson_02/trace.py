"""02.trace: u = x y, v = u + y, L = u v at x = 2, y = 3, by hand."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.course.exercise import Exercise, Wrong

# what a single slip leads to, in the order dL/dv, dL/du, dL/dx, dL/dy
TRACES = {
    (6, 9, 27, 24): "you followed u into L only: u also goes into v, and both edges add up",
    (6, 6, 18, 24): "you followed u into v only: u also goes into L itself, and both edges add up",
    (6, 15, 45, 30): "of y's two children, u and v, only u has sent something back in your dL/dy",
    (6, 54, 162, 114): "what comes back along two ways is added, not multiplied; along one way you multiply",
    (9, 15, 45, 39): "the slope of a product in one factor is the *other* factor: dL/dv is u, not v",
    (6, 15, 30, 51): "the slope of u = x y in x is y, and in y it is x: yours are exchanged",
}


def trace_slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    if not isinstance(got, (tuple, list)) or not all(isinstance(number, (int, float)) for number in got):
        return None
    return TRACES.get(tuple(got))


EXERCISE = Exercise(
    "02.trace",
    "By hand, once",
    (6.0, 15.0, 45.0, 36.0),
    slips=(trace_slip,),
    wrong=(
        Wrong("forgets that u goes into v too", (6.0, 9.0, 27.0, 24.0), "followed u into L only"),
        Wrong("forgets that u goes into L too", (6.0, 6.0, 18.0, 24.0), "followed u into v only"),
        Wrong("forgets that y goes into v", (6.0, 15.0, 45.0, 30.0), "y's two children, u and v"),
        Wrong("multiplies where it should add", (6.0, 54.0, 162.0, 114.0), "added, not multiplied"),
        Wrong("takes v for the slope in v", (9.0, 15.0, 45.0, 39.0), "dL/dv is u, not v"),
    ),
    kind="trace",
    minutes=6,
    points=2,
)
