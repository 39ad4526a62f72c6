"""weight_norm: length and direction apart, and back together."""

from __future__ import annotations

import warnings

import numpy
import pytest

from tinygrad_edu import nn, no_grad, optim, tensor
from tinygrad_edu.nn.utils import remove_weight_norm, weight_norm

LAYERS = {
    "Linear": (lambda: nn.Linear(3, 2), (4, 3)),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 2), (1, 2, 3, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None, -1, -2])
def test_a_layer_computes_what_it_did_before_during_and_after(name, dim, rng):
    make, shape = LAYERS[name]
    layer, x = make().double(), tensor(rng.normal(size=shape))
    before, weight = layer(x).detach().numpy(), layer.weight.detach().numpy().copy()
    assert weight_norm(layer, dim=dim) is layer
    numpy.testing.assert_allclose(layer(x).detach().numpy(), before, rtol=1e-12)
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    kept = None if dim in (None, -1) else dim % weight.ndim
    sizes = () if kept is None else tuple(size if axis == kept else 1 for axis, size in enumerate(weight.shape))
    assert layer.weight_g.shape == sizes
    with no_grad():
        layer.weight_g.mul_(2.0)  # since the last call: what is put back is not what was computed then
        layer.bias.mul_(2.0)
    assert remove_weight_norm(layer) is layer
    numpy.testing.assert_allclose(layer(x).detach().numpy(), 2.0 * before, rtol=1e-12)
    numpy.testing.assert_allclose(layer.weight.detach().numpy(), 2.0 * weight, rtol=1e-12)
    assert list(layer.state_dict()) == ["bias", "weight"]
    assert isinstance(layer.weight, nn.Parameter)
    assert layer._forward_pre_hooks == {}


def test_the_lengths_are_g_and_the_gradient_of_v_is_at_right_angles_to_it(rng):
    layer = weight_norm(nn.Linear(4, 3).double())
    with no_grad():
        layer.weight_g.copy_(tensor([[1.0], [2.0], [3.0]]))
    layer(tensor(rng.normal(size=(5, 4)))).square().sum().backward()
    numpy.testing.assert_allclose(numpy.linalg.norm(layer.weight.detach().numpy(), axis=1), [1.0, 2.0, 3.0])
    v, slope = layer.weight_v.detach().numpy(), layer.weight_v.grad.numpy()
    numpy.testing.assert_allclose((v * slope).sum(axis=1), 0.0, atol=1e-12)
    assert abs(slope).max() > 0.1


def test_the_size_of_v_does_not_matter(rng):
    layer, x = weight_norm(nn.Linear(4, 3).double()), tensor(rng.normal(size=(5, 4)))
    before = layer(x).detach().numpy()
    with no_grad():
        layer.weight_v.mul_(10.0)
    numpy.testing.assert_allclose(layer(x).detach().numpy(), before, rtol=1e-12)


def test_it_trains_saves_and_moves(device):
    layer = weight_norm(nn.Linear(2, 1)).to(device)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x, y = (tensor(data, device=device) for data in ([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [[2.0], [-1.0], [1.0]]))
    for _ in range(200):
        optimizer.zero_grad()
        (layer(x) - y).square().mean().backward()
        optimizer.step()
    twin = weight_norm(nn.Linear(2, 1)).to(device)
    twin.load_state_dict(layer.state_dict())
    numpy.testing.assert_allclose(twin(x).detach().cpu().numpy(), y.cpu().numpy(), atol=0.05)
    layer.double()
    assert layer(x.double()).dtype == numpy.float64


def test_two_weights_of_one_layer_each_have_their_own():
    layer = nn.Linear(2, 3).double()
    bias = layer.bias.tolist()
    weight_norm(weight_norm(layer), "bias")
    assert list(layer.state_dict()) == ["weight_g", "weight_v", "bias_g", "bias_v"]
    numpy.testing.assert_allclose(layer.bias_g.tolist(), numpy.abs(bias))
    remove_weight_norm(layer)
    layer(tensor(numpy.ones((1, 2))))
    numpy.testing.assert_allclose(layer.bias.tolist(), bias)
    assert list(layer.state_dict()) == ["bias_g", "bias_v", "weight"]


def test_shapes_of_lengths_equal_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for dim in (0, 1, 2, None, -1, -2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # PyTorch recommends its parametrization instead
            theirs = torch.nn.utils.weight_norm(torch.nn.Conv2d(2, 4, 3), dim=dim)
        ours = weight_norm(nn.Conv2d(2, 4, 3), dim=dim)
        shapes = {name: tuple(value.shape) for name, value in ours.state_dict().items()}
        assert shapes == {name: tuple(value.shape) for name, value in theirs.state_dict().items()}


def test_what_cannot_be_is_refused():
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found in Linear"):
        remove_weight_norm(layer)
    with pytest.raises(AttributeError, match="no attribute 'wait': it owns weight, bias"):
        weight_norm(layer, "wait")
    with pytest.raises(TypeError, match="wanted the name of a parameter, got 'in_features', a int"):
        weight_norm(layer, "in_features")
    with pytest.raises(IndexError, match=r"expected to be in range of \[-2, 1\], but got 2"):
        weight_norm(layer, dim=2)
    weight_norm(layer)
    with pytest.raises(RuntimeError, match="Cannot register two weight_norm hooks on the same parameter weight"):
        weight_norm(layer)
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
