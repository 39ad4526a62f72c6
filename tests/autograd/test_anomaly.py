"""detect_anomaly: the first op that makes a NaN, forward or backward, and its line."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import autograd, float64, tensor
from tinygrad_edu.engine import observers

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def test_forward_names_the_op_its_argument_and_the_line() -> None:
    x = tensor([1.0, -4.0], requires_grad=True)
    message = r"log made NaN.*x from -2 to 0.5.*test_anomaly.py"
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match=message):
        (x / 2).log().sum()


def test_a_nan_that_came_in_is_nobodys_fault() -> None:
    with autograd.detect_anomaly():
        assert (tensor([float("nan")]) * 2).exp().isnan().all()
        assert (tensor([1.0]) * float("nan")).isnan().all()


def test_backward_names_the_op_and_the_line() -> None:
    x = tensor([0.0], dtype=float64, requires_grad=True)
    with autograd.detect_anomaly():
        y = (x.sqrt() * 0).sum()  # forward is 0; backward is 0 · ∞
        message = r"'SqrtBackward' returned nan values in its 0th output.*test_anomaly.py"
        with pytest.raises(RuntimeError, match=message):
            y.backward()


def test_outside_the_block_nobody_looks() -> None:
    with autograd.detect_anomaly():
        assert autograd.is_anomaly_enabled()
    assert not autograd.is_anomaly_enabled()
    assert not observers
    assert tensor([-1.0]).log().isnan().all()


def test_switching_on_and_off() -> None:
    autograd.set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="sqrt made NaN"):
            tensor([-1.0]).sqrt()
        with autograd.set_detect_anomaly(False):
            assert tensor([-1.0]).sqrt().isnan().all()
        assert autograd.is_anomaly_enabled()
    finally:
        autograd.set_detect_anomaly(False)
    assert not autograd.is_anomaly_enabled()


def test_nested_blocks_restore_the_outer_one() -> None:
    with autograd.detect_anomaly():
        with autograd.detect_anomaly(check_nan=False):
            assert not autograd.is_anomaly_enabled()
        assert autograd.is_anomaly_enabled()
    assert not autograd.is_anomaly_enabled()


def test_right_programs_pass() -> None:
    x = tensor(numpy.linspace(-1, 1, 5), requires_grad=True)
    with autograd.detect_anomaly():
        (x.tanh().exp() @ tensor(numpy.ones(5))).backward()
    assert x.grad.isfinite().all()
