"""Losses of numbers: their formulas, limits and kinks, what weights do, what is refused."""

import math
from statistics import NormalDist

import hypothesis
import numpy
import pytest
from hypothesis import strategies

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

REDUCTIONS = ("none", "mean", "sum")
# loss: (its settings, its formula for one pair of numbers)
FORMULAS = {
    "mse_loss": ({}, lambda x, y: (x - y) ** 2),
    "l1_loss": ({}, lambda x, y: abs(x - y)),
    "huber_loss": (
        {"delta": 0.7},
        lambda x, y: (x - y) ** 2 / 2 if abs(x - y) <= 0.7 else 0.7 * (abs(x - y) - 0.7 / 2),
    ),
    "smooth_l1_loss": (
        {"beta": 0.4},
        lambda x, y: (x - y) ** 2 / 0.8 if abs(x - y) < 0.4 else abs(x - y) - 0.4 / 2,
    ),
    "poisson_nll_loss": ({}, lambda x, y: math.exp(x) - y * x),
    "gaussian_nll_loss": ({"var": 0.3}, lambda x, y: (math.log(0.3) + (x - y) ** 2 / 0.3) / 2),
}
PAIRS = ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss")
SHAPES = strategies.lists(strategies.integers(0, 3), max_size=3).map(tuple)


@pytest.mark.parametrize("name", FORMULAS)
@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(shape=SHAPES, seed=strategies.integers(0, 999))
def test_a_loss_is_its_formula_number_by_number(name, shape, seed):
    settings, formula = FORMULAS[name]
    rng = numpy.random.default_rng(seed)
    x, y = rng.normal(size=shape), rng.normal(size=shape)
    wanted = numpy.array([formula(*pair) for pair in zip(x.flat, y.flat, strict=True)]).reshape(shape)
    assert getattr(F, name)(tensor(x), tensor(y), **settings, reduction="none").shape == shape
    for reduction in REDUCTIONS:
        got = getattr(F, name)(tensor(x), tensor(y), **settings, reduction=reduction).numpy()
        if reduction == "mean" and not x.size:
            assert math.isnan(got)
        else:
            value = wanted if reduction == "none" else wanted.sum() / (x.size if reduction == "mean" else 1)
            numpy.testing.assert_allclose(got, value, rtol=1e-10, atol=1e-12)


def test_mse_loss_is_the_mean_square_of_the_difference():
    x, y = tensor([1.0, 2.0, 4.0], requires_grad=True), tensor([1.0, 0.0, 1.0])
    loss = F.mse_loss(x, y)
    loss.backward()
    assert loss.item() == pytest.approx(13 / 3)
    assert x.grad.tolist() == pytest.approx([0.0, 4 / 3, 2.0])
    assert F.mse_loss(x, y, reduction="sum").item() == 13.0
    assert F.mse_loss(x, y, reduction="none").tolist() == [0.0, 4.0, 9.0]


DIFFERENCES = {"seed": strategies.integers(0, 999), "delta": strategies.floats(0.01, 10)}


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(**DIFFERENCES)
def test_huber_lies_between_its_limits_and_smooth_l1_is_huber_in_other_units(seed, delta):
    rng = numpy.random.default_rng(seed)
    x, y = tensor(rng.normal(size=9) * 5), tensor(rng.normal(size=9) * 5)
    huber = F.huber_loss(x, y, "none", delta).numpy()
    absolute, square = F.l1_loss(x, y, reduction="none").numpy(), F.mse_loss(x, y, reduction="none").numpy()
    far = 2 * absolute.max()
    numpy.testing.assert_allclose(F.huber_loss(x, y, "none", far).numpy(), square / 2, rtol=1e-12)
    numpy.testing.assert_allclose(F.huber_loss(x, y, "none", 1e-9).numpy() / 1e-9, absolute, rtol=1e-5)
    assert (huber <= numpy.minimum(square / 2, delta * absolute) * (1 + 1e-12)).all()
    smooth = F.smooth_l1_loss(x, y, reduction="none", beta=delta).numpy()
    numpy.testing.assert_allclose(smooth, huber / delta, rtol=1e-12)
    numpy.testing.assert_array_equal(F.smooth_l1_loss(x, y, reduction="none", beta=0).numpy(), absolute)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("l1_loss", {}),
        ("huber_loss", {"delta": 2.0}),
        ("smooth_l1_loss", {"beta": 2.0}),
        ("smooth_l1_loss", {"beta": 0}),
    ],
)
def test_at_the_kinks_the_slope_is_pytorchs(name, settings):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    x = numpy.array([0.0, 2.0, -2.0, 5.0])
    ours, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    getattr(F, name)(ours, tensor(numpy.zeros(4)), **settings, reduction="sum").backward()
    getattr(torch.nn.functional, name)(theirs, torch.zeros(4).double(), **settings, reduction="sum").backward()
    numpy.testing.assert_array_equal(ours.grad.numpy(), theirs.grad.numpy())


