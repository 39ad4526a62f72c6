"""Writing in place: values and gradients against PyTorch, and every write that would spoil a gradient refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import Generator, float64, no_grad, tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree


def plus(y: Any, o: Any) -> None:
    y += o


def minus(y: Any, o: Any) -> None:
    y -= 2 * o


def times(y: Any, o: Any) -> None:
    y *= o


def over(y: Any, o: Any) -> None:
    y /= o


def put(key: Any, value: Any) -> Any:
    def write(y: Any, o: Any) -> None:
        y[key(y)] = value(o)

    return write


WRITES: dict[str, Any] = {
    "+=": plus,
    "-=": minus,
    "*=": times,
    "/=": over,
    "add_": lambda y, o: y.add_(o),
    "add_ alpha": lambda y, o: y.add_(o, alpha=2),
    "sub_ alpha": lambda y, o: y.sub_(o, alpha=0.5),
    "mul_": lambda y, o: y.mul_(o),
    "div_": lambda y, o: y.div_(o),
    "pow_": lambda y, o: y.pow_(2),
    "copy_": lambda y, o: y.copy_(o),
    "lerp_": lambda y, o: y.lerp_(o, 0.3),
    "addcmul_": lambda y, o: y.addcmul_(o, o, value=0.5),
    "addcdiv_": lambda y, o: y.addcdiv_(o, o + 1, value=0.5),
    "neg_": lambda y, o: y.neg_(),
    "sqrt_": lambda y, o: y.sqrt_(),
    "exp_": lambda y, o: y.exp_(),
    "abs_": lambda y, o: y.abs_(),
    "clamp_": lambda y, o: y.clamp_(1.5, 2.5),
    "fill_": lambda y, o: y.fill_(3.0),
    "zero_": lambda y, o: y.zero_(),
    "masked_fill_": lambda y, o: y.masked_fill_(y > 2, 7.0),
    "[0] = number": put(lambda y: 0, lambda o: 2.5),
    "[...] = tensor": put(lambda y: ..., lambda o: o),
    "[-1] = sum": put(lambda y: -1, lambda o: o.sum()),
    "[list] = sum": put(lambda y: [0, 0], lambda o: o.sum()),
    "[slice] = number": put(lambda y: slice(1, None), lambda o: 0.0),
    "[mask] = number": put(lambda y: y > 2, lambda o: 0.0),
    "[mask] = sum": put(lambda y: y > 2, lambda o: o.sum()),
}
V, M, S, E = [1.0, 2.0, 3.0], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 2.0, [[1.5], [2.5]]


@pytest.mark.parametrize("target", [V, M, S], ids=["vector", "matrix", "0-d"])
@pytest.mark.parametrize("name", WRITES)
def test_on_a_graph_and_off_it(name: str, target: Any) -> None:
    def write(library: Any, x: Any, other: Any) -> Any:
        y = x * 1
        WRITES[name](y, other)
        return y

    for other in (V, S, E, [[1.0, 2.0], [3.0, 4.0]]):  # the last two fit in few places: both refuse
        agree(write, target, numpy.add(other, 0.5))
        agree(write, target, numpy.add(other, 0.5), grad=False)


@pytest.mark.parametrize("kind", ["bool", "int32", "int64", "float32"])
@pytest.mark.parametrize("name", ["+=", "*=", "/=", "copy_", "fill_", "neg_", "zero_", "[0] = number"])
def test_the_dtype_is_kept(name: str, kind: str) -> None:
    def write(library: Any, x: Any, other: Any) -> Any:
        WRITES[name](x, other)
        return x

    if (name, kind) != ("neg_", "bool"):
        agree(write, numpy.array([1, 2]).astype(kind), numpy.array([1, 2]), grad=False)
        agree(write, numpy.array([1, 2]).astype(kind), [1.5, 2.5], grad=False)


def test_values_and_gradients_without_a_judge(device: Any) -> None:
    x = tensor(V, dtype=float64, device=device, requires_grad=True)
    y = x * 1
    y += x * x  # x + x²
    y[1:] = y[1:] * 2
    y[0] = x[2] * 3
    y.sum().backward()
    assert y.tolist() == [9.0, 12.0, 24.0]
    assert x.grad.tolist() == [0.0, 2 * (1 + 4.0), 2 * (1 + 6.0) + 3]


def test_drawing_in_place() -> None:
    x = tinygrad_edu.zeros(1000)
    assert x.uniform_(2, 3, generator=Generator().manual_seed(0)) is x
    assert 2 <= float(x.min()) < float(x.max()) < 3
    x.normal_(5, 0.1, generator=Generator().manual_seed(0))
    assert abs(float(x.mean()) - 5) < 0.05
    again = tinygrad_edu.zeros(1000).normal_(5, 0.1, generator=Generator().manual_seed(0))
    assert again.tolist() == x.tolist()


@pytest.mark.parametrize(
    "write",
    [
        lambda y: y.add_(1),
        lambda y: y.zero_(),
        lambda y: y.__setitem__(0, 5.0),
        lambda y: y.clamp_(0, 1),
        lambda y: y.normal_(),
        lambda y: y.copy_(tensor(V)),
    ],
)
def test_a_saved_array_overwritten_is_named(write: Any) -> None:
    for inside in (False, True):
        x = tensor(V, requires_grad=True)
        y = x * 1
        z = y.exp() + y.sin()
        if inside:
            with no_grad():
                write(y)
        else:
            write(y)
        with pytest.raises(RuntimeError, match=r"sin \(recorded at .*test_inplace\.py:\d+, in .*clone\(\) the tensor"):
            z.sum().backward()


def test_leaves() -> None:
    x = tensor(V, requires_grad=True)
    for write in (lambda: x.add_(1), lambda: x.__setitem__(0, 1.0), lambda: x.mul_(x), lambda: x[:1].add_(1)):
        with pytest.raises(RuntimeError):
            write()
    with pytest.raises(RuntimeError, match=r"a leaf Tensor that requires grad is being used in an in-place operation"):
        x.zero_()
    with no_grad():
        x -= 1
        x[:1].fill_(9)
    assert (x.tolist(), x.is_leaf, x.requires_grad) == ([9.0, 1.0, 2.0], True, True)
    plain = tensor([0.0, 0.0])
    plain += x[:2] * 2  # what needs no gradient may take a history
    plain.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 0.0]


def test_views() -> None:
    x = tensor(V, requires_grad=True)
    y = x * 1
    with pytest.raises(RuntimeError, match=r"into a view of another tensor.*clone\(\) the view first"):
        y[:1].add_(1)
    alone = (x * 1).reshape(3, 1)  # nobody else holds its memory
    alone += 1
    alone.sum().backward()
    assert alone.tolist() == [[2.0], [3.0], [4.0]]
    stale = y[:2]
    y.mul_(2)
    with pytest.raises(RuntimeError, match="take the view again after the write"):
        stale.exp()
    assert y[:2].exp().requires_grad


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match=r"an in-place operation keeps its dtype, int64: .*; use the out-of-place one"):
        tensor([1, 2]).add_(1.5)
    with pytest.raises(ValueError, match=r"keeps shape and dtype, \(3,\) float32; the result would be \(2, 3\)"):
        (tensor(V, requires_grad=True) * 1).add_(tensor(M))
    with pytest.raises(ValueError, match="broadcast"):
        tensor(V).add_(tensor(M))
    with pytest.raises(ValueError, match="broadcast"):
        tensor(V)[:2] = tensor(V)
