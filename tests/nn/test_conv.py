"""Convolution layers: how they start, what lies outside the image, the size of a transposed result, refusals."""

import numpy
import pytest

from tinygrad_edu import Generator, manual_seed, nn, optim, tensor
from tinygrad_edu.nn import functional as F


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda g: nn.Conv1d(8, 400, 3, groups=2, generator=g), 12),
        (lambda g: nn.ConvTranspose1d(300, 20, 3, groups=2, generator=g), 30),
        (lambda g: nn.ConvTranspose2d(200, 10, (3, 2), generator=g), 60),
    ],
)
def test_weights_start_uniform_within_one_over_the_root_of_fan_in(make, inputs):
    """fan_in is what PyTorch calls so: the second axis of the weight times its kernel."""
    layer = make(Generator().manual_seed(0))
    weight, bias = (parameter.detach().numpy() * inputs**0.5 for parameter in (layer.weight, layer.bias))
    assert weight.dtype == bias.dtype == numpy.float32
    assert 0.99 < abs(weight).max() <= 1.0
    assert abs(weight.mean()) < 0.05
    assert abs(weight.var() - 1 / 3) < 0.02
    assert 0.3 < abs(bias).max() <= 1.0


@pytest.mark.parametrize("make", [nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d])
def test_the_same_generator_draws_the_same_layer(make):
    first, second, other = (make(2, 2, 3, generator=Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.weight.tolist() == second.weight.tolist() != other.weight.tolist()
    assert first.bias.tolist() == second.bias.tolist() != other.bias.tolist()


@pytest.mark.parametrize("make", [nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d])
def test_a_layer_can_be_made_in_another_dtype_and_place(make):
    layer = make(2, 2, 3, dtype=numpy.float64, device="strict")
    assert layer.weight.dtype == layer.bias.dtype == numpy.float64
    assert layer.weight.device == "strict"


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [(2, 1), "same"])
def test_another_padding_mode_is_convolution_of_the_padded_image(mode, padding):
    layer = nn.Conv2d(2, 3, (4, 3), padding=padding, padding_mode=mode).double()
    x = tensor(numpy.random.default_rng(0).normal(size=(2, 2, 5, 6)))
    sides = (1, 1, 1, 2) if padding == "same" else (1, 1, 2, 2)  # the odd one out of three rows goes below
    wanted = F.conv2d(F.pad(x, sides, mode), layer.weight, layer.bias)
    numpy.testing.assert_array_equal(layer(x).detach().numpy(), wanted.detach().numpy())


@pytest.mark.parametrize("height", range(7, 10))
def test_a_transposed_convolution_finds_its_way_back_to_every_height_that_convolution_came_from(height):
    down, up = nn.Conv2d(1, 1, 4, stride=3, padding=1), nn.ConvTranspose2d(1, 1, 4, stride=3, padding=1)
    x = tensor(numpy.ones((2, 1, height, 9), "float32"))
    y = down(x)
    assert y.shape[2] == {7: 2, 8: 3, 9: 3}[height]
    assert up(y, output_size=(height, 9)).shape == x.shape
    assert up(y, output_size=x.shape).shape == x.shape
    assert up(y[0], output_size=(1, height, 9)).shape == x[0].shape


def test_a_model_of_convolutions_learns_to_undo_a_blur():
    """Down and up again through every kind of layer here: the loss of a few steps falls."""
    manual_seed(0)
    model = nn.Sequential(
        nn.Conv1d(1, 4, 3, padding=1, padding_mode="reflect"),
        nn.ReLU(),
        nn.Conv1d(4, 4, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose1d(4, 1, 4, stride=2, padding=1),
    )
    sharp = tensor(numpy.random.default_rng(0).choice([-1.0, 1.0], (32, 1, 16)).astype("float32"))
    blurred = F.avg_pool1d(sharp, 3, 1, 1)
    optimizer, losses = optim.Adam(model.parameters(), lr=0.02), []
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.mse_loss(model(blurred), sharp)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


BAD = {
    "groups": (lambda: nn.Conv1d(4, 3, 2, groups=2), ValueError, "out_channels must be divisible by groups"),
    "groups, transposed": (
        lambda: nn.ConvTranspose2d(3, 4, 2, groups=2),
        ValueError,
        "in_channels must be divisible by",
    ),
    "no groups": (lambda: nn.Conv1d(4, 4, 2, groups=0), ValueError, "groups must be a positive integer: got 0"),
    "kernel": (lambda: nn.Conv1d(4, 4, (2, 2)), TypeError, "kernel_size to be an integer or a tuple of 1 integer"),
    "padding": (lambda: nn.ConvTranspose1d(1, 1, 3, padding="same"), TypeError, "wanted padding to be an integer"),
    "extra": (lambda: nn.ConvTranspose1d(1, 1, 3, output_padding=-1), ValueError, "negative output_padding"),
    "mode": (
        lambda: nn.ConvTranspose1d(1, 1, 3, padding_mode="reflect"),
        ValueError,
        'Only "zeros" padding mode is supported for ConvTranspose1d',
    ),
}


@pytest.mark.parametrize(("make", "error", "words"), BAD.values(), ids=BAD)
def test_a_layer_that_cannot_be_is_refused_when_it_is_made(make, error, words):
    with pytest.raises(error, match=words):
        make()


CALLS = {
    "extra": (nn.ConvTranspose2d(1, 1, 3, output_padding=1), {}, "smaller than either stride or dilation"),
    "too large": (nn.ConvTranspose2d(1, 1, 3, stride=2), {"output_size": (9, 7)}, r"range from \[7, 7\] to \[8, 8\]"),
    "too small": (
        nn.ConvTranspose2d(1, 1, 3, stride=2),
        {"output_size": (7, 6)},
        r"requested an output size of \[7, 6\]",
    ),
    "count": (nn.ConvTranspose2d(1, 1, 3), {"output_size": (5,)}, r"must have 2 or 4 elements \(got 1\)"),
    "mirror": (
        nn.Conv2d(1, 1, 3, padding=3, padding_mode="reflect"),
        {},
        "Padding size should be less than the corres",
    ),
    "ring": (nn.Conv2d(1, 1, 3, padding=4, padding_mode="circular"), {}, "wrapping around more than once"),
}


@pytest.mark.parametrize(("layer", "settings", "words"), CALLS.values(), ids=CALLS)
def test_an_input_that_does_not_fit_is_refused_with_the_layers_name(layer, settings, words):
    with pytest.raises(ValueError, match=words) as caught:
        layer(tensor(numpy.ones((1, 1, 3, 3), "float32")), **settings)
    assert f"in {layer!r}, called with a float32 tensor of shape (1, 1, 3, 3)" in caught.value.__notes__


@pytest.mark.parametrize("layer", [nn.Conv1d(2, 2, 1), nn.ConvTranspose1d(2, 2, 1)], ids=repr)
def test_a_layer_refuses_integers_with_the_remedy(layer):
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        layer(tensor(numpy.ones((1, 2, 2), "int64")))
