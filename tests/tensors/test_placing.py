"""Reading and writing by tensors of positions, against PyTorch: edges, and what both refuse."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

SQUARE = numpy.arange(1.0, 7.0).reshape(2, 3)
PLACES = numpy.array([[0, 2], [1, 0]])


@pytest.mark.parametrize("dim", [0, 1, -1, -2, 2])
def test_select_and_narrow(dim: int) -> None:
    for index in (0, -1, 1, 2, -3, 5):
        agree(lambda library, x, d=dim, i=index: library.select(x, d, i), SQUARE)


def test_select_of_a_single_number() -> None:
    agree(lambda library, x: library.select(x, 0, 0), 3.0)


def test_take() -> None:
    agree(lambda library, x, i: library.take(x, i), SQUARE, [[0, 5], [-1, 0]])
    agree(lambda library, x, i: library.take(x, i), SQUARE, 4)
    agree(lambda library, x, i: library.take(x, i), SQUARE, [6])
    agree(lambda library, x, i: library.take(x, i), SQUARE, [0.0])
    agree(lambda library, x, i: library.take_along_dim(x, i, 1), SQUARE, [[2], [0]])
    agree(lambda library, x, i: library.take_along_dim(x, i, -1), SQUARE, [[2, 1, 0, 0]])
    agree(lambda library, x, i: library.take_along_dim(x, i), SQUARE, [5, 0])
    agree(lambda library, x, i: library.take_along_dim(x, i, 1), SQUARE, [0])


def test_masked_select() -> None:
    agree(lambda library, x, m: library.masked_select(x, m), SQUARE, SQUARE > 2)
    agree(lambda library, x, m: x.masked_select(m), SQUARE, [True, False, True])
    agree(lambda library, x, m: x.masked_select(m), 1.0, [True, False])
    agree(lambda library, x, m: x.masked_select(m), SQUARE, [1, 0, 1])


@pytest.mark.parametrize(
    "array", [SQUARE - 2, numpy.zeros((2, 2)), numpy.array(3.0), numpy.array(0), numpy.zeros((0, 3))]
)
def test_nonzero(array: Any) -> None:
    agree(lambda library, x: library.nonzero(x), array, grad=False)
    agree(lambda library, x: x.nonzero(as_tuple=True), array, grad=False)
    agree(lambda library, x: library.argwhere(x), array, grad=False)
    agree(lambda library, x: library.count_nonzero(x), array, grad=False)


def test_repeat_interleave() -> None:
    agree(lambda library, x: library.repeat_interleave(x, 2), SQUARE)
    agree(lambda library, x: x.repeat_interleave(0, 1), SQUARE)
    agree(lambda library, x, n: x.repeat_interleave(n, dim=1), SQUARE, [2, 0, 1])
    agree(lambda library, x, n: x.repeat_interleave(n, dim=0), SQUARE, [2])
    agree(lambda library, x, n: x.repeat_interleave(n, dim=0), SQUARE, [1, 2, 3])
    agree(lambda library, x: x.repeat_interleave(-1), SQUARE)


def test_scatter() -> None:
    agree(lambda library, x, i, y: library.scatter(x, 1, i, y), SQUARE, PLACES, SQUARE[:, :2] * 10)
    agree(lambda library, x, i: library.scatter(x, 1, i, 9.0), SQUARE, PLACES)
    agree(lambda library, x, i: x.scatter(-2, i, value=9), SQUARE, PLACES[:, :1] * 0)
    agree(lambda library, x, i: library.zeros(2, 3).scatter_(1, i, 1.0), SQUARE, [[2], [0]])
    agree(lambda library, x, i, y: library.scatter(x, 0, i, y), 1.0, 0, 2.0)
    agree(lambda library, x, i, y: library.scatter(x, 1, i, y), SQUARE, PLACES, numpy.float32(SQUARE))
    agree(lambda library, x, i: library.scatter(x, 1, i, 1.0), SQUARE, [[3]])
    agree(lambda library, x, i: library.scatter(x, 1, i, 1.0), SQUARE, [0])
    agree(lambda library, x, i, y: library.scatter(x, 1, i, y), SQUARE, PLACES, [[1.0]])
    agree(lambda library, x, i: library.scatter(x, 1, i, 1.0), SQUARE, [[0.5]])


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["sum", "mean", "amax", "amin"])
def test_scatter_reduce(reduce: str, include_self: bool) -> None:
    def call(library: Any, x: Any, i: Any, y: Any) -> Any:
        return library.scatter_reduce(x, 0, i, y, reduce, include_self=include_self)

    agree(call, [1.0, 2.0, 3.0, 4.0], [0, 0, 2, 2, 2], [5.0, -7.0, 3.0, 3.5, -1.0])
    agree(call, [1.0, 2.0], numpy.zeros(0, int), numpy.zeros(0))
    agree(call, 1.0, 0, 3.0, grad=False)
    if reduce != "mean":
        agree(call, [1, 2, 3], [2, 2, 0], [5, -7, 9], grad=False)


def test_scatter_reduce_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="wanted reduce as 'sum', 'mean', 'amax' or 'amin', got 'prod'"):
        tensor([1.0]).scatter_reduce(0, tensor([0]), tensor([2.0]), "prod")


def test_whole_slices() -> None:
    source = numpy.array([[10.0, 20.0], [30.0, 40.0]])
    for name in ("index_add", "index_copy"):
        agree(lambda library, x, i, y, name=name: getattr(x, name)(1, i, y), SQUARE, [2, 0], source)
        agree(lambda library, x, i, y, name=name: getattr(x, name)(0, i, y), SQUARE, [2, 0], source)
        agree(lambda library, x, i, y, name=name: getattr(x, name)(1, i, y), SQUARE, [3, 0], source)
        agree(lambda library, x, i, y, name=name: getattr(x, name)(1, i, y), SQUARE, [0.0, 1.0], source)
    agree(lambda library, x, i, y: library.index_add(x, 1, i, y, alpha=-2), SQUARE, [1, 1], source)
    agree(lambda library, x, i: library.index_fill(x, -1, i, 5.0), SQUARE, [0, 2])
    agree(lambda library, x, i: library.index_fill(x, 0, i, 5.0), 2.0, [0])
    agree(lambda library, x, i: library.index_fill(x, 0, i, library.tensor(5.0)), SQUARE, numpy.zeros(0, int))


def test_without_a_judge() -> None:
    x = tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    out = x.scatter(1, tensor([[2]]), 9.0)
    out.sum().backward()
    assert (out.tolist(), x.grad.tolist()) == ([[1.0, 2.0, 9.0]], [[1.0, 1.0, 0.0]])
    best = tensor([0.0, 0.0]).scatter_reduce(0, tensor([1, 1, 0]), tensor([3.0, 5.0, -1.0]), "amax")
    assert best.tolist() == [0.0, 5.0]
    assert te.zeros(3).index_add(0, tensor([0, 0, 2]), tensor([1.0, 2.0, 3.0])).tolist() == [3.0, 0.0, 3.0]
    assert tensor([[0, 1], [2, 0]]).nonzero().tolist() == [[0, 1], [1, 0]]
