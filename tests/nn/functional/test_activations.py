"""Activations against their formulas and PyTorch, also at the kinks and far out; noise that chooses; bad input."""

import math

import numpy
import pytest

from tinygrad_edu import Generator, from_numpy, manual_seed, tensor
from tinygrad_edu.nn import functional as F

X = numpy.array([-30.0, -3.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 2.0, 19.0, 25.0])
CASES = {
    "relu": {},
    "leaky_relu": {"negative_slope": 0.3},
    "elu": {"alpha": 1.7},
    "selu": {},
    "celu": {"alpha": 0.5},  # whose reciprocal is exact, as PyTorch takes it in float32
    "gelu": {},
    "gelu, tanh": {"approximate": "tanh"},
    "silu": {},
    "mish": {},
    "softplus": {},
    "softplus, scaled": {"beta": 2.5, "threshold": 5.0},
    "sigmoid": {},
    "logsigmoid": {},
    "tanh": {},
    "softsign": {},
    "glu": {},
    "softmax": {"dim": -1},
    "softmin": {"dim": 0},
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
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "celu": lambda x: x if x > 0 else 0.5 * math.expm1(x / 0.5),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "logsigmoid": lambda x: -math.log1p(math.exp(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
}
IN_PLACE = ["relu", "leaky_relu", "elu", "selu", "celu", "silu", "mish"]


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
    g = numpy.linspace(1.0, 2.0, y.numel())
    y.backward(tensor(g))
    wanted.backward(torch.tensor(g))
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-10, atol=1e-13)


def test_softmax_adds_up_to_one_and_wants_to_know_along_which_axis():
    y = F.softmax(tensor(numpy.random.default_rng(0).normal(size=(3, 4))), dim=1)
    numpy.testing.assert_allclose(y.numpy().sum(axis=1), 1.0)
    for function in (F.softmax, F.softmin, F.log_softmax):
        with pytest.raises(ValueError, match="wants dim="):
            function(tensor([1.0]))
    assert F.softmax(tensor([1, 2]), dim=0, dtype=numpy.float64).dtype == numpy.float64


@pytest.mark.parametrize("name", IN_PLACE)
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
    F.relu(from_numpy(memory), inplace=True)
    assert memory.tolist() == [0.0, 1.0]
    with pytest.raises(RuntimeError, match="a leaf Tensor that requires grad is being used in an in-place operation"):
        F.relu(tensor([1.0], requires_grad=True), inplace=True)


def test_gelu_refuses_an_unknown_approximation():
    with pytest.raises(ValueError, match="approximate argument must be either none or tanh"):
        F.gelu(tensor([1.0]), approximate="quick")


REFUSING = [*IN_PLACE[1:], "gelu", "softplus", "logsigmoid", "softsign", "glu"]


@pytest.mark.parametrize("name", REFUSING)
def test_activations_refuse_integers_with_the_remedy(name):
    with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as input, got int64: convert with"):
        getattr(F, name)(tensor([1, 2]))


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "selu", "celu", "mish", "softsign"])
def test_at_0_the_slope_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = tensor(0.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    getattr(F, name)(ours).backward()
    getattr(torch.nn.functional, name)(theirs).backward()
    assert ours.grad.item() == pytest.approx(theirs.grad.item(), rel=1e-6)


FAR = {
    "selu": ([-1.7580993408473766, 1050.7009873554805], [0.0, 1.0507009873554805]),
    "celu": ([-1.0, 1000.0], [0.0, 1.0]),
    "mish": ([0.0, 1000.0], [0.0, 1.0]),
    "logsigmoid": ([-1000.0, 0.0], [1.0, 0.0]),
    "softsign": ([-1000 / 1001, 1000 / 1001], [1001**-2, 1001**-2]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FAR)
def test_far_out_nothing_overflows_and_slopes_are_finite(name, dtype):
    x = tensor(numpy.array([-1000.0, 1000.0], dtype), requires_grad=True)
    y = getattr(F, name)(x)
    y.sum().backward()
    values, slopes = FAR[name]
    assert y.dtype == x.grad.dtype == dtype
    assert y.tolist() == pytest.approx(values, rel=1e-6, abs=1e-30)
    assert x.grad.tolist() == pytest.approx(slopes, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", [*FAR, "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid"])
def test_not_a_number_stays_that(name):
    assert math.isnan(getattr(F, name)(tensor(math.nan)).item())


def test_selu_keeps_mean_0_and_variance_1(rng):
    y = F.selu(tensor(rng.standard_normal(100_000))).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.02


def test_celu_refuses_an_alpha_that_is_not_positive():
    for alpha in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="alpha cannot be 0 for CELU: wanted alpha > 0, got"):
            F.celu(tensor([1.0]), alpha)


# ------------------------------------------------------------------------------------------------------------- prelu
@pytest.mark.parametrize(
    ("shape", "slopes"), [((3, 2), 2), ((2, 3, 2), 3), ((2, 2, 1, 3), 2), ((4,), 1), ((), 1), ((2, 3), 1)]
)
def test_prelu_has_one_slope_for_each_channel(shape, slopes, rng):
    x, w = rng.normal(size=shape), rng.normal(size=slopes)
    each = w.reshape([slopes if axis == 1 else 1 for axis in range(len(shape))]) if slopes > 1 else w[0]
    got = F.prelu(tensor(x), tensor(w))
    assert got.shape == shape
    numpy.testing.assert_allclose(got.numpy(), numpy.where(x > 0, x, each * x))
    numpy.testing.assert_allclose(F.prelu(tensor(x), tensor(0.1)).numpy(), numpy.where(x > 0, x, x * 0.1), rtol=1e-6)


def test_at_0_prelu_has_the_slope_it_learns():
    x, w = tensor([0.0, -2.0], requires_grad=True), tensor([0.3], requires_grad=True)
    F.prelu(x, w).sum().backward()
    assert x.grad.tolist() == pytest.approx([0.3, 0.3])
    assert w.grad.tolist() == [-2.0]


def test_prelu_wants_as_many_slopes_as_channels():
    for shape, channels in (((2, 3), 3), ((2,), 1), ((), 1)):
        words = f"Found parameter numbers = 2 and channel size = {channels}"
        with pytest.raises(ValueError, match=words):
            F.prelu(tensor(numpy.ones(shape)), tensor([0.1, 0.2]))
    with pytest.raises(ValueError, match=r"Expected `weight` to be a scalar or 1D tensor, but got shape \(1, 1\)"):
        F.prelu(tensor([1.0]), tensor([[0.1]]))
    with pytest.raises(TypeError, match="prelu: wanted floating-point numbers as input, got int64"):
        F.prelu(tensor([1]), tensor([0.1]))


# --------------------------------------------------------------------------------------------------------------- glu
@pytest.mark.parametrize("dim", [-1, 0, 1, -2])
def test_glu_gates_the_first_half_by_the_second(dim, rng):
    x = rng.normal(size=(4, 6, 2))
    a, b = numpy.split(x, 2, axis=dim)
    numpy.testing.assert_allclose(F.glu(tensor(x), dim).numpy(), a / (1 + numpy.exp(-b)))


def test_glu_wants_two_halves():
    with pytest.raises(ValueError, match="Halving dimension must be even, but dimension 1 is size 3"):
        F.glu(tensor(numpy.ones((2, 3))), 1)
    with pytest.raises(ValueError, match="glu does not support scalars"):
        F.glu(tensor(1.0))
    with pytest.raises(IndexError, match="Dimension out of range"):
        F.glu(tensor([1.0, 2.0]), 1)


# ------------------------------------------------------------------------------------------------------ gumbel_softmax
def test_gumbel_softmax_chooses_a_class_as_often_as_softmax_says():
    scores, draws = numpy.array([1.0, 0.0, -1.0]), 20_000
    x = tensor(numpy.tile(scores, (draws, 1)))
    chosen = F.gumbel_softmax(x, tau=0.7, hard=True, generator=Generator().manual_seed(0)).numpy()
    assert set(chosen.ravel().tolist()) == {0.0, 1.0}
    numpy.testing.assert_array_equal(chosen.sum(axis=1), 1.0)
    p = numpy.exp(scores) / numpy.exp(scores).sum()
    assert (abs(chosen.mean(axis=0) - p) < 5 * numpy.sqrt(p * (1 - p) / draws)).all()
    soft = F.gumbel_softmax(x, tau=0.7, generator=Generator().manual_seed(0)).numpy()
    numpy.testing.assert_allclose(soft.sum(axis=1), 1.0)
    numpy.testing.assert_array_equal(soft.argmax(axis=1), chosen.argmax(axis=1))
    cold = F.gumbel_softmax(x, tau=0.01, generator=Generator().manual_seed(0)).numpy()
    assert abs(cold - chosen).max(axis=1).mean() < 0.02


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_a_hard_choice_has_the_gradient_of_the_soft_one(dim, rng, device):
    scores, g, found = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 4)), []
    for hard in (False, True):
        x = tensor(scores, requires_grad=True, device=device)
        y = F.gumbel_softmax(x, hard=hard, dim=dim, generator=Generator().manual_seed(1))
        numpy.testing.assert_allclose(y.detach().cpu().numpy().sum(axis=dim), 1.0)
        y.backward(tensor(g, device=device))
        found.append(x.grad.cpu().numpy())
    numpy.testing.assert_array_equal(*found)
    assert abs(found[0]).max() > 0.01


def test_gumbel_softmax_draws_from_the_default_generator_and_wants_a_temperature():
    x = tensor(numpy.zeros((2, 3), "float32"))
    manual_seed(4)
    first = F.gumbel_softmax(x)
    manual_seed(4)
    assert first.tolist() == F.gumbel_softmax(x).tolist() != F.gumbel_softmax(x).tolist()
    assert first.dtype == numpy.float32
    for tau in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="gumbel_softmax wants a temperature tau > 0, got"):
            F.gumbel_softmax(x, tau)
    with pytest.raises(TypeError, match="gumbel_softmax: wanted floating-point numbers as logits, got int64"):
        F.gumbel_softmax(tensor([1, 2]))
