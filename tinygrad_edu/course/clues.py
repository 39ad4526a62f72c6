"""What is known about a wrong answer, for the diagnosis: gathered from the exercise and from its inputs.

    explain_difference(want, got, **clues(exercise, want, inputs))

For: `compare`. Not for: naming a slip, which is `testing.diagnosis`.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise
from tinygrad_edu.course.values import as_array, numbers_in


def clues(exercise: Exercise, want: numpy.ndarray, inputs: tuple[Any, ...]) -> dict[str, Any]:
    """Keyword arguments for `explain_difference`; only gathered when an answer is wrong, since it takes a while."""
    arrays = [as_array(value) for value in inputs if hasattr(value, "shape")]
    lengths = {length for array in arrays for length in (*array.shape, array.size)}
    found: dict[str, Any] = {
        "inputs": arrays,
        "sizes": sorted(lengths | {len(value) for value in inputs if isinstance(value, (list, tuple))}),
        "uses": uses(want, inputs),
        "variants": transposed_variants(exercise, inputs),
    }
    for name in ("factors", "terms"):
        known = getattr(exercise, name)
        if known is not None:
            found[name] = {key: as_array(value) for key, value in known(*copy.deepcopy(inputs)).items()}
    return found


def uses(want: numpy.ndarray, inputs: tuple[Any, ...]) -> numpy.ndarray | None:
    """How often an input of whole numbers names each row of the result, if it can be read as row numbers at all.

    An answer that is wrong only in the rows named more than once wrote `=` where `+=` was meant.
    """
    for value in inputs:
        if not want.ndim or not (hasattr(value, "shape") or isinstance(value, (list, tuple))):
            continue
        try:
            rows = numpy.asarray(as_array(value))
        except ValueError:  # a ragged list
            continue
        if rows.dtype.kind not in "iu" or not rows.size or rows.min() < -len(want) or rows.max() >= len(want):
            continue
        count = numpy.bincount(rows.reshape(-1) % len(want), minlength=len(want))
        if (count > 1).any() and (count <= 1).any():
            return numpy.broadcast_to(count.reshape(-1, *[1] * (want.ndim - 1)), want.shape)
    return None


def transposed_variants(exercise: Exercise, inputs: tuple[Any, ...]) -> dict[str, numpy.ndarray]:
    """What the reference makes of the inputs with one matrix transposed, as it is and transposed back."""
    found = {}
    for position, value in enumerate(inputs):
        if getattr(value, "ndim", 0) != 2:
            continue
        others = list(copy.deepcopy(inputs))
        others[position] = others[position].T
        try:
            results = numbers_in(exercise.ask(exercise.reference, *others))
        except (ValueError, IndexError, TypeError):  # the shapes no longer fit: nobody can have made this slip
            continue
        if len(results) == 1 and results[0].dtype.kind in "fiu":
            which = "the input" if len(inputs) == 1 else f"input {position + 1}"
            along = "it goes along the wrong axis: rows and columns are exchanged (axis 0 for axis 1, or the reverse)"
            found[f"that is the right result for {which} transposed: a .T is missing, or one too many"] = results[0]
            if results[0].ndim == 2:
                found[along] = results[0].T
    return found
