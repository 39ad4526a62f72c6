"""Are an exercise's own answers judged as they should be? The reference, the blank, and the planted wrong ones.

For: `tinygrad-edu course check`, and the tests. Not for: learners' answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygrad_edu.course.check import sentence, verdict_of
from tinygrad_edu.course.exercise import Exercise


def stub(*inputs: Any, **settings: Any) -> Any:
    """The blank that a learner starts from."""
    raise NotImplementedError


def misjudged(asked: Exercise) -> Iterator[str]:
    """What the check gets wrong, as sentences; nothing for a good exercise."""
    verdict, tried = verdict_of(asked, asked.reference)
    if not verdict.right:
        yield f"{asked.id}: the reference is rejected: {sentence(asked, verdict, tried)}"
    verdict, _ = verdict_of(asked, stub if asked.is_code else None)
    if verdict.kind != "not answered":
        yield f"{asked.id}: the blank is judged {verdict.kind!r} instead of 'not answered'"
    said: dict[str, str] = {}
    for wrong in asked.wrong:
        verdict, tried = verdict_of(asked, wrong.answer)
        message = "" if verdict.right else sentence(asked, verdict, tried)
        if verdict.right:
            yield f"{asked.id}: the answer that {wrong.mistake} is accepted"
        elif wrong.says.casefold() not in message.casefold():
            yield f"{asked.id}: the answer that {wrong.mistake} should hear {wrong.says!r}, but hears:\n{message}"
        elif message in said:
            yield f"{asked.id}: the answers that {said[message]} and that {wrong.mistake} hear the same:\n{message}"
        said.setdefault(message, wrong.mistake)
