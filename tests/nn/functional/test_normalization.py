"""Normalization: against loops in NumPy over shapes nobody thought of, identities, limits, and what it refuses."""

from __future__ import annotations

import math

import numpy
import pytest

from tinygrad_edu import float64, tensor, zeros
from tinygrad_edu.nn import functional as F

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")

settings = hypothesis.settings(max_examples=40, deadline=None, derandomize=True)
KINDS = {  # for images (N, 4, H, W): the function, and the axes of one mean in (N, 2 groups, 2 of a group, H, W)
    "batch_norm": (lambda x, **s: F.batch_norm(x, None, None, training=True, **s), (0, 3, 4)),
    "instance_norm": (F.instance_norm, (3, 4)),
    "group_norm": (lambda x, **s: F.group_norm(x, 2, **s), (2, 3, 4)),
    "layer_norm": (lambda x, **s: F.layer_norm(x, x.shape[1:], **s), (1, 2, 3, 4)),
}


sizes = st.integers(1, 3)
images = st.tuples(sizes, sizes, sizes, st.lists(sizes, max_size=2), st.sampled_from([0.0, 1e-5, 0.5]))


def standardized(numbers, eps):
    """One mean, one variance, in a loop."""
    mean = sum(numbers) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers) / len(numbers)
    return [(number - mean) / math.sqrt(variance + eps) for number in numbers]


@settings
@hypothesis.given(sizes=images)
def test_groups_of_any_shape_are_normalized_one_by_one(sizes):
    cases, groups, each, space, eps = sizes
    hypothesis.assume(each * math.prod(space) > 1)
    rng = numpy.random.default_rng(sum(space))
    x, weight, bias = (
        rng.normal(size=shape) for shape in ((cases, groups * each, *space), groups * each, groups * each)
    )
    wanted = numpy.empty(x.shape)
    for n in range(cases):
        for first in range(0, groups * each, each):
            numbers = standardized(x[n, first : first + each].ravel().tolist(), eps)
            wanted[n, first : first + each] = numpy.reshape(numbers, (each, *space))
    for c in range(groups * each):
        wanted[:, c] = wanted[:, c] * weight[c] + bias[c]
    y = F.group_norm(tensor(x), groups, tensor(weight), tensor(bias), eps)
    numpy.testing.assert_allclose(y.numpy(), wanted, rtol=1e-9, atol=1e-11)


@settings
@hypothesis.given(sizes=images)
def test_channels_of_any_shape_are_normalized_over_the_batch(sizes):
    cases, channels, _, space, eps = sizes
    hypothesis.assume(cases * math.prod(space) > 1)
    rng = numpy.random.default_rng(sum(space))
    x, mean, var = (
        rng.normal(size=(cases, channels, *space)),
        zeros(channels, dtype=float64),
        zeros(channels, dtype=float64),
    )
    wanted = numpy.empty(x.shape)
    for c in range(channels):
        wanted[:, c] = numpy.reshape(standardized(x[:, c].ravel().tolist(), eps + 1e-9), (cases, *space))
    y = F.batch_norm(tensor(x), mean, var, training=True, momentum=1.0, eps=eps + 1e-9)
    numpy.testing.assert_allclose(y.numpy(), wanted, rtol=1e-8, atol=1e-10)
    # With a momentum of 1 the averages are this batch's, so evaluation differs only by its unbiased variance.
    n = cases * math.prod(space)
    again = F.batch_norm(tensor(x), mean, var * ((n - 1) / n), eps=eps + 1e-9)
    numpy.testing.assert_allclose(again.numpy(), y.numpy(), rtol=1e-8, atol=1e-10)


def grouped(x):
    return x.reshape(x.shape[0], 2, 2, *x.shape[2:])


@pytest.mark.parametrize("name", KINDS)
def test_what_comes_out_has_mean_0_and_variance_1_over_its_own_axes_and_no_others(name, rng):
    function, axes = KINDS[name]
    x = rng.normal(3.0, 5.0, size=(3, 4, 5, 2)) * rng.uniform(0.5, 2.0, size=(3, 4, 5, 2))
    y = grouped(function(tensor(x), eps=1e-12).numpy())
    numpy.testing.assert_allclose(y.mean(axis=axes), 0.0, atol=1e-12)
    numpy.testing.assert_allclose(y.var(axis=axes), 1.0, rtol=1e-9)
    for _, other in KINDS.values():
        if not set(other) >= set(axes):  # a mean over more numbers is a mean of these means
            assert abs(y.mean(axis=other)).max() > 0.01


