"""save and load: PyTorch's names and habits, without pickle."""

from __future__ import annotations

import os

import numpy
import pytest

from tinygrad_edu import nn
from tinygrad_edu.backend import device as Device
from tinygrad_edu.checkpoint import load, read_metadata, save
from tinygrad_edu.tensors.creation import tensor

pytest.importorskip("safetensors", reason="checkpoints are safetensors files")


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(30, 30)
        self.second = nn.Linear(30, 30)
        self.second.weight = self.first.weight
        self.register_buffer("count", tensor(7))


def test_a_state_dict_comes_back(tmp_path, device):
    model, other = nn.Linear(4, 3).to(device), nn.Linear(4, 3)
    save(model.state_dict(), tmp_path / "model.safetensors")
    state = load(tmp_path / "model.safetensors")
    assert list(state) == ["weight", "bias"]
    assert state["weight"].device == Device("cpu")
    other.load_state_dict(state)
    numpy.testing.assert_array_equal(other.weight.detach().numpy(), model.weight.detach().cpu().numpy())
    there = load(tmp_path / "model.safetensors", map_location=device)
    assert there["weight"].device == model.weight.device


def test_torch_reads_and_writes_the_same_file(tmp_path):
    torch = pytest.importorskip("torch", reason="exchanges weights with PyTorch")
    import safetensors.torch

    ours, theirs = nn.Linear(4, 3), torch.nn.Linear(4, 3)
    save(ours.state_dict(), tmp_path / "ours")
    theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "ours"))
    numpy.testing.assert_array_equal(theirs.weight.detach().numpy(), ours.weight.detach().numpy())
    theirs = torch.nn.Linear(4, 3)
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "theirs")
    ours.load_state_dict(load(tmp_path / "theirs"))
    numpy.testing.assert_array_equal(theirs.bias.detach().numpy(), ours.bias.detach().numpy())


def test_tied_weights_are_stored_once_and_resolved(tmp_path):
    model, other = Tied(), Tied()
    save(model.state_dict(), tmp_path / "tied")
    assert os.path.getsize(tmp_path / "tied") < 1.5 * 30 * 30 * 4
    state = load(tmp_path / "tied")
    assert set(state) == set(model.state_dict())
    assert state["second.weight"] is state["first.weight"]
    assert state["count"].shape == ()
    other.load_state_dict(state)
    numpy.testing.assert_array_equal(other.second.weight.detach().numpy(), model.first.weight.detach().numpy())


def test_pytorchs_habit_of_several_state_dicts_in_one_file(tmp_path):
    saved = {"epoch": 5, "model_state_dict": nn.Linear(2, 1).state_dict(), "loss": 0.25, "betas": (0.9, 0.999)}
    save(saved, tmp_path / "checkpoint", metadata={"classes": ["a", "b"]})
    back = load(tmp_path / "checkpoint", weights_only=True)
    assert (back["epoch"], back["loss"], back["betas"]) == (5, 0.25, (0.9, 0.999))
    for name, value in saved["model_state_dict"].items():
        numpy.testing.assert_array_equal(back["model_state_dict"][name].numpy(), value.numpy())
    assert read_metadata(tmp_path / "checkpoint") == {"classes": ["a", "b"]}


def test_a_nested_file_can_be_loaded_elsewhere(tmp_path, device):
    save({"model": {"weight": tensor([1.0, 2.0])}, "parts": [tensor([3.0])], "step": 1}, tmp_path / "nested")
    back = load(tmp_path / "nested", map_location=device)
    assert back["model"]["weight"].device == back["parts"][0].device == Device(device)
    assert back["model"]["weight"].tolist() == [1, 2]


def test_what_is_loaded_is_not_tied_to_the_file(tmp_path):
    save({"x": tensor([1.0])}, tmp_path / "a")
    state = load(tmp_path / "a")
    state["x"].fill_(2.0)
    assert load(tmp_path / "a")["x"].tolist() == [1]


def test_what_would_need_pickle_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"wanted a dictionary such as model.state_dict\(\), got Linear"):
        save(nn.Linear(1, 1), tmp_path / "a")
    with pytest.raises(TypeError, match=r"cannot save model: .* got Linear"):
        save({"model": nn.Linear(1, 1)}, tmp_path / "a")
    with pytest.raises(ValueError, match="wanted weights_only=True"):
        load(tmp_path / "a", weights_only=False)
    with pytest.raises(ValueError, match="'training:x', which has a meaning in the file"):
        save({"training:x": tensor(1.0)}, tmp_path / "a")
    assert not (tmp_path / "a").exists()
