"""Mistakes by which a result of the right shape holds wrong numbers, and reasons why no comparison is possible.

For: `diagnosis`, which asks them in order. Each returns a sentence, or None if it wasn't this. Not for: wrong shapes.
"""

from __future__ import annotations

from itertools import combinations

import numpy

from tinygrad_edu.testing.evidence import Evidence


# ----------------------------------------------------------------------------------------- the comparison is void
def float32(case: Evidence) -> str | None:
    """Finite differences of single-precision numbers."""
    if case.dtype is None or numpy.dtype(case.dtype) == numpy.float64:
        return None
    return (
        f"the input is {numpy.dtype(case.dtype)}, in which finite differences are mostly rounding error: "
        "check with float64 inputs, x.double()"
    )


def kink(case: Evidence) -> str | None:
    """The slopes from the left and from the right differ."""
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


def not_finite(case: Evidence) -> str | None:
    """NaN or infinite where the right result is a number."""
    if numpy.isfinite(case.want).all() and not numpy.isfinite(case.got).all():
        right = "the slope is finite" if case.of_a_rule else "finite numbers are right"
        return f"{case.maker} makes NaN or ∞ where {right}: look for a division by 0, 0 · ∞, or an overflow"
    return None


# ---------------------------------------------------------------------------------------------------- one factor
def _ratio(case: Evidence) -> float | None:
    """The one number r with got = r · want, if there is one."""
    if not case.want.size:
        return None
    place = numpy.unravel_index(int(numpy.argmax(numpy.abs(case.want))), case.want.shape)
    if not case.want[place]:
        return None
    ratio = float(case.got[place] / case.want[place])
    return ratio if case.same(case.got, ratio * case.want) else None


def _is(value: float, number: float) -> bool:
    return abs(value - number) <= 2e-3 * abs(number)


def sign(case: Evidence) -> str | None:
    """got = -want"""
    ratio = _ratio(case)
    if ratio is not None and abs(ratio + 1) < 1e-3:
        return "the sign is wrong everywhere: got = -want"
    return None


def factor_two(case: Evidence) -> str | None:
    """got = ±2 want"""
    ratio = _ratio(case)
    if ratio is not None and _is(abs(ratio), 2):
        return f"got = {round(ratio)} · want: a factor 2 too many (a square's exponent, or a sum counted twice)"
    return None


def factor_half(case: Evidence) -> str | None:
    """got = ±want / 2"""
    ratio = _ratio(case)
    if ratio is not None and _is(abs(ratio), 0.5):
        return f"got = {ratio:.3g} · want: a factor 2 is missing (d/dx x² = 2x, or one of two equal terms)"
    return None


def _sizes(case: Evidence) -> dict[int, str]:
    """Numbers of elements that a mean or a sum may have to do with."""
    where = "in this op" if case.of_a_rule else "in the input"
    found = {int(n): f"{n}, a number of elements {where}" for n in case.sizes}
    found |= {n: f"{n}, the length of axis {axis}" for axis, n in enumerate(case.want.shape)}
    found[case.want.size] = f"{case.want.size}, the number of elements"
    return {n: text for n, text in found.items() if n > 1}


def factor_n(case: Evidence) -> str | None:
    """got = N want"""
    ratio = _ratio(case)
    for n, text in _sizes(case).items():
        if ratio is not None and _is(abs(ratio), n):
            return f"got = N · want with N = {text}: a mean's division by N is missing"
    return None


def factor_one_over_n(case: Evidence) -> str | None:
    """got = want / N"""
    ratio = _ratio(case)
    for n, text in _sizes(case).items():
        if ratio is not None and _is(abs(ratio), 1 / n):
            return f"got = want / N with N = {text}: divided by N once too often (a sum is not a mean)"
    return None


def constant_factor(case: Evidence) -> str | None:
    """got = r want; of a single number that is always so, and says nothing about a learner's code."""
    ratio = _ratio(case)
    if ratio is None or not abs(ratio) > 1e-3 or (case.want.size == 1 and not case.of_a_rule):
        return None
    return f"got = {ratio:.6g} · want everywhere: a constant factor is wrong"


# ---------------------------------------------------------------------------------------------------- terms and factors
def zeros(case: Evidence) -> str | None:
    """Nothing arrives."""
    if numpy.abs(case.got).max(initial=0) > case.atol or numpy.abs(case.want).max(initial=0) <= case.atol:
        return None
    if not case.of_a_rule:
        return f"the {case.noun} is 0 everywhere"
    return "no gradient arrives at all: the rule returns zeros, or a detach() or .data cuts the graph on the way"


def assigned(case: Evidence) -> str | None:
    """`=` where `+=` was meant: contributions overwrite each other."""
    if case.uses is not None:
        right = case.close(case.want, case.got)
        if (case.uses > 1).any() and right[case.uses <= 1].all() and not right[case.uses > 1].all():
            remedy = "use add.at or put(…, unique=False)" if case.of_a_rule else "+= on a list of rows adds once only"
            return (
                "only entries that are read more than once are wrong: what arrives at them was assigned (=), one over "
                f"the other, instead of added (+=); {remedy}"
            )
    last = list(case.terms.values())[-1:]
    if len(case.terms) > 1 and case.same(case.got, last[0]):
        return "only the contribution that arrived last is there: assigned (=) instead of added (+=)"
    return None


def missing_term(case: Evidence) -> str | None:
    """Some of the known terms add up to it."""
    names = list(case.terms)
    for count in range(1, len(names)):
        for left_out in combinations(names, count):
            kept = sum((numpy.asarray(case.terms[name]) for name in names if name not in left_out), start=0.0)
            if case.same(case.got, kept):
                return f"a term is missing: {' + '.join(left_out)}"
    return None


def missing_factor(case: Evidence) -> str | None:
    """A known factor makes the two agree."""
    factors = (
        dict(case.factors) if case.gradient is None else {"g, the gradient that arrives": case.gradient, **case.factors}
    )
    for name, given in factors.items():
        factor = _spread_to(numpy.asarray(given), case.want.shape)
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


def missing_sum(case: Evidence) -> str | None:
    """What is missing is the same all along an axis (perhaps times a known factor)."""
    rest = case.want - case.got
    for name, given in {"": numpy.ones(()), **case.factors}.items():
        factor = _spread_to(numpy.asarray(given), rest.shape)
        for axis in range(rest.ndim) if factor is not None and numpy.all(factor) else ():
            line = rest / factor
            if rest.shape[axis] > 1 and case.same(rest, line.mean(axis=axis, keepdims=True) * factor):
                what = f"{name} times a term" if name else "a term"
                if not case.of_a_rule:
                    return f"{what} is missing that is the same all along axis {axis}: is a sum or a mean left out?"
                return (
                    f"{what} is missing that is the same all along axis {axis}: every input moves a sum or mean over "
                    "that axis too (as in softmax, var or a normalization)"
                )
    return None


def some_entries(case: Evidence) -> str | None:
    """Most of it is right."""
    wrong = ~case.close(case.want, case.got)
    if 0 < wrong.sum() < wrong.size:
        return f"{int(wrong.sum())} of {wrong.size} entries are wrong and the others right: a term or a case is missing"
    return None
