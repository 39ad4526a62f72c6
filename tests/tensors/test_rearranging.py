"""Shapes, orders and pieces: every edge against PyTorch, on matrices, single numbers and nothing at all."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import Tensor, tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

SHAPES = [(), (1,), (3,), (2, 3), (0,), (0, 3), (1, 3, 1), (2, 0, 3)]
DIMS = [0, -1, 1, -2, 3, -4]
SIZES = [(1,), (-1,), (3,), (1, -1), (-1, -1), (0, -1), (3, -1), (2, 3), (-1, 0), (1, 3), (3, 2), (-2,), (1, 1, 1)]
TIMES = [(1,), (2,), (0,), (2, 0), (2, 1, 3), (1, 1), (2, 2, 1, 2)]
ALONG = {
    "squeeze": lambda x, d: x.squeeze(d),
    "unsqueeze": lambda x, d: x.unsqueeze(d),
    "unbind": lambda x, d: x.unbind(d),
    "flip": lambda x, d: x.flip(d),
    "size": lambda x, d: x.size(d),
    "transpose": lambda x, d: x.transpose(0, d),
    "flatten": lambda x, d: x.flatten(d),
    "unflatten": lambda x, d: x.unflatten(d, (1, -1)),
    "movedim": lambda x, d: x.movedim(0, d),
    "narrow": lambda x, d: x.narrow(d, 1, 1),
    "narrow nothing": lambda x, d: x.narrow(d, 0, 0),
    "narrow from the end": lambda x, d: x.narrow(d, -1, 1),
    "narrow too long": lambda x, d: x.narrow(d, 1, 9),
    "narrow negative": lambda x, d: x.narrow(d, 0, -1),
    **{f"split {n}": lambda x, d, n=n: x.split(n, d) for n in (1, 2, 0, -1, [1, 2], [3], [1, 1], [-1, 4])},
    **{f"chunk {n}": lambda x, d, n=n: x.chunk(n, d) for n in (1, 2, 3, 0)},
}


def counted(shape: tuple[int, ...]) -> numpy.ndarray:
    return numpy.arange(1.0, 1 + math.prod(shape)).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", ALONG)
def test_along_a_dim(name: str, shape: tuple[int, ...]) -> None:
    for dim in DIMS:
        agree(lambda library, x, d=dim: ALONG[name](x, d), counted(shape))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_to_a_size(shape: tuple[int, ...]) -> None:
    for size in SIZES:
        agree(lambda library, x, s=size: x.reshape(s), counted(shape))
        agree(lambda library, x, s=size: x.view(*s), counted(shape))
        if shape or -1 not in size:  # PyTorch overflows there
            agree(lambda library, x, s=size: x.expand(*s), counted(shape))
    for times in TIMES:
        agree(lambda library, x, n=times: x.repeat(*n), counted(shape), grad=math.prod(shape) > 0)
    agree(lambda library, x: x.squeeze(()), counted(shape))


def test_rolling() -> None:
    x = counted((2, 3))
    for shifts, dims in (
        (1, None),
        (-4, None),
        (1, 0),
        (5, -1),
        ((1, 2), (0, 1)),
        ((1, 2), (0, 0)),
        ((1, 2), None),
        (1, (0, 1)),
    ):
        agree(lambda library, x, s=shifts, d=dims: x.roll(s, d), x)
    assert tensor(x).roll((1, 2), (1, 1)).tolist() == x.tolist()


def test_orders() -> None:
    x = counted((2, 3, 4))
    for dims in ((2, 0, 1), (-1, 0, 1), (0, 1), (0, 0, 1)):
        agree(lambda library, x, d=dims: x.permute(d), x)
    agree(lambda library, x: x.movedim((0, 1), (-1, 0)), x)
    agree(lambda library, x: x.flip(0, 2), x)
    agree(lambda library, x: x.flip(0, 0), x)
    for offset in (-3, -1, 0, 1, 2, 5):
        for dims in ((0, 1), (1, 2), (-1, 0), (1, 1)):
            if abs(offset) < 3:
                agree(lambda library, x, o=offset, d=dims: library.diagonal(x, o, *d), x)
    assert tensor(counted((2, 3))).diagonal(1).tolist() == [2.0, 6.0]
    assert tensor(counted((2, 2, 3))).diagonal().shape == (3, 2)


def result_in_another_order() -> Any:
    """What a kernel returns that works with the images side by side: (2, 3, 4, 5), owning its memory."""
    array = numpy.ndarray((2, 3, 4, 5), numpy.float64, strides=(8, 80, 240, 16))
    array[...] = numpy.arange(120.0).reshape(array.shape)
    return Tensor(array)


def test_a_result_that_lies_in_another_order_can_be_viewed_and_written_to_through_the_view() -> None:
    x = result_in_another_order()
    rows = x.view(2, -1)
    assert rows.tolist() == numpy.arange(120.0).reshape(2, 60).tolist()
    rows.zero_()
    assert not x.numpy().any()
    assert x.is_contiguous()


def test_the_gradient_of_such_a_view_is_in_its_place() -> None:
    x = result_in_another_order().requires_grad_()
    weights = tensor(numpy.arange(120.0).reshape(60, 2))
    (x.relu().view(60, 2) * weights).sum().backward()
    assert x.grad.tolist() == (weights.numpy().reshape(2, 3, 4, 5) * (x.detach().numpy() > 0)).tolist()


def test_a_part_of_such_a_result_can_be_viewed_but_not_written_to_behind_its_back() -> None:
    x = result_in_another_order()
    image = x[1].view(-1)
    assert image.tolist() == list(range(60, 120))
    with pytest.raises(ValueError, match="read-only"):
        image.zero_()


def test_views_share_memory_and_never_copy() -> None:
    x = tensor(counted((2, 4)))
    assert x[:, 1:].view(2, 3, 1).shape == (2, 3, 1)
    with tinygrad_edu.no_grad():
        x[:, 1:].view(2, 3, 1).zero_()
    assert x.tolist() == [[1.0, 0.0, 0.0, 0.0], [5.0, 0.0, 0.0, 0.0]]
    assert x.T.view(4, 2).shape == (4, 2)
    for refused in (lambda: x.T.view(8), lambda: x[:, 1:].view(6)):
        with pytest.raises(ValueError, match=r"view wanted a tensor whose memory is in row-major order.*use reshape"):
            refused()
    with pytest.raises(TypeError, match="float"):
        x.view(2.0, 4)
    assert x.view(numpy.int64(4), tensor(2)).shape == (4, 2)


def test_joining() -> None:
    x = counted((2, 3))
    for dim in DIMS:
        agree(lambda library, x, d=dim: library.cat([x, x * 2], d), x)
        agree(lambda library, x, d=dim: library.stack([x, x * 2], d), x)
        agree(lambda library, x, d=dim: library.repeat_interleave(x, 2, d), x)
    agree(lambda library, x: library.repeat_interleave(x, 2), x)
    agree(lambda library, x: library.cat([library.tensor([]), x]), x)
    agree(lambda library, x: library.cat([x, library.zeros(0)], 1), numpy.float32(x))
    assert tinygrad_edu.cat([tensor([]), tensor([[1, 2]])]).tolist() == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="cat wanted tensors of at least 1 dimension, got a single number: use stack"):
        tinygrad_edu.cat([tensor(1.0)])
    with pytest.raises(ValueError, match=r"Sizes of tensors must match.*\(2, 3\) and, at position 1, \(2, 2\)"):
        tinygrad_edu.cat([tensor(x), tensor(counted((2, 2)))])
    with pytest.raises(ValueError, match="stack wanted a non-empty list"):
        tinygrad_edu.stack([])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.reshape(4), r"shape \(4,\) is invalid for input of size 6"),
        (lambda x: x.reshape(-1, -1), "at most one -1"),
        (lambda x: x.expand(3), "at least 2 sizes"),
        (lambda x: x.expand(-1, 2, 3), "-1 for a dimension that exists"),
        (lambda x: x.expand(4, 3), r"only sizes of 1, got \(2, 3\) to expand to \(4, 3\)"),
        (lambda x: x.repeat(2), "at least 2 numbers"),
        (lambda x: x.repeat(1, -1), "0 or more"),
        (lambda x: x.split([2, 2], 1), "add up to 3, the size of dim 1"),
        (lambda x: x.split(0), "above 0, got 0"),
        (lambda x: x.chunk(0), "above 0, got 0"),
        (lambda x: x.roll((1, 2)), "as many shifts as dims"),
        (lambda x: x.movedim((0, 0), (0, 1)), "distinct dimensions"),
        (lambda x: x.permute(0), "each of the 2 dimensions once"),
        (lambda x: x.diagonal(0, 1, 1), "two different dimensions"),
        (lambda x: x[0].mT, r"wanted a matrix or a batch of them, got shape \(3,\)"),
        (lambda x: x.flatten(1, 0), "start_dim before end_dim"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(tensor(counted((2, 3))))


def test_narrow_stays_inside() -> None:
    with pytest.raises(IndexError, match="inside the 3 elements of dim 1, got 2 and 2"):
        tensor(counted((2, 3))).narrow(1, 2, 2)
