"""Losses of places and orders: formulas, symmetries, kinks, targets that are not 1 or -1."""

import math

import hypothesis
import numpy
import pytest
from hypothesis import strategies

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

REDUCTIONS = ("none", "mean", "sum")
DRAWS = {"rows": strategies.integers(1, 4), "size": strategies.integers(1, 4), "seed": strategies.integers(0, 999)}
examples = hypothesis.settings(max_examples=25, deadline=None)


def vectors(rng, count, *shape):
    return [rng.normal(size=shape) for _ in range(count)]


def check_every_reduction(function, wanted):
    for reduction in REDUCTIONS:
        value = {"none": wanted, "mean": numpy.mean(wanted), "sum": numpy.sum(wanted)}[reduction]
        numpy.testing.assert_allclose(function(reduction).numpy(), value, rtol=1e-9, atol=1e-12)


@examples
@hypothesis.given(**DRAWS, margin=strategies.sampled_from([0, 0.5, -0.5]), kind=strategies.sampled_from([int, float]))
def test_cosine_embedding_loss_is_its_formula(rows, size, seed, margin, kind):
    rng = numpy.random.default_rng(seed)
    (x1, x2), y = vectors(rng, 2, rows, size), rng.choice([-1, 1], rows).astype(kind)
    cosine = (x1 * x2).sum(1) / (numpy.linalg.norm(x1, axis=1) * numpy.linalg.norm(x2, axis=1))
    wanted = numpy.where(y == 1, 1 - cosine, numpy.maximum(0, cosine - margin))
    tensors = (tensor(x1), tensor(x2), tensor(y))
    numpy.testing.assert_allclose(
        F.cosine_embedding_loss(*tensors, margin, reduction="none").numpy(), wanted, rtol=1e-6, atol=1e-7
    )
    stretched = F.cosine_embedding_loss(tensor(x1 * 7), tensor(x2 / 3), tensor(y), margin, reduction="sum").item()
    assert stretched == pytest.approx(F.cosine_embedding_loss(*tensors, margin, reduction="sum").item(), abs=1e-6)
    one = F.cosine_embedding_loss(tensor(x1[0]), tensor(x2[0]), tensor(y[0]), margin, reduction="none")
    assert one.shape == ()
    assert one.item() == pytest.approx(wanted[0], abs=1e-6)


@examples
@hypothesis.given(**DRAWS, margin=strategies.sampled_from([1.0, 0.3]))
def test_elementwise_losses_are_their_formulas(rows, size, seed, margin):
    rng = numpy.random.default_rng(seed)
    (x1, x2), y = vectors(rng, 2, rows, size), rng.choice([-1, 1], (rows, size))
    a, b, labels = tensor(x1), tensor(x2), tensor(y)
    hinge = numpy.where(y == 1, x1, numpy.maximum(0, margin - x1))
    check_every_reduction(lambda r: F.hinge_embedding_loss(a, labels, margin, reduction=r), hinge)
    ranking = numpy.maximum(0, margin - y * (x1 - x2))
    check_every_reduction(lambda r: F.margin_ranking_loss(a, b, labels, margin, reduction=r), ranking)
    check_every_reduction(lambda r: F.margin_ranking_loss(b, a, -labels, margin, reduction=r), ranking)
    check_every_reduction(lambda r: F.soft_margin_loss(a, labels, reduction=r), numpy.log1p(numpy.exp(-y * x1)))
    truth = tensor((y + 1) / 2)
    check_every_reduction(
        lambda r: F.soft_margin_loss(a, labels, reduction=r),
        F.binary_cross_entropy_with_logits(a, truth, reduction="none").numpy(),
    )


