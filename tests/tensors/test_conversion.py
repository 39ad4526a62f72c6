"""Ways in and out of a tensor: numbers, lists, NumPy, DLPack, dtypes, copies."""

from __future__ import annotations

import copy
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import float32, float64, int64, tensor


def test_as_python_numbers() -> None:
    assert (tensor(3).item(), tensor([[2.5]]).item(), tensor(True).item()) == (3, 2.5, True)
    assert (int(tensor(3.7)), float(tensor([3])), [1, 2, 3][tensor(1)], [*range(tensor(2))]) == (3, 3.0, 2, [0, 1])
    assert type(tensor(True).item()) is bool
    assert tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert tensor(1.5).tolist() == 1.5
    assert f"{tensor(3.14159):.2f} {tensor(3)} {tensor([1])}" == "3.14 3 tensor([1])"
    assert (bool(tensor(0.0)), bool(tensor([2]))) == (False, True)


def test_as_a_container() -> None:
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    assert [row.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    assert sum(row.sum() for row in x).item() == 10.0
    assert 3.0 in x
    assert 9 not in x
    assert {x: "by identity"}[x] == "by identity"
    first, second = x
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tensor([1, 2]).item(), ValueError, "2 elements cannot be converted to a number: index it first"),
        (lambda: float(tensor([])), ValueError, "0 elements cannot be converted"),
        (lambda: bool(tensor([1, 2])), ValueError, r"several elements is ambiguous: use \.any\(\) or \.all\(\)"),
        (lambda: len(tensor(1)), TypeError, r"len\(\) of a 0-d tensor"),
        (lambda: list(tensor(1)), TypeError, "iteration over a 0-d tensor"),
        (lambda: [1][tensor(0.0)], TypeError, "only integer tensors can be an index, got float32"),
        (lambda: tensor([1]).requires_grad_(), TypeError, r"got int64: use \.float\(\) first"),
        (lambda: tensor([1.0]).to("strict").numpy(), TypeError, r"copy it to the host with \.cpu\(\) first"),
        (lambda: tensor([1.0]).to("nowhere"), ValueError, "wanted a device such as 'cpu'"),
        (lambda: numpy.asarray(tensor([1.0]).to("strict")), TypeError, "to the host"),
        (lambda: copy.deepcopy(tensor([1.0], requires_grad=True) * 1), RuntimeError, r"detach\(\) it first"),
        (lambda: numpy.from_dlpack(tensor([1.0], requires_grad=True)), BufferError, r"use tensor\.detach\(\)"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_numpy_shares_memory_both_ways() -> None:
    array = numpy.array([1.0, 2.0])
    t = tinygrad_edu.from_numpy(array)
    array[0] = 5
    assert t.tolist() == [5.0, 2.0]
    t.add_(1)
    assert array.tolist() == [6.0, 3.0]
    t.numpy()[1] = 9
    assert array.tolist() == [6.0, 9.0]
    assert numpy.shares_memory(numpy.asarray(t), array)
    assert not numpy.shares_memory(numpy.array(t), array)
    assert numpy.asarray(t, dtype="float32").dtype == float32
    assert numpy.shares_memory(t.detach().numpy(), array)
    assert isinstance(tensor([[1.0, 2.0]])[0, 0].numpy(), numpy.ndarray)


def test_numpy_is_read_only_on_a_graph() -> None:
    x = tensor([1.0], requires_grad=True)
    for t in (x, x * 2):
        for view in (t.numpy(), numpy.asarray(t)):
            with pytest.raises(ValueError, match="read-only"):
                view[0] = 3
    x.detach().numpy()[0] = 3
    assert x.item() == 3.0


def test_dlpack_with_numpy() -> None:
    t = tensor([1.0, 2.0])
    array = numpy.from_dlpack(t)
    t.mul_(3)
    assert array.tolist() == [3.0, 6.0]
    source = numpy.array([[1, 2]])
    t = tinygrad_edu.from_dlpack(source)
    source[0, 0] = 7
    assert (t.tolist(), t.dtype) == ([[7, 2]], int64)


def test_dlpack_with_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is at the other end")
    for kind in ("float32", "float64", "int64", "uint8", "bool"):
        ours = tensor(numpy.array([[1, 0, 1], [0, 1, 1]]).astype(kind))
        theirs = torch.from_dlpack(ours)
        assert (str(theirs.dtype), theirs.tolist()) == (f"torch.{kind}", ours.tolist())
        ours.zero_()
        assert not theirs.any()
        back = tinygrad_edu.from_dlpack(torch.ones(2, 3, dtype=theirs.dtype).T)
        assert (back.dtype, back.shape, bool(back.all())) == (ours.dtype, (3, 2), True)
    theirs = torch.zeros(2)
    tinygrad_edu.from_dlpack(theirs).add_(1)
    assert theirs.tolist() == [1.0, 1.0]


def test_dtypes() -> None:
    x = tensor([1.7, -1.7, 0.0], requires_grad=True)
    assert x.long().tolist() == x.int().tolist() == [1, -1, 0]
    assert x.bool().tolist() == [True, True, False]
    assert [t.dtype for t in (x.double(), x.half(), x.type(float64), x.to(x.double()), x.to("cpu", int64))] == [
        float64, tinygrad_edu.float16, float64, float64, int64,
    ]  # fmt: skip
    assert x.to(float32) is x
    assert x.to("cpu") is x
    assert x.to(float32, copy=True) is not x
    assert not x.long().requires_grad
    (x.double() * 2).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (float32, [2.0, 2.0, 2.0])


def test_moving_carries_the_gradient_back(device: Any) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    (x.to(device) * 3).sum().cpu().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert x.grad.device.type == "cpu"


def test_copies() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    twin = copy.deepcopy(x)
    assert (twin.tolist(), twin.requires_grad, twin.is_leaf, twin.grad.tolist()) == ([1.0, 2.0], True, True, [2.0, 4.0])
    with tinygrad_edu.no_grad():
        twin.zero_()
    twin.grad.zero_()
    assert (x.tolist(), x.grad.tolist()) == ([1.0, 2.0], [2.0, 4.0])
    shared = [x, x]
    a, b = copy.deepcopy(shared)
    assert a is b
    y = x.clone()
    assert not numpy.shares_memory(y.array, x.array)
    assert y.requires_grad
    assert numpy.shares_memory(x.detach().array, x.array)
    transposed = tensor([[1.0, 2.0], [3.0, 4.0]]).T
    assert not transposed.is_contiguous()
    assert transposed.contiguous().is_contiguous()
    assert transposed.contiguous().tolist() == [[1.0, 3.0], [2.0, 4.0]]
