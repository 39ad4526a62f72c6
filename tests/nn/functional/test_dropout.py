"""Dropout in its kinds: how much is dropped, what is kept, which draws belong together."""

from __future__ import annotations

import math

import numpy
import pytest

from tinygrad_edu import Generator, manual_seed, tensor, zeros
from tinygrad_edu.nn import functional as F

KINDS = {"dropout": (4, 5, 6, 7), "dropout1d": (4, 5, 6), "dropout2d": (4, 5, 6, 7), "alpha_dropout": (4, 5, 6, 7)}


def test_dropout_drops_the_share_p_and_scales_the_rest():
    x = tensor(numpy.ones(40_000), requires_grad=True)
    y = F.dropout(x, 0.3, generator=Generator().manual_seed(0))
    kept = y.detach().numpy() != 0
    numpy.testing.assert_allclose(y.detach().numpy()[kept], 1.0 / 0.7)
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.3 * 0.7 / 40_000)
    y.sum().backward()
    numpy.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


@pytest.mark.parametrize(("name", "shape"), [("dropout1d", (200, 100, 3)), ("dropout2d", (200, 100, 3, 2))])
def test_channels_are_dropped_as_a_whole_and_each_by_itself(name, shape):
    x = tensor(numpy.ones(shape), requires_grad=True)
    y = getattr(F, name)(x, 0.3, generator=Generator().manual_seed(0))
    channels = y.detach().numpy().reshape(200, 100, -1)
    assert (channels == channels[:, :, :1]).all()
    kept = channels[:, :, 0] != 0
    numpy.testing.assert_allclose(channels[kept], 1.0 / 0.7)
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.3 * 0.7 / 20_000)
    for axis, others in ((0, 200), (1, 100)):  # neither whole cases nor whole columns: their shares are binomial too
        assert abs(kept.mean(axis=axis).std() - math.sqrt(0.3 * 0.7 / others)) < 0.2 * math.sqrt(0.3 * 0.7 / others)
    y.sum().backward()
    numpy.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


def test_a_single_sequence_is_its_channels():
    y = F.dropout1d(tensor(numpy.ones((1000, 3))), 0.5, generator=Generator().manual_seed(0)).numpy()
    assert (y == y[:, :1]).all()
    assert 400 < (y[:, 0] == 0).sum() < 600


def test_three_axes_are_a_batch_of_sequences_to_dropout2d_with_a_warning():
    x = tensor(numpy.ones((50, 4, 3)))
    with pytest.warns(UserWarning, match=r"interpreted as shape \(N, C, L\): use dropout1d"):
        y = F.dropout2d(x, generator=Generator().manual_seed(0))
    numpy.testing.assert_array_equal(y.numpy(), F.dropout1d(x, generator=Generator().manual_seed(0)).numpy())


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_0_and_variance_1(p):
    x = numpy.random.default_rng(0).standard_normal(200_000)
    y = F.alpha_dropout(tensor(x), p, training=True, generator=Generator().manual_seed(1)).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1.0) < 0.03
    _, counts = numpy.unique(y, return_counts=True)
    assert abs(counts.max() / len(x) - p) < 5 * math.sqrt(p * (1 - p) / len(x))  # all that is dropped has one value


def test_alpha_dropout_puts_the_lowest_value_of_selu_in_place_of_what_it_drops():
    p, lowest = 0.3, -1.0507009873554805 * 1.6732632423543772
    x = tensor(numpy.linspace(1.0, 2.0, 1000), requires_grad=True)
    y = F.alpha_dropout(x, p, training=True, generator=Generator().manual_seed(0))
    scale = 1.0 / math.sqrt((1.0 - p) * (1.0 + p * lowest**2))
    out = y.detach().numpy()
    gone = scale * lowest - scale * p * lowest
    dropped = numpy.isclose(out, gone, rtol=1e-9)
    assert 200 < dropped.sum() < 400
    kept = scale * x.detach().numpy() - scale * p * lowest
    numpy.testing.assert_allclose(out[~dropped], kept[~dropped], rtol=1e-9)
    y.sum().backward()
    numpy.testing.assert_allclose(x.grad.numpy(), numpy.where(dropped, 0.0, scale), rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_happens_outside_training_and_nothing_is_left_at_one(name):
    function, x = getattr(F, name), tensor(numpy.ones(KINDS[name]))
    assert function(x, 0.9, training=False) is x
    assert function(x, 0.0, training=True) is x
    assert (function(x, 1.0, training=True).numpy() == 0.0).all()


@pytest.mark.parametrize("name", KINDS)
def test_draws_come_from_the_generator_or_the_default_one_and_are_the_same_everywhere(name, device):
    function, x = getattr(F, name), tensor(numpy.ones(KINDS[name], "float32"), device=device)

    def drawn(x, generator=None):
        return function(x, 0.5, training=True, generator=generator).cpu().numpy()

    first = drawn(x, Generator().manual_seed(5))
    assert first.dtype == numpy.float32
    numpy.testing.assert_array_equal(first, drawn(x.cpu(), Generator().manual_seed(5)))
    assert (first != drawn(x, Generator().manual_seed(6))).any()
    manual_seed(5)
    numpy.testing.assert_array_equal(first, drawn(x))
    assert (first != drawn(x)).any()  # the stream goes on


@pytest.mark.parametrize("name", KINDS)
def test_the_mask_drawn_is_differentiated_to_second_order(name, device, gradcheck, rng):
    function = getattr(F, name)
    x = tensor(rng.normal(size=(2, 3, 2, 1)[: len(KINDS[name])]), device=device, requires_grad=True)
    assert gradcheck(lambda x: function(x, 0.4, training=True, generator=Generator().manual_seed(3)).square(), (x,))


@pytest.mark.parametrize("name", KINDS)
def test_in_place_it_is_the_input_that_is_dropped(name):
    found = []
    for inplace in (True, False):
        x = tensor(numpy.ones(KINDS[name]), requires_grad=True)
        hidden = x * 2.0
        y = getattr(F, name)(hidden, 0.5, True, inplace, generator=Generator().manual_seed(0))
        assert (y is hidden) == inplace
        y.square().sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy()))
    numpy.testing.assert_array_equal(found[0], found[1])


def test_dropping_waits_for_no_device():
    from tinygrad_edu.backend.strict import counters

    x = tensor(numpy.ones((2, 3, 4, 5)), device="strict")
    counters.reset()
    for name in ("dropout", "dropout2d", "alpha_dropout"):
        getattr(F, name)(x, 0.5, training=True)
    assert counters.snapshot().synchronizations == 0


@pytest.mark.parametrize("name", KINDS)
def test_an_empty_batch_stays_empty(name):
    assert getattr(F, name)(zeros(0, *KINDS[name][1:]), 0.5, training=True).shape == (0, *KINDS[name][1:])


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(name, p):
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1, but got"):
        getattr(F, name)(tensor(numpy.ones(KINDS[name])), p)


@pytest.mark.parametrize("name", KINDS)
def test_integers_are_refused_with_the_remedy(name):
    with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as input, got int64: convert with"):
        getattr(F, name)(tensor(numpy.ones(KINDS[name], "int64")))


def test_channels_want_a_shape_that_has_them():
    with pytest.raises(ValueError, match=r"dropout1d: Expected 2D or 3D input, but received a 4D input.*use dropout2d"):
        F.dropout1d(zeros(1, 2, 3, 4))
    with pytest.raises(
        ValueError, match=r"dropout2d: wanted an input of shape \(N, C, H, W\), got \(2, 3\): use dropout"
    ):
        F.dropout2d(zeros(2, 3))
