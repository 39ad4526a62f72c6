"""An answer beside the reference on one input: does it agree, and if not, which slip explains it?

For: `check`, in the notebook and in the grader. Not for: what an exercise is (`exercise`) or how it is said (`check`).
The slips of arithmetic and shape are those that gradcheck knows; here are the ones that only an answer can make.
"""

from __future__ import annotations

import contextlib
import copy
import io
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise
from tinygrad_edu.course.values import as_array, numbers_in, shown
from tinygrad_edu.testing.diagnosis import explain_difference


@dataclass(frozen=True)
class Verdict:
    """How an answer did on one input: kind "right", "not answered", "raised", or the kind of mistake."""

    kind: str
    message: str = ""
    inputs: tuple[Any, ...] = ()
    want: Any = None
    got: Any = None

    @property
    def right(self) -> bool:
        """True if there is nothing to say."""
        return self.kind == "right"


def judge(exercise: Exercise, answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Run the answer and the reference on copies of the same inputs, and compare what comes out."""
    want = exercise.ask(exercise.reference, *copy.deepcopy(inputs))
    given = copy.deepcopy(inputs)
    try:
        with quietly():
            got = exercise.ask(answer, *given)
    except NotImplementedError:
        return Verdict("not answered", "not answered yet: replace `raise NotImplementedError()` with your answer")
    except Exception as error:
        return Verdict("raised", raised(error), inputs)
    if got is None and want is not None:
        return Verdict("nothing", "your answer returned None: is there a `return`?", inputs, want, got)
    for slip in exercise.slips:
        with quietly():
            said = slip(inputs, want, got)
        if said:
            return Verdict("slip", said, inputs, want, got)
    kind, message = compare(exercise, want, got, inputs)
    if kind == "right" and changed(inputs, given):
        reference_changes = changed(inputs, _after(exercise, inputs))
        if not reference_changes:
            return Verdict(
                "input mutated",
                "the values are right, but your answer changed the input that it was given: work on a copy, or write "
                "`x = x - …` instead of `x -= …`",
                inputs,
            )
    return Verdict(kind, message, inputs, want, got)


def compare(exercise: Exercise, want: Any, got: Any, inputs: tuple[Any, ...]) -> tuple[str, str]:
    """("right", "") or the kind of mistake and a sentence about it."""
    if isinstance(want, (str, bool, numpy.bool_)) or want is None:
        same = (str(got).strip().lower() == want.strip().lower()) if isinstance(want, str) else got == want
        return ("right", "") if same else ("another answer", f"got {shown(got)}")
    if isinstance(want, Mapping) and isinstance(got, Mapping) and want.keys() != got.keys():
        return "keys", f"wanted entries for {sorted(map(str, want))}, got {sorted(map(str, got))}"
    try:
        wanted, found = numbers_in(want), numbers_in(got)
        floats = [numpy.asarray(array, dtype=float) for array in found]
    except (TypeError, ValueError):
        return "kind", f"wanted something like {shown(want)}, got {type(got).__name__}: {shown(got)}"
    if len(wanted) != len(floats):
        return "number of results", f"wanted {len(wanted)} results, got {len(floats)}"
    factors = exercise.factors(*copy.deepcopy(inputs)) if exercise.factors else {}
    for position, (right, mine) in enumerate(zip(wanted, floats, strict=True)):
        right = numpy.asarray(right, dtype=float)
        said = wrong_axis(right, mine, inputs) or off_by_one_step(right, mine)
        scale = float(numpy.abs(right[numpy.isfinite(right)]).max(initial=1.0))
        if equal(right, mine, exercise.tolerance * scale):
            continue
        where = f"result {position + 1}: " if len(wanted) > 1 else ""
        if said:
            return said[0], where + said[1]
        found_kind = explain_difference(
            right, mine, factors=factors, rtol=max(exercise.tolerance, 1e-6), atol=exercise.tolerance * scale
        )
        worst = f" (worst at {found_kind.index}: wanted {found_kind.want:.6g}, got {found_kind.got:.6g})"
        return found_kind.kind, where + found_kind.sentence + (worst if found_kind.index else "")
    return "right", ""


def equal(want: numpy.ndarray, got: numpy.ndarray, allowed: float) -> bool:
    """Equal in shape and within `allowed` in every entry; NaN and ∞ where the other has them."""
    if want.shape != got.shape:
        return False
    return bool(numpy.allclose(got, want, rtol=0.0, atol=allowed, equal_nan=True))


def wrong_axis(want: numpy.ndarray, got: numpy.ndarray, inputs: tuple[Any, ...]) -> tuple[str, str] | None:
    """A sum or a mean over another axis than the one wanted, of one of the inputs."""
    if want.shape == got.shape and numpy.allclose(want, got):
        return None
    for value in inputs:
        if not hasattr(value, "shape") or len(value.shape) < 2:
            continue
        array = as_array(value)
        if array.dtype.kind not in "fiu":
            continue
        for name in ("sum", "mean", "max"):
            along = [getattr(array, name)(axis=axis) for axis in range(array.ndim)]
            wanted = [i for i, out in enumerate(along) if out.shape == want.shape and numpy.allclose(out, want)]
            found = [i for i, out in enumerate(along) if out.shape == got.shape and numpy.allclose(out, got)]
            if wanted and found:
                return "wrong axis", f"that is the {name} over axis {found[0]}; wanted over axis {wanted[0]}"
    return None


def off_by_one_step(want: numpy.ndarray, got: numpy.ndarray) -> tuple[str, str] | None:
    """A sequence that is right but one place too early or too late, or one step too short or too long."""
    if not want.ndim or not got.ndim or want.shape[1:] != got.shape[1:] or len(want) < 3:
        return None
    if len(got) == len(want):
        if numpy.allclose(got[1:], want[:-1]) and not numpy.allclose(got, want):
            return "off by one step", "every entry stands one place too late: look where the first step is counted"
        if numpy.allclose(got[:-1], want[1:]) and not numpy.allclose(got, want):
            return "off by one step", "every entry stands one place too early: look where the first step is counted"
    for extra, word in ((1, "long"), (-1, "short")):
        if len(got) == len(want) + extra:
            shorter = min(len(got), len(want))
            if numpy.allclose(got[:shorter], want[:shorter]) or numpy.allclose(got[-shorter:], want[-shorter:]):
                return "off by one step", f"one step too {word}: wanted {len(want)} entries, got {len(got)}"
    return None


def changed(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    """True if an array among the inputs has other numbers than before."""
    for one, other in zip(before, after, strict=True):
        if hasattr(one, "shape") and not numpy.array_equal(as_array(one), as_array(other), equal_nan=True):
            return True
        if isinstance(one, (list, dict)) and repr(one) != repr(other):
            return True
    return False


def _after(exercise: Exercise, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs after the reference has had them."""
    given = copy.deepcopy(inputs)
    exercise.ask(exercise.reference, *given)
    return given


def raised(error: BaseException) -> str:
    """What an answer raised, and in which of its own lines."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "tinygrad_edu" not in frame.filename]
    place = f", in line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""
    return f"your answer stopped with {type(error).__name__}: {error}{place}"


@contextlib.contextmanager
def quietly() -> Any:
    """Warnings, NumPy's floating-point messages and standard error go nowhere: graders take points off for them."""
    with warnings.catch_warnings(), numpy.errstate(all="ignore"), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