def test_far_from_the_target_huber_squares_nothing_and_stays_finite():
    x = tensor(numpy.array([1e30, -1e30], "float32"), requires_grad=True)
    loss = F.huber_loss(x, tensor(numpy.zeros(2, "float32")), "none", 2.0)
    loss.sum().backward()
    numpy.testing.assert_allclose(loss.detach().numpy(), 2e30, rtol=1e-6)
    assert x.grad.tolist() == [2.0, -2.0]


@pytest.mark.parametrize("name", PAIRS[:3])
def test_weights_multiply_and_the_mean_divides_by_their_sum_except_hubers(name, rng):
    x, y, w = (rng.uniform(0.5, 2.0, size=(2, 3)) for _ in range(3))
    tensors, function = (tensor(x), tensor(y)), getattr(F, name)
    losses = function(*tensors, reduction="none").numpy() * w
    over = losses.size if name == "huber_loss" else w.sum()
    for reduction, wanted in {"none": losses, "sum": losses.sum(), "mean": losses.sum() / over}.items():
        got = function(*tensors, reduction=reduction, weight=tensor(w)).numpy()
        numpy.testing.assert_allclose(got, wanted, rtol=1e-12)
    with pytest.raises(ValueError, match=r"Weights and input must have the same size: wanted .* \(2, 3\), got \(3,\)"):
        function(*tensors, weight=tensor(w[0]))


# -------------------------------------------------------------------------------------------------------- likelihoods
def test_full_gaussian_nll_loss_is_minus_the_logarithm_of_the_density():
    x, y, var = [0.3, -1.0, 2.0], [0.0, 1.5, 2.0], [0.5, 2.0, 0.1]
    wanted = [-math.log(NormalDist(mean, v**0.5).pdf(value)) for mean, value, v in zip(x, y, var, strict=True)]
    got = F.gaussian_nll_loss(*(tensor(numpy.array(part)) for part in (x, y, var)), full=True, reduction="none")
    numpy.testing.assert_allclose(got.numpy(), wanted, rtol=1e-12)


def test_the_likeliest_variance_is_the_squared_difference_and_the_likeliest_rate_the_count():
    var = tensor(numpy.array([4.0]), requires_grad=True)
    F.gaussian_nll_loss(tensor(numpy.array([3.0])), tensor(numpy.array([1.0])), var).backward()
    assert var.grad.tolist() == [0.0]
    for settings, best in (({}, math.log(5)), ({"log_input": False, "eps": 0.0}, 5.0)):
        x = tensor(numpy.array([best]), requires_grad=True)
        F.poisson_nll_loss(x, tensor([5]), **settings).backward()
        assert x.grad.numpy() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("shape", [(2, 3), (2,), (2, 1), (1, 3)])
def test_a_variance_may_belong_to_a_number_a_row_or_a_column(shape, rng):
    x, y, var = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.uniform(0.5, 2.0, size=shape)
    full = numpy.broadcast_to(var.reshape(2, 1) if shape == (2,) else var, (2, 3))
    got = F.gaussian_nll_loss(tensor(x), tensor(y), tensor(var), reduction="none").numpy()
    numpy.testing.assert_allclose(got, (numpy.log(full) + (x - y) ** 2 / full) / 2, rtol=1e-12)


