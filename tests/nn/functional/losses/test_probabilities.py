"""Losses of probabilities: formulas, what stays finite, the identities between them, what is no probability."""

import math

import hypothesis
import numpy
import pytest
from hypothesis import strategies

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

REDUCTIONS = ("none", "mean", "sum")
SHAPES = {
    "shape": strategies.lists(strategies.integers(1, 3), max_size=3).map(tuple),
    "seed": strategies.integers(0, 99),
}
examples = hypothesis.settings(max_examples=25, deadline=None)


def reduced(losses, reduction):
    return {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@examples
@hypothesis.given(**SHAPES)
def test_binary_cross_entropy_is_its_formula(reduction, shape, seed):
    rng = numpy.random.default_rng(seed)
    x, y, w = rng.uniform(0.01, 0.99, shape), rng.uniform(size=shape), rng.uniform(0.5, 2.0, shape[-1:])
    wanted = -w * (y * numpy.log(x) + (1 - y) * numpy.log(1 - x))
    got = F.binary_cross_entropy(tensor(x), tensor(y), tensor(w), reduction=reduction)
    numpy.testing.assert_allclose(got.numpy(), reduced(wanted, reduction), rtol=1e-10)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@examples
@hypothesis.given(**SHAPES)
def test_scores_give_what_their_probabilities_give(reduction, shape, seed):
    rng = numpy.random.default_rng(seed)
    x, y, w = rng.normal(size=shape) * 4, tensor(rng.uniform(size=shape)), tensor(rng.uniform(0.5, 2.0, shape[-1:]))
    scores, again = tensor(x, requires_grad=True), tensor(x, requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(scores, y, w, reduction=reduction)
    wanted = F.binary_cross_entropy(again.sigmoid(), y, w, reduction=reduction)
    numpy.testing.assert_allclose(loss.detach().numpy(), wanted.detach().numpy(), rtol=1e-9)
    loss.sum().backward()
    wanted.sum().backward()
    numpy.testing.assert_allclose(scores.grad.numpy(), again.grad.numpy(), rtol=1e-8, atol=1e-12)


def test_pos_weight_counts_what_is_true_that_many_times(rng):
    x, y = rng.normal(size=(5, 2)), rng.integers(0, 2, (5, 2)).astype(float)
    each = F.binary_cross_entropy_with_logits(tensor(x), tensor(y), reduction="none").numpy()
    got = F.binary_cross_entropy_with_logits(tensor(x), tensor(y), reduction="none", pos_weight=tensor([3.0, 1.0]))
    numpy.testing.assert_allclose(got.numpy(), each * numpy.where(y == 1, [3.0, 1.0], 1.0), rtol=1e-12)


def test_at_certainty_the_loss_is_100_and_the_slope_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    x, y = [0.0, 0.0, 1.0, 1.0, 1e-13, 0.5], [0.0, 1.0, 1.0, 0.0, 1.0, 0.5]
    ours, theirs = tensor(numpy.array(x), requires_grad=True), torch.tensor(x, dtype=torch.float64, requires_grad=True)
    loss = F.binary_cross_entropy(ours, tensor(numpy.array(y)), reduction="none")
    wanted = torch.nn.functional.binary_cross_entropy(theirs, torch.tensor(y).double(), reduction="none")
    numpy.testing.assert_allclose(loss.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)
    assert loss.tolist()[:4] == [0.0, 100.0, 0.0, 100.0]
    loss.sum().backward()
    wanted.sum().backward()
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-8)  # its 1e-12 is in float32


def test_in_float32_and_float16_certainty_is_finite_too():
    for dtype in ("float32", "float16"):
        x = tensor(numpy.array([0.0, 1.0], dtype), requires_grad=True)
        loss = F.binary_cross_entropy(x, tensor(numpy.array([1.0, 0.0], dtype)), reduction="none")
        assert loss.tolist() == [100.0, 100.0]
        assert loss.dtype == dtype


@pytest.mark.parametrize("pos_weight", [None, [2.0]])
def test_extreme_scores_stay_finite_in_float32(pos_weight):
    x = tensor(numpy.array([1e4, 1e4, -1e4, -1e4], "float32"), requires_grad=True)
    y, p = tensor([1.0, 0.0, 1.0, 0.0]), None if pos_weight is None else tensor(pos_weight)
    loss = F.binary_cross_entropy_with_logits(x, y, reduction="none", pos_weight=p)
    loss.sum().backward()
    factor = 1.0 if p is None else 2.0
    assert loss.tolist() == [0.0, 1e4, factor * 1e4, 0.0]
    assert x.grad.tolist() == pytest.approx([0.0, 1.0, -factor, 0.0], abs=1e-30)


def test_small_losses_keep_their_digits():
    loss = F.binary_cross_entropy_with_logits(tensor([-30.0]), tensor([0.0]))
    assert loss.item() == pytest.approx(math.exp(-30), rel=1e-6, abs=0)  # (1 - y) x + softplus(-x) would say 0


def test_multilabel_soft_margin_loss_is_the_mean_over_the_labels(rng):
    x, y, w = tensor(rng.normal(size=(4, 3))), tensor(rng.integers(0, 2, (4, 3)).astype(float)), tensor([1.0, 2.0, 0.5])
    each = F.binary_cross_entropy_with_logits(x, y, w, reduction="none").numpy().mean(axis=1)
    for reduction in REDUCTIONS:
        got = F.multilabel_soft_margin_loss(x, y, w, reduction=reduction).numpy()
        numpy.testing.assert_allclose(got, reduced(each, reduction), rtol=1e-12)


# ---------------------------------------------------------------------------------------------------- divergence
def distributions(seed, rows=3, classes=4):
    rng = numpy.random.default_rng(seed)
    return [F.softmax(tensor(rng.normal(size=(rows, classes)) * 3), 1) for _ in range(2)]


@examples
@hypothesis.given(seed=strategies.integers(0, 999))
def test_the_divergence_is_never_negative_and_0_only_between_equals(seed):
    p, q = distributions(seed)
    each = F.kl_div(q.log(), p, reduction="none").numpy().sum(axis=1)
    wanted = (p.numpy() * numpy.log(p.numpy() / q.numpy())).sum(axis=1)
    numpy.testing.assert_allclose(each, wanted, rtol=1e-9, atol=1e-12)
    assert (each > 0).all()
    numpy.testing.assert_allclose(F.kl_div(p.log(), p, reduction="sum").item(), 0, atol=1e-12)
    numpy.testing.assert_allclose(F.kl_div(q.log(), p, reduction="batchmean").item(), each.mean(), rtol=1e-12)
    as_logarithms = F.kl_div(q.log(), p.log(), reduction="none", log_target=True)
    numpy.testing.assert_allclose(as_logarithms.numpy(), F.kl_div(q.log(), p, reduction="none").numpy(), rtol=1e-9)


@examples
@hypothesis.given(seed=strategies.integers(0, 999))
def test_the_divergence_is_cross_entropy_minus_entropy(seed):
    p, _ = distributions(seed)
    scores = tensor(numpy.random.default_rng(seed + 1).normal(size=p.shape))
    entropy = -(p * p.log()).sum().item()
    got = F.kl_div(F.log_softmax(scores, 1), p, reduction="sum").item()
    numpy.testing.assert_allclose(got, F.cross_entropy(scores, p, reduction="sum").item() - entropy, rtol=1e-9)


@pytest.mark.parametrize("log_target", [False, True])
def test_what_never_happens_adds_nothing_whatever_was_said_of_it(log_target):
    p = numpy.array([0.0, 0.5, 0.5, 0.0])
    x = tensor(numpy.array([-math.inf, math.log(0.25), -1.0, -2.0]), requires_grad=True)
    y = tensor(
        numpy.array([-math.inf, math.log(0.5), math.log(0.5), -math.inf]) if log_target else p, requires_grad=True
    )
    loss = F.kl_div(x, y, reduction="none", log_target=log_target)
    loss.sum().backward()
    numpy.testing.assert_allclose(
        loss.detach().numpy(), [0, 0.5 * math.log(2), 0.5 * (math.log(0.5) + 1), 0], rtol=1e-12
    )
    numpy.testing.assert_allclose(x.grad.numpy(), -p, rtol=1e-12)
    assert numpy.isfinite(y.grad.numpy()).all()


def test_the_mean_of_kl_div_is_warned_of_and_divides_by_everything():
    p, q = distributions(0)
    with pytest.warns(
        UserWarning, match="'mean' divides the total loss by both the batch size and the support size"
    ) as seen:
        loss = F.kl_div(q.log(), p)
    assert seen[0].filename == __file__
    assert loss.item() == pytest.approx(F.kl_div(q.log(), p, reduction="sum").item() / 12)


def test_an_empty_batch_diverges_by_nothing():
    nothing = tensor(numpy.zeros((0, 3)))
    assert F.kl_div(nothing, nothing, reduction="batchmean").item() == 0.0
    assert F.binary_cross_entropy(nothing, nothing, reduction="sum").item() == 0.0


# ------------------------------------------------------------------------------------------------------ what is refused
HALF, THREE = numpy.full((2, 3), 0.5), numpy.full(3, 0.5)
BOTH = (F.binary_cross_entropy, F.binary_cross_entropy_with_logits)
ALL = (*BOTH, F.multilabel_soft_margin_loss, F.kl_div)


@pytest.mark.parametrize("wrong", [1.5, -0.1, math.nan])
def test_what_is_no_probability_is_refused_with_the_loss_for_scores(wrong):
    half, other = tensor([0.5, 0.5]), tensor([0.5, wrong])
    with pytest.raises(
        ValueError, match=r"input should be between 0 and 1 \(.*take binary_cross_entropy_with_logits\), got"
    ):
        F.binary_cross_entropy(other, half)
    with pytest.raises(ValueError, match=r"all elements of target should be between 0 and 1, got"):
        F.binary_cross_entropy(half, other)


def test_kl_div_refuses_negative_targets_other_reductions_and_a_batch_that_is_none():
    x = tensor([-1.0])
    with pytest.raises(ValueError, match=r"kl_div: all elements of target should be probabilities ≥ 0, got -0\.5"):
        F.kl_div(x, tensor([-0.5]), reduction="sum")
    with pytest.raises(ValueError, match=r"'avg' is not a valid value for reduction: wanted 'none', .* or 'batchmean'"):
        F.kl_div(x, x, reduction="avg")
    with pytest.raises(ValueError, match="reduction='batchmean' wants a batch as the first axis, got a single number"):
        F.kl_div(tensor(0.5), tensor(0.5), reduction="batchmean")


def test_kl_div_warns_of_shapes_that_only_broadcast_and_refuses_others():
    x, y = tensor(HALF), tensor(THREE)
    with pytest.warns(UserWarning, match=r"Using a target size \(3,\) that is different to the input size \(2, 3\)"):
        assert F.kl_div(x, y, reduction="none").shape == (2, 3)
    with pytest.raises(ValueError, match="kl_div: the size of input must match the size of target"):
        F.kl_div(x, tensor([0.5, 0.5]), reduction="none")


@pytest.mark.parametrize("loss", BOTH)
def test_binary_losses_want_one_shape_and_weights_that_fit_it(loss):
    x = tensor(HALF)
    with pytest.raises(ValueError, match=r"Target size \(\(3,\)\) must be the same as input size \(\(2, 3\)\)"):
        loss(x, tensor(THREE))
    for shape in ((2,), (4, 2, 3), (1, 2, 3)):
        with pytest.raises(ValueError, match=r"weight should be broadcastable to the shape of input: wanted \(2, 3\)"):
            loss(x, x, tensor(numpy.ones(shape)))
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as weight, got list"):
        loss(x, x, [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="pos_weight should be broadcastable to the shape of input"):
        F.binary_cross_entropy_with_logits(x, x, pos_weight=tensor([1.0, 1.0]))


@pytest.mark.parametrize("loss", ALL)
def test_integers_and_lists_and_other_reductions_are_refused(loss):
    half, whole = tensor([0.5]), tensor([1])
    for pair, name in (((whole, half), "input"), ((half, whole), "target")):
        with pytest.raises(
            TypeError, match=rf"wanted floating-point numbers as {name}, got int64: convert with {name}.float"
        ):
            loss(*pair, reduction="sum")
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as input, got list"):
        loss([0.5], half, reduction="sum")
    with pytest.raises(ValueError, match="'avg' is not a valid value for reduction"):
        loss(half, half, reduction="avg")


def test_multilabel_soft_margin_loss_wants_labels():
    with pytest.raises(ValueError, match=r"wanted an input of shape \(..., C\), got a single number"):
        F.multilabel_soft_margin_loss(tensor(0.5), tensor(1.0))
