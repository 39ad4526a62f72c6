"""Reductions and sorting: every shape, number type and dim against PyTorch, and the slopes where values tie."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import float64, int64, tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

SHAPES = [(), (1,), (3,), (2, 3), (0,), (0, 3), (3, 0), (2, 1, 3)]
DIMS = [None, 0, -1, 1, -2, 5, (0,), (0, 1), (0, -1), (0, 0)]


def tied(shape: tuple[int, ...], kind: str) -> numpy.ndarray:
    """Few different numbers, so that many are equal."""
    return numpy.random.default_rng(0).integers(0, 3, shape).astype(kind)


@pytest.mark.filterwarnings("ignore::RuntimeWarning:torch", "ignore::UserWarning")
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "amax", "amin", "logsumexp", "norm", "all", "any"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_over_some_dims(name: str, shape: tuple[int, ...]) -> None:
    for kind in ("float32", "int32", "bool"):
        for dim in DIMS[1 if name == "logsumexp" else 0 :]:
            for keep in (False, True):
                agree(lambda library, x, d=dim, k=keep: getattr(library, name)(x, dim=d, keepdim=k), tied(shape, kind))


@pytest.mark.parametrize("name", ["prod", "argmax", "argmin", "max", "min", "cumsum", "sort", "argsort"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_along_one_dim(name: str, shape: tuple[int, ...]) -> None:
    sorting, running = name.endswith("sort"), name == "cumsum"
    for kind in ("float32", "int32"):
        for dim in (0, -1, 1, -2, 5):
            for keep in (False,) if sorting or running else (False, True):
                options: dict[str, Any] = {"stable": True} if sorting else {} if running else {"keepdim": keep}
                agree(lambda library, x, d=dim, o=options: getattr(library, name)(x, dim=d, **o), tied(shape, kind))
        if not sorting and not running:
            agree(lambda library, x: getattr(library, name)(x), tied(shape, kind))


@pytest.mark.parametrize("kind", ["float32", "int64", "uint8"])
def test_sorting_keeps_the_order_of_equals(kind: str) -> None:
    x = numpy.array([1, 2, 1, 2, 3, 1]).astype(kind)
    for down in (False, True):
        agree(lambda library, x, d=down: library.sort(x, stable=True, descending=d), x)
        agree(lambda library, x, d=down: library.argsort(x, stable=True, descending=d), x)
    assert tensor(x).sort(descending=True).indices.tolist() == [4, 1, 3, 0, 2, 5]
    many = numpy.arange(200) % 3
    assert tensor(many).argsort().tolist() == sorted(range(200), key=lambda i: many[i])
    agree(lambda library, x: library.sort(x, stable=True), [1.0, math.nan, -math.inf, math.inf])


def test_topk() -> None:
    x = numpy.arange(6.0).reshape(2, 3)
    for k in (0, 1, 3, 4, -1):
        for dim in (0, 1, -1):
            for largest in (False, True):
                agree(lambda library, x, k=k, d=dim, m=largest: library.topk(x, k, d, m), x)
    agree(lambda library, x: library.topk(x, 1), 3.0)
    assert tensor(3.0).topk(1).values.tolist() == 3.0
    with pytest.raises(ValueError, match="topk wanted k from 0 to 3, the size of dim -1, got 4"):
        tensor(x).topk(4)


def test_ties_share_or_go_to_the_first() -> None:
    x = tensor([[1.0, 1.0, 0.0]], requires_grad=True)
    x.amax(1).sum().backward()
    assert x.grad.tolist() == [[0.5, 0.5, 0.0]]
    x.grad = None
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[1.0, 0.0, 0.0]]
    assert x.max(numpy.int64(1)).indices.tolist() == [0]


def test_the_dtype_asked_for_is_the_dtype_given() -> None:
    for name in ("sum", "prod"):
        agree(lambda library, x, n=name: getattr(x, n)(dtype=library.int32), [1, 2, 3])
        agree(lambda library, x, n=name: getattr(x, n)(dtype=library.float64), numpy.float32([1, 2, 3]))
    agree(lambda library, x: x.cumsum(0, dtype=library.int32), [1, 2, 3])
    assert tensor([1, 2]).sum(dtype=tinygrad_edu.int32).dtype == tinygrad_edu.int32
    assert tensor([True, True]).sum().dtype == int64


def test_a_spread_of_nothing_has_no_slope() -> None:
    x = tensor([[2.0, 2.0], [1.0, 3.0]], dtype=float64, requires_grad=True)
    x.std(1).sum().backward()
    assert x.grad[0].tolist() == [0.0, 0.0]
    assert numpy.allclose(x.grad[1].numpy(), [-(0.5**0.5), 0.5**0.5])
    agree(lambda library, x: x.std(1), [[2.0, 2.0], [1.0, 3.0]])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("order", [0.5, 1, 2, 2.5, 3, -1, math.inf, -math.inf], ids=str)
def test_norms_at_and_off_the_origin(order: float) -> None:
    for dim in (None, 0, (0, 1), -1):
        agree(lambda library, x, d=dim: library.norm(x, order, dim=d), [[1.0, -2.0, 0.0], [0.5, 2.0, 3.0]])
        agree(lambda library, x, d=dim: library.norm(x, order, dim=d), numpy.zeros((2, 3)))
    if 0 < order < math.inf:
        x = tensor([0.0, 0.0], requires_grad=True)
        x.norm(order).backward()
        assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_logsumexp_of_the_infinite() -> None:
    x = tensor([math.inf, 1.0], requires_grad=True)
    x.logsumexp(0).backward()
    assert x.grad[1].item() == 0.0
    y = tensor([-math.inf, 1.0], requires_grad=True)
    y.logsumexp(0).backward()
    assert y.grad.tolist() == [0.0, 1.0]


def test_what_is_refused() -> None:
    x = tensor([[1.0, 2.0]])
    with pytest.raises(IndexError, match=r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 5\)"):
        x.sum(5)
    with pytest.raises(ValueError, match=r"each dim once, got \(0, 0\)"):
        x.sum((0, 0))
    with pytest.raises(TypeError, match="mean wanted a floating-point tensor, got int64: convert with"):
        tensor([1]).mean()
    with pytest.raises(IndexError, match="amax wanted at least one element to choose from"):
        tinygrad_edu.zeros(0).amax()
    for name in ("max", "min", "argmax", "argmin", "sort", "argsort", "cumsum"):
        with pytest.raises(IndexError, match="Dimension out of range"):
            getattr(tensor(1.0), name)(1)
