"""The reference CNN: its shapes, its size, and that its names are those of PyTorch's tutorial."""

from __future__ import annotations

import pytest

import tinygrad_edu as te
from tinygrad_edu.models import ReferenceCNN

SHAPES = {
    "conv1.weight": (6, 3, 5, 5),
    "conv1.bias": (6,),
    "conv2.weight": (16, 6, 5, 5),
    "conv2.bias": (16,),
    "fc1.weight": (120, 400),
    "fc1.bias": (120,),
    "fc2.weight": (84, 120),
    "fc2.bias": (84,),
    "fc3.weight": (10, 84),
    "fc3.bias": (10,),
}


def test_names_and_shapes():
    model = ReferenceCNN()
    assert {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()} == SHAPES
    assert sum(parameter.numel() for parameter in model.parameters()) == 62_006


def test_pictures_in_logits_out(device):
    model = ReferenceCNN(classes=7).to(device)
    assert tuple(model(te.zeros(2, 3, 32, 32, device=device)).shape) == (2, 7)


def test_other_sizes_are_an_error():
    with pytest.raises(ValueError, match=r"wants pictures of shape \(N, 3, 32, 32\), got \(2, 1, 28, 28\)"):
        ReferenceCNN()(te.zeros(2, 1, 28, 28))
