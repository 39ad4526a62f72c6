"""Function: a learner's own op."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from tinygrad_edu import Tensor, float64, no_grad, tensor
from tinygrad_edu.autograd import Function, detect_anomaly, grad
from tinygrad_edu.testing import GradcheckError, gradcheck, gradgradcheck


def vector(*numbers: float) -> Tensor:
    return tensor(list(numbers), dtype=float64, requires_grad=True)


class Cube(Function):
    """x³"""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


class Exponential(Function):
    """e^x, whose result is saved"""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (out,) = ctx.saved_tensors
        return g * out


class Scale(Function):
    """s x, and the index of its largest; s is a number"""

    @staticmethod
    def forward(ctx: Any, x: Any, s: float) -> Any:
        ctx.s = s
        place = x.argmax()
        ctx.mark_non_differentiable(place)
        return x * s, place

    @staticmethod
    def backward(ctx: Any, g: Any, _: Any) -> Any:
        return g * ctx.s, None


class SumAndProduct(Function):
    """x + y and x y"""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x + y, x * y

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        x, y = ctx.saved_tensors
        return g + h * y, g + h * x


class NewStyle(Function):
    """x², with setup_context"""

    @staticmethod
    def forward(x: Any) -> Any:  # type: ignore[override]
        return x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * g


@pytest.mark.parametrize("op", [Cube, Exponential, NewStyle])
def test_its_derivatives_are_right_to_second_order(op: Any, device: Any, rng: Any) -> None:
    x = tensor(rng.normal(size=(2, 3)), device=device, requires_grad=True)
    assert gradcheck(op.apply, (x,))
    assert gradgradcheck(op.apply, (x,))


def test_several_results() -> None:
    x, y = vector(1, 2), vector(3, 4)
    assert gradcheck(SumAndProduct.apply, (x, y))
    assert gradgradcheck(SumAndProduct.apply, (x, y))
    total, product = SumAndProduct.apply(x, y)
    (gx,) = grad(product.sum(), [x])  # the other result is not used: its gradient is zeros
    assert gx.tolist() == [3.0, 4.0]
    assert total.tolist() == [4.0, 6.0]


def test_settings_and_results_without_a_gradient() -> None:
    x = vector(1, 5, 2)
    scaled, place = Scale.apply(x, 2.0)
    assert not place.requires_grad
    assert place.item() == 1
    scaled.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_needs_input_grad() -> None:
    seen = []

    class Watch(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any, n: int) -> Any:
            seen.append(ctx.needs_input_grad)
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, g, None

    Watch.apply(vector(1), tensor([2.0], dtype=float64), 3)
    assert seen == [(True, False, False)]


def test_nothing_is_recorded_without_need() -> None:
    assert Cube.apply(tensor([2.0])).grad_fn is None
    with no_grad():
        assert Cube.apply(vector(2)).grad_fn is None


def test_it_has_a_name_on_the_graph() -> None:
    assert "Cube" in repr(Cube.apply(vector(2)).grad_fn)


def test_writing_into_what_was_saved_is_noticed() -> None:
    x = vector(1, 2)
    y = x * 1
    z = Cube.apply(y)
    with no_grad():
        y += 1
    with pytest.raises(RuntimeError, match=r"Cube \(recorded at .*test_function.py.*in-place"):
        z.sum().backward()


def test_a_second_backward_says_that_the_graph_is_freed() -> None:
    z = Cube.apply(vector(1, 2)).sum()
    z.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        z.backward()


def _function(answer: Any) -> Any:
    class Wrong(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return answer(g)

    return Wrong


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda g: g, RuntimeError, "one gradient for each of the 2 arguments"),
        (lambda g: (g, g, g), RuntimeError, "one gradient for each of the 2 arguments"),
        (lambda g: (g, 1.0), TypeError, "tensors or None, got float for argument 1"),
        (lambda g: (g, g), RuntimeError, r"invalid gradient at index 1 - got \(2, 2\) but expected shape \(2,\)"),
    ],
)
def test_wrong_answers_of_backward(answer: Any, error: type[Exception], message: str) -> None:
    x, y = tensor(numpy.ones((2, 2)), requires_grad=True), vector(1, 2)
    with pytest.raises(error, match=message):
        _function(answer).apply(x, y).sum().backward()


def test_forward_has_to_return_tensors() -> None:
    class Number(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return 1.0

    with pytest.raises(TypeError, match="return tensors, got float"):
        Number.apply(vector(1))


def test_only_tensors_are_saved() -> None:
    class Careless(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(3)
            return x

    with pytest.raises(TypeError, match="set an attribute of ctx"):
        Careless.apply(vector(1))


def test_forgetting_a_method() -> None:
    class Empty(Function):
        pass

    with pytest.raises(NotImplementedError, match="static method forward"):
        Empty.apply(vector(1))


def test_gradcheck_names_a_wrong_function() -> None:
    class Doubled(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.sin()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2  # of nothing in particular

    with pytest.raises(GradcheckError, match="op at fault: Doubled") as caught:
        gradcheck(lambda x: Doubled.apply(x.exp()), (vector(0.3, 0.4),))
    assert caught.value.op == "Doubled"


def test_anomaly_detection_names_a_function() -> None:
    class Root(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return tensor(numpy.full(x.shape, numpy.nan))

    with detect_anomaly(), pytest.raises(RuntimeError, match="Root made NaN"):
        Root.apply(vector(1))
