"""All parameters as one vector, and back."""

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.nn.utils import parameters_to_vector, vector_to_parameters


def model():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def test_a_vector_holds_the_parameters_in_their_order(device):
    layers = model().to(device)
    vector = parameters_to_vector(layers.parameters())
    wanted = numpy.concatenate([p.detach().cpu().numpy().ravel() for p in layers.parameters()])
    assert vector.tolist() == wanted.tolist()
    assert vector.device == device


def test_there_and_back_changes_nothing_and_shares_nothing(device):
    one, other = model().to(device), model().to(device)
    vector = parameters_to_vector(one.parameters()).detach()
    before, objects = vector.tolist(), list(other.parameters())
    vector_to_parameters(vector, other.parameters())
    assert parameters_to_vector(other.parameters()).tolist() == before
    assert all(p is q for p, q in zip(other.parameters(), objects, strict=True))
    with te.no_grad():
        objects[0].add_(1.0)
    assert vector.tolist() == before


def test_gradients_flow_through_the_vector():
    layers = model()
    (parameters_to_vector(layers.parameters()) ** 2).sum().backward()
    for parameter in layers.parameters():
        assert parameter.grad.tolist() == (2 * parameter.detach()).tolist()


def test_it_is_pytorchs_vector():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = model(), torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    wanted = torch.nn.utils.parameters_to_vector(theirs.parameters()).detach().numpy()
    numpy.testing.assert_array_equal(parameters_to_vector(ours.parameters()).detach().numpy(), wanted)


def test_what_does_not_fit_is_refused_and_nothing_is_copied():
    layers = model()
    before = parameters_to_vector(layers.parameters()).tolist()
    for shape in ((12,), (14,), (13, 1), ()):
        with pytest.raises(ValueError, match=r"one number for each of the parameters', \(13,\), got \("):
            vector_to_parameters(te.zeros(*shape), layers.parameters())
    with pytest.raises(TypeError, match="expected a Tensor as vec, but got: list"):
        vector_to_parameters([0.0] * 13, layers.parameters())
    with pytest.raises(TypeError, match=r"such as model.parameters\(\), got str"):
        vector_to_parameters(te.zeros(13), ["weight"])
    with pytest.raises(ValueError, match="got no parameter"):
        parameters_to_vector(nn.ReLU().parameters())
    with pytest.raises(TypeError, match=r"on different devices, .*: cpu and strict"):
        parameters_to_vector([te.zeros(2), te.zeros(2).to("strict")])
    assert parameters_to_vector(layers.parameters()).tolist() == before
