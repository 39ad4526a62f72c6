"""assert_close: PyTorch's tolerances, and a message that says where."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import float64, tensor, zeros
from tinygrad_edu.testing import assert_close


def test_what_is_close() -> None:
    assert_close(tensor([1.0, 2.0]), tensor([1.0, 2.0 + 1e-6]))
    assert_close(tensor([1.0]).double(), numpy.array([1.0]))
    assert_close(1.0, 1.0 + 1e-9)
    assert_close([tensor([1]), {"a": 2}], [tensor([1]), {"a": 2}])
    assert_close(tensor([float("nan")]), tensor([float("nan")]), equal_nan=True)
    assert_close(zeros(0, 3), numpy.zeros((0, 3)))


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        (tensor([1.0, 2.0, 3.0]), tensor([1.0, 2.5, 3.0]), r"Mismatched elements: 1 / 3 \(33.3%\)"),
        (tensor([1.0, 2.0]), tensor([1.0, 2.5]), r"absolute difference: 0.5 at index \(1,\): got 2.0, expected 2.5"),
        (1.0, 2.0, "Scalars are not close"),
        (tensor([1.0]), tensor([1.0], dtype=float64), "'dtype' do not match"),
        (tensor([1.0]), tensor([1.0]).to("strict"), "'device' do not match: cpu != strict"),
        (tensor([1.0]), tensor([[1.0]]), r"'shape' do not match: \(1,\) != \(1, 1\)"),
        (tensor([float("nan")]), tensor([float("nan")]), "nan"),
        ([1.0, 2.0], [1.0], "length of the sequences"),
        ([1.0, [2.0]], [1.0, [3.0]], r"at \[1\]\[0\]"),
        ({"a": 1}, {"b": 1}, "keys of the mappings"),
        (tensor([1, 2]), tensor([1, 3]), "not close"),
    ],
)
def test_what_is_not(actual: object, expected: object, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        assert_close(actual, expected)


def test_tolerances_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="both rtol and atol"):
        assert_close(1.0, 1.0, rtol=1e-3)
    assert_close(tensor([1.0]), tensor([1.01]), rtol=0.1, atol=0.0)


def test_the_message_can_be_replaced() -> None:
    with pytest.raises(AssertionError, match=r"^mine$"):
        assert_close(1.0, 2.0, msg="mine")
    with pytest.raises(AssertionError, match=r"^here: Scalars"):
        assert_close(1.0, 2.0, msg=lambda text: f"here: {text}")
