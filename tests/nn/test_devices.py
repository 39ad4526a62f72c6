"""Layers, losses and optimizers on every device: derivatives to second order, no waiting, the same numbers."""

import numpy
import pytest

from tinygrad_edu import float64, nn, optim, tensor
from tinygrad_edu.nn import functional as F

# name: (layer, shape of the input); every one is smooth at the numbers drawn
LAYERS = {
    "Linear": (lambda: nn.Linear(3, 2), (2, 2, 3)),
    "Conv2d": (lambda: nn.Conv2d(2, 2, 2, stride=(2, 1), padding=1, dilation=(1, 2)), (1, 2, 4, 4)),
    "Conv2d, groups": (lambda: nn.Conv2d(2, 4, (2, 1), groups=2, padding="same"), (1, 2, 3, 3)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2, 1, padding=1, ceil_mode=True), (1, 2, 3, 3)),
    "AvgPool2d": (lambda: nn.AvgPool2d(2, 1, padding=1, count_include_pad=False), (1, 2, 3, 3)),
    "Flatten": (lambda: nn.Flatten(), (2, 2, 3)),
    "ReLU": (lambda: nn.ReLU(), (2, 3)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), (2, 3)),
    "ELU": (lambda: nn.ELU(1.5), (2, 3)),
    "GELU": (lambda: nn.GELU(), (2, 3)),
    "GELU, tanh": (lambda: nn.GELU("tanh"), (2, 3)),
    "SiLU": (lambda: nn.SiLU(), (2, 3)),
    "Softplus": (lambda: nn.Softplus(2.0, 1.0), (2, 3)),
    "Sigmoid": (lambda: nn.Sigmoid(), (2, 3)),
    "Tanh": (lambda: nn.Tanh(), (2, 3)),
    "Softmax": (lambda: nn.Softmax(1), (2, 3)),
    "LogSoftmax": (lambda: nn.LogSoftmax(0), (2, 3)),
    "Dropout": (lambda: nn.Dropout(0.5).eval(), (2, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_first_and_second_derivatives_of_every_layer(name, device, rng, gradcheck):
    make, shape = LAYERS[name]
    layer = make().to(device, float64)
    x = tensor(rng.normal(size=shape), device=device, requires_grad=True)
    assert gradcheck(layer, (x, *layer.parameters()))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_first_and_second_derivatives_of_every_loss(reduction, device, rng, gradcheck):
    x = tensor(rng.normal(size=(3, 4)), device=device, requires_grad=True)
    y = tensor(rng.uniform(size=(3, 4)), device=device, requires_grad=True)
    weight = tensor(rng.uniform(0.5, 2.0, size=4), device=device)
    labels = tensor([2, 0, 1], device=device)
    settings = {"reduction": reduction}
    assert gradcheck(lambda x, y: F.mse_loss(x, y, **settings), (x, y))
    assert gradcheck(lambda x: F.nll_loss(x, labels, weight, ignore_index=0, **settings), (x,))
    assert gradcheck(lambda x: F.cross_entropy(x, labels, weight, label_smoothing=0.1, **settings), (x,))
    assert gradcheck(lambda x, y: F.cross_entropy(x, y, weight, label_smoothing=0.1, **settings), (x, y))


class Small(nn.Module):
    """A little of everything that the reference network has, and dropout."""

    def __init__(self):
        super().__init__()
        self.look = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2))
        self.decide = nn.Sequential(nn.Flatten(), nn.Linear(8, 3))

    def forward(self, x):
        return self.decide(self.look(x))


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.1, 0.9, weight_decay=0.1, nesterov=True),
    "Adam": lambda p: optim.Adam(p, 0.1, weight_decay=0.1, amsgrad=True, maximize=True),
    "AdamW": lambda p: optim.AdamW(p, 0.1),
    "Adagrad": lambda p: optim.Adagrad(p, 0.1, 0.1, 0.1, 0.1),
    "RMSprop": lambda p: optim.RMSprop(p, 0.1, weight_decay=0.1, momentum=0.9, centered=True),
}


def trained(device, make, steps=3):
    """A small network after a few steps on fixed data, and its losses: tensors, nothing has been looked at."""
    rng = numpy.random.default_rng(0)
    images, labels = rng.normal(size=(4, 1, 4, 4)).astype("float32"), rng.integers(0, 3, 4)
    net = Small()
    start = {name: rng.normal(size=value.shape) * 0.3 for name, value in net.state_dict().items()}
    net.load_state_dict(start)
    net.to(device)
    images, labels = tensor(images, device=device), tensor(labels, device=device)
    optimizer, losses = make(net.parameters()), []
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, weight=tensor([1.0, 2.0, 0.5])).to(device)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return net, losses


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_never_waits_for_the_device(name):
    from tinygrad_edu.backend.strict import counters

    trained("strict", OPTIMIZERS[name], steps=1)
    counters.reset()
    trained("strict", OPTIMIZERS[name], steps=3)
    assert counters.snapshot().synchronizations == 0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_gives_the_same_numbers_everywhere(name, device):
    from tinygrad_edu import manual_seed

    manual_seed(0)
    here, losses_here = trained("cpu", OPTIMIZERS[name])
    manual_seed(0)
    there, losses_there = trained(device, OPTIMIZERS[name])
    for own, other in zip(losses_here, losses_there, strict=True):
        numpy.testing.assert_allclose(other.cpu().numpy(), own.numpy(), rtol=1e-4)
    for (key, own), other in zip(here.state_dict().items(), there.state_dict().values(), strict=True):
        assert other.device == device, key
        assert other.dtype == numpy.float32, key
        numpy.testing.assert_allclose(other.cpu().numpy(), own.numpy(), rtol=1e-3, atol=1e-5)


def test_a_model_and_its_state_move_there_and_back(device):
    net = Small()
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    optimizer = optim.Adam(net.to(device).parameters())
    net(tensor(numpy.ones((1, 1, 4, 4), "float32"), device=device)).sum().backward()
    assert all(parameter.grad.device == device for parameter in net.parameters())
    optimizer.step()
    twin = Small()
    twin.load_state_dict(net.state_dict())  # from the device to the host
    home = optim.Adam(twin.parameters())
    home.load_state_dict(optimizer.state_dict())
    assert all(kept["exp_avg"].device == "cpu" for kept in home.state.values())
    assert twin.cpu().state_dict()["decide.1.bias"].tolist() == net.cpu().state_dict()["decide.1.bias"].tolist()
    assert {name: value.tolist() for name, value in net.state_dict().items()} != before


def test_mixed_devices_are_an_error_that_names_both():
    layer = nn.Linear(2, 2).to("strict")
    with pytest.raises((RuntimeError, TypeError), match=r"cpu and strict|strict and cpu") as caught:
        layer(tensor([[1.0, 2.0]]))
    assert caught.value.__notes__[0].startswith("in Linear(in_features=2, out_features=2, bias=True), called with")


def test_labels_on_a_device_are_not_looked_at():
    from tinygrad_edu.backend.strict import counters

    x, labels = tensor(numpy.zeros((2, 3)), device="strict"), tensor([0, 2], device="strict")
    counters.reset()
    F.cross_entropy(x, labels)
    assert counters.snapshot().synchronizations == 0
