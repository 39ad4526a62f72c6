"""Layers without parameters that change a size: pooling, unpooling, padding, upsampling. What they keep and refuse."""

import numpy
import pytest

from tinygrad_edu import nn, tensor


def test_pooling_and_unpooling_by_layers_go_together():
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    x = numpy.random.default_rng(0).normal(size=(2, 3, 5, 4))
    back = unpool(*pool(tensor(x)), output_size=x.shape).numpy()
    assert (back != 0).sum() == 2 * 3 * 2 * 2
    numpy.testing.assert_array_equal(back[back != 0], x[back != 0])


def test_settings_are_kept_as_pytorch_keeps_them():
    assert (nn.MaxPool1d(3).stride, nn.MaxPool1d(3, 2).stride) == (3, 2)
    assert (nn.AvgPool1d(3).kernel_size, nn.AvgPool1d(3).stride, nn.AvgPool1d(3).padding) == ((3,), (3,), (0,))
    assert nn.Upsample(scale_factor=2).scale_factor == 2.0
    assert nn.Upsample(scale_factor=[2, 3]).scale_factor == (2.0, 3.0)
    assert nn.ReflectionPad2d(1).padding == (1, 1, 1, 1)


def test_a_network_for_images_of_any_size():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    for size in ((8, 8), (5, 11)):
        assert model(tensor(numpy.ones((3, 1, *size), "float32"))).shape == (3, 2)


BAD = {
    "MaxPool1d": (lambda: nn.MaxPool1d((2, 2)), TypeError, "kernel_size to be an integer or a tuple of 1 integer"),
    "MaxPool2d": (lambda: nn.MaxPool2d(2, dilation=0), ValueError, "non-positive dilation is not supported"),
    "AvgPool1d": (lambda: nn.AvgPool1d(2, stride=0), ValueError, "non-positive stride is not supported"),
    "MaxUnpool2d": (lambda: nn.MaxUnpool2d(2, padding=-1), ValueError, "negative padding is not supported"),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d((1, 1)), TypeError, "an integer or a tuple of 4 integers"),
    "ZeroPad1d": (lambda: nn.ZeroPad1d(1.5), TypeError, "wanted padding to be an integer or a pair of integers"),
    "PixelShuffle": (lambda: nn.PixelShuffle(0), ValueError, "non-positive upscale_factor is not supported"),
}


@pytest.mark.parametrize(("make", "error", "words"), BAD.values(), ids=BAD)
def test_a_layer_that_cannot_be_is_refused_when_it_is_made(make, error, words):
    with pytest.raises(error, match=words):
        make()


CALLS = {
    "AdaptiveAvgPool2d": (nn.AdaptiveAvgPool2d((2, 2)), (4, 4), "Expected 3D or 4D input"),
    "AdaptiveMaxPool1d": (nn.AdaptiveMaxPool1d(2), (4,), "Expected 2D or 3D input"),
    "AvgPool1d": (nn.AvgPool1d(2), (1, 1, 1), "Kernel size can't be greater than actual input size"),
    "Fold": (nn.Fold((4, 4), 2), (1, 4, 8), "calculated number of sliding blocks"),
    "Unfold": (nn.Unfold(5), (1, 1, 4, 4), "Kernel size can't be greater than actual input size"),
    "ReflectionPad1d": (nn.ReflectionPad1d(4), (1, 1, 4), "Padding size should be less than the corresponding input"),
    "Upsample": (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 1, 4), "needs 4D input"),
    "PixelShuffle": (nn.PixelShuffle(2), (1, 3, 2, 2), "divisible by the square of upscale_factor"),
}


@pytest.mark.parametrize(("layer", "shape", "words"), CALLS.values(), ids=CALLS)
def test_a_wrong_shape_is_an_error_that_names_the_layer_and_the_input(layer, shape, words):
    with pytest.raises(ValueError, match=words) as caught:
        layer(tensor(numpy.ones(shape, "float32")))
    assert caught.value.__notes__ == [f"in {layer!r}, called with a float32 tensor of shape {shape}"]


@pytest.mark.parametrize(
    "layer",
    [nn.AvgPool1d(1), nn.MaxPool1d(1), nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool1d(1), nn.Upsample(2)],
    ids=repr,
)
def test_a_layer_refuses_integers_with_the_remedy(layer):
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        layer(tensor(numpy.ones((1, 2, 2), "int64")))
