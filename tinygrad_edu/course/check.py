"""check: is this answer right? If not, where, by how much, and the likely slip.

    check("03.unbroadcast", unbroadcast)
    ✓ 03.unbroadcast: right on all 6 inputs. 2 points

For: the cell below an exercise, the grader and the tests: one judge for all three. Not for: the lesson's own formulas
(`verify`). A wrong answer raises CheckFailed, whose message in a notebook comes without a traceback.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.course.compare import Verdict, judge
from tinygrad_edu.course.exercise import Exercise, exercise
from tinygrad_edu.course.publish import publish
from tinygrad_edu.course.values import shown

SEED = 0
ENCOURAGEMENT = {
    "not answered": "Take your time; the first hint is below the exercise.",
    "raised": "It runs up to there. Read the message once more, then look at that line.",
}


class CheckFailed(AssertionError):
    """An answer that is not right yet. `kind` is the kind of mistake."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message alone."""
        return str(self).splitlines()


def check(name: str, answer: Any) -> None:
    """Judge the answer to the exercise `name` on all of its inputs; say so, or raise CheckFailed with the reason."""
    asked = exercise(name)
    verdict, tried = verdict_of(asked, answer)
    if not verdict.right:
        raise CheckFailed(sentence(asked, verdict, tried), verdict.kind)
    inputs = "" if tried == 1 else f" on all {tried} inputs"
    points = f"{asked.points} point" + "s" * (asked.points != 1)
    publish(f"✓ {name}: right{inputs}. {points}", kind="checked", exercise=name, points=asked.points)


def verdict_of(asked: Exercise, answer: Any) -> tuple[Verdict, int]:
    """The first verdict that is not "right" (or the last), and how many inputs were tried."""
    verdict, tried = Verdict("right"), 0
    for inputs in asked.inputs(numpy.random.default_rng(SEED)):
        tried += 1
        verdict = judge(asked, answer, tuple(inputs))
        if not verdict.right:
            break
    return verdict, tried


def sentence(asked: Exercise, verdict: Verdict, tried: int) -> str:
    """The message of a wrong answer: what was compared, on which input, wanted and got, the likely cause, what next."""
    if verdict.kind == "not answered":
        return f"○ {asked.id}: {verdict.message}\n  {ENCOURAGEMENT['not answered']}"
    lines = [f"✗ {asked.id}: not yet."]
    if verdict.inputs:
        lines.append(f"  on input {tried}: {', '.join(map(shown, verdict.inputs))}")
    if verdict.want is not None and asked.is_code:
        lines += [f"  wanted {shown(verdict.want)}", f"  got    {shown(verdict.got)}"]
    lines.append(f"  {as_sentence(verdict.message)}")
    lines.append(f"  {ENCOURAGEMENT.get(verdict.kind, 'You are close. The hints below the exercise go step by step.')}")
    return "\n".join(lines)


def as_sentence(text: str) -> str:
    """With a capital and a full stop, unless it starts with a formula or ends with a mark of its own."""
    first = text[:1] if text.startswith("got = ") else text[:1].upper()
    return first + text[1:] + ("" if text.endswith((".", "?", "!", ":")) else ".")
