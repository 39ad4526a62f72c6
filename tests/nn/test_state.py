"""state_dict and load_state_dict: names, sharing, the full report, and that a failed load changes nothing."""

import numpy
import pytest

from tinygrad_edu import float64, nn, tensor


def model():
    net = nn.Sequential({"conv": nn.Conv2d(1, 2, 3), "out": nn.Linear(3, 2)})
    net.register_buffer("steps", tensor([3]))
    net.register_buffer("scratch", tensor([1.0]), persistent=False)
    return net


def test_a_state_has_every_parameter_and_persistent_buffer():
    net = model()
    state = net.state_dict()
    assert list(state) == ["steps", "conv.weight", "conv.bias", "out.weight", "out.bias"]
    assert not any(value.requires_grad for value in state.values())
    assert list(net.conv.state_dict(prefix="conv.")) == ["conv.weight", "conv.bias"]
    assert net.state_dict(keep_vars=True)["out.bias"] is net.out.bias


def test_a_state_shares_memory_with_the_model():
    net = model()
    state = net.state_dict()
    state["out.bias"].fill_(5.0)
    assert net.out.bias.tolist() == [5.0, 5.0]


def test_a_loaded_model_answers_the_same_and_shares_nothing():
    first, second = model(), model()
    report = second.load_state_dict(first.state_dict())
    assert repr(report) == "<All keys matched successfully>"
    assert report.missing_keys == report.unexpected_keys == []
    for name, value in first.state_dict().items():
        assert second.state_dict()[name].tolist() == value.tolist()
    first.out.bias.detach().fill_(9.0)
    assert second.out.bias.tolist() != [9.0, 9.0]


def test_loading_keeps_the_models_dtype_and_takes_arrays():
    net = model().to(float64)
    net.load_state_dict({name: value.numpy().astype("float32") for name, value in model().state_dict().items()})
    assert net.out.weight.dtype == float64


def test_weights_travel_to_pytorch_and_back():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    ours.load_state_dict(theirs.state_dict())
    numpy.testing.assert_array_equal(ours.weight.detach().numpy(), theirs.weight.detach().numpy())
    other = torch.nn.Linear(3, 2)
    other.load_state_dict({name: torch.from_numpy(value.numpy().copy()) for name, value in ours.state_dict().items()})
    numpy.testing.assert_array_equal(other.bias.detach().numpy(), theirs.bias.detach().numpy())


def test_an_error_lists_everything_and_loads_nothing():
    net = model()
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    state = model().state_dict()
    state["out.bias"] = tensor([1.0, 2.0, 3.0])
    state["conv.weight"] = tensor([1.0])
    state["head.weight"] = state.pop("out.weight")
    with pytest.raises(ValueError, match=r"Error\(s\) in loading state_dict for Sequential") as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert "Missing key(s) in state_dict: 'out.weight'." in text
    assert "Unexpected key(s) in state_dict: 'head.weight'." in text
    assert "size mismatch for out.bias: copying a param with shape (3,) from checkpoint, the shape in current" in text
    assert "size mismatch for conv.weight" in text
    assert {name: value.tolist() for name, value in net.state_dict().items()} == before


def test_strict_false_reports_names_but_never_forgives_shapes():
    net, state = model(), model().state_dict()
    state["extra"] = state.pop("out.bias")
    report = net.load_state_dict(state, strict=False)
    assert report == (["out.bias"], ["extra"])
    assert repr(report) == "LoadReport(missing_keys=['out.bias'], unexpected_keys=['extra'])"
    with pytest.raises(ValueError, match="size mismatch for steps"):
        net.load_state_dict({"steps": tensor([1, 2])}, strict=False)


def test_a_state_of_another_kind_is_refused():
    with pytest.raises(TypeError, match=r"Expected state_dict to be dict-like.*got list"):
        model().load_state_dict([])
    with pytest.raises(TypeError, match="wanted a tensor or an array for 'weight', got str"):
        nn.Linear(1, 1).load_state_dict({"weight": "a", "bias": "b"})


def test_the_gradient_survives_loading_and_a_graph_that_needs_the_old_numbers_notices():
    net = nn.Linear(2, 2)
    x = tensor([[1.0, 2.0]], requires_grad=True)
    loss = net(x).square().sum()
    net.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(RuntimeError, match="in-place"):
        loss.backward()
