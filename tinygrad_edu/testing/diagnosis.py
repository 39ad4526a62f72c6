"""What kind of mistake makes this wrong result out of the right one? Plain arrays in, a sentence out.

For: the message of a failed `gradcheck`, and the course's `check`, which wants to tell a learner more than "wrong". Not
for: finding out which op it was; that is `replay`. Each kind of mistake is one small function, in `mistakes_of_shape`
and `mistakes_of_value`, and they are asked in order: first what makes the comparison itself void, then mistakes of
shape and place, then of value, from the plainest to the vaguest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from tinygrad_edu.testing import mistakes_of_shape as shape
from tinygrad_edu.testing import mistakes_of_value as value
from tinygrad_edu.testing.evidence import Evidence


@dataclass(frozen=True)
class Explanation:
    """The kind of mistake ("none" if there is none), a sentence about it, and the worst entry: where, want, got."""

    kind: str
    sentence: str
    index: tuple[int, ...] = ()
    want: float = 0.0
    got: float = 0.0


def explain_difference(want: Any, got: Any, **known: Any) -> Explanation:
    """The likely kind of mistake by which a rule (or a learner's code) returns `got` where `want` is right.

    Everything after the two arrays is optional, and sharpens the answer:
    gradient   the g that the rule was given (the shape of the op's result): was it forgotten?
    factors    {name: array} that may have been left out of, or multiplied once too often into, `got`
    terms      {name: array} that should add up to `want`, in the order in which they arrive
    inputs     the arrays that `want` was computed from: was one of them summed over another axis?
    variants   {sentence: array}: what other computations would have given, each with what it means to get that
    sizes      numbers of elements that a mean may have divided by (or not)
    uses       how often each entry was read: the shape of want
    slopes     (left, right) one-sided slopes: where they disagree there is a kink
    dtype      the dtype that `want` was measured in
    noun       what the sentence shall call `got` ("gradient"), and maker, what made it ("the rule")
    rtol, atol how much of a difference is none

    >>> explain_difference([1.0, 2.0], [-1.0, -2.0]).kind
    'sign'
    """
    case = Evidence(numpy.asarray(want, float), numpy.asarray(got, float), **known)
    with numpy.errstate(all="ignore"):  # a wrong result may hold anything
        if case.same(case.want, case.got):
            return Explanation("none", "the two agree")
        worst = _worst(case)
        for kind, suspect in SUSPECTS:
            sentence = suspect(case)
            if sentence:
                return Explanation(kind, sentence, *worst)
    what = (
        "derive the rule again, one entry at a time"
        if case.of_a_rule
        else "compute a single entry by hand, and compare"
    )
    return Explanation("unknown", f"no usual mistake explains this: {what}", *worst)


def _worst(case: Evidence) -> tuple[tuple[int, ...], float, float]:
    if case.want.shape != case.got.shape or not case.want.size:
        return (), float("nan"), float("nan")
    error = numpy.abs(case.want - case.got)
    flat = int(numpy.argmax(numpy.where(numpy.isnan(error), numpy.inf, error)))
    index = tuple(int(i) for i in numpy.unravel_index(flat, error.shape))
    return index, float(case.want[index]), float(case.got[index])


Suspect = Callable[[Evidence], str | None]
SUSPECTS: tuple[tuple[str, Suspect], ...] = (
    ("float32", value.float32),
    ("kink", value.kink),
    ("not finite", value.not_finite),
    ("not summed", shape.not_summed),
    ("transposed", shape.transposed),
    ("wrong axis", shape.wrong_axis),
    ("off by one step", shape.off_by_one_step),
    ("order", shape.reordered),
    ("shape", shape.wrong_shape),
    ("zeros", value.zeros),
    ("assigned", value.assigned),
    ("missing term", value.missing_term),
    ("sign", value.sign),
    ("factor 2", value.factor_two),
    ("factor 1/2", value.factor_half),
    ("factor N", value.factor_n),
    ("factor 1/N", value.factor_one_over_n),
    ("factor", value.constant_factor),
    ("missing factor", value.missing_factor),
    ("missing term", value.missing_sum),
    ("some entries", value.some_entries),
)
