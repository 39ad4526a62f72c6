"""Every fused operation against its definition: value, gradient, second gradient; and the definitions on their own."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.autograd import grad, gradcheck, gradgradcheck
from tinygrad_edu.engine import Fused, fuses, primitives, unfused
from tinygrad_edu.testing import assert_close

FUSED = [op for op in primitives.values() if isinstance(op, Fused)]
random = numpy.random.default_rng(11)
# name -> arrays and settings; a new fused operation adds its own here
CALLS: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    name: [([random.normal(size=(3, 4))], {"axis": axis}) for axis in (0, 1)] for name in ("softmax", "log_softmax")
}


def calls() -> list[Any]:
    return [pytest.param(op, *call, id=f"{op.name}-{i}") for op in FUSED for i, call in enumerate(CALLS[op.name])]


def test_there_are_fused_operations_to_test() -> None:
    assert {op.name for op in FUSED} == set(CALLS)


@pytest.mark.parametrize(("op", "arrays", "settings"), calls())
def test_kernel_and_definition_agree(op: Any, arrays: list[Any], settings: dict[str, Any], device: Any) -> None:
    weights = te.tensor(random.normal(size=op.function(*arrays, **settings).shape), device=device)
    answers = []
    for call in (op, op.definition):
        xs = [te.tensor(array, device=device, requires_grad=True) for array in arrays]
        out = call(*xs, **settings)
        first = grad((out * weights).sum(), xs, create_graph=True)
        second = grad(sum((g * g).sum() for g in first), xs)
        answers.append([out, *first, *second])
    for kernel, definition in zip(*answers, strict=True):
        assert_close(kernel, definition, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("op", "arrays", "settings"), calls())
def test_derivatives_of_the_kernel(op: Any, arrays: list[Any], settings: dict[str, Any]) -> None:
    xs = [te.tensor(array, requires_grad=True) for array in arrays]
    assert gradcheck(lambda *values: op(*values, **settings), xs)
    assert gradgradcheck(lambda *values: op(*values, **settings), xs)


def test_unfused_runs_the_definition() -> None:
    x = te.tensor([[1.0, 2.0]], requires_grad=True)
    assert x.softmax(1).grad_fn.name == "softmax"
    with unfused():
        assert x.softmax(1).grad_fn.name == "exp"
    assert x.softmax(1).grad_fn.name == "softmax"


def swish_definition(x: Any, y: Any) -> Any:
    return x * te.sigmoid(y)


@fuses(swish_definition, opaque=True, register=False)
def swish(x: Any, y: Any) -> Any:
    return x / (1 + numpy.exp(-y))


swish.defvjp(  # NumPy's own functions: a rule that could not be recorded
    x=lambda g, y: numpy.divide(g, 1 + numpy.exp(-y)),
    y=lambda g, x, y: numpy.multiply(g, x * numpy.exp(-y) / numpy.square(1 + numpy.exp(-y))),
)


def test_the_second_derivative_of_an_opaque_kernel_is_taken_through_its_definition() -> None:
    x, y = (te.tensor(random.normal(size=4), requires_grad=True) for _ in range(2))
    assert gradcheck(swish, (x, y))
    assert gradgradcheck(swish, (x, y))


def test_that_walk_stops_at_the_arguments_even_if_one_depends_on_the_other() -> None:
    x = te.tensor(random.normal(size=4), requires_grad=True)
    assert gradgradcheck(lambda x: swish(x, swish(x * x, x)), (x,))
    assert gradgradcheck(lambda x: swish(x, x), (x,))


def test_only_an_opaque_kernel_keeps_its_arguments() -> None:
    x = te.tensor([1.0, 2.0], requires_grad=True)
    assert [len(values) for values in x.softmax(0).grad_fn.saved] == [2]  # the result and the axis
    assert not hasattr(x.softmax(0).grad_fn, "call")
    assert swish(x, x).grad_fn.call[0][0] is x.array


def test_an_argument_overwritten_before_the_second_derivative_is_noticed() -> None:
    x = te.tensor([1.0, 2.0], requires_grad=True)
    y = swish(x, x)
    with te.no_grad():
        x.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an in-place operation"):
        grad(y.sum(), x, create_graph=True)


def test_an_opaque_kernel_with_several_results_is_refused() -> None:
    @fuses(swish_definition, opaque=True, register=False)
    def twice(x: Any) -> Any:
        return x, x

    with pytest.raises(NotImplementedError, match="wants one result"):
        twice(te.tensor([1.0], requires_grad=True))
