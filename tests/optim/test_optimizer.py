"""What all optimizers share: groups, closures, state, and what they refuse."""

import numpy
import pytest

from tinygrad_edu import is_grad_enabled, nn, optim, tensor

ALL = ("SGD", "Adam", "AdamW", "NAdam", "Adagrad", "Adadelta", "RMSprop")


def parameter(*values):
    return nn.Parameter(tensor([float(value) for value in values]))


def test_a_parameter_without_gradient_is_left_alone():
    a, b = parameter(1), parameter(1)
    a.grad = tensor([1.0])
    optimizer = optim.SGD([a, b], lr=0.5, momentum=0.9)
    optimizer.step()
    assert a.tolist() == [0.5]
    assert b.tolist() == [1.0]
    assert list(optimizer.state_dict()["state"]) == [0]


def test_groups_have_settings_of_their_own_and_share_the_rest():
    a, b, c = parameter(0), parameter(0), parameter(0)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.1, "name": "head"}], lr=0.5, momentum=0.0)
    optimizer.add_param_group({"params": [c], "lr": 0.25})
    for p in (a, b, c):
        p.grad = tensor([1.0])
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == pytest.approx([-0.5, -0.1, -0.25])
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step()
    assert a.item() == -1.5
    assert [group["params"] for group in optimizer.state_dict()["param_groups"]] == [[0], [1], [2]]
    assert optimizer.param_groups[1]["name"] == "head"
    assert optimizer.defaults["lr"] == 0.5


def test_a_closure_is_called_with_recording_on_and_its_loss_returned():
    w, recording = parameter(2), []
    optimizer = optim.SGD([w], lr=0.25)

    def closure():
        recording.append(is_grad_enabled())
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert recording == [True]
    assert w.item() == 1.0
    assert optimizer.step() is None


def test_zero_grad_forgets_or_fills_with_zeros():
    w = parameter(1)
    optimizer = optim.SGD([w])
    w.grad = tensor([3.0])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert w.grad is None


def test_a_step_writes_into_the_parameter_and_records_nothing():
    for name in ALL:
        w = parameter(1, 2)
        memory = w.detach()
        w.grad = tensor([1.0, 1.0])
        gradient = w.grad.tolist()
        getattr(optim, name)([w], lr=0.1).step()
        assert memory.tolist() == w.tolist() != [1.0, 2.0]
        assert w.is_leaf
        assert w.grad_fn is None
        assert w.grad.tolist() == gradient


def test_a_graph_from_before_the_step_is_not_silently_wrong_after_it():
    w = parameter(3)
    loss = (w * w).sum()
    w.grad = tensor([1.0])
    optim.SGD([w]).step()
    with pytest.raises(RuntimeError, match="in-place"):
        loss.backward()


def test_state_is_numbers_and_tensors_and_is_not_shared_when_loaded():
    w = parameter(1, 2)
    w.grad = tensor([1.0, 1.0])
    optimizer = optim.Adam([w])
    optimizer.step()
    saved = optimizer.state_dict()
    assert saved["state"][0]["step"] == 1
    assert type(saved["state"][0]["step"]) is int
    assert saved["param_groups"][0]["params"] == [0]
    assert saved["param_groups"][0]["betas"] == (0.9, 0.999)
    other = parameter(1, 2)
    twin = optim.Adam([other], lr=9.0)
    twin.load_state_dict(saved)
    optimizer.step()
    assert twin.state_dict()["state"][0]["step"] == 1
    assert twin.param_groups[0]["lr"] == 1e-3
    assert twin.state_dict()["state"][0]["exp_avg"].tolist() != saved["state"][0]["exp_avg"].tolist()
    assert twin.param_groups[0]["params"][0] is other


def test_loaded_state_takes_on_the_dtype_of_the_parameter():
    w, wide = parameter(1), nn.Parameter(tensor(numpy.array([1.0])))
    w.grad = tensor([1.0])
    optimizer, other = optim.Adam([w]), optim.Adam([wide])
    optimizer.step()
    other.load_state_dict(optimizer.state_dict())
    assert other.state[wide]["exp_avg"].dtype == numpy.float64


def test_several_small_batches_make_the_step_of_one_large_batch():
    """The mean over 12 samples is the mean of the means over 4 parts of 3; gradients add up, so each is divided."""
    rng = numpy.random.default_rng(0)
    inputs, targets = tensor(rng.normal(size=(12, 3))), tensor(rng.normal(size=(12, 2)))
    whole = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    parts = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    parts.load_state_dict(whole.state_dict())
    steps = [optim.Adam(model.parameters(), lr=0.1) for model in (whole, parts)]
    for _ in range(5):
        steps[0].zero_grad()
        nn.functional.mse_loss(whole(inputs), targets).backward()
        steps[1].zero_grad()
        for begin in range(0, 12, 3):
            batch = slice(begin, begin + 3)
            (nn.functional.mse_loss(parts(inputs[batch]), targets[batch]) / 4).backward()
        for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
            numpy.testing.assert_allclose(one.grad.numpy(), other.grad.numpy(), rtol=1e-12, atol=1e-14)
        for optimizer in steps:
            optimizer.step()
    numpy.testing.assert_allclose(whole(inputs).detach().numpy(), parts(inputs).detach().numpy(), rtol=1e-9)


def test_an_optimizer_prints_its_settings():
    text = repr(optim.SGD([parameter(1)], lr=0.5))
    assert text.startswith("SGD (\nParameter Group 0\n")
    assert "    lr: 0.5\n" in text
    assert text.endswith("\n)")