@examples
@hypothesis.given(**DRAWS, p=strategies.sampled_from([1, 2, 3.0, math.inf]), swap=strategies.booleans())
def test_triplet_margin_loss_is_its_formula_and_with_swap_anchor_and_positive_are_alike(rows, size, seed, p, swap):
    rng = numpy.random.default_rng(seed)
    a, b, c = vectors(rng, 3, rows, size)

    def distance(x, y):
        return numpy.linalg.norm(x - y, p, axis=1)

    far = numpy.minimum(distance(a, c), distance(b, c)) if swap else distance(a, c)
    wanted = numpy.maximum(0, 0.8 + distance(a, b) - far)
    anchor, positive, negative = map(tensor, (a, b, c))
    settings = {"margin": 0.8, "p": p, "eps": 0.0, "swap": swap}
    check_every_reduction(lambda r: F.triplet_margin_loss(anchor, positive, negative, **settings, reduction=r), wanted)
    if swap:
        check_every_reduction(
            lambda r: F.triplet_margin_loss(positive, anchor, negative, **settings, reduction=r), wanted
        )
    check_every_reduction(
        lambda r: F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=lambda x, y: F.pairwise_distance(x, y, p, 0.0),
            margin=0.8,
            swap=swap,
            reduction=r,
        ),
        wanted,
    )


def test_the_distance_of_ones_own_is_pairwise_distance_unless_given(rng):
    triplet = [tensor(part) for part in vectors(rng, 3, 2, 3)]
    assert F.triplet_margin_with_distance_loss(*triplet).item() == F.triplet_margin_loss(*triplet).item()


def kinks(F, tensor):
    """Losses whose hinge is met exactly, as functions of the tensors that follow."""
    one, row = [[1.0, 0.0]], [1.0, 2.0]
    return {
        "hinge": (lambda x: F.hinge_embedding_loss(x, tensor([-1, 1]), 1.0), [row]),
        "ranking": (lambda x, y: F.margin_ranking_loss(x, y, tensor([1, -1]), 1.0), [row, [0.0, 3.0]]),
        "equal ranks": (lambda x, y: F.margin_ranking_loss(x, y, tensor([1, -1])), [row, row]),
        "cosine": (lambda x, y: F.cosine_embedding_loss(x, y, tensor([-1])), [one, [[0.0, 1.0]]]),
        "triplet": (lambda a, p, n: F.triplet_margin_loss(a, p, n, eps=0.0), [[[0.0, 0.0]], one, [[0.0, 2.0]]]),
        "swap": (
            lambda a, p, n: F.triplet_margin_loss(a, p, n, swap=True, eps=0.0),
            [[[0.0, 0.0]], [[2.0, 0.0]], [[1.0, 1.0]]],
        ),
    }


@pytest.mark.parametrize("name", kinks(F, tensor))
def test_at_the_kinks_the_slope_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    found = []
    for functions, make in ((F, tensor), (torch.nn.functional, torch.tensor)):
        loss, values = kinks(functions, make)[name]
        inputs = [make(numpy.array(value), requires_grad=True) for value in values]
        loss(*inputs).backward()
        found.append([x.grad.numpy() for x in inputs])
    for own, other in zip(*found, strict=True):
        numpy.testing.assert_allclose(own, other, rtol=1e-9, atol=1e-9)


def test_the_zero_vector_has_a_cosine_of_0_and_a_finite_gradient():
    x = tensor(numpy.zeros((2, 3)), requires_grad=True)
    loss = F.cosine_embedding_loss(x, tensor(numpy.ones((2, 3))), tensor([1, -1]), reduction="none")
    loss.sum().backward()
    assert loss.tolist() == [1.0, 0.0]
    assert numpy.isfinite(x.grad.numpy()).all()


def test_extreme_scores_stay_finite_in_float32():
    x = tensor(numpy.array([1e4, 1e4, -1e4, -1e4], "float32"), requires_grad=True)
    loss = F.soft_margin_loss(x, tensor([1, -1, 1, -1]), reduction="none")
    loss.sum().backward()
    assert loss.tolist() == [0.0, 1e4, 1e4, 0.0]
    assert x.grad.tolist() == pytest.approx([0.0, 1.0, -1.0, 0.0], abs=1e-30)
    assert loss.dtype == numpy.float32


# ------------------------------------------------------------------------------------------------------ what is refused
X = tensor(numpy.ones((2, 3)))
TARGETED = {
    "cosine_embedding_loss": lambda y, **s: F.cosine_embedding_loss(X, X, y, **s),
    "hinge_embedding_loss": lambda y, **s: F.hinge_embedding_loss(X[:, 0], y, **s),
    "margin_ranking_loss": lambda y, **s: F.margin_ranking_loss(X[:, 0], X[:, 0], y, **s),
    "soft_margin_loss": lambda y, **s: F.soft_margin_loss(X[:, 0], y, **s),
}


