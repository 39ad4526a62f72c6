"""Losses of labels against their formulas in NumPy and against PyTorch, the identities between them, bad labels."""

import math

import hypothesis
import numpy
import pytest
from hypothesis import strategies

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

REDUCTIONS = ("none", "mean", "sum")


def log_softmax(x, axis):
    return x - numpy.log(numpy.exp(x).sum(axis=axis, keepdims=True))


def cross_entropy_by_formula(x, y, weight, ignore_index, reduction, smoothing):
    """One case (row of x) at a time: l = -Σ_c w_c t_c log p_c."""
    losses, importance = numpy.zeros(len(y)), numpy.zeros(len(y))
    classes = x.shape[1]
    for n, label in enumerate(y):
        if label == ignore_index:
            continue
        log_p = log_softmax(x[n], 0)
        target = numpy.full(classes, smoothing / classes)
        target[label] += 1.0 - smoothing
        losses[n] = -(weight * target * log_p).sum()
        importance[n] = weight[label]
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / importance.sum()}[reduction]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_is_its_formula(reduction, smoothing, weighted):
    rng = numpy.random.default_rng(0)
    x, y = rng.normal(size=(6, 4)) * 3, numpy.array([0, 3, 1, 2, 2, 0])
    weight = rng.uniform(0.5, 2.0, 4) if weighted else numpy.ones(4)
    settings = {"ignore_index": 2, "reduction": reduction, "label_smoothing": smoothing}
    loss = F.cross_entropy(tensor(x), tensor(y), tensor(weight) if weighted else None, **settings)
    wanted = cross_entropy_by_formula(x, y, weight, 2, reduction, smoothing)
    numpy.testing.assert_allclose(loss.numpy(), wanted, rtol=1e-12)


def test_the_gradient_of_cross_entropy_is_softmax_minus_target():
    rng = numpy.random.default_rng(1)
    x, y = tensor(rng.normal(size=(5, 3)), requires_grad=True), numpy.array([0, 2, 1, 1, 0])
    F.cross_entropy(x, tensor(y)).backward()
    wanted = (numpy.exp(log_softmax(x.detach().numpy(), 1)) - numpy.eye(3)[y]) / 5
    numpy.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-12)


