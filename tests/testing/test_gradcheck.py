"""gradcheck finds what is wrong, names the op, and says what kind of mistake it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import nn, tensor
from tinygrad_edu.engine import primitives, unfused
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.shaping import zeros_like
from tinygrad_edu.testing import GradcheckError, gradcheck, gradgradcheck


@contextmanager
def planted(name: str, **rules: Any) -> Iterator[None]:
    """The primitive with other rules."""
    op = primitives[name]
    before = op.rules
    op.defvjp(**{**before, **rules})
    try:
        yield
    finally:
        op.defvjp(**before)


def leaf(rng: Any, *shape: int) -> Any:
    return tensor(rng.uniform(0.5, 2.0, shape), requires_grad=True)


def composed(x: Any, y: Any) -> Any:
    return ((x * y).tanh() @ (x + y).T).exp().sum(0)


def test_right_functions_pass(rng: Any, device: Any) -> None:
    x, y = (tensor(rng.normal(size=s), device=device, requires_grad=True) for s in ((2, 3), (3,)))
    for fast in (False, True):
        assert gradcheck(composed, (x, y), fast_mode=fast)
        assert gradgradcheck(composed, (x, y), fast_mode=fast)


WRONG = {
    "sign": ("mul", "y", {"y": lambda g, x, y_shape: unbroadcast(-g * x, y_shape)}, composed),
    "factor 2": ("tanh", "x", {"x": lambda g, out: 2 * g * (1 - out * out)}, composed),
    "factor 1/2": ("square", "x", {"x": lambda g, x: g * x}, lambda x, y: (x + y).square()),
    "not summed": ("add", "y", {"y": lambda g: g}, composed),
    "transposed": ("matmul", "x", {"x": lambda g, y: g @ y}, lambda x, y: (x @ x.T) @ (x @ x.T)),
    "missing term": ("softmax", "x", {"x": lambda g, out: out * g}, lambda x, y: x.softmax(1)),
    "missing factor": ("exp", "x", {"x": lambda g: g}, lambda x, y: x.exp() * y),
    "factor 1/N": ("sum", "x", {"x": lambda g, x_shape: g / 6 + numpy.zeros(x_shape)}, lambda x, y: x.sum()),
    "order": ("flip", "x", {"x": lambda g: g}, lambda x, y: (x * y).flip(0)),
    "zeros": ("sin", "x", {"x": lambda g: zeros_like(g)}, lambda x, y: x.sin() * y),
    "crash": ("cos", "x", {"x": lambda g, x: g @ g}, lambda x, y: x.cos() * y),
}


@pytest.mark.parametrize("fast", [False, True], ids=["entries", "direction"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_rule_is_named(kind: str, fast: bool, rng: Any) -> None:
    name, argument, rules, func = WRONG[kind]
    x, y = leaf(rng, 2, 3), leaf(rng, 3)
    assert gradcheck(func, (x, y))
    with planted(name, **rules):
        with pytest.raises(GradcheckError) as caught:
            gradcheck(func, (x, y), fast_mode=fast)
        assert not gradcheck(func, (x, y), fast_mode=fast, raise_exception=False)
    error = caught.value
    assert (error.op, error.argument) == (name, argument)
    if kind != "transposed":  # without y.mT the rule does not even give numbers of the right shape
        assert error.kind == kind, str(error)
    for part in (f"op at fault: {name}", f"argument {argument}", "test_gradcheck.py:", "likely mistake"):
        assert part in str(error)


def test_assigned_instead_of_added(rng: Any) -> None:
    def put_once(g: Any, key: Any, x_shape: Any) -> Any:
        out = numpy.zeros(x_shape)
        out[key] = g
        return out

    x = leaf(rng, 3)
    with planted("getitem", x=put_once), pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x: x[[0, 0, 1]] * 2, (x,))
    assert caught.value.kind == "assigned"
    assert caught.value.op == "getitem"


def test_a_second_derivative_can_be_wrong_alone(rng: Any) -> None:
    def first_order_only(g: Any, x: Any) -> Any:
        return g * numpy.cos(x) if isinstance(x, numpy.ndarray) else g * x.detach().cos()

    x = leaf(rng, 2, 3)
    with planted("sin", x=first_order_only):
        assert gradcheck(lambda x: x.sin().exp(), (x,))
        with pytest.raises(GradcheckError, match="the rule differentiated") as caught:
            gradgradcheck(lambda x: x.sin().exp(), (x,))
    assert caught.value.op == "sin"


def test_float32_input_is_named() -> None:
    x = tinygrad_edu.rand(3, generator=tinygrad_edu.Generator().manual_seed(0), requires_grad=True)
    with pytest.raises(GradcheckError, match=r"float32.*x\.double\(\)") as caught:
        gradcheck(lambda x: x.exp(), (x,))
    assert caught.value.kind == "float32"


def test_a_kink_is_named() -> None:
    x = tensor(numpy.array([1.0, 0.0]), requires_grad=True)
    with pytest.raises(GradcheckError, match="0 to the left and 1 to the right") as caught:
        gradcheck(lambda x: x.relu(), (x,))
    assert caught.value.kind == "kink"


def test_a_cut_graph_is_named(rng: Any) -> None:
    with pytest.raises(GradcheckError, match="detach") as caught:
        gradcheck(lambda x: (x * 3).detach() + 0 * x, (leaf(rng, 3),))
    assert caught.value.op is None


def test_randomness_is_named(rng: Any) -> None:
    with pytest.raises(GradcheckError, match="two runs on the same input differ") as caught:
        gradcheck(lambda x: nn.functional.dropout(x), (leaf(rng, 8),))
    assert caught.value.kind == "random"


def test_a_function_that_writes_into_its_input_is_named(rng: Any) -> None:
    def careless(x: Any) -> Any:
        x.array += 1.0
        return x * x

    with pytest.raises(GradcheckError, match="writes into input 0") as caught:
        gradcheck(careless, (leaf(rng, 3),))
    assert caught.value.kind == "changed"


def test_the_error_is_both_kinds_that_people_catch() -> None:
    assert issubclass(GradcheckError, RuntimeError)
    assert issubclass(GradcheckError, AssertionError)


def test_inputs_come_back_unchanged(rng: Any) -> None:
    x = leaf(rng, 2, 3)
    before, loss = x.numpy().copy(), (x * x).sum()
    gradcheck(lambda x: x * x, (x,))
    gradgradcheck(lambda x: x * x, (x,))
    assert numpy.array_equal(x.numpy(), before)
    assert x.grad is None
    loss.backward()  # a graph made before is still good


def test_a_module_varies_its_input_and_its_parameters(rng: Any, device: Any) -> None:
    layer, x = nn.Linear(3, 2).to(device, tinygrad_edu.float64), tensor(rng.normal(size=(5, 4, 3)), device=device)
    assert gradcheck(layer, (x, *layer.parameters()), fast_mode=True)
    assert gradgradcheck(layer, (x, *layer.parameters()), fast_mode=True)


@pytest.mark.parametrize("argument", ["x", "y"])
def test_a_module_with_a_wrong_rule_fails(argument: str, rng: Any) -> None:
    layer, x = nn.Linear(3, 2).double(), tensor(rng.normal(size=(4, 3)))
    rule = primitives["matmul"].rules[argument]
    wrong = {"x": lambda g, y, x_shape: -rule(g, y, x_shape), "y": lambda g, x, y_shape: -rule(g, x, y_shape)}
    with unfused(), planted("matmul", **{argument: wrong[argument]}), pytest.raises(GradcheckError) as caught:
        gradcheck(layer, (x, *layer.parameters()))
    assert caught.value.kind == "sign"


def test_other_arguments_are_passed_on(rng: Any) -> None:
    index = tensor([0, 2])
    assert gradcheck(lambda x, i, n: x[i] ** n, (leaf(rng, 3), index, 3))


def test_bad_inputs(rng: Any) -> None:
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, (tensor([1.0]),))
    with pytest.raises(ValueError, match=r"stride 0.*\.clone\(\)"):
        gradcheck(lambda x: x, (leaf(rng, 1).expand(3),))


def test_a_backward_that_is_not_the_same_twice(rng: Any) -> None:
    class Noisy(tinygrad_edu.autograd.Function):
        count = 0

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            Noisy.count += 1
            return g * (1 + 1e-6 * (Noisy.count % 2))

    x = leaf(rng, 2)
    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(Noisy.apply, (x,))
    assert gradcheck(Noisy.apply, (x,), nondet_tol=1e-5)


def test_gradient_dtypes_are_checked_on_request(rng: Any) -> None:
    assert gradcheck(lambda x: x.exp(), (leaf(rng, 2),), check_grad_dtypes=True)
    x = tensor(numpy.array([0.5, 1.0], "float32"), requires_grad=True)
    with planted("neg", x=lambda g: -numpy.asarray(g, "float64")), pytest.raises(GradcheckError, match="float64, but"):
        gradcheck(lambda x: -x, (x,), eps=2**-7, check_grad_dtypes=True)