@pytest.mark.parametrize("name", KINDS)
def test_scale_and_origin_of_the_input_do_not_matter(name, rng):
    function, _ = KINDS[name]
    x = rng.normal(size=(2, 4, 3, 2))
    y = function(tensor(x), eps=1e-13).numpy()
    numpy.testing.assert_allclose(function(tensor(7.0 * x - 5.0), eps=1e-13).numpy(), y, rtol=1e-8, atol=1e-10)
    numpy.testing.assert_allclose(function(tensor(-x), eps=1e-13).numpy(), -y, rtol=1e-8, atol=1e-10)


def test_the_size_of_a_weight_before_a_normalization_does_not_matter_and_its_gradient_is_at_right_angles(rng):
    """f(aW) = f(W), so the slope along W is 0, and the gradient at aW is that at W divided by a."""
    x, w, g = (rng.normal(size=shape) for shape in ((8, 3), (4, 3), (8, 4)))
    found = {}
    for scale in (1.0, 10.0):
        weight = tensor(scale * w, requires_grad=True)
        y = F.batch_norm(F.linear(tensor(x), weight), None, None, training=True, eps=1e-13)
        y.backward(tensor(g))
        found[scale] = y.detach().numpy(), weight.grad.numpy()
    numpy.testing.assert_allclose(found[10.0][0], found[1.0][0], rtol=1e-9)
    numpy.testing.assert_allclose(found[10.0][1], found[1.0][1] / 10.0, rtol=1e-8)
    numpy.testing.assert_allclose((found[1.0][1] * w).sum(axis=1), 0.0, atol=1e-10)


def test_one_group_is_a_layer_norm_and_as_many_groups_as_channels_an_instance_norm(rng):
    x = tensor(rng.normal(size=(2, 4, 3, 2)))
    numpy.testing.assert_allclose(F.group_norm(x, 1).numpy(), F.layer_norm(x, (4, 3, 2)).numpy(), rtol=1e-12)
    numpy.testing.assert_allclose(F.group_norm(x, 4).numpy(), F.instance_norm(x).numpy(), rtol=1e-12)
    one = tensor(rng.normal(size=(1, 4, 3, 2)))  # of a single case, the batch is the instance
    numpy.testing.assert_allclose(
        F.batch_norm(one, None, None, training=True).numpy(), F.instance_norm(one).numpy(), rtol=1e-12
    )


def test_cases_do_not_see_each_other_except_in_batch_norm(rng):
    x = rng.normal(size=(3, 4, 3, 2))
    changed = x.copy()
    changed[2] = 9.0 * rng.normal(size=(4, 3, 2))
    for name, (function, _) in KINDS.items():
        alike = numpy.array_equal(function(tensor(x)).numpy()[:2], function(tensor(changed)).numpy()[:2])
        assert alike == (name != "batch_norm"), name


def test_nan_stays_in_the_case_that_it_came_in(rng):
    x = rng.normal(size=(3, 5))
    x[1, 2] = math.nan
    for y in (F.layer_norm(tensor(x), (5,)), F.rms_norm(tensor(x), (5,)), F.normalize(tensor(x))):
        assert numpy.isnan(y.numpy()).all(axis=1).tolist() == [False, True, False]
        assert not numpy.isnan(y.numpy()[[0, 2]]).any()


def test_one_number_in_a_group_is_refused_only_where_there_is_but_one_case():
    """PyTorch's rule: elsewhere every number is its own mean, and the result is 0."""
    assert F.group_norm(tensor([[1.0, 2.0], [3.0, 4.0]]), 2).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(ValueError, match=r"Expected more than 1 value per channel .*use fewer groups"):
        F.group_norm(tensor([[1.0, 2.0]]), 2)


