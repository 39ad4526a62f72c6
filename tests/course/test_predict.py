"""predict: a guess before, the answer after; a wrong one costs nothing."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu.course import predict
from tinygrad_edu.course.predict import agrees


def test_right_wrong_and_none(capsys):
    predict("the shape of dW", guess=(4, 3)).reveal((4, 3))
    predict("the shape of dW", guess=(3, 4)).reveal((4, 3))
    predict("the shape of dW").reveal((4, 3))
    assert capsys.readouterr().out.splitlines() == [
        "the shape of dW? — your guess is (4, 3)",
        "the shape of dW: (4, 3) — you said (4, 3): right!",
        "the shape of dW? — your guess is (3, 4)",
        "the shape of dW: (4, 3) — you said (3, 4): a surprise. What did you overlook?",
        "the shape of dW? — make a guess: predict(…, guess=…)",
        "the shape of dW: (4, 3) — no prediction yet: put a guess into the cell above and run both again",
    ]


@pytest.mark.parametrize(
    ("guess", "answer", "within", "right"),
    [
        (15, 15, 0.0, True),
        (15, 16, 0.0, False),
        (15, 16, 0.1, True),
        ("Positive ", "positive", 0.0, True),
        ("positive", "negative", 0.0, False),
        ("15", 15, 0.0, True),
        ((2, 3), (2, 3, 1), 0.0, False),
        (numpy.array([1.0, 2.0]), [1.0, 2.0], 0.0, True),
    ],
)
def test_agrees(guess, answer, within, right):
    assert agrees(guess, answer, within) is right
