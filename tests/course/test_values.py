"""Values as arrays and as one line of text; and whether two are alike."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.course.values import alike, as_array, numbers_in, shown

LONG = numpy.arange(10.0).reshape(2, 5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (1 / 3, "0.33333"),
        (numpy.float64(0.5), "0.5"),
        (numpy.int64(7), "7"),
        (1 + 2j, "1+2j"),
        (numpy.complex128(1.5), "1.5+0j"),
        ((3,), "(3,)"),  # "(3)" would be a number
        ((3, 4), "(3, 4)"),
        ([3], "[3]"),
        ((), "()"),
        ([1, 2, 3, 4, 5, 6, 7], "[1, 2, 3, 4, 5, 6, …]"),
        ({"a": 1.0, "b": (2,)}, "{'a': 1, 'b': (2,)}"),
        ("word", "'word'"),
        (numpy.array([1.0, 2.5]), "[1. , 2.5]"),
        (numpy.array(2.5), "2.5"),
        (LONG, "(2, 5) [0, 1, 2, …]"),
        (tensor([1.0, 2.0]), "[1., 2.]"),
    ],
)
def test_shown(value, text):
    assert shown(value) == text


def test_numbers_in():
    assert [array.tolist() for array in numbers_in([1, 2.0])] == [[1.0, 2.0]]
    assert [array.tolist() for array in numbers_in((numpy.ones(2), 3))] == [[1.0, 1.0], 3]
    assert [array.tolist() for array in numbers_in({"w": tensor([1.0]), "b": [2, 3]})] == [[1.0], [2, 3]]
    assert as_array(tensor(2.0)).shape == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (LONG, LONG.copy(), True),
        (LONG, LONG + 1, False),
        (numpy.array([numpy.nan]), numpy.array([numpy.nan]), True),
        (numpy.array(["a"]), numpy.array(["a"]), True),
        ([LONG, {"x": LONG}], [LONG.copy(), {"x": LONG.copy()}], True),
        ([LONG, {"x": LONG}], [LONG.copy(), {"x": -LONG}], False),
        ([1], [1, 2], False),
        ({"a": 1}, {"b": 1}, False),
        (tensor([1.0]), tensor([1.0]), True),
        (True, numpy.array([1, 2]), False),
        (None, None, True),
        (None, 3, False),
        ("a", "b", False),
        (len, len, True),
        (object(), object(), True),
    ],
)
def test_alike(one, other, same):
    assert alike(one, other) is same