@pytest.mark.parametrize("name", TARGETED)
def test_targets_that_are_not_1_or_minus_1_are_refused_with_the_remedy(name):
    loss = TARGETED[name]
    for y in ([0, 1], [1.0, 0.5], [1.0, math.nan]):
        with pytest.raises(
            ValueError, match=rf"{name}: all elements of target should be 1 or -1 \(.* 2 \* target - 1\), got"
        ):
            loss(tensor(y))
    with pytest.raises(TypeError, match=r"wanted numbers, 1 or -1, as target, got bool: use 2 \* target.long\(\) - 1"):
        loss(tensor([True, False]))
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as target, got list"):
        loss([1, -1])
    with pytest.raises(ValueError, match="'avg' is not a valid value for reduction"):
        loss(tensor([1, -1]), reduction="avg")


SIGNS, INTEGERS = tensor([1, -1]), tensor([1, 2])
CUBE = tensor(numpy.ones((2, 3, 1)))
BAD = {
    "cosine, rows": (
        lambda: F.cosine_embedding_loss(X, X[:, :2], SIGNS),
        ValueError,
        "must be the same as input1 size",
    ),
    "cosine, target": (
        lambda: F.cosine_embedding_loss(X, X, tensor([1])),
        ValueError,
        "0D or 1D target tensor expected",
    ),
    "cosine, cube": (lambda: F.cosine_embedding_loss(CUBE, CUBE, SIGNS), ValueError, r"wanted inputs \(N, D\)"),
    "cosine, integers": (
        lambda: F.cosine_embedding_loss(INTEGERS, INTEGERS, tensor(1)),
        TypeError,
        "wanted floating-point numbers as input1, got int64",
    ),
    "hinge": (
        lambda: F.hinge_embedding_loss(X, SIGNS),
        ValueError,
        "hinge_embedding_loss: the size of input must match",
    ),
    "hinge, integers": (lambda: F.hinge_embedding_loss(INTEGERS, SIGNS), TypeError, "as input, got int64"),
    "soft": (lambda: F.soft_margin_loss(X, SIGNS), ValueError, "soft_margin_loss: the size of input must match"),
    "ranking, axes": (
        lambda: F.margin_ranking_loss(X, X, SIGNS),
        ValueError,
        "should have same dimension but got sizes",
    ),
    "ranking, sizes": (
        lambda: F.margin_ranking_loss(X, X[:, :2], tensor([[1]])),
        ValueError,
        "size of input1 must match",
    ),
    "ranking, target": (
        lambda: F.margin_ranking_loss(SIGNS * 1.0, SIGNS * 1.0, tensor([1, 1, 1])),
        ValueError,
        "target",
    ),
    "triplet, margin": (
        lambda: F.triplet_margin_loss(X, X, X, 0.0),
        ValueError,
        "margin must be greater than 0, got 0.0",
    ),
    "triplet, axes": (lambda: F.triplet_margin_loss(X, X, X[0]), ValueError, "anchor 2D, positive 2D, and negative 1D"),
    "triplet, sizes": (lambda: F.triplet_margin_loss(X, X, X[:, :2]), ValueError, "wanted shapes that broadcast"),
    "triplet, integers": (lambda: F.triplet_margin_loss(X, SIGNS, X), TypeError, "as positive, got int64"),
    "triplet, reduction": (lambda: F.triplet_margin_loss(X, X, X, reduction="avg"), ValueError, "not a valid value"),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_an_error_that_says_why(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.parametrize("name", ["hinge_embedding_loss", "soft_margin_loss"])
def test_shapes_that_only_broadcast_are_warned_of(name):
    with pytest.warns(UserWarning, match=r"Using a target size \(2,\) that is different to the input size \(2, 1\)"):
        assert getattr(F, name)(X[:, :1], SIGNS, reduction="none").shape == (2, 2)


def test_ranking_warns_of_targets_that_only_broadcast():
    with pytest.warns(UserWarning, match=r"Using a target size \(2, 1\) that is different to the input1 size \(2, 3\)"):
        F.margin_ranking_loss(X, X, SIGNS.reshape(2, 1))
