"""Normalization layers: what they start as, running averages, folding, devices, what they refuse."""

from __future__ import annotations

import copy

import numpy
import pytest

from tinygrad_edu import float64, nn, no_grad, tensor, zeros

MAKERS = {
    "BatchNorm1d": (lambda **s: nn.BatchNorm1d(4, **s), (3, 4)),
    "BatchNorm2d": (lambda **s: nn.BatchNorm2d(4, **s), (2, 4, 3, 2)),
    "InstanceNorm1d": (lambda **s: nn.InstanceNorm1d(4, affine=True, **s), (3, 4, 5)),
    "InstanceNorm2d": (lambda **s: nn.InstanceNorm2d(4, affine=True, **s), (2, 4, 3, 2)),
    "GroupNorm": (lambda **s: nn.GroupNorm(2, 4, **s), (2, 4, 3)),
    "LayerNorm": (lambda **s: nn.LayerNorm(4, **s), (3, 4)),
    "RMSNorm": (lambda **s: nn.RMSNorm(4, **s), (3, 4)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_normalization_begins_as_one_and_nothing_else(name, rng):
    make, shape = MAKERS[name]
    layer = make(dtype=float64)
    assert layer.weight.dtype == float64
    assert (layer.weight.numpy() == 1.0).all()
    assert name == "RMSNorm" or (layer.bias.numpy() == 0.0).all()
    x = tensor(rng.normal(size=shape))
    before = layer(x).detach().numpy()
    with no_grad():
        layer.weight.fill_(3.0)
    numpy.testing.assert_allclose(layer(x).detach().numpy(), 3.0 * before, rtol=1e-12)


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_numbers_on_every_device_without_waiting(name, device, rng):
    from tinygrad_edu.backend.strict import counters

    make, shape = MAKERS[name]
    x = rng.normal(size=shape).astype("float32")
    here = make()
    there = copy.deepcopy(here).to(device)
    moved = tensor(x, device=device, requires_grad=True)
    counters.reset()
    y = there(moved)
    y.sum().backward()
    there.eval()(moved)
    assert counters.snapshot().synchronizations == 0
    numpy.testing.assert_allclose(y.detach().cpu().numpy(), here(tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6)
    for (key, own), other in zip(here.state_dict().items(), there.state_dict().values(), strict=True):
        assert other.device == device
        numpy.testing.assert_allclose(other.cpu().numpy(), own.numpy(), rtol=1e-5, atol=1e-6, err_msg=key)


# ------------------------------------------------------------------------------------------------ running averages
def test_running_averages_converge_to_the_mean_and_the_variance_of_the_data(rng):
    deviation = numpy.array([1.0, 4.0])
    layer = nn.BatchNorm1d(2, momentum=0.05).double()
    for _ in range(400):
        layer(tensor(rng.normal([3.0, -2.0], deviation, size=(50, 2))))
    # An average that forgets at the rate 0.05 is as uncertain as one over (2 - 0.05) / 0.05 = 39 batches.
    assert (abs(layer.running_mean.numpy() - [3.0, -2.0]) < 4 * deviation / (39 * 50) ** 0.5).all()
    assert (abs(layer.running_var.numpy() / deviation**2 - 1.0) < 4 * (2 / (39 * 49)) ** 0.5).all()
    assert layer.num_batches_tracked.item() == 400


def test_the_average_of_small_batches_is_unbiased(rng):
    """Of two numbers the biased variance would be half of the true one, on average."""
    layer = nn.BatchNorm1d(1, momentum=None).double()
    for _ in range(3000):
        layer(tensor(rng.normal(size=(2, 1))))
    assert abs(layer.running_var.item() - 1.0) < 0.1


def test_without_a_momentum_every_batch_counts_the_same(rng):
    batches = rng.normal(size=(5, 3, 2))
    layer = nn.BatchNorm1d(2, momentum=None).double()
    for batch in batches:
        layer(tensor(batch))
    numpy.testing.assert_allclose(layer.running_mean.numpy(), batches.mean(axis=(0, 1)), rtol=1e-12)
    wanted = batches.var(axis=1, ddof=1).mean(axis=0)
    numpy.testing.assert_allclose(layer.running_var.numpy(), wanted, rtol=1e-12)


def test_evaluation_uses_the_averages_and_leaves_them_alone(rng):
    layer = nn.BatchNorm1d(2).double()
    layer(tensor(rng.normal(5.0, 2.0, size=(10, 2))))
    state = {name: value.tolist() for name, value in layer.state_dict().items()}
    layer.eval()
    x = rng.normal(size=(3, 2))
    wanted = (x - layer.running_mean.numpy()) / numpy.sqrt(layer.running_var.numpy() + layer.eps)
    numpy.testing.assert_allclose(layer(tensor(x)).detach().numpy(), wanted, rtol=1e-12)
    numpy.testing.assert_allclose(layer(tensor(x[:1])).detach().numpy(), wanted[:1], rtol=1e-12)  # one case is enough
    assert {name: value.tolist() for name, value in layer.state_dict().items()} == state


def test_a_layer_told_to_stop_tracking_trains_on_and_evaluates_by_what_it_knows(rng):
    layer = nn.BatchNorm1d(2).double()
    layer(tensor(rng.normal(size=(4, 2))))
    known = layer.running_mean.tolist()
    layer.track_running_stats = False
    x = rng.normal(5.0, size=(4, 2))
    numpy.testing.assert_allclose(layer(tensor(x)).detach().numpy().mean(axis=0), 0.0, atol=1e-12)
    assert layer.running_mean.tolist() == known
    assert layer.eval()(tensor(x)).detach().numpy().mean() > 1.0


def test_reset_running_stats_forgets():
    for layer in (nn.BatchNorm1d(2), nn.InstanceNorm1d(2, track_running_stats=True)):
        layer(tensor([[[1.0, 2.0], [3.0, 5.0]]]))
        assert layer.running_mean.tolist() != [0.0, 0.0]
        layer.reset_running_stats()
        assert (layer.running_mean.tolist(), layer.running_var.tolist()) == ([0.0, 0.0], [1.0, 1.0])
        assert layer.num_batches_tracked.item() == 0
    nn.BatchNorm1d(2, track_running_stats=False).reset_running_stats()


def test_buffers_are_part_of_the_state_and_only_the_averages_change_their_dtype():
    layer = nn.BatchNorm2d(3)
    assert list(layer.state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    layer.double()
    assert layer.running_var.dtype == float64
    assert layer.num_batches_tracked.dtype == numpy.int64
    assert layer.num_batches_tracked.shape == ()
    assert list(nn.BatchNorm2d(3, affine=False, track_running_stats=False).state_dict()) == []
    assert list(nn.BatchNorm2d(3, bias=False, track_running_stats=False).state_dict()) == ["weight"]


def test_a_training_step_has_the_same_gradients_whether_or_not_averages_are_kept(rng):
    x, g = rng.normal(size=(4, 3)), tensor(rng.normal(size=(4, 3)))
    found = []
    for tracked in (True, False):
        model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.BatchNorm1d(3, track_running_stats=tracked))
        with no_grad():
            model[0].weight.copy_(tensor(numpy.arange(9.0).reshape(3, 3) % 4))
        model.double()(tensor(x)).backward(g)
        found.append(model[0].weight.grad.numpy())
    numpy.testing.assert_array_equal(*found)


# ------------------------------------------------------------------------------------------------------- identities
def test_in_evaluation_a_batch_norm_can_be_folded_into_the_convolution_before_it(rng):
    """s (w ⋆ x + b - m) + β = (s w) ⋆ x + (s (b - m) + β),   s = γ / √(v + eps): one layer fewer, the same numbers."""
    conv, norm = nn.Conv2d(2, 3, 3, padding=1).double(), nn.BatchNorm2d(3).double()
    with no_grad():
        norm.weight.copy_(tensor(rng.normal(size=3)))
        norm.bias.copy_(tensor(rng.normal(size=3)))
        norm(conv(tensor(rng.normal(1.0, 2.0, size=(5, 2, 4, 4)))))
        norm.eval()
        folded = copy.deepcopy(conv)
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        folded.weight.mul_(scale.reshape(3, 1, 1, 1))
        folded.bias.copy_((conv.bias - norm.running_mean) * scale + norm.bias)
        x = tensor(rng.normal(size=(2, 2, 5, 4)))
        numpy.testing.assert_allclose(folded(x).numpy(), norm(conv(x)).numpy(), rtol=1e-11, atol=1e-12)


def test_a_layer_before_a_layer_norm_may_have_any_size(rng):
    x, layer = tensor(rng.normal(size=(5, 3))), nn.Linear(3, 8, bias=False).double()
    norm = nn.LayerNorm(8, eps=1e-13).double()
    before = norm(layer(x)).detach().numpy()
    with no_grad():
        layer.weight.mul_(100.0)
    numpy.testing.assert_allclose(norm(layer(x)).detach().numpy(), before, rtol=1e-9, atol=1e-11)


# ------------------------------------------------------------------------------------------------- what they refuse
BAD = {
    "no features": (lambda: nn.BatchNorm1d(0), ValueError, "num_features must be a positive integer"),
    "half a feature": (lambda: nn.InstanceNorm2d(1.5), TypeError, "wanted num_features to be an integer"),
    "no sizes": (lambda: nn.LayerNorm((2, 0)), ValueError, "normalized_shape must be a positive integer"),
    "a float": (lambda: nn.RMSNorm(2.0), TypeError, "wanted normalized_shape to be an integer"),
    "groups": (lambda: nn.GroupNorm(2, 3), ValueError, r"num_channels \(3\) must be divisible by num_groups \(2\)"),
    "no groups": (lambda: nn.GroupNorm(0, 3), ValueError, "num_groups must be a positive integer"),
    "no batch axis": (lambda: nn.BatchNorm1d(2)(zeros(2)), ValueError, r"expected 2D or 3D input \(got 1D input\)"),
    "an image": (
        lambda: nn.BatchNorm2d(2)(zeros(2, 3, 3)),
        ValueError,
        r"expected 4D input \(got 3D input\): .*\(N, C, H, W\)",
    ),
    "channels": (lambda: nn.BatchNorm1d(2)(zeros(3, 4)), ValueError, "running_mean should contain 4 elements not 2"),
    "one case": (
        lambda: nn.BatchNorm1d(2)(zeros(1, 2)),
        ValueError,
        r"Expected more than 1 value per channel.*\[1, 2\]",
    ),
    "one place": (lambda: nn.InstanceNorm1d(2)(zeros(3, 2, 1)), ValueError, "Expected more than 1 spatial element"),
    "instances": (
        lambda: nn.InstanceNorm1d(2, affine=True)(zeros(1, 3, 4)),
        ValueError,
        r"expected input's size at dim=1 to match num_features \(2\), but got: 3",
    ),
    "an instance": (
        lambda: nn.InstanceNorm2d(2, track_running_stats=True)(zeros(3, 4, 4)),
        ValueError,
        r"expected input's size at dim=0 to match num_features \(2\), but got: 3",
    ),
    "a row": (lambda: nn.InstanceNorm1d(2)(zeros(3)), ValueError, r"expected 2D or 3D input .*\(C, L\) or \(N, C, L\)"),
    "last axes": (lambda: nn.LayerNorm((2, 3))(zeros(3, 2)), ValueError, r"expected input with shape \[\*, 2, 3\]"),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_batch_that_is_refused_leaves_the_averages_as_they_were():
    layer = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        layer(zeros(1, 2))
    assert layer.running_mean.tolist() == [0.0, 0.0]


def test_a_number_of_features_that_nothing_depends_on_is_only_warned_about(rng):
    x = tensor(rng.normal(size=(1, 3, 4)))
    with pytest.warns(UserWarning, match=r"num_features \(2\), but got: 3; it is not used, because affine=False"):
        y = nn.InstanceNorm1d(2)(x)
    numpy.testing.assert_array_equal(y.numpy(), nn.InstanceNorm1d(3)(x).numpy())


@pytest.mark.parametrize("name", MAKERS)
def test_integers_are_refused_with_the_remedy(name):
    make, shape = MAKERS[name]
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        make()(tensor(numpy.ones(shape, "int64")))
