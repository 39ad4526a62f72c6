"""verify: a formula of the lesson holds, to rounding, against something that knows nothing of the formula.

    verify("dL/dW = Xᵀ G", got=X.T @ G, want=finite_differences, against="central differences", tolerance=1e-6,
           because="their error is about 1e-9 here")

For: the cell below every displayed formula. Not for: exercises, which are judged by `check`.
"""

from __future__ import annotations

import os
from typing import Any

import numpy

from tinygrad_edu.course.publish import publish
from tinygrad_edu.course.values import numbers_in, shown

SEED_VARIABLE = "TINYGRAD_EDU_SEED"


def seed(own: int = 0) -> int:
    """The seed of a lesson: its own, or the one that whoever runs it asks for, to see that nothing depends on it."""
    return int(os.environ.get(SEED_VARIABLE, own))


class VerificationError(AssertionError):
    """A formula that was said to hold doesn't."""


def verify(identity: str, got: Any, want: Any, *, against: str, tolerance: float, because: str = "") -> None:
    """max |got - want| / max(1, |want|) ≤ tolerance, shown with both sides; VerificationError if it does not hold.

    identity   the formula in words or signs, as the text above the cell has it
    got, want  numbers, arrays or tensors of equal shape, or sequences of them: the formula's value and the reference's
    against    where `want` comes from: finite differences, a closed form, a brute-force loop, …
    because    why the tolerance is what it is
    """
    mine, reference = numbers_in(got), numbers_in(want)
    if len(mine) != len(reference) or any(a.shape != b.shape for a, b in zip(mine, reference, strict=False)):
        shapes = [[array.shape for array in side] for side in (mine, reference)]
        raise VerificationError(f"{identity}: got shapes {shapes[0]}, wanted {shapes[1]} from {against}")
    error = max((relative_error(a, b) for a, b in zip(mine, reference, strict=True)), default=0.0)
    if not error <= tolerance:
        raise VerificationError(
            f"{identity}: got {shown(got)}, wanted {shown(want)} from {against}: the error {error:.2g} is more than "
            f"the {tolerance:g} that was allowed"
        )
    reason = f" ({because})" if because else ""
    publish(
        f"✓ {identity}\n  got  {shown(got)}\n  want {shown(want)}   from {against}\n"
        f"  error {error:.1e}, allowed {tolerance:g}{reason}",
        kind="verified",
        identity=identity,
        error=float(error),
        tolerance=tolerance,
    )


def relative_error(got: numpy.ndarray, want: numpy.ndarray) -> float:
    """max |got - want| / max(1, |want|); ∞ where either is NaN or infinite and the other isn't the same."""
    if not want.size:
        return 0.0
    with numpy.errstate(all="ignore"):
        error = numpy.abs(got - want) / numpy.maximum(1.0, numpy.abs(want))
    error = numpy.where((got == want) | (numpy.isnan(got) & numpy.isnan(want)), 0.0, error)
    return float(numpy.where(numpy.isnan(error), numpy.inf, error).max())