@pytest.mark.parametrize("name", ALL)
def test_settings_that_make_no_sense_are_refused(name):
    make = getattr(optim, name)
    for rate in (-1.0, float("nan"), -1e-9):
        with pytest.raises(ValueError, match=rf"Invalid learning rate: {rate} .wanted lr to be a number of at least 0"):
            make([parameter(1)], lr=rate)
    with pytest.raises(ValueError, match=r"Invalid weight_decay value: -0\.1"):
        make([parameter(1)], weight_decay=-0.1)
    with pytest.raises(ValueError, match=r"Invalid learning rate: -2\.0"):
        make([{"params": [parameter(1)], "lr": -2.0}])


BAD = {
    "momentum": (lambda p: optim.SGD(p, momentum=-0.9), "Invalid momentum value: -0.9"),
    "nesterov": (lambda p: optim.SGD(p, nesterov=True), "Nesterov momentum requires a momentum and zero dampening"),
    "dampening": (lambda p: optim.SGD(p, 0.1, 0.9, 0.1, nesterov=True), "Nesterov momentum requires a momentum"),
    "betas": (lambda p: optim.Adam(p, betas=(0.9, 1.0)), r"Invalid beta parameters: \(0.9, 1.0\) .*less than 1"),
    "eps": (lambda p: optim.AdamW(p, eps=-1.0), "Invalid epsilon value: -1.0"),
    "alpha": (lambda p: optim.RMSprop(p, alpha=-1.0), "Invalid alpha value: -1.0"),
    "decay": (lambda p: optim.Adagrad(p, lr_decay=-1.0), "Invalid lr_decay value: -1.0"),
    "rho": (lambda p: optim.Adadelta(p, rho=1.5), r"Invalid rho value: 1.5 \(wanted rho to be a number from 0 to 1\)"),
    "rho -1": (lambda p: optim.Adadelta(p, rho=-1.0), "Invalid rho value: -1.0"),
    "momentum_decay": (lambda p: optim.NAdam(p, momentum_decay=-1.0), "Invalid momentum_decay value: -1.0"),
    "start": (lambda p: optim.Adagrad(p, initial_accumulator_value=-1.0), "Invalid initial_accumulator_value"),
    "empty": (lambda p: optim.SGD([]), "optimizer got an empty parameter list"),
    "none": (lambda p: optim.SGD(nn.ReLU().parameters()), "optimizer got an empty parameter list"),
    "not a leaf": (lambda p: optim.SGD([p[0] * 2]), "can't optimize a non-leaf Tensor"),
    "twice": (lambda p: optim.SGD([p[0], p[0]]), "appear in more than one parameter group, or twice in one"),
    "two groups": (lambda p: optim.SGD([{"params": p}, {"params": p}]), "appear in more than one parameter group"),
    "no params": (lambda p: optim.SGD([{"lr": 0.1}]), "wanted a group with its parameters under 'params', got only lr"),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_an_optimizer_says_what_is_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call([parameter(1)])


def test_what_is_no_list_of_tensors_is_refused():
    with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts, but got one Tensor"):
        optim.SGD(parameter(1))
    with pytest.raises(TypeError, match="ordered collections: give a list, not a set"):
        optim.SGD({parameter(1)})
    with pytest.raises(TypeError, match="can only optimize Tensors, but one of the params is float"):
        optim.SGD([1.0])
    with pytest.raises(TypeError, match="wants floating-point parameters, but one of the params is of dtype int64"):
        optim.SGD([tensor([1])])
    with pytest.raises(TypeError, match=r"Invalid learning rate: wanted lr to be a number, got str: '0.1'"):
        optim.SGD([parameter(1)], lr="0.1")
    with pytest.raises(TypeError, match="param_group must be a dict, but got list"):
        optim.SGD([parameter(1)]).add_param_group([parameter(2)])


def test_a_refused_state_changes_nothing():
    optimizer = optim.Adam([parameter(1, 2)], lr=0.5)
    optimizer.param_groups[0]["params"][0].grad = tensor([1.0, 1.0])
    optimizer.step()
    good = optimizer.state_dict()
    group = good["param_groups"][0]
    wrong_shape = {"state": {0: {**good["state"][0], "exp_avg": tensor([1.0])}}, "param_groups": [{**group, "lr": 9.0}]}
    for state, words in (
        ({}, "wanted a dictionary with 'state' and 'param_groups'"),
        ({**good, "param_groups": []}, "different number of parameter groups: wanted 1, got 0"),
        ({**good, "param_groups": [{**group, "params": [0, 1]}]}, "doesn't match the size of optimizer's group"),
        (wrong_shape, r"'exp_avg' of shape \(1,\) for a parameter of shape \(2,\)"),
        ({**good, "param_groups": [{**group, "lr": -1.0}]}, "Invalid learning rate: -1.0"),
        ({**good, "state": {7: {}}}, r"in none of its groups: \[7\]"),
        (optim.SGD([parameter(1, 2)]).state_dict(), "has no betas, eps, amsgrad: it was saved by another kind"),
    ):
        with pytest.raises(ValueError, match=words):
            optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.state_dict()["state"][0]["step"] == 1
    assert optimizer.state_dict()["state"][0]["exp_avg"].shape == (2,)


def test_an_optimizer_without_an_update_says_so():
    w = parameter(1)
    w.grad = tensor([1.0])
    with pytest.raises(NotImplementedError, match="Optimizer is missing the required method update"):
        optim.Optimizer([w], {"lr": 0.1}).step()
