"""Averages of weights: their formulas, what they leave alone, saving, batch norms, and PyTorch's numbers."""

from __future__ import annotations

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn, optim
from tinygrad_edu.optim.swa_utils import (
    SWALR,
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)


def network():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1))


def numbers(module):
    return {name: value.cpu().numpy().copy() for name, value in module.state_dict().items()}


def wandering(model, steps, seed=0):
    """Change all numbers of `model` again and again; yields after each change."""
    rng = numpy.random.default_rng(seed)
    for step in range(steps):
        for tensor in model.state_dict().values():
            if tensor.dtype.kind == "f":
                tensor.copy_(te.tensor(rng.uniform(0.1, 2.0, tensor.shape)))
            else:
                tensor.fill_(step)
        yield numbers(model)


KINDS = {
    "mean of all": ({}, None),
    "swa": ({"avg_fn": get_swa_avg_fn()}, None),
    "swa, lists": ({"multi_avg_fn": get_swa_multi_avg_fn()}, None),
    "ema": ({"avg_fn": get_ema_avg_fn(0.7)}, 0.7),
    "ema, lists": ({"multi_avg_fn": get_ema_multi_avg_fn(0.7)}, 0.7),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_are_averaged_and_the_buffers_copied(kind, device):
    options, decay = KINDS[kind]
    model = network().to(device)
    averaged = AveragedModel(model, **options)
    history = []
    for state in wandering(model, 5):
        averaged.update_parameters(model)
        history.append(state)
    found = numbers(averaged.module)
    for name, _ in model.named_parameters():
        seen = numpy.array([state[name] for state in history], dtype=numpy.float64)
        wanted = seen.mean(0)
        if decay is not None:
            wanted = seen[0]
            for value in seen[1:]:
                wanted = decay * wanted + (1 - decay) * value
        numpy.testing.assert_allclose(found[name], wanted, rtol=1e-5, atol=1e-6)
    for name, _ in model.named_buffers():
        numpy.testing.assert_array_equal(found[name], history[-1][name])
    assert averaged.n_averaged.item() == 5
    assert averaged.n_averaged.device == device


def test_buffers_are_averaged_too_when_asked():
    model = network()
    averaged = AveragedModel(model, use_buffers=True)
    means = [state["1.running_mean"] for state in wandering(model, 4) if averaged.update_parameters(model) is None]
    numpy.testing.assert_allclose(averaged.module[1].running_mean.numpy(), numpy.mean(means, 0), rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use_buffers", [False, True])
def test_it_is_pytorchs_average(kind, use_buffers):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    if use_buffers and kind == "swa, lists":
        pytest.skip("there, lists of whole numbers cannot be averaged: num_batches_tracked")
    there = torch.optim.swa_utils
    options = {
        "swa": {"avg_fn": there.get_swa_avg_fn()},
        "swa, lists": {"multi_avg_fn": there.get_swa_multi_avg_fn()},
        "ema": {"avg_fn": there.get_ema_avg_fn(0.7)},
        "ema, lists": {"multi_avg_fn": there.get_ema_multi_avg_fn(0.7)},
    }.get(kind, {})
    model = network()
    other = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    ours = AveragedModel(model, **KINDS[kind][0], use_buffers=use_buffers)
    theirs = there.AveragedModel(other, **options, use_buffers=use_buffers)
    for state in wandering(model, 4):
        other.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
        ours.update_parameters(model)
        theirs.update_parameters(other)
    wanted = theirs.state_dict()
    assert set(ours.state_dict()) == set(wanted)
    for name, value in ours.state_dict().items():
        if name != "module.1.num_batches_tracked":  # whole numbers have no exact mean
            numpy.testing.assert_allclose(value.numpy(), wanted[name].numpy(), rtol=1e-5, atol=1e-6, err_msg=name)


def test_the_average_is_a_model_of_its_own():
    model = network()
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.5))
    model.eval()
    averaged.eval()
    x = te.randn(4, 2)
    assert averaged(x).tolist() == model(x).tolist()
    before = numbers(averaged)
    for _ in wandering(model, 1):
        assert {name: value.tolist() for name, value in numbers(averaged).items()} == {
            name: value.tolist() for name, value in before.items()
        }
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    (model(x) ** 2).sum().backward()
    optimizer.step()
    assert all(parameter.grad is None for parameter in averaged.parameters())
    averaged.update_parameters(model)
    assert all(parameter.is_leaf for parameter in averaged.parameters())
    assert averaged(x).tolist() == model(x).tolist()


def test_an_average_is_saved_and_goes_on():
    model = network()
    whole, first = AveragedModel(model), AveragedModel(model)
    second = AveragedModel(network())
    for step, _ in enumerate(wandering(model, 6)):
        whole.update_parameters(model)
        if step == 3:
            second.load_state_dict(first.state_dict())
        (first if step < 3 else second).update_parameters(model)
    for name, value in numbers(whole).items():
        numpy.testing.assert_array_equal(numbers(second)[name], value)


def test_averaging_waits_for_no_device(device):
    if device.type != "strict":
        pytest.skip("the strict stand-in is what counts synchronizations")
    from tinygrad_edu.backend.strict.counters import counters

    model = network().to(device)
    averages = [AveragedModel(model), AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn())]
    counters.reset()
    for averaged in averages:
        averaged.update_parameters(model)
        averaged.update_parameters(model)
    assert counters.synchronizations == 0


def test_batch_norms_learn_the_statistics_of_the_averaged_weights():
    te.manual_seed(0)
    averaged = AveragedModel(network())
    x = te.randn(12, 2) * 3 + 1
    averaged(x + 7)  # statistics to be forgotten
    averaged.eval()
    update_bn([(x[:4], None), [x[4:8]], x[8:]], averaged)
    assert not averaged.training
    norm, hidden = averaged.module[1], averaged.module[0](x).detach().numpy()
    assert norm.momentum == 0.1
    numpy.testing.assert_allclose(norm.running_mean.numpy(), hidden.mean(0), rtol=1e-5, atol=1e-6)
    batches = [hidden[i : i + 4].var(0, ddof=1) for i in (0, 4, 8)]
    numpy.testing.assert_allclose(norm.running_var.numpy(), numpy.mean(batches, 0), rtol=1e-5)
    update_bn([], nn.Linear(1, 1))  # nothing to do


def test_what_cannot_be_averaged_is_refused():
    model = network()
    with pytest.raises(ValueError, match="Only one of avg_fn and multi_avg_fn should be provided, got both"):
        AveragedModel(model, avg_fn=get_ema_avg_fn(), multi_avg_fn=get_ema_multi_avg_fn())
    for decay in (-0.1, 1.1, float("nan")):
        for make in (get_ema_avg_fn, get_ema_multi_avg_fn):
            with pytest.raises(ValueError, match=f"Invalid decay value {decay} provided: .* from 0 to 1"):
                make(decay)
    averaged = AveragedModel(model)
    with pytest.raises(ValueError, match=r"averaged from the beginning, with 6 tensors of shapes .*, got \[\(2, 1\)"):
        averaged.update_parameters(nn.Linear(1, 2))
    assert averaged.n_averaged.item() == 0


def test_swalr_leads_to_its_rate_and_stays():
    optimizer = optim.SGD(network().parameters(), lr=1.0)
    schedule = SWALR(optimizer, 0.2, anneal_epochs=4, anneal_strategy="linear")
    found = []
    for _ in range(6):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert found == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 0.2])
