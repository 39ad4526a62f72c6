"""An answer beside the reference on one input: does it agree, and if not, which slip explains it?

For: `check`, in the notebook and in the grader. Not for: what an exercise is (`exercise`), how a mistake is said
(`check`), or which slips of arithmetic and shape there are: those are gradcheck's, in `testing.diagnosis`.
"""

from __future__ import annotations

import contextlib
import copy
import io
import sysconfig
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy

from tinygrad_edu.course.clues import clues
from tinygrad_edu.course.exercise import Exercise
from tinygrad_edu.course.values import alike, numbers_in, shown
from tinygrad_edu.testing.diagnosis import explain_difference

# where lines of code are not the learner's own: this package, Python's library (with site-packages below it)
LIBRARIES = (
    Path(__file__).resolve().parent.parent,
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")),
)


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
    for_reference, given = copy.deepcopy(inputs), copy.deepcopy(inputs)
    want = exercise.ask(exercise.reference, *for_reference)
    try:
        with quietly():
            got = exercise.ask(answer, *given)
    except NotImplementedError:
        return Verdict("not answered", "not answered yet: replace `raise NotImplementedError()` with your answer")
    except (Exception, SystemExit) as error:
        return Verdict("raised", raised(error), inputs)
    if got is None and want is not None and not exercise.is_code:
        return Verdict("not answered", "not answered yet: put your answer in the place of None")
    if got is None and want is not None:
        return Verdict("nothing", "your answer returned None: is there a `return`?", inputs, want, got)
    with quietly():
        verdict = compared(exercise, want, got, inputs)
    if alike(inputs, given) or not alike(inputs, for_reference):
        return verdict
    if verdict.right:
        return Verdict(
            "input mutated",
            "the values are right, but your answer changed the input that it was given: work on a copy, or write "
            "`x = x - …` instead of `x -= …`",
            inputs,
        )
    return replace(verdict, message=f"{verdict.message}. Besides, your answer changed the input that it was given")


def compared(exercise: Exercise, want: Any, got: Any, inputs: tuple[Any, ...]) -> Verdict:
    """Right, or a mistake: first those that only this exercise knows, then the usual ones."""
    for slip in exercise.slips:
        if said := slip(inputs, want, got):
            return Verdict("slip", said, inputs, want, got)
    kind, message = compare(exercise, want, got, inputs)
    return Verdict(kind, message, inputs, want, got)


def compare(exercise: Exercise, want: Any, got: Any, inputs: tuple[Any, ...]) -> tuple[str, str]:
    """("right", "") or the kind of mistake and a sentence about it."""
    if isinstance(want, (str, bool, numpy.bool_)) or want is None:
        same = alike(*(one.strip().lower() if isinstance(one, str) else one for one in (want, got)))
        return ("right", "") if same else ("another answer", f"{shown(got)} is not it")
    if isinstance(want, Mapping) and isinstance(got, Mapping) and want.keys() != got.keys():
        return "keys", f"wanted entries for {sorted(map(str, want))}, got {sorted(map(str, got))}"
    if isinstance(want, Mapping) and isinstance(got, Mapping):
        got = {key: got[key] for key in want}
    try:
        wanted, found = ([real(array) for array in numbers_in(side)] for side in (want, got))
    except (TypeError, ValueError) as error:
        reason = str(error) if isinstance(error, ComplexAnswer) else f"got {type(got).__name__}: {shown(got)}"
        return "kind", f"wanted something like {shown(want)}, {reason}" if exercise.is_code else reason
    if len(wanted) != len(found):
        return "number of results", f"wanted {len(wanted)} results, got {len(found)}"
    for position, (right, mine) in enumerate(zip(wanted, found, strict=True)):
        allowed = exercise.tolerance * float(numpy.abs(right[numpy.isfinite(right)]).max(initial=1.0))
        if not equal(right, mine, allowed):
            where = f"result {position + 1}: " if len(wanted) > 1 else ""
            kind, sentence = explained(exercise, right, mine, inputs, allowed)
            return kind, where + sentence
    return "right", ""


def explained(
    exercise: Exercise, right: numpy.ndarray, mine: numpy.ndarray, inputs: tuple[Any, ...], allowed: float
) -> tuple[str, str]:
    """The slip that makes `mine` out of `right`, and the worst entry."""
    found = explain_difference(
        right,
        mine,
        noun="answer",
        maker="your code",
        rtol=max(exercise.tolerance, 1e-6),
        atol=allowed,
        **clues(exercise, right, inputs),
    )
    if not found.index or not exercise.is_code:  # the right value of a plain question stays a secret
        return found.kind, found.sentence
    worst = f"at {list(found.index)}: wanted {found.want:.6g}, got {found.got:.6g}"
    return found.kind, f"{found.sentence} (worst {worst})"


class ComplexAnswer(TypeError):
    """Complex numbers where real ones are wanted."""


def real(array: numpy.ndarray) -> numpy.ndarray:
    """The numbers as float64; of complex ones the real part, if there is no other."""
    if array.dtype.kind == "c":
        if array.imag.any():
            raise ComplexAnswer("got complex numbers: take .real or .imag")
        array = array.real
    return numpy.asarray(array, dtype=float)


def equal(want: numpy.ndarray, got: numpy.ndarray, allowed: float) -> bool:
    """Equal in shape and within `allowed` in every entry; NaN and ∞ where the other has them."""
    if want.shape != got.shape:
        return False
    return bool(numpy.allclose(got, want, rtol=0.0, atol=allowed, equal_nan=True))


def raised(error: BaseException, what: str = "your answer") -> str:
    """What an answer (or a cell) raised, and in which of its own lines."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(folder in Path(frame.filename).parents for folder in LIBRARIES)
    ]
    place = f", in line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""
    reason = f": {error}" if str(error) else ""
    return f"{what} stopped with {type(error).__name__}{reason}{place}"


@contextlib.contextmanager
def quietly() -> Any:
    """Warnings, NumPy's floating-point messages and standard error go nowhere: graders take points off for them."""
    with warnings.catch_warnings(), numpy.errstate(all="ignore"), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
