"""verify says both sides and the error, or stops; seed can be asked for from outside."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.course import seed, verify
from tinygrad_edu.course.verify import VerificationError


def test_what_it_says(capsys):
    verify("1 + 1 = 2", got=2.0 + 1e-9, want=2.0, against="counting", tolerance=1e-8, because="fingers are exact")
    shown = capsys.readouterr()
    assert shown.out == (
        "✓ 1 + 1 = 2\n  got  2\n  want 2   from counting\n  error 5.0e-10, allowed 1e-08 (fingers are exact)\n"
    )
    assert shown.err == ""


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (2.1, 2.0, r"got 2.1, wanted 2 from counting: the error 0.05 is more than the 0.01 that was allowed"),
        (numpy.ones(2), numpy.ones(3), r"got shapes \[\(2,\)\], wanted \[\(3,\)\]"),
        ([numpy.ones(2)], [numpy.ones(2), numpy.ones(2)], "got shapes"),
        (numpy.nan, 2.0, "error inf"),
        (numpy.inf, 2.0, "error inf"),
        (2.0, numpy.nan, "error inf"),
    ],
)
def test_what_does_not_hold(capsys, got, want, words):
    with pytest.raises(VerificationError, match=words):
        verify("it", got=got, want=want, against="counting", tolerance=0.01)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (numpy.inf, numpy.inf),
        (numpy.nan, numpy.nan),
        (tensor([1.0, 2.0]), [1.0, 2.0]),
        ((numpy.ones(2), 3.0), (numpy.ones(2), 3.0)),
        (numpy.zeros((0, 2)), numpy.zeros((0, 2))),
        (1e6 + 1.0, 1e6),  # the error is relative to a large number …
        (1e-6, 0.0),  # … and absolute below 1
    ],
)
def test_what_holds(got, want):
    verify("it", got=got, want=want, against="itself", tolerance=2e-6)


def test_nothing_is_allowed():
    verify("whole numbers", got=3, want=3, against="counting", tolerance=0)
    with pytest.raises(VerificationError):
        verify("whole numbers", got=3, want=4, against="counting", tolerance=0)


def test_seed(monkeypatch):
    monkeypatch.delenv("TINYGRAD_EDU_SEED", raising=False)
    assert (seed(), seed(3)) == (0, 3)
    monkeypatch.setenv("TINYGRAD_EDU_SEED", "17")
    assert seed(3) == 17
