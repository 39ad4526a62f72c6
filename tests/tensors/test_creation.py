"""New tensors: their dtypes, shapes and values against PyTorch, the same draws on every device, and what is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import Generator, float32, float64, int64, tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

DATA: list[Any] = [
    1, 1.5, True, [1, 2], [1, 2.5], [True, False], [], [[]], [[], []], [True, 1], [1, True, 2.5], (1, 2), range(3),
    numpy.float64(1), numpy.float32(1), numpy.int32(1), numpy.array([1], "int32"), numpy.array(1.5),
    [numpy.float64(1.0)], [numpy.float32(1.0)], [numpy.array([1, 2]), numpy.array([3, 4])], [numpy.array([1.0, 2])],
    [[1], [2, 3]], "a", None, [None], [1, "a"], 2**63, -(2**63), numpy.array(["a"]), float("inf"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("data", DATA, ids=repr)
def test_from_data(data: Any) -> None:
    agree(lambda library: library.tensor(data))
    agree(lambda library: library.as_tensor(data))


CALLS = {
    "zeros(2, 3)": lambda t: t.zeros(2, 3),
    "zeros((2, 3))": lambda t: t.zeros((2, 3)),
    "zeros(())": lambda t: t.zeros(()),
    "zeros(0)": lambda t: t.zeros(0),
    "zeros(-1)": lambda t: t.zeros(-1),
    "zeros(2.0)": lambda t: t.zeros(2.0),
    "zeros int": lambda t: t.zeros(2, dtype=t.int64),
    "zeros int with gradient": lambda t: t.zeros(2, dtype=t.int64, requires_grad=True),
    "ones": lambda t: t.ones(2, 3),
    "full int": lambda t: t.full((2,), 1),
    "full float": lambda t: t.full((2,), 1.0),
    "full bool": lambda t: t.full((2,), True),
    "full numpy": lambda t: t.full((2,), numpy.int64(2)),
    "full 0-d": lambda t: t.full((), 3),
    "full rounded": lambda t: t.full((2,), 2.7, dtype=t.int64),
    "eye": lambda t: t.eye(3),
    "eye(2, 3)": lambda t: t.eye(2, 3),
    "eye(0)": lambda t: t.eye(0),
    "eye(-1)": lambda t: t.eye(-1),
    "arange(3)": lambda t: t.arange(3),
    "arange(3.0)": lambda t: t.arange(3.0),
    "arange(1, 4, 2)": lambda t: t.arange(1, 4, 2),
    "arange(0, 1, 0.1)": lambda t: t.arange(0, 1, 0.1),
    "arange(5, 0, -2)": lambda t: t.arange(5, 0, -2),
    "arange(0)": lambda t: t.arange(0),
    "arange(3, 1)": lambda t: t.arange(3, 1),
    "arange(-3)": lambda t: t.arange(-3),
    "arange step 0": lambda t: t.arange(0, 3, 0),
    "arange(end=3)": lambda t: t.arange(end=3),
    "arange with gradient": lambda t: t.arange(3, requires_grad=True),
    "linspace": lambda t: t.linspace(0, 1, 5),
    "linspace one": lambda t: t.linspace(0, 1, 1),
    "linspace none": lambda t: t.linspace(0, 1, 0),
    "linspace negative": lambda t: t.linspace(0, 1, -1),
    "linspace int": lambda t: t.linspace(0, 5, 3, dtype=t.int64),
    "zeros_like": lambda t: t.zeros_like(t.tensor([1])),
    "ones_like": lambda t: t.ones_like(t.tensor([1]), dtype=t.float32),
    "full_like": lambda t: t.full_like(t.tensor([1]), 2.7),
    "rand int": lambda t: t.rand(2, dtype=t.int64),
    "randn(-1)": lambda t: t.randn(-1),
    "randperm(-1)": lambda t: t.randperm(-1),
    "randperm(0)": lambda t: t.randperm(0),
    "randint(3, 2)": lambda t: t.randint(3, 2),
    "randint(3, 3)": lambda t: t.randint(3, 3, (2,)),
    "from_numpy": lambda t: t.from_numpy(numpy.array([1.0, 2.0])),
    "from_numpy list": lambda t: t.from_numpy([1]),
    "from_numpy text": lambda t: t.from_numpy(numpy.array(["a"])),
}


@pytest.mark.parametrize("name", CALLS)
def test_made(name: str) -> None:
    agree(CALLS[name])


def test_dtypes_without_a_judge() -> None:
    assert [tensor(v).dtype for v in (1.0, 1, True, [])] == [float32, int64, tinygrad_edu.bool, float32]
    assert tensor(numpy.ones(2)).dtype == float64
    assert tensor([numpy.float64(1)]).dtype == tensor([tensor(1.0, dtype=float64)]).dtype == float64
    assert tensor([tensor(1), tensor(2)]).tolist() == [1, 2]
    assert tinygrad_edu.full((2,), tensor(2)).dtype == int64
    assert tinygrad_edu.randint(3, size=(2,)).shape == (2,)
    tinygrad_edu.set_default_dtype(float64)
    try:
        assert {tensor(1.0).dtype, tinygrad_edu.zeros(1).dtype, tinygrad_edu.randn(1).dtype} == {float64}
    finally:
        tinygrad_edu.set_default_dtype(float32)


def test_data_is_copied_and_requires_grad_is_asked_for() -> None:
    array = numpy.ones(2)
    t = tensor(array, requires_grad=True)
    array[0] = 5
    assert t.tolist() == [1.0, 1.0]
    assert t.is_leaf
    assert t.requires_grad
    assert not tinygrad_edu.zeros_like(t).requires_grad
    with pytest.raises(TypeError, match="only floating-point tensors can require a gradient, got int64"):
        tensor(1, requires_grad=True)
    shared = tinygrad_edu.as_tensor(array)
    array[1] = 7
    assert shared.tolist() == [5.0, 7.0]
    assert tinygrad_edu.as_tensor(shared) is shared


def test_the_same_draws_on_every_device(device: Any) -> None:
    draws = (
        lambda **o: tinygrad_edu.rand(2, 3, **o),
        lambda **o: tinygrad_edu.randn(2, 3, **o),
        lambda **o: tinygrad_edu.randint(0, 10, (5,), **o),
        lambda **o: tinygrad_edu.randperm(6, **o),
        lambda **o: tinygrad_edu.rand_like(tinygrad_edu.zeros(2, 2), **o),
    )
    for draw in draws:
        on_host = draw(generator=Generator().manual_seed(3))
        there = draw(generator=Generator().manual_seed(3), device=device)
        assert there.device == device
        assert there.tolist() == on_host.tolist()
        assert draw(generator=Generator().manual_seed(4)).tolist() != on_host.tolist()
    tinygrad_edu.manual_seed(1)
    first = tinygrad_edu.randn(3).tolist()
    tinygrad_edu.manual_seed(1)
    assert tinygrad_edu.randn(3).tolist() == first != tinygrad_edu.randn(3).tolist()


def test_what_is_drawn() -> None:
    u, n = (
        tinygrad_edu.rand(2000, generator=Generator().manual_seed(0)),
        tinygrad_edu.randn(2000, generator=Generator().manual_seed(0)),
    )
    assert 0 <= float(u.min()) < float(u.max()) < 1
    assert abs(float(u.mean()) - 0.5) < 0.05
    assert abs(float(n.mean())) < 0.15
    assert abs(float(n.std()) - 1) < 0.15
    assert sorted(tinygrad_edu.randperm(5).tolist()) == [0, 1, 2, 3, 4]
    assert set(tinygrad_edu.randint(2, 5, (200,)).tolist()) == {2, 3, 4}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tensor([[1], [2, 3]]), ValueError, "rows of equal length, got ragged data.*pad the short ones"),
        (lambda: tensor("a"), TypeError, "wanted numbers, got data of type"),
        (lambda: tensor(numpy.array(["a"])), TypeError, "wanted an array of numbers, got dtype <U1"),
        (lambda: tensor(300, dtype=tinygrad_edu.uint8), ValueError, "integers that fit into uint8, got 300 to 300"),
        (lambda: tinygrad_edu.zeros(-1), ValueError, r"sizes of 0 or more, got \(-1,\)"),
        (lambda: tinygrad_edu.arange(1, 3, 0), ValueError, "a step other than 0"),
        (lambda: tinygrad_edu.arange(3, 1), ValueError, "steps that lead from 3 to 1, got a step of 1"),
        (lambda: tinygrad_edu.randint(3, 3, (1,)), ValueError, "low below high, got 3 and 3"),
        (lambda: tinygrad_edu.randn(1, generator=3), TypeError, "wanted generator=Generator"),
        (lambda: tinygrad_edu.rand(1, dtype=int64), TypeError, "got int64: use randint"),
        (lambda: tinygrad_edu.zeros(1, device="gpu"), ValueError, "wanted a device such as 'cpu'"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("data", [[1.0, 2.0], 3.0, "x"])
def test_the_class_itself_wraps_arrays_only(data: object) -> None:
    with pytest.raises(TypeError, match=r"use tensor\(\.\.\.\)"):
        tinygrad_edu.Tensor(data)
