"""Activations against their formulas and PyTorch, the linear map, dropout, pad."""

import math

import numpy
import pytest

from tinygrad_edu import Generator, manual_seed, tensor
from tinygrad_edu.nn import functional as F

X = numpy.array([-30.0, -3.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 2.0, 19.0, 25.0])
CASES = {
    "relu": {},
    "leaky_relu": {"negative_slope": 0.3},
    "elu": {"alpha": 1.7},
    "gelu": {},
    "gelu, tanh": {"approximate": "tanh"},
    "silu": {},
    "softplus": {},
    "softplus, scaled": {"beta": 2.5, "threshold": 5.0},
    "sigmoid": {},
    "tanh": {},
    "softmax": {"dim": -1},
    "log_softmax": {"dim": 0},
}
FORMULAS = {
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.3 * x,
    "elu": lambda x: x if x > 0 else 1.7 * math.expm1(x),
    "gelu": lambda x: x * (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0,
    "gelu, tanh": lambda x: x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))) / 2.0,
    "silu": lambda x: x / (1.0 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softplus, scaled": lambda x: x if 2.5 * x > 5.0 else math.log1p(math.exp(2.5 * x)) / 2.5,
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)),
    "tanh": math.tanh,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_its_formula(name):
    function = getattr(F, name.partition(",")[0])
    wanted = [FORMULAS[name](number) for number in X]
    numpy.testing.assert_allclose(function(tensor(X), **CASES[name]).numpy(), wanted, rtol=3e-9, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_an_activation_and_its_slope_equal_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    y = getattr(F, name.partition(",")[0])(ours, **CASES[name])
    wanted = getattr(torch.nn.functional, name.partition(",")[0])(theirs, **CASES[name])
    numpy.testing.assert_allclose(y.detach().numpy(), wanted.detach().numpy(), rtol=1e-10, atol=1e-12)
    g = numpy.linspace(1.0, 2.0, len(X))
    y.backward(tensor(g))
    wanted.backward(torch.tensor(g))
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-10, atol=1e-13)


def test_softmax_adds_up_to_one_and_wants_to_know_along_which_axis():
    y = F.softmax(tensor(numpy.random.default_rng(0).normal(size=(3, 4))), dim=1)
    numpy.testing.assert_allclose(y.numpy().sum(axis=1), 1.0)
    for function in (F.softmax, F.log_softmax):
        with pytest.raises(ValueError, match="wants dim="):
            function(tensor([1.0]))
    assert F.softmax(tensor([1, 2]), dim=0, dtype=numpy.float64).dtype == numpy.float64


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "silu"])
def test_inplace_changes_the_tensor_and_its_gradient_stays_right(name):
    x = tensor([-2.0, 3.0], requires_grad=True)
    hidden = x * 2.0
    y = getattr(F, name)(hidden, inplace=True)
    assert y is hidden
    (y * y).sum().backward()
    again = tensor([-2.0, 3.0], requires_grad=True)
    out = getattr(F, name)(again * 2.0)
    (out * out).sum().backward()
    numpy.testing.assert_array_equal(hidden.detach().numpy(), out.detach().numpy())
    numpy.testing.assert_array_equal(x.grad.numpy(), again.grad.numpy())


def test_inplace_writes_into_memory_without_a_graph_and_refuses_a_leaf_with_one():
    memory = numpy.array([-1.0, 1.0])
    from tinygrad_edu import from_numpy

    F.relu(from_numpy(memory), inplace=True)
    assert memory.tolist() == [0.0, 1.0]
    with pytest.raises(RuntimeError, match="a leaf Tensor that requires grad is being used in an in-place operation"):
        F.relu(tensor([1.0], requires_grad=True), inplace=True)


def test_gelu_refuses_an_unknown_approximation():
    with pytest.raises(ValueError, match="approximate argument must be either none or tanh"):
        F.gelu(tensor([1.0]), approximate="quick")


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "gelu", "silu", "softplus", "dropout"])
def test_activations_refuse_integers_with_the_remedy(name):
    with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as input, got int64: convert with"):
        getattr(F, name)(tensor([1, 2]))


def test_linear_is_affine_in_its_last_axis():
    rng = numpy.random.default_rng(1)
    x, w, b = (tensor(rng.normal(size=shape), requires_grad=True) for shape in ((5, 4, 3), (2, 3), (2,)))
    y = F.linear(x, w, b)
    numpy.testing.assert_allclose(y.detach().numpy(), x.detach().numpy() @ w.detach().numpy().T + b.detach().numpy())
    g = rng.normal(size=y.shape)
    y.backward(tensor(g))
    numpy.testing.assert_allclose(x.grad.numpy(), g @ w.detach().numpy(), rtol=1e-12)
    numpy.testing.assert_allclose(w.grad.numpy(), numpy.einsum("abo,abi->oi", g, x.detach().numpy()), rtol=1e-12)
    numpy.testing.assert_allclose(b.grad.numpy(), g.sum(axis=(0, 1)), rtol=1e-12)
    assert F.linear(tensor([1.0, 2.0]), tensor([[3.0, 4.0]])).tolist() == [11.0]


