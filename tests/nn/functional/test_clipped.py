"""Activations of straight pieces: formulas, the slope where two pieces meet, what is refused."""

import math

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

X = numpy.array([-math.inf, -1e4, -7.0, -3.5, -1.0, -0.4, 0.0, 0.3, 0.9, 2.5, 5.0, 8.0, 1e4, math.inf])
KINKS = numpy.array([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0])
# function: (settings, formula, where its pieces meet)
CASES = {
    "relu6": ({}, lambda x: min(max(x, 0), 6)),
    "hardtanh": ({}, lambda x: min(max(x, -1), 1)),
    "hardtanh, bounds": ({"min_val": -3.0, "max_val": 0.5}, lambda x: min(max(x, -3), 0.5)),
    "hardsigmoid": ({}, lambda x: min(max(x + 3, 0), 6) / 6),
    "hardswish": ({}, lambda x: x * min(max(x + 3, 0), 6) / 6),
    "threshold": ({"threshold": 0.5, "value": 20.0}, lambda x: x if x > 0.5 else 20.0),
    "hardshrink": ({}, lambda x: x if abs(x) > 0.5 else 0.0),
    "hardshrink, 0": ({"lambd": 0.0}, lambda x: x),
    "softshrink": ({}, lambda x: math.copysign(max(abs(x) - 0.5, 0), x)),
    "softshrink, 0": ({"lambd": 0.0}, lambda x: x),
    "tanhshrink": ({}, lambda x: x - math.tanh(x)),
}


def function(name):
    return getattr(F, name.partition(",")[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_it_is_its_formula_and_its_slopes_are_finite(name, dtype):
    settings, formula = CASES[name]
    finite = numpy.isfinite(X) if name == "hardswish" else numpy.full(X.shape, True)  # -∞ · 0 is not a number
    x = tensor(X[finite].astype(dtype), requires_grad=True)
    y = function(name)(x, **settings)
    y.backward(tensor(numpy.ones_like(y.detach().numpy())))
    assert y.dtype == dtype
    numpy.testing.assert_allclose(y.detach().numpy(), [formula(number) for number in x.tolist()], rtol=1e-6, atol=1e-6)
    assert numpy.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("name", CASES)
def test_where_two_pieces_meet_the_slope_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = tensor(KINKS, requires_grad=True), torch.tensor(KINKS, requires_grad=True)
    function(name)(ours, **CASES[name][0]).sum().backward()
    getattr(torch.nn.functional, name.partition(",")[0])(theirs, **CASES[name][0]).sum().backward()
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_not_a_number_stays_that_nothing_stays_nothing_and_integers_are_refused(name):
    assert math.isnan(function(name)(tensor(math.nan), **CASES[name][0]).item())
    assert function(name)(tensor(numpy.zeros((0, 2))), **CASES[name][0]).shape == (0, 2)
    with pytest.raises(TypeError, match="wanted floating-point numbers as input, got int64: convert with"):
        function(name)(tensor([1]), **CASES[name][0])


@pytest.mark.parametrize("name", ["relu6", "hardtanh", "hardsigmoid", "hardswish", "threshold"])
def test_inplace_changes_the_tensor_and_its_gradient_stays_right(name):
    x, again = (tensor([-2.0, 0.7, 9.0], requires_grad=True) for _ in range(2))
    hidden = x * 2.0
    y = function(name)(hidden, **CASES[name][0], inplace=True)
    assert y is hidden
    (y * y).sum().backward()
    out = function(name)(again * 2.0, **CASES[name][0])
    (out * out).sum().backward()
    assert y.tolist() == out.tolist()
    assert x.grad.tolist() == again.grad.tolist()


def test_bounds_in_the_wrong_order_and_a_negative_lambd_are_refused():
    x = tensor([1.0])
    with pytest.raises(ValueError, match="min_val cannot be greater than max_val: got min_val=2, max_val=1"):
        F.hardtanh(x, 2, 1)
    assert F.hardtanh(x, 0.5, 0.5).tolist() == [0.5]
    for shrink in (F.hardshrink, F.softshrink):
        for lambd in (-0.1, math.nan):
            with pytest.raises(ValueError, match="lambda must be greater or equal to 0, but found to be"):
                shrink(x, lambd)
