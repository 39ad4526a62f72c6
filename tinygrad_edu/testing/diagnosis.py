"""What kind of mistake makes this wrong gradient out of the right one? Plain arrays in, a sentence out.

For: the message of a failed `gradcheck`, and a grader that wants to tell a learner more than "wrong". Not for: finding
out which op it was; that is `replay`. Each kind of mistake is one small function below, and they are asked in order:
first what makes the comparison itself void, then mistakes of shape, then of value, from the plainest to the vaguest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy

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
    """The likely kind of mistake by which a rule returns `got` where `want` is right.

    Everything after the two arrays is optional, and sharpens the answer:
    gradient   the g that the rule was given (the shape of the op's result): was it forgotten?
    factors    {name: array} that may have been left out of, or multiplied once too often into, `got`
    terms      {name: array} that should add up to `want`, in the order in which they arrive
    sizes      numbers of elements that a mean may have divided by (or not)
    uses       how often each entry was read: the shape of want
    slopes     (left, right) one-sided slopes: where they disagree there is a kink
    dtype      the dtype that `want` was measured in
    rtol, atol how much of a difference is none

    >>> explain_difference([1.0, 2.0], [-1.0, -2.0]).kind
    'sign'
    """
    case = Evidence(numpy.asarray(want, float), numpy.asarray(got, float), **known)
    if case.same(case.want, case.got):
        return Explanation("none", "the two agree")
    worst = _worst(case)
    with numpy.errstate(all="ignore"):  # a wrong gradient may hold anything
        for kind, suspect in SUSPECTS:
            sentence = suspect(case)
            if sentence:
                return Explanation(kind, sentence, *worst)
    return Explanation("unknown", "no usual mistake explains this: derive the rule again, one entry at a time", *worst)


def _worst(case: Evidence) -> tuple[tuple[int, ...], float, float]:
    if case.want.shape != case.got.shape or not case.want.size:
        return (), float("nan"), float("nan")
    error = numpy.abs(case.want - case.got)
    flat = int(numpy.argmax(numpy.where(numpy.isnan(error), numpy.inf, error)))
    index = tuple(int(i) for i in numpy.unravel_index(flat, error.shape))
    return index, float(case.want[index]), float(case.got[index])


# ----------------------------------------------------------------------------------------- the comparison is void
def _float32(case: Evidence) -> str | None:
    if case.dtype is None or numpy.dtype(case.dtype) == numpy.float64:
        return None
    return (
        f"the input is {numpy.dtype(case.dtype)}, in which finite differences are mostly rounding error: "
        "check with float64 inputs, x.double()"
    )


def _kink(case: Evidence) -> str | None:
    if case.slopes is None:
        return None
    left, right = (numpy.ravel(slope) for slope in case.slopes)
    worst = int(numpy.argmax(numpy.abs(left - right)))  # of the outputs that this input moves
    if abs(left[worst] - right[worst]) <= 1e-2 * max(1.0, float(numpy.abs(case.want).max(initial=0))):
        return None
    return (
        f"a kink or a jump is near: the slope is {left[worst] + 0.0:.6g} to the left and {right[worst] + 0.0:.6g} to "
        "the right, so no one number is right; move the input away from it"
    )


def _not_finite(case: Evidence) -> str | None:
    if numpy.isfinite(case.want).all() and not numpy.isfinite(case.got).all():
        return "the rule makes NaN or ∞ where the slope is finite: look for a division by 0, or 0 · ∞"
    return None


# --------------------------------------------------------------------------------------------------- mistakes of shape
def _not_summed(case: Evidence) -> str | None:
    want, got = case.want, case.got
    new = got.ndim - want.ndim
    if want.shape == got.shape or new < 0:
        return None
    axes = (*range(new), *(i + new for i, n in enumerate(want.shape) if n == 1 and got.shape[i + new] != 1))
    if not axes or not case.same(got.sum(axis=axes).reshape(-1), want.reshape(-1)):
        return None
    return (
        f"the gradient was not summed over the axes along which the argument was broadcast, {axes}: got shape "
        f"{got.shape} for an argument of shape {want.shape}; end the rule with unbroadcast(…, x_shape)"
    )


def _transposed(case: Evidence) -> str | None:
    for first, second in combinations(range(case.got.ndim), 2):
        if case.same(case.got.swapaxes(first, second), case.want):
            return f"the gradient is transposed: axes {first} and {second} are exchanged; undo the op's order of axes"
    return None


def _reordered(case: Evidence) -> str | None:
    if case.want.size != case.got.size or case.want.size < 2:
        return None
    if case.got.shape == case.want.shape:
        for axis in range(case.got.ndim):
            if case.same(numpy.flip(case.got, axis), case.want):
                return f"the gradient is reversed along axis {axis}: flip it back"
    if case.same(numpy.sort(case.got, axis=None), numpy.sort(case.want, axis=None)):
        return "the numbers are right, but in the wrong places: the rule must undo the order that the op made"
    return None


def _wrong_shape(case: Evidence) -> str | None:
    if case.want.shape == case.got.shape:
        return None
    return f"the gradient has shape {case.got.shape}, but its argument has {case.want.shape}: the two must be equal"


# ---------------------------------------------------------------------------------------------------- mistakes of value
def _zero(case: Evidence) -> str | None:
    if numpy.abs(case.got).max(initial=0) <= case.atol and numpy.abs(case.want).max(initial=0) > case.atol:
        return "no gradient arrives at all: the rule returns zeros, or a detach() or .data cuts the graph on the way"
    return None


def _ratio(case: Evidence) -> float | None:
    """The one number r with got = r · want, if there is one."""
    place = numpy.unravel_index(int(numpy.argmax(numpy.abs(case.want))), case.want.shape)
    if not case.want[place]:
        return None
    ratio = float(case.got[place] / case.want[place])
    return ratio if case.same(case.got, ratio * case.want) else None


def _sign(case: Evidence) -> str | None:
    ratio = _ratio(case)
    if ratio is not None and abs(ratio + 1) < 1e-3:
        return "the sign is wrong everywhere: got = -want"
    return None


def _is(value: float, number: float) -> bool:
    return abs(value - number) <= 2e-3 * abs(number)


def _factor_two(case: Evidence) -> str | None:
    ratio = _ratio(case)
    if ratio is not None and _is(abs(ratio), 2):
        return f"got = {round(ratio)} · want: a factor 2 too many (a square's exponent, or a sum counted twice)"
    return None


def _factor_half(case: Evidence) -> str | None:
    ratio = _ratio(case)
    if ratio is not None and _is(abs(ratio), 0.5):
        return f"got = {ratio:.3g} · want: a factor 2 is missing (d/dx x² = 2x, or one of two equal terms)"
    return None


def _sizes(case: Evidence) -> dict[int, str]:
    """Numbers of elements that a mean or a sum may have to do with."""
    found = {int(n): f"{n}, a number of elements in this op" for n in case.sizes}
    found |= {n: f"{n}, the length of axis {axis}" for axis, n in enumerate(case.want.shape)}
    found[case.want.size] = f"{case.want.size}, the number of elements"
    return {n: text for n, text in found.items() if n > 1}


def _factor_n(case: Evidence) -> str | None:
    ratio = _ratio(case)
    for n, text in _sizes(case).items():
        if ratio is not None and _is(abs(ratio), n):
            return f"got = N · want with N = {text}: a mean's division by N is missing"
    return None


def _factor_one_over_n(case: Evidence) -> str | None:
    ratio = _ratio(case)
    for n, text in _sizes(case).items():
        if ratio is not None and _is(abs(ratio), 1 / n):
            return f"got = want / N with N = {text}: divided by N once too often (a sum is not a mean)"
    return None


def _constant_factor(case: Evidence) -> str | None:
    ratio = _ratio(case)
    if ratio is None or not abs(ratio) > 1e-3:
        return None
    return f"got = {ratio:.6g} · want everywhere: a constant factor is wrong"


def _assigned(case: Evidence) -> str | None:
    if case.uses is not None:
        right = case.close(case.want, case.got)
        if (case.uses > 1).any() and right[case.uses <= 1].all() and not right[case.uses > 1].all():
            return (
                "only entries that are read more than once are wrong: their gradients were assigned, one over the "
                "other, instead of added (use add.at or put(…, unique=False))"
            )
    last = list(case.terms.values())[-1:]
    if len(case.terms) > 1 and case.same(case.got, last[0]):
        return "only the contribution that arrived last is there: assigned (=) instead of added (+=)"
    return None


def _missing_term(case: Evidence) -> str | None:
    names = list(case.terms)
    for count in range(1, len(names)):
        for left_out in combinations(names, count):
            kept = sum((numpy.asarray(case.terms[name]) for name in names if name not in left_out), start=0.0)
            if case.same(case.got, kept):
                return f"a term is missing: {' + '.join(left_out)}"
    return None


def _missing_factor(case: Evidence) -> str | None:
    factors = (
        dict(case.factors) if case.gradient is None else {"g, the gradient that arrives": case.gradient, **case.factors}
    )
    for name, factor in factors.items():
        factor = _spread_to(numpy.asarray(factor), case.want.shape)
        if factor is None or case.same(factor, numpy.ones_like(case.want)):
            continue
        if case.same(case.got * factor, case.want):
            return f"a factor is missing: {name}"
        if case.same(case.got, case.want * factor):
            return f"a factor is there once too often: {name}"
    return None


def _spread_to(factor: numpy.ndarray, shape: tuple[int, ...]) -> numpy.ndarray | None:
    """The factor repeated to this shape, or None if it can't be."""
    wide = (1,) * (len(shape) - factor.ndim) + factor.shape
    fits = len(wide) == len(shape) and all(n in (1, size) for n, size in zip(wide, shape, strict=True))
    return numpy.broadcast_to(factor, shape) if fits else None


def _missing_sum(case: Evidence) -> str | None:
    rest = case.want - case.got
    for name, factor in {"": numpy.ones(()), **case.factors}.items():
        factor = _spread_to(numpy.asarray(factor), rest.shape)
        for axis in range(rest.ndim) if factor is not None and numpy.all(factor) else ():
            line = rest / factor
            if rest.shape[axis] > 1 and case.same(rest, line.mean(axis=axis, keepdims=True) * factor):
                what = f"{name} times a term" if name else "a term"
                return (
                    f"{what} is missing that is the same all along axis {axis}: every input moves a sum or mean over "
                    "that axis too (as in softmax, var or a normalization)"
                )
    return None


def _some_entries(case: Evidence) -> str | None:
    wrong = ~case.close(case.want, case.got)
    if 0 < wrong.sum() < wrong.size:
        return f"{int(wrong.sum())} of {wrong.size} entries are wrong and the others right: a term or a case is missing"
    return None


Suspect = Callable[[Evidence], str | None]
SUSPECTS: tuple[tuple[str, Suspect], ...] = (
    ("float32", _float32),
    ("kink", _kink),
    ("not finite", _not_finite),
    ("not summed", _not_summed),
    ("transposed", _transposed),
    ("order", _reordered),
    ("shape", _wrong_shape),
    ("no gradient", _zero),
    ("assigned", _assigned),
    ("missing term", _missing_term),
    ("sign", _sign),
    ("factor 2", _factor_two),
    ("factor 1/2", _factor_half),
    ("factor N", _factor_n),
    ("factor 1/N", _factor_one_over_n),
    ("factor", _constant_factor),
    ("missing factor", _missing_factor),
    ("missing term", _missing_sum),
    ("some entries", _some_entries),
)