BAD = {
    "shapes": (((2, 3), (5, 4)), ValueError, r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)"),
    "more axes": (((6, 2, 3), (5, 4)), ValueError, r"cannot be multiplied \(12x3 and 4x5\).*wants an input of shape"),
    "a number": (((), (5, 4)), ValueError, "cannot be multiplied"),
    "weight": (((2, 3), (3,)), ValueError, r"wants a weight of shape \(out, in\)"),
    "bias": (((2, 3), (5, 3), (4,)), ValueError, r"wants a bias of shape \(5,\), got \(4,\)"),
}


@pytest.mark.parametrize(("shapes", "kind", "words"), BAD.values(), ids=BAD)
def test_linear_says_what_is_wrong(shapes, kind, words):
    with pytest.raises(kind, match=words):
        F.linear(*(tensor(numpy.ones(shape)) for shape in shapes))


def test_linear_refuses_what_is_no_tensor_integers_and_mixed_precision():
    w = tensor(numpy.ones((1, 1)))
    with pytest.raises(
        TypeError, match=r"wanted a tinygrad_edu Tensor as input, got numpy.ndarray: wrap it with tensor\(...\)"
    ):
        F.linear(numpy.ones((1, 1)), w)
    with pytest.raises(TypeError, match=r"convert with input.float\(\)"):
        F.linear(tensor([[1]]), w)
    with pytest.raises(TypeError, match=r"same dtype, but got float32 and float64: .*input.to\(float64\)"):
        F.linear(tensor([[1.0]]), w)


def test_dropout_drops_the_share_p_and_scales_the_rest():
    x = tensor(numpy.ones(40_000), requires_grad=True)
    y = F.dropout(x, 0.3, generator=Generator().manual_seed(0))
    kept = y.detach().numpy() != 0
    numpy.testing.assert_allclose(y.detach().numpy()[kept], 1.0 / 0.7)
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.3 * 0.7 / 40_000)
    y.sum().backward()
    numpy.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


def test_dropout_is_the_identity_outside_training_and_zero_at_one():
    x = tensor([1.0, 2.0])
    assert F.dropout(x, 0.9, training=False) is x
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 1.0).tolist() == [0.0, 0.0]


def test_dropout_draws_from_its_generator_or_the_default_one():
    x = tensor(numpy.ones(100))
    first = F.dropout(x, generator=Generator().manual_seed(5)).numpy()
    numpy.testing.assert_array_equal(first, F.dropout(x, generator=Generator().manual_seed(5)).numpy())
    assert (first != F.dropout(x, generator=Generator().manual_seed(6)).numpy()).any()
    manual_seed(7)
    second = F.dropout(x).numpy()
    manual_seed(7)
    numpy.testing.assert_array_equal(second, F.dropout(x).numpy())


def test_dropout_keeps_float32():
    assert F.dropout(tensor([1.0])).dtype == numpy.float32


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_dropout_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1, but got"):
        F.dropout(tensor([1.0]), p)


@pytest.mark.parametrize("pad", [(1, 2), (0, 0, 3, 1), (1, 2, 3, 4, 5, 6), (-1, 2, 1, -2), (0, 0)])
@pytest.mark.parametrize("value", [None, 2.5])
def test_pad_equals_pytorchs(pad, value):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    x = numpy.random.default_rng(2).normal(size=(2, 3, 4))
    ours, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, wanted = F.pad(ours, pad, value=value), torch.nn.functional.pad(theirs, pad, value=value)
    numpy.testing.assert_array_equal(y.detach().numpy(), wanted.detach().numpy())
    (y * y).sum().backward()
    (wanted * wanted).sum().backward()
    numpy.testing.assert_array_equal(ours.grad.numpy(), theirs.grad.numpy())


def test_pad_puts_the_last_axis_first():
    assert F.pad(tensor([[1]]), (1, 0, 0, 2)).tolist() == [[0, 1], [0, 0], [0, 0]]


def test_pad_says_what_is_wrong():
    with pytest.raises(ValueError, match="wanted two numbers for each axis"):
        F.pad(tensor([1.0]), (1,))
    with pytest.raises(ValueError, match=r"wanted two numbers for each axis, for at most 2 axes.*got 6 numbers"):
        F.pad(tensor([[1.0]]), (1, 1, 1, 1, 1, 1))
    with pytest.raises(ValueError, match="wanted mode='constant'"):
        F.pad(tensor([1.0]), (1, 1), mode="reflect")
