"""Dropout layers: they listen to train() and eval(), and draw from a stream that can be named."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import Generator, manual_seed, nn, tensor
from tinygrad_edu.nn import functional as F

KINDS = {"Dropout": "dropout", "Dropout1d": "dropout1d", "Dropout2d": "dropout2d", "AlphaDropout": "alpha_dropout"}
SHAPE = (20, 3, 4)


@pytest.mark.parametrize("name", KINDS)
def test_a_layer_drops_as_its_function_does_and_only_in_training(name):
    x = tensor(numpy.ones(SHAPE if name == "Dropout1d" else (*SHAPE, 2)))
    layer = getattr(nn, name)(0.3, generator=Generator().manual_seed(1))
    wanted = getattr(F, KINDS[name])(x, 0.3, training=True, generator=Generator().manual_seed(1))
    numpy.testing.assert_array_equal(layer(x).numpy(), wanted.numpy())
    assert layer.eval()(x) is x
    manual_seed(2)
    layer = getattr(nn, name)()
    first = layer(x).numpy()
    assert (first != layer(x).numpy()).any()
    manual_seed(2)
    numpy.testing.assert_array_equal(layer(x).numpy(), first)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_no_probability_is_refused_when_the_layer_is_made(name):
    with pytest.raises(ValueError, match=r"dropout probability has to be between 0 and 1, but got 1\.5"):
        getattr(nn, name)(1.5)


@pytest.mark.parametrize("name", KINDS)
def test_in_place_the_input_itself_is_dropped(name):
    x = tensor(numpy.ones(SHAPE if name == "Dropout1d" else (*SHAPE, 2)))
    layer = getattr(nn, name)(0.5, inplace=True)
    assert layer(x) is x
    assert (x.numpy() != 1.0).any()
