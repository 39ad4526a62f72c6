"""Mistakes by which a result has the wrong shape, or the right numbers in the wrong places.

For: `diagnosis`, which asks them in order. Each returns a sentence, or None if it wasn't this. Not for: wrong numbers.
"""

from __future__ import annotations

from itertools import combinations

import numpy

from tinygrad_edu.testing.evidence import Evidence


def not_summed(case: Evidence) -> str | None:
    """What was broadcast on the way in must be summed on the way back."""
    want, got = case.want, case.got
    new = got.ndim - want.ndim
    if want.shape == got.shape or new < 0:
        return None
    axes = (*range(new), *(i + new for i, n in enumerate(want.shape) if n == 1 and got.shape[i + new] != 1))
    if not axes or not case.same(got.sum(axis=axes).reshape(-1), want.reshape(-1)):
        return None
    if not case.of_a_rule:
        return (
            f"the {case.noun} has shape {got.shape} instead of {want.shape}: it was not summed over the axes {axes}. "
            "What was broadcast on the way in is summed on the way back"
        )
    return (
        f"the gradient was not summed over the axes along which the argument was broadcast, {axes}: got shape "
        f"{got.shape} for an argument of shape {want.shape}; end the rule with unbroadcast(…, x_shape)"
    )


def transposed(case: Evidence) -> str | None:
    """Two axes are exchanged."""
    for first, second in combinations(range(case.got.ndim), 2):
        if case.same(case.got.swapaxes(first, second), case.want):
            remedy = "; undo the op's order of axes" if case.of_a_rule else ""
            return f"the {case.noun} is transposed: axes {first} and {second} are exchanged{remedy}"
    return None


def wrong_axis(case: Evidence) -> str | None:
    """A sum, a mean or an extreme over another axis than the one wanted, or a variant that somebody thought of."""
    for given in case.inputs:
        array = numpy.asarray(given)
        if array.ndim < 2 or array.dtype.kind not in "fiub" or not array.size:
            continue
        for name in ("sum", "mean", "max", "min", "argmax", "argmin"):
            along = [getattr(array, name)(axis=axis) for axis in range(array.ndim)]
            wanted = [axis for axis, out in enumerate(along) if case.same(out.reshape(-1), case.want.reshape(-1))]
            found = [axis for axis, out in enumerate(along) if case.same(out.reshape(-1), case.got.reshape(-1))]
            if wanted and found and wanted != found:
                return f"that is the {name} over axis {found[0]}; wanted over axis {wanted[0]}"
    return next((sentence for sentence, variant in case.variants.items() if case.same(case.got, variant)), None)


def off_by_one_step(case: Evidence) -> str | None:
    """A sequence one place too early or too late, or one step too short or too long; or a count off by one."""
    if case.want.size == 1 == case.got.size:
        want, got = case.want.item(), case.got.item()
        if want.is_integer() and got.is_integer() and abs(want - got) == 1 and abs(want) > 2:
            return f"wanted {want:.0f}, got {got:.0f}: is the first or the last one counted?"
        return None
    for axis in range(case.want.ndim) if case.want.ndim == case.got.ndim else ():
        want, got = numpy.moveaxis(case.want, axis, 0), numpy.moveaxis(case.got, axis, 0)
        if want.shape[1:] == got.shape[1:] and len(want) >= 3:
            along = f" along axis {axis}" if case.want.ndim > 1 else ""
            sentence = _shifted(case, want, got, along)
            if sentence:
                return sentence
    return None


def _shifted(case: Evidence, want: numpy.ndarray, got: numpy.ndarray, along: str) -> str | None:
    """want and got as sequences over their first axis. One constant throughout shifts to itself: no clue then."""
    steps = len(got) - len(want)
    if steps in (1, -1):
        shorter = min(len(got), len(want))
        if case.same(got[:shorter], want[:shorter]) or case.same(got[-shorter:], want[-shorter:]):
            word = "long" if steps > 0 else "short"
            return f"one step too {word}{along}: wanted {len(want)} entries, got {len(got)}"
    if steps == 0 and numpy.ptp(want[:-1]) > case.atol and case.same(got[1:], want[:-1]):
        return f"every entry stands one place too late{along}: look where the first step is counted"
    if steps == 0 and numpy.ptp(want[1:]) > case.atol and case.same(got[:-1], want[1:]):
        return f"every entry stands one place too early{along}: look where the first step is counted"
    return None


def reordered(case: Evidence) -> str | None:
    """All the numbers are there."""
    if case.want.size != case.got.size or case.want.size < 2:
        return None
    if case.got.shape == case.want.shape:
        for axis in range(case.got.ndim):
            if case.same(numpy.flip(case.got, axis), case.want):
                return f"the {case.noun} is reversed along axis {axis}: flip it back"
    elif case.same(case.got.reshape(-1), case.want.reshape(-1)):
        return (
            f"the numbers are right, but the {case.noun} has shape {case.got.shape} and should have {case.want.shape}"
        )
    if case.same(numpy.sort(case.got, axis=None), numpy.sort(case.want, axis=None)):
        undo = ": the rule must undo the order that the op made" if case.of_a_rule else ""
        return f"the numbers are right, but in the wrong places{undo}"
    return None


def wrong_shape(case: Evidence) -> str | None:
    """Nothing explains the shape."""
    if case.want.shape == case.got.shape:
        return None
    if not case.of_a_rule:
        return f"the {case.noun} has shape {case.got.shape}, wanted {case.want.shape}"
    return f"the gradient has shape {case.got.shape}, but its argument has {case.want.shape}: the two must be equal"