def test_a_variance_below_eps_counts_as_eps_and_still_gets_pytorchs_gradient():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    values = ([0.0, 1.0, 1.0], [1.0, 1.0, 2.0], [1e-9, 0.0, 1.0])
    ours = [tensor(numpy.array(part), requires_grad=True) for part in values]
    theirs = [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in values]
    loss = F.gaussian_nll_loss(*ours, eps=1e-3, reduction="none")
    wanted = torch.nn.functional.gaussian_nll_loss(*theirs, eps=1e-3, reduction="none")
    numpy.testing.assert_allclose(loss.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)
    loss.sum().backward()
    wanted.sum().backward()
    for own, other in zip(ours, theirs, strict=True):
        numpy.testing.assert_allclose(own.grad.numpy(), other.grad.numpy(), rtol=1e-9)


def test_full_poisson_nll_loss_adds_the_logarithm_of_a_factorial_by_stirling():
    y = numpy.array([0.0, 1.0, 2.0, 7.0, 50.0])
    x, target = tensor(numpy.zeros(5)), tensor(y, requires_grad=True)
    added = F.poisson_nll_loss(x, target, full=True, reduction="none") - F.poisson_nll_loss(x, target, reduction="none")
    exact = [math.lgamma(count + 1) for count in y]
    numpy.testing.assert_allclose(added.detach().numpy(), exact, rtol=0, atol=1 / 23)  # Stirling's error is 1 / 12y
    added.sum().backward()
    assert numpy.isfinite(target.grad.numpy()).all()


# ------------------------------------------------------------------------------------------------------ what is refused
@pytest.mark.parametrize("name", FORMULAS)
def test_shapes_that_only_broadcast_are_warned_of_and_others_refused(name):
    function = lambda *tensors: getattr(F, name)(*tensors, **FORMULAS[name][0], reduction="none")  # noqa: E731 - short
    column, row = tensor(numpy.ones((4, 1))), tensor(numpy.ones(4))
    with pytest.warns(
        UserWarning, match=r"Using a target size \(4,\) that is different to the input size \(4, 1\)"
    ) as seen:
        assert function(column, row).shape == (4, 4)
    assert seen[0].filename == __file__
    with pytest.raises(ValueError, match=rf"{name}: the size of input must match .* got \(4,\) and \(3,\)"):
        function(row, tensor(numpy.ones(3)))


@pytest.mark.parametrize("name", FORMULAS)
def test_integers_other_reductions_and_lists_are_refused(name):
    function, settings, whole, half = getattr(F, name), FORMULAS[name][0], tensor([1]), tensor([0.5])
    with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as input, got int64: convert with"):
        function(whole, half, **settings)
    if name != "poisson_nll_loss":  # whose targets are counts
        with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as target, got int64"):
            function(half, whole, **settings)
    with pytest.raises(TypeError, match=rf"{name}: wanted a tinygrad_edu Tensor as target, got list"):
        function(half, [0.5], **settings)
    for reduction in ("avg", None, "batchmean"):
        with pytest.raises(ValueError, match="is not a valid value for reduction: wanted 'none', 'mean' or 'sum'"):
            function(half, half, **settings, reduction=reduction)


@pytest.mark.parametrize("delta", [0.0, -1.0, math.nan])
def test_huber_wants_a_delta_above_0_and_smooth_l1_a_beta_that_is_not_negative(delta):
    x = tensor([1.0])
    with pytest.raises(ValueError, match="huber_loss does not support non-positive values for delta"):
        F.huber_loss(x, x, delta=delta)
    if delta != 0:
        with pytest.raises(ValueError, match="smooth_l1_loss does not support negative values for beta"):
            F.smooth_l1_loss(x, x, beta=delta)


def test_variances_that_cannot_be_are_refused():
    x = tensor(numpy.ones((2, 3)))
    for var in (tensor(numpy.full((2, 3), -0.5)), -0.5):
        with pytest.raises(ValueError, match=r"var has negative entry/entries: wanted variances ≥ 0, got -0\.5"):
            F.gaussian_nll_loss(x, x, var)
    for shape in ((3,), (3, 2), (1, 1), (1, 2, 3), ()):
        with pytest.raises(ValueError, match=r"var is of incorrect size: wanted the input's shape \(2, 3\)"):
            F.gaussian_nll_loss(x, x, tensor(numpy.ones(shape)))
    with pytest.raises(TypeError, match="wanted floating-point numbers as var, got int64"):
        F.gaussian_nll_loss(x, x, tensor(numpy.ones((2, 3), "int64")))
