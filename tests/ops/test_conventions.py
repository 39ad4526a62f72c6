"""What finite differences cannot see: the slope chosen at a kink, and gradients that change their number type."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te


def gradients(function: Any, *points: float) -> list[float]:
    """The gradient of 3 · function at a point, in each argument: a g that is not 1 shows whether g was used."""
    tensors = [te.tensor([point], dtype=te.float64, requires_grad=True) for point in points]
    function(*tensors).backward(te.tensor([3.0], dtype=te.float64))
    return [tensor.grad.item() for tensor in tensors]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_at_a_tie_each_argument_gets_half_of_the_gradient(name: str) -> None:
    assert gradients(getattr(te, name), 2.0, 2.0) == [1.5, 1.5]


@pytest.mark.parametrize(
    ("function", "point", "slope"),
    [
        (te.abs, 0.0, 0.0),
        (te.relu, 0.0, 0.0),
        (te.sign, 0.5, 0.0),
        (te.floor, 0.5, 0.0),
        (lambda x: te.norm(x), 0.0, 0.0),
        (lambda x: x.clamp(-1.0, 1.0), 1.0, 1.0),
        (lambda x: x.clamp(-1.0, 1.0), -1.0, 1.0),
        (lambda x: x.clamp(-1.0, 1.0), 1.5, 0.0),
        (lambda x: x.clamp(-1.0, 1.0), -1.5, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x ** te.tensor([0.0], dtype=te.float64), 0.0, 0.0),
    ],
)
def test_the_slope_chosen_at_a_kink(function: Any, point: float, slope: float) -> None:
    tensor = te.tensor([point], dtype=te.float64, requires_grad=True)
    out = function(tensor)
    out.backward(te.full(out.shape, 3.0, dtype=te.float64))
    assert tensor.grad.item() == 3.0 * slope


def test_equal_extremes_share_the_gradient() -> None:
    x = te.tensor([1.0, 4.0, 4.0], requires_grad=True)
    (3 * x.amax()).backward()
    assert x.grad.tolist() == [0.0, 1.5, 1.5]


def test_a_maximum_along_a_dimension_sends_the_gradient_to_the_first() -> None:
    x = te.tensor([[1.0, 4.0, 4.0]], requires_grad=True)
    (3 * x.max(1).values.sum()).backward()
    assert x.grad.tolist() == [[0.0, 3.0, 0.0]]


def test_a_gradient_that_is_infinite_on_the_side_not_taken_does_no_harm() -> None:
    x = te.tensor([4.0, 0.0], requires_grad=True)
    te.where(x > 0, x, 1.0).log().sum().backward()
    assert x.grad.tolist() == [0.25, 0.0]


@pytest.mark.parametrize(("start", "end"), [(te.float32, te.float64), (te.float64, te.float32)])
def test_the_gradient_of_a_conversion_comes_back_in_the_original_dtype(start: Any, end: Any) -> None:
    x = te.tensor([1.0, 2.0], dtype=start, requires_grad=True)
    y = x.to(end)
    assert y.dtype == end
    y.backward(te.tensor([3.0, -5.0], dtype=end))
    assert x.grad.dtype == start
    assert x.grad.tolist() == [3.0, -5.0]


def test_float32_stays_float32_through_mixed_arithmetic() -> None:
    x = te.tensor([1.0, 2.0], requires_grad=True)
    y = (x * numpy.float64(0.5) + 1 - 2.5) / te.tensor([1, 2])
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (te.float32, te.float32)


POLES: dict[str, Any] = {
    # name: (function, inputs, the gradient of the sum of its results for each input)
    "pow, exponent 0": (lambda x, y: x**y, [[0.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, math.log(2.0)]]),
    "pow, base 0": (lambda x, y: x**y, [[0.0, 0.0], [1.0, 2.0]], [[1.0, 0.0], [0.0, 0.0]]),
    "pow, a pole": (lambda x, y: x**y, [[0.0], [-1.0]], [[-math.inf], [-math.inf]]),
    "prod with a zero": (lambda x: x.prod(), [[2.0, 0.0, 3.0]], [[0.0, 6.0, 0.0]]),
    "logsumexp of nothing": (lambda x: x.logsumexp(0), [[-math.inf, -math.inf]], [[0.0, 0.0]]),
    "logsumexp beside nothing": (lambda x: x.logsumexp(0), [[-math.inf, 5.0]], [[0.0, 1.0]]),
    "euclidean at the origin": (lambda x: x.norm(), [[0.0, 0.0]], [[0.0, 0.0]]),
    "amin of equals": (lambda x: x.amin(), [[1.0, 1.0, 2.0]], [[0.5, 0.5, 0.0]]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", POLES)
def test_the_slope_chosen_where_the_formula_has_none(name: str, device: Any) -> None:
    function, inputs, wanted = POLES[name]
    tensors = [te.tensor(numbers, dtype=te.float64, device=device, requires_grad=True) for numbers in inputs]
    (3 * function(*tensors)).sum().backward()
    for tensor, want in zip(tensors, wanted, strict=True):
        assert tensor.grad.tolist() == pytest.approx([3 * number for number in want])


def test_a_remainder_moves_with_x_and_by_whole_steps_with_y() -> None:
    """The table of cases has no second derivative for it: 5.5 % 2 is 5.5 - 2 · 2, -5.5 % 2 is -5.5 + 3 · 2."""
    assert gradients(te.remainder, 5.5, 2.0) == [3.0, -6.0]
    x, y = te.tensor([[5.5], [-5.5]], requires_grad=True), te.tensor([2.0, 3.0], requires_grad=True)
    te.remainder(x, y).sum().backward()
    assert x.grad.tolist() == [[2.0], [2.0]]
    assert y.grad.tolist() == [-2.0 + 3.0, -1.0 + 2.0]
