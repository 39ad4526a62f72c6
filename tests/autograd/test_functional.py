"""autograd.functional against PyTorch, and against matrices worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import tensor
from tinygrad_edu.autograd import functional, grad
from tinygrad_edu.testing import assert_close

A = numpy.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def linear(x: Any) -> Any:
    return tensor(A) @ x


def one(x: Any) -> Any:
    return (x * x * x).sum() + x[0] * x[1]


X = tensor([0.5, -1.0], dtype=tinygrad_edu.float64)


def test_of_a_linear_map_all_are_its_matrix() -> None:
    v, w = tensor([1.0, 2.0, 3.0]).double(), tensor([3.0, 5.0]).double()
    assert_close(functional.jacobian(linear, X), A)
    value, transposed = functional.vjp(linear, X, v)
    assert_close(value, A @ X.numpy())
    assert_close(transposed, v.numpy() @ A)
    assert_close(functional.jvp(linear, X, w)[1], A @ w.numpy())


def test_the_hessian_and_its_products() -> None:
    x0, x1 = X.tolist()
    hessian = numpy.array([[6 * x0, 1.0], [1.0, 6 * x1]])
    v = tensor([2.0, 3.0]).double()
    assert_close(functional.hessian(one, X), hessian)
    for product in (functional.hvp, functional.vhp):
        value, answer = product(one, X, v)
        assert_close(value, one(X))
        assert_close(answer, hessian @ v.numpy())


def two(x: Any, y: Any) -> Any:
    return x * y.sum(), (x @ x) * y


def scalar(x: Any, y: Any) -> Any:
    return (x * x).sum() * (y * y * y).sum()


@pytest.fixture
def pair(rng: Any) -> tuple[Any, Any]:
    return rng.normal(size=3), rng.normal(size=2)


def flat(value: Any) -> list[Any]:
    return [part for item in value for part in flat(item)] if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("name", ["jacobian", "vjp", "jvp", "hessian", "hvp", "vhp"])
def test_several_inputs_and_outputs_as_in_torch(name: str, pair: Any, rng: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    func = two if name in ("jacobian", "vjp", "jvp") else scalar
    like = [rng.normal(size=3), rng.normal(size=2)]
    found = []
    for library, call in ((tinygrad_edu, functional), (torch, torch.autograd.functional)):
        inputs = tuple(map(library.tensor, pair))
        v = () if name in ("jacobian", "hessian") else (tuple(map(library.tensor, like)),)
        found.append(flat(getattr(call, name)(func, inputs, *v)))
    assert len(found[0]) == len(found[1])
    for mine, other in zip(*found, strict=True):
        assert_close(mine, other.numpy(), rtol=1e-9, atol=1e-9)


def test_a_number_needs_no_v() -> None:
    assert_close(functional.vjp(one, X)[1], functional.jacobian(one, X))
    assert_close(functional.jvp(lambda t: t * tensor(A), tensor(2.0).double())[1], A)


def test_results_have_no_history_unless_asked() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    assert not functional.jacobian(one, x).requires_grad
    table = functional.jacobian(one, x, create_graph=True)
    assert_close(grad(table.sum(), [x])[0], functional.hessian(one, x).sum(0))
    assert x.grad is None


def test_an_input_without_influence() -> None:
    x, y = tensor([1.0, 2.0]), tensor([3.0])
    assert functional.jacobian(lambda x, y: x * 2, (x, y))[1].tolist() == [[0.0], [0.0]]
    with pytest.raises(RuntimeError, match="independent of input 1"):
        functional.jacobian(lambda x, y: x * 2, (x, y), strict=True)


def test_nothing_to_differentiate() -> None:
    assert functional.jacobian(lambda x: x[:0], tensor([1.0, 2.0])).shape == (0, 2)


def test_bad_arguments() -> None:
    with pytest.raises(RuntimeError, match="single number"):
        functional.hessian(lambda x: x, X)
    with pytest.raises(RuntimeError, match=r"v of shapes \[\(3,\)\], got \[\(2,\)\]"):
        functional.vjp(linear, X, X)
    with pytest.raises(RuntimeError, match="only a single number needs none"):
        functional.vjp(linear, X)
    with pytest.raises(TypeError, match="inputs wanted tensors, got float"):
        functional.jacobian(linear, 3.0)
    with pytest.raises(ValueError, match="reverse-mode"):
        functional.jacobian(linear, X, strategy="forward-mode")