@pytest.mark.parametrize("shapes", [((6, 4), (6,)), ((4,), ()), ((2, 4, 3), (2, 3)), ((2, 4, 3, 2), (2, 3, 2))])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [-100, 1])
def test_cross_entropy_of_indices_equals_pytorchs(shapes, reduction, smoothing, weighted, ignored):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    rng = numpy.random.default_rng(2)
    x, y, weight = rng.normal(size=shapes[0]), rng.integers(0, 4, shapes[1]), rng.uniform(0.5, 2.0, 4)
    y = numpy.where(y == 1, 0, y) if shapes[1] == () else y  # a single ignored case has no mean
    settings = {"ignore_index": ignored, "reduction": reduction, "label_smoothing": smoothing}
    ours, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    loss = F.cross_entropy(ours, tensor(y), tensor(weight) if weighted else None, **settings)
    their_weight = torch.tensor(weight) if weighted else None
    wanted = torch.nn.functional.cross_entropy(theirs, torch.tensor(y), their_weight, **settings)
    numpy.testing.assert_allclose(loss.detach().numpy(), wanted.detach().numpy(), rtol=1e-12, atol=1e-14)
    assert loss.shape == tuple(wanted.shape)
    loss.sum().backward()
    wanted.sum().backward()
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("shape", [(6, 4), (4,), (2, 4, 3)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_of_probabilities_equals_pytorchs(shape, reduction, smoothing, weighted):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    rng = numpy.random.default_rng(3)
    x, t, weight = rng.normal(size=shape), rng.uniform(size=shape), rng.uniform(0.5, 2.0, 4)
    settings = {"reduction": reduction, "label_smoothing": smoothing}
    ours = [tensor(part, requires_grad=True) for part in (x, t)]
    theirs = [torch.tensor(part, requires_grad=True) for part in (x, t)]
    loss = F.cross_entropy(*ours, tensor(weight) if weighted else None, **settings)
    wanted = torch.nn.functional.cross_entropy(*theirs, torch.tensor(weight) if weighted else None, **settings)
    numpy.testing.assert_allclose(loss.detach().numpy(), wanted.detach().numpy(), rtol=1e-12)
    loss.sum().backward()
    wanted.sum().backward()
    for own, other in zip(ours, theirs, strict=True):
        numpy.testing.assert_allclose(own.grad.numpy(), other.grad.numpy(), rtol=1e-11, atol=1e-14)


def test_scores_of_any_size_give_a_finite_loss():
    x = tensor([[1000.0, -1000.0], [-1000.0, 1000.0]], requires_grad=True)
    loss = F.cross_entropy(x, tensor([0, 0]))
    loss.backward()
    assert loss.item() == 1000.0
    assert numpy.isfinite(x.grad.numpy()).all()


def test_what_is_ignored_may_be_anything():
    x = tensor([[0.0, 0.0], [-math.inf, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, tensor([1, -100]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert x.grad.tolist()[1] == [0.0, 0.0]


@pytest.mark.parametrize("weight", [None, [1.0, 2.0]])
def test_where_everything_is_ignored_there_is_no_mean(weight):
    x, y = tensor([[-math.inf, 0.0]]), tensor([-100])
    weight = None if weight is None else tensor(weight)
    assert F.cross_entropy(x, y, weight, reduction="sum").item() == 0.0
    with pytest.warns(RuntimeWarning, match="invalid value"):  # NumPy's, and a good one: 0 / 0
        assert math.isnan(F.cross_entropy(x, y, weight).item())


def test_a_target_that_is_no_tensor_is_refused():
    for loss in (F.cross_entropy, F.nll_loss, F.multi_margin_loss):
        with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as target, got list: wrap it with tensor"):
            loss(tensor([[1.0, 2.0]]), [1])


def test_unsigned_labels_are_labels():
    y = tensor(numpy.array([0, 1], "uint8"))
    assert F.cross_entropy(tensor([[0.0, 0.0], [0.0, 0.0]]), y).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(("label", "shown"), [(3, "3"), (-1, "-1"), (100, "100")])
@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.multi_margin_loss])
def test_a_label_out_of_range_is_named_with_the_range(loss, label, shown):
    with pytest.raises(IndexError, match=f"Target {shown} is out of bounds: wanted class indices from 0 to 2"):
        loss(tensor(numpy.zeros((2, 3))), tensor([0, label]))


def test_labels_counted_from_one_get_a_hint():
    with pytest.raises(IndexError, match="if yours start at 1, subtract 1"):
        F.cross_entropy(tensor(numpy.zeros((3, 3))), tensor([1, 2, 3]))


ZEROS = numpy.zeros((2, 3))
BAD = {
    "reduction": ((ZEROS, [0, 1]), {"reduction": "avg"}, ValueError, "'avg' is not a valid value for reduction"),
    "smoothing": ((ZEROS, [0, 1]), {"label_smoothing": 1.5}, ValueError, "label_smoothing must be between 0.0 and 1.0"),
    "batch": ((ZEROS, [0, 1, 2]), {}, ValueError, r"Expected input batch_size \(2\) to match target batch_size \(3\)"),
    "extra axis": ((ZEROS, [[0], [1]]), {}, ValueError, r"Expected target size \[2\], got \[2, 1\]"),
    "float labels": ((ZEROS, [0.0, 1.0]), {}, ValueError, r"convert them with target.long\(\)"),
    "integer scores": ((ZEROS.astype(int), [0, 1]), {}, TypeError, r"convert with input.float\(\)"),
    "a number": ((numpy.array(1.0), [0]), {}, ValueError, "got a single number"),
    "boolean labels": ((ZEROS, [True, False]), {}, TypeError, "expected class indices of an integer dtype"),
}


@pytest.mark.parametrize(("tensors", "settings", "kind", "words"), BAD.values(), ids=BAD)
def test_cross_entropy_says_what_is_wrong(tensors, settings, kind, words):
    with pytest.raises(kind, match=words):
        F.cross_entropy(*map(tensor, tensors), **settings)


def test_a_weight_is_wanted_for_every_class():
    for loss in (F.cross_entropy, F.nll_loss, lambda x, y, w: F.multi_margin_loss(x, y, weight=w)):
        with pytest.raises(ValueError, match="defined either for all 3 classes or no classes but got weight tensor"):
            loss(tensor(ZEROS), tensor([0, 1]), tensor([1.0, 1.0]))


def test_multi_margin_loss_says_what_is_wrong():
    with pytest.raises(ValueError, match="only p == 1 and p == 2 supported: got 3"):
        F.multi_margin_loss(tensor(ZEROS), tensor([0, 1]), p=3)
    for shape in ((), (2, 3, 1), (2, 0)):
        with pytest.raises(ValueError, match=r"Expected non-empty vector or matrix: wanted an input of shape \(N, C\)"):
            F.multi_margin_loss(tensor(numpy.zeros(shape)), tensor([0, 1]))
    with pytest.raises(ValueError, match=r"Expected input batch_size \(2\) to match target batch_size \(3\)"):
        F.multi_margin_loss(tensor(ZEROS), tensor([0, 1, 2]))
    with pytest.raises(TypeError, match=r"multi_margin_loss: wanted floating-point numbers as input, got int64"):
        F.multi_margin_loss(tensor(ZEROS.astype(int)), tensor([0, 1]))


@pytest.mark.parametrize("loss", [F.nll_loss, F.multi_margin_loss])
def test_other_reductions_than_three_are_refused(loss):
    for reduction in ("avg", None, "batchmean"):
        with pytest.raises(ValueError, match="is not a valid value for reduction: wanted 'none', 'mean' or 'sum'"):
            loss(tensor(ZEROS), tensor([0, 1]), reduction=reduction)


CASES = {"cases": strategies.integers(1, 5), "classes": strategies.integers(1, 4), "seed": strategies.integers(0, 999)}


def drawn(cases, classes, seed):
    rng = numpy.random.default_rng(seed)
    return tensor(rng.normal(size=(cases, classes)) * 3), tensor(rng.integers(0, classes, cases)), rng


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(**CASES, reduction=strategies.sampled_from(REDUCTIONS), ignored=strategies.sampled_from([-100, 0]))
def test_cross_entropy_is_the_nll_loss_of_the_log_softmax(cases, classes, seed, reduction, ignored):
    x, y, rng = drawn(cases, classes, seed)
    hypothesis.assume(reduction != "mean" or not (y == ignored).all().item())
    weight, settings = tensor(rng.uniform(0.5, 2.0, classes)), {"reduction": reduction, "ignore_index": ignored}
    wanted = F.nll_loss(F.log_softmax(x, 1), y, weight, **settings)
    numpy.testing.assert_allclose(F.cross_entropy(x, y, weight, **settings).numpy(), wanted.numpy(), rtol=1e-12)


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(**CASES, smoothing=strategies.floats(0, 1))
def test_label_smoothing_mixes_the_loss_of_the_label_with_the_mean_loss_of_all_labels(cases, classes, seed, smoothing):
    x, y, _ = drawn(cases, classes, seed)
    every = [F.cross_entropy(x, tensor(numpy.full(cases, c)), reduction="none").numpy() for c in range(classes)]
    wanted = (1 - smoothing) * F.cross_entropy(x, y, reduction="none").numpy() + smoothing * numpy.mean(every, axis=0)
    got = F.cross_entropy(x, y, reduction="none", label_smoothing=smoothing).numpy()
    numpy.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12)
    certain = tensor(numpy.eye(classes)[y.numpy()])
    as_probabilities = F.cross_entropy(x, certain, reduction="none", label_smoothing=smoothing).numpy()
    numpy.testing.assert_allclose(as_probabilities, got, rtol=1e-10, atol=1e-12)


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(**CASES, p=strategies.sampled_from([1, 2]), margin=strategies.sampled_from([1.0, 0.0, 2.5]))
def test_multi_margin_loss_is_its_formula(cases, classes, seed, p, margin):
    x, y, rng = drawn(cases, classes, seed)
    weight = rng.uniform(0.5, 2.0, classes)
    wanted = [
        weight[label] / classes * sum(max(0, margin - row[label] + row[c]) ** p for c in range(classes) if c != label)
        for row, label in zip(x.tolist(), y.tolist(), strict=True)
    ]
    for reduction, value in {"none": wanted, "mean": numpy.mean(wanted), "sum": numpy.sum(wanted)}.items():
        got = F.multi_margin_loss(x, y, p, margin, tensor(weight), reduction=reduction)
        numpy.testing.assert_allclose(got.numpy(), value, rtol=1e-12, atol=1e-15)
    one = F.multi_margin_loss(x[0], y[0], p, margin, tensor(weight), reduction="none")
    assert one.shape == ()
    numpy.testing.assert_allclose(one.item(), wanted[0], rtol=1e-12, atol=1e-15)


def test_where_the_margin_is_met_exactly_multi_margin_loss_has_pytorchs_slope():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for p in (1, 2):
        ours = tensor([[1.0, 0.0, 2.0, 1.0]], requires_grad=True)
        theirs = torch.tensor([[1.0, 0.0, 2.0, 1.0]], requires_grad=True)
        F.multi_margin_loss(ours, tensor([0]), p).backward()
        torch.nn.functional.multi_margin_loss(theirs, torch.tensor([0]), p).backward()
        assert ours.grad.tolist() == theirs.grad.tolist()


@pytest.mark.parametrize("loss", [F.cross_entropy, F.multi_margin_loss])
def test_extreme_scores_stay_finite_in_float32(loss):
    x = tensor(numpy.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4]], "float32"), requires_grad=True)
    value = loss(x, tensor([1, 0]))
    value.backward()
    assert numpy.isfinite(value.item())
    assert numpy.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.multi_margin_loss])
def test_no_cases_have_no_losses_and_nothing_to_add_up(loss):
    x, y = tensor(numpy.zeros((0, 3))), tensor(numpy.zeros(0, "int64"))
    assert loss(x, y, reduction="none").shape == (0,)
    assert loss(x, y, reduction="sum").item() == 0.0