@pytest.mark.parametrize(("bias", "wanted"), [(None, 0.0), (2.5, 2.5)])
def test_what_does_not_vary_becomes_the_bias(bias, wanted):
    x, shift = tensor(numpy.full((2, 4, 3), 7.0)), None if bias is None else tensor(numpy.full(4, bias))
    assert (F.group_norm(x, 2, None, shift).numpy() == wanted).all()
    assert (F.instance_norm(x, bias=shift).numpy() == wanted).all()
    assert (F.batch_norm(x, None, None, bias=shift, training=True).numpy() == wanted).all()
    shift = None if bias is None else tensor(numpy.full(1, bias))
    assert (F.layer_norm(x[..., :1], (1,), None, shift).numpy() == wanted).all()  # one number is its own mean


def test_eps_0_is_allowed_where_nothing_is_constant(rng):
    x = rng.normal(size=(3, 4))
    wanted = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    numpy.testing.assert_allclose(F.layer_norm(tensor(x), (4,), eps=0.0).numpy(), wanted, rtol=1e-12)
    numpy.testing.assert_allclose(F.group_norm(tensor(x), 1, eps=0.0).numpy(), wanted, rtol=1e-12)
    root = numpy.sqrt((x * x).mean(axis=1, keepdims=True))
    numpy.testing.assert_allclose(F.rms_norm(tensor(x), (4,), eps=0.0).numpy(), x / root, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_without_an_eps_rms_norm_adds_the_precision_of_the_dtype(dtype):
    tiny = float(numpy.finfo(dtype).eps)
    y = F.rms_norm(tensor(numpy.full((1, 2), math.sqrt(tiny) / 2.0, dtype)), (2,))
    assert y.dtype == dtype
    numpy.testing.assert_allclose(y.numpy(), 0.5 / math.sqrt(1.25), rtol=2e-3)


def test_an_empty_batch_gives_an_empty_result_and_moves_no_average():
    mean, var = tensor([1.0, 2.0]), tensor([3.0, 4.0])
    weight = tensor([1.0, 1.0], requires_grad=True)
    y = F.batch_norm(zeros(0, 2, 3), mean, var, weight, training=True)
    assert y.shape == (0, 2, 3)
    y.sum().backward()
    assert weight.grad.tolist() == [0.0, 0.0]
    assert F.instance_norm(zeros(0, 2, 3), mean, var).shape == (0, 2, 3)
    assert F.group_norm(zeros(0, 2, 3), 2).shape == (0, 2, 3)
    assert F.layer_norm(zeros(0, 2, 3), (2, 3)).shape == (0, 2, 3)
    assert F.rms_norm(zeros(0, 2, 3), (3,)).shape == (0, 2, 3)
    assert F.normalize(zeros(0, 2)).shape == (0, 2)
    assert (mean.tolist(), var.tolist()) == ([1.0, 2.0], [3.0, 4.0])


# ------------------------------------------------------------------------------------------------ running averages
def test_running_averages_follow_by_hand(rng):
    x = rng.normal(2.0, 3.0, size=(4, 2, 5))
    mean, var = tensor([10.0, 20.0], dtype=float64), tensor([30.0, 40.0], dtype=float64)
    memory = mean.array
    F.batch_norm(tensor(x), mean, var, training=True, momentum=0.2)
    numpy.testing.assert_allclose(mean.numpy(), 0.8 * numpy.array([10, 20]) + 0.2 * x.mean(axis=(0, 2)), rtol=1e-13)
    unbiased = x.var(axis=(0, 2), ddof=1)
    numpy.testing.assert_allclose(var.numpy(), 0.8 * numpy.array([30, 40]) + 0.2 * unbiased, rtol=1e-13)
    assert mean.array is memory  # in place: whoever shares the memory sees it too


def test_running_averages_of_instances_follow_the_mean_over_the_cases(rng):
    x = rng.normal(2.0, 3.0, size=(4, 2, 5))
    mean, var = zeros(2, dtype=float64), zeros(2, dtype=float64)
    F.instance_norm(tensor(x), mean, var, momentum=1.0)
    numpy.testing.assert_allclose(mean.numpy(), x.mean(axis=2).mean(axis=0), rtol=1e-13)
    numpy.testing.assert_allclose(var.numpy(), x.var(axis=2, ddof=1).mean(axis=0), rtol=1e-13)


def test_a_single_running_average_may_be_given():
    x, mean = tensor([[1.0], [3.0]]), zeros(1)
    F.batch_norm(x, mean, None, training=True, momentum=0.5)
    assert mean.tolist() == [1.0]


def test_moving_the_averages_leaves_every_graph_as_it_was(rng, device):
    """Gradients through an evaluation and through a training step, each walked after the averages have moved on."""
    x, g = rng.normal(size=(4, 2)), tensor(rng.normal(size=(4, 2)), device=device)

    def gradients(disturbed):
        mean, var = (tensor(numpy.array(start), device=device) for start in ([0.5, -0.5], [2.0, 3.0]))
        inputs = [tensor(x, device=device, requires_grad=True) for _ in range(2)]
        outs = [F.batch_norm(inputs[0], mean, var), F.batch_norm(inputs[1], mean, var, training=True)]
        assert not mean.requires_grad
        assert not var.requires_grad
        if disturbed:
            F.batch_norm(tensor(x + 100.0, device=device), mean, var, training=True)
        for out in outs:
            out.backward(g)
        return [each.grad.cpu().numpy() for each in inputs]

    for wanted, found in zip(gradients(False), gradients(True), strict=True):
        numpy.testing.assert_array_equal(found, wanted)


# -------------------------------------------------------------------------------------------------------- precision
def reference(x, axes):
    x = x.astype("float64")
    return (x - x.mean(axis=axes, keepdims=True)) / numpy.sqrt(x.var(axis=axes, keepdims=True) + 1e-5)


def test_float32_survives_a_large_mean(rng):
    """Around 10,000 a float32 has steps of 0.001, so the mean is known to half of that; Σx²/n - m² would be noise."""
    x = (rng.normal(size=(64, 512)) + 1e4).astype("float32")
    y = F.layer_norm(tensor(x), (512,))
    assert y.dtype == numpy.float32
    numpy.testing.assert_allclose(y.numpy(), reference(x, 1), atol=2e-3)
    assert abs((x * x).mean(axis=1) - x.mean(axis=1) ** 2 - 1.0).max() > 1.0  # the noise


@pytest.mark.parametrize("center", [0.0, 1e2, 1e4])
def test_float32_is_as_accurate_as_pytorchs(center, rng):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    x = (rng.normal(size=(64, 512)) + center).astype("float32")
    wanted = reference(x, 1)
    ours = abs(F.layer_norm(tensor(x), (512,)).numpy() - wanted).max()
    theirs = abs(torch.nn.functional.layer_norm(torch.tensor(x), (512,)).numpy() - wanted).max()
    assert ours <= 1.5 * theirs


@pytest.mark.parametrize("center", [0.0, 1e2, 1e4])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
def test_float32_loses_no_more_than_the_rounding_of_the_mean(name, center, rng):
    x = (rng.normal(size=(8, 4, 16, 16)) + center).astype("float32")
    function, _ = KINDS[name]
    wanted = reference(x, (0, 2, 3) if name == "batch_norm" else (2, 3))
    numpy.testing.assert_allclose(function(tensor(x)).numpy(), wanted, atol=1e-6 + 4e-7 * center)


# -------------------------------------------------------------------------------------------------------- normalize
@pytest.mark.parametrize("p", [1.0, 2.0, 3.5, math.inf])
def test_normalized_vectors_have_length_1(p, rng):
    y = F.normalize(tensor(rng.normal(size=(3, 4, 2))), p, dim=1).numpy()
    lengths = abs(y).max(axis=1) if p == math.inf else (abs(y) ** p).sum(axis=1) ** (1 / p)
    numpy.testing.assert_allclose(lengths, 1.0, rtol=1e-12)


def test_the_zero_vector_stays_zero_and_has_a_finite_gradient():
    x = tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    y = F.normalize(x)
    numpy.testing.assert_allclose(y.detach().numpy(), [[0.0, 0.0], [0.6, 0.8]], rtol=1e-6)
    y.sum().backward()
    assert numpy.isfinite(x.grad.numpy()).all()


# ------------------------------------------------------------------------------------------------ what it refuses
X = zeros(2, 4, 3)
BAD = {
    "one value per channel": (
        lambda: F.batch_norm(zeros(1, 2), None, None, training=True),
        r"Expected more than 1 value per channel when training, got input size \[1, 2\].*larger batch",
    ),
    "no channels": (
        lambda: F.batch_norm(zeros(3), None, None, training=True),
        r"wanted an input of shape \(N, C, ...\)",
    ),
    "no averages": (lambda: F.batch_norm(X, None, None), "running_mean must be defined in evaluation mode"),
    "one average": (lambda: F.batch_norm(X, zeros(4), None), "running_mean must be defined in evaluation mode"),
    "running_mean": (lambda: F.batch_norm(X, zeros(5), zeros(4)), "running_mean should contain 4 elements not 5"),
    "running_var": (lambda: F.batch_norm(X, zeros(4), zeros(3)), "running_var should contain 4 elements not 3"),
    "weight": (lambda: F.group_norm(X, 2, zeros(3)), "weight should contain 4 elements not 3"),
    "bias": (lambda: F.instance_norm(X, bias=zeros(5)), r"bias should contain 4 elements not 5.*\(2, 4, 3\) has 4"),
    "eps in training": (
        lambda: F.batch_norm(X, None, None, training=True, eps=0.0),
        "eps must be positive during training, but got 0.0",
    ),
    "eps": (lambda: F.batch_norm(X, zeros(4), zeros(4), eps=-1.0), "eps must be non-negative, but got -1.0"),
    "eps of layer_norm": (lambda: F.layer_norm(X, (3,), eps=-1.0), "layer_norm eps must be non-negative"),
    "eps of rms_norm": (lambda: F.rms_norm(X, (3,), eps=-1.0), "rms_norm eps must be non-negative"),
    "no space": (lambda: F.instance_norm(zeros(2, 3)), r"wanted an input of shape \(N, C, L, ...\), got \(2, 3\)"),
    "one place": (
        lambda: F.instance_norm(zeros(2, 3, 1)),
        r"Expected more than 1 spatial element when training, got input size \[2, 3, 1\]",
    ),
    "instances, no averages": (
        lambda: F.instance_norm(X, use_input_stats=False),
        "instance_norm: running_mean must be defined",
    ),
    "groups": (
        lambda: F.group_norm(X, 3),
        r"divisible by num_groups, but got input of shape \[2, 4, 3\] and num_groups=3",
    ),
    "no groups": (lambda: F.group_norm(X, 0), "divisible by num_groups"),
    "no group axis": (
        lambda: F.group_norm(zeros(4), 2),
        "Expected at least 2 dimensions for input tensor but received 1",
    ),
    "normalized_shape": (
        lambda: F.layer_norm(X, (4,)),
        r"Given normalized_shape=\[4\], expected input with shape \[\*, 4\], but got input of size \[2, 4, 3\]",
    ),
    "normalized_shape, longer": (lambda: F.rms_norm(zeros(3), (2, 3)), r"expected input with shape \[\*, 2, 3\]"),
    "no normalized_shape": (lambda: F.layer_norm(X, ()), "Expected normalized_shape to be at least 1-dimensional"),
    "weight of layer_norm": (
        lambda: F.layer_norm(X, (3,), zeros(4)),
        r"Expected weight to be of same shape as normalized_shape, but got weight of shape \[4\]",
    ),
    "bias of layer_norm": (lambda: F.layer_norm(X, (3,), None, zeros(1, 3)), "Expected bias to be of same shape"),
    "weight of rms_norm": (lambda: F.rms_norm(X, (3,), zeros(2)), "rms_norm: Expected weight to be of same shape"),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_normalized_is_an_error_that_says_why(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_integers_and_mixed_precision_are_refused_with_the_remedy():
    whole = tensor(numpy.ones((2, 4, 3), "int64"))
    for name, (function, _) in KINDS.items():
        with pytest.raises(TypeError, match=rf"{name}: wanted floating-point .* convert with input.float\(\)"):
            function(whole)
        if name != "layer_norm":
            with pytest.raises(TypeError, match=rf"{name}: expected input and weight to have the same dtype"):
                function(X, weight=zeros(4, dtype=float64))
    for function in (lambda x: F.rms_norm(x, (3,)), F.normalize):
        with pytest.raises(TypeError, match=r"convert with input.float\(\)"):
            function(whole)
    with pytest.raises(TypeError, match="layer_norm: expected input and weight to have the same dtype"):
        F.layer_norm(X, (3,), zeros(3, dtype=float64))
