"""explain_difference: each kind of mistake, planted in a plain array, is called by its name."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from tinygrad_edu.testing import explain_difference
from tinygrad_edu.testing.diagnosis import SUSPECTS

RNG = numpy.random.default_rng(0)
WANT = RNG.normal(size=(3, 4))
SQUARE = RNG.normal(size=(4, 4))
OTHER = RNG.normal(size=(3, 4))
COLUMN = RNG.normal(size=(3, 1))
WITH_NAN = numpy.where(WANT[0, 0] == WANT, numpy.nan, WANT)
SOME = numpy.where(numpy.arange(12).reshape(3, 4) == 5, WANT + 1, WANT)
LINE = numpy.array([3.0, 1.0, 0.0, 2.0])

MISTAKES: dict[str, tuple[str, Any, Any, dict[str, Any]]] = {
    "none": ("none", WANT, WANT + 1e-9, {}),
    "float32": ("float32", WANT, WANT + 0.1, {"dtype": "float32"}),
    "kink": ("kink", WANT, WANT + 1, {"slopes": (0.0, 1.0)}),
    "no kink": ("unknown", WANT, WANT * OTHER + OTHER, {"slopes": (1.0, 1.0)}),
    "infinite": ("not finite", WANT, numpy.where(WANT[0, 0] == WANT, numpy.inf, WANT), {}),
    "nan": ("not finite", WANT, WITH_NAN, {}),
    "not summed": ("not summed", OTHER.sum(0), OTHER, {}),
    "not summed, size 1": ("not summed", OTHER.sum(1, keepdims=True), OTHER, {}),
    "transposed": ("transposed", SQUARE, SQUARE.T, {}),
    "transposed shape": ("transposed", WANT, WANT.T, {}),
    "reversed": ("order", WANT, WANT[::-1], {}),
    "shuffled": ("order", WANT, WANT[[0, 2, 1]], {}),
    "another shape": ("order", WANT, WANT.reshape(2, 6), {}),
    "too late": ("off by one step", WANT, numpy.roll(WANT, 1, 0), {}),
    "too early": ("off by one step", WANT, numpy.roll(WANT, -1, 1), {}),
    "one too many": ("off by one step", SQUARE[:, :-1], SQUARE, {}),
    "one too few": ("off by one step", numpy.append(COLUMN, 1), COLUMN[:, 0], {}),
    "count": ("off by one step", 12, 13, {}),
    "no count": ("factor 1/2", 2, 1, {}),
    "a constant stays where it is": ("some entries", numpy.array([1, 1, 1, 5]), numpy.ones(4), {}),
    "sum over another axis": ("wrong axis", SQUARE.sum(0), SQUARE.sum(1), {"inputs": [SQUARE]}),
    "mean over another axis": ("wrong axis", WANT.mean(0), WANT.mean(1), {"inputs": [WANT]}),
    "variant": ("wrong axis", WANT, OTHER, {"variants": {"this is the other one": OTHER}}),
    "shape": ("shape", WANT, OTHER[0], {}),
    "zero": ("zeros", WANT, 0 * WANT, {}),
    "assigned": ("assigned", LINE, numpy.array([1.0, 1.0, 0.0, 1.0]), {"uses": numpy.array([3, 1, 0, 2])}),
    "assigned, last": ("assigned", WANT + OTHER, OTHER, {"terms": {"first": WANT, "second": OTHER}}),
    "missing term": ("missing term", WANT + OTHER, WANT, {"terms": {"first": WANT, "second": OTHER}}),
    "missing sum": ("missing term", WANT + COLUMN, WANT, {}),
    "sign": ("sign", WANT, -WANT, {}),
    "factor 2": ("factor 2", WANT, 2 * WANT, {}),
    "factor 1/2": ("factor 1/2", WANT, WANT / 2, {}),
    "factor N": ("factor N", WANT, 12 * WANT, {}),
    "factor of an axis": ("factor N", WANT, 4 * WANT, {}),
    "factor 1/N": ("factor 1/N", WANT, WANT / 12, {}),
    "factor 1/N of the op": ("factor 1/N", WANT, WANT / 7, {"sizes": [7]}),
    "factor": ("factor", WANT, 1.7 * WANT, {}),
    "gradient forgotten": ("missing factor", WANT * OTHER, WANT, {"gradient": OTHER}),
    "factor left out": ("missing factor", WANT * COLUMN, WANT, {"factors": {"y": COLUMN}}),
    "factor too many": ("missing factor", WANT, WANT * OTHER, {"factors": {"out": OTHER}}),
    "some entries": ("some entries", WANT, SOME, {}),
    "unknown": ("unknown", WANT, OTHER * OTHER + 1, {}),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_kind_is_called_by_its_name(name: str) -> None:
    kind, want, got, known = MISTAKES[name]
    found = explain_difference(want, got, **known)
    assert found.kind == kind, found.sentence
    assert found.sentence


def test_every_kind_is_tested() -> None:
    assert {kind for kind, _ in SUSPECTS} <= {kind for kind, *_ in MISTAKES.values()}


def test_the_worst_entry() -> None:
    got = WANT.copy()
    got[1, 2] += 5
    found = explain_difference(WANT, got)
    assert found.index == (1, 2)
    assert (found.want, found.got) == (WANT[1, 2], got[1, 2])


@pytest.mark.parametrize("name", [name for name in MISTAKES if MISTAKES[name][0] not in ("float32", "kink", "none")])
def test_an_answer_is_not_called_a_gradient(name: str) -> None:
    _, want, got, known = MISTAKES[name]
    found = explain_difference(want, got, noun="answer", maker="your code", **known)
    text = found.sentence.replace(", the gradient that arrives", "")
    assert "gradient" not in text
    assert "rule" not in text


def test_one_number_is_always_a_multiple() -> None:
    assert explain_difference(2.0, 3.4).kind == "factor"
    assert explain_difference(2.0, 3.4, noun="answer").kind == "unknown"


def test_single_numbers_and_nothing() -> None:
    assert explain_difference(2.0, -2.0).kind == "sign"
    assert explain_difference(numpy.zeros((0, 3)), numpy.zeros((0, 3))).kind == "none"
    assert explain_difference(numpy.zeros((0, 3)), numpy.zeros((3, 0))).kind in ("transposed", "shape")


def test_lists_will_do() -> None:
    assert explain_difference([1.0, 2.0], [2.0, 4.0]).kind == "factor 2"
