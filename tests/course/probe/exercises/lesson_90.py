"""Exercises of a lesson that only the tests have: small, and with one of each sort of answer."""

from __future__ import annotations

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong


def column_sums(g):
    """Σ_i g_ij"""
    return numpy.array([g[:, j].sum() for j in range(g.shape[1])])


EXERCISES = [
    Exercise(
        "90.sums",
        "Sum back over the batch",
        column_sums,
        lambda rng: [(rng.normal(size=shape),) for shape in ((3, 5), (7, 3))],
        wrong=(
            Wrong("sums the other axis", lambda g: g.sum(1), "over axis 1; wanted over axis 0"),
            Wrong("means", lambda g: g.mean(0), "divided by N once too often"),
            Wrong("negates", lambda g: -g.sum(0), "the sign is wrong"),
        ),
        points=2,
    ),
    Exercise(
        "90.shape",
        "The shape of the gradient of a bias",
        (5,),
        wrong=(
            Wrong("the shape of g", (3, 5), "has shape (2,), wanted (1,)"),
            Wrong("the batch", (3,), "no usual mistake"),
            Wrong("a number", 5, "has shape (), wanted (1,)"),
        ),
        kind="trace",
        minutes=1,
    ),
]
