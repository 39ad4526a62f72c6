"""Every update rule against its formula, written here once more on plain NumPy arrays, and against PyTorch's."""

import math

import numpy
import pytest

from tinygrad_edu import nn, optim, tensor

STEPS = 12


def sgd(w, gradients, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
    velocity = None
    for gradient in gradients:
        g = (-gradient(w) if maximize else gradient(w)) + weight_decay * w
        velocity = g if velocity is None else momentum * velocity + (1 - dampening) * g
        w = w - lr * (g + momentum * velocity if nesterov else velocity if momentum else g)
    return w


def adam(
    w,
    gradients,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    amsgrad=False,
    maximize=False,
    decoupled=False,
):
    m, v, largest = 0.0 * w, 0.0 * w, 0.0 * w
    for t, gradient in enumerate(gradients, 1):
        g = -gradient(w) if maximize else gradient(w)
        if decoupled:
            w = w - lr * weight_decay * w
        else:
            g = g + weight_decay * w
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        largest = numpy.maximum(largest, v)
        v_hat = (largest if amsgrad else v) / (1 - betas[1] ** t)
        w = w - lr * (m / (1 - betas[0] ** t)) / (numpy.sqrt(v_hat) + eps)
    return w


def adamw(w, gradients, weight_decay=1e-2, **settings):
    return adam(w, gradients, weight_decay=weight_decay, decoupled=True, **settings)


def adagrad(w, gradients, lr=1e-2, lr_decay=0.0, weight_decay=0.0, eps=1e-10, maximize=False, **start):
    total = numpy.full_like(w, start.get("initial_accumulator_value", 0.0))
    for t, gradient in enumerate(gradients):
        g = (-gradient(w) if maximize else gradient(w)) + weight_decay * w
        total = total + g * g
        w = w - lr / (1 + t * lr_decay) * g / (numpy.sqrt(total) + eps)
    return w


def rmsprop(
    w, gradients, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False, maximize=False
):
    v, mean, b = 0.0 * w, 0.0 * w, 0.0 * w
    for gradient in gradients:
        g = (-gradient(w) if maximize else gradient(w)) + weight_decay * w
        v, mean = alpha * v + (1 - alpha) * g * g, alpha * mean + (1 - alpha) * g
        b = momentum * b + g / (numpy.sqrt(v - mean * mean if centered else v) + eps)
        w = w - lr * b
    return w


def adadelta(w, gradients, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False):
    v, u = 0.0 * w, 0.0 * w
    for gradient in gradients:
        g = (-gradient(w) if maximize else gradient(w)) + weight_decay * w
        v = rho * v + (1 - rho) * g * g
        change = g * numpy.sqrt(u + eps) / numpy.sqrt(v + eps)
        u = rho * u + (1 - rho) * change * change
        w = w - lr * change
    return w


def nadam(
    w,
    gradients,
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    momentum_decay=4e-3,
    decoupled_weight_decay=False,
    maximize=False,
):
    m, v = 0.0 * w, 0.0 * w
    mu = [betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in range(1, STEPS + 2)]
    for t, gradient in enumerate(gradients, 1):
        g = -gradient(w) if maximize else gradient(w)
        if decoupled_weight_decay:
            w = w * (1 - lr * weight_decay)
        else:
            g = g + weight_decay * w
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        ahead = mu[t] * m / (1 - math.prod(mu[: t + 1])) + (1 - mu[t - 1]) * g / (1 - math.prod(mu[:t]))
        w = w - lr * ahead / (numpy.sqrt(v / (1 - betas[1] ** t)) + eps)
    return w


FORMULAS = {
    "SGD": sgd,
    "Adam": adam,
    "AdamW": adamw,
    "NAdam": nadam,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "RMSprop": rmsprop,
}
CASES = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.7, 0.8), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.6)}),
    ("Adam", {"lr": 0.1, "maximize": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "betas": (0.5, 0.6)}),
    ("AdamW", {"lr": 0.1, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.1, "betas": (0.7, 0.8), "eps": 1e-3, "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.3, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.6, "eps": 1e-2, "weight_decay": 0.1}),
    ("Adadelta", {"eps": 1e-2, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.6}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.8, "centered": True}),
    ("RMSprop", {"lr": 0.05, "centered": True, "momentum": 0.9, "maximize": True}),
]
NAMED = [f"{name} {settings or ''}" for name, settings in CASES]


def slopes():
    """The gradients of a curved function, another one at every step: a·w + sin w."""
    coefficients = numpy.random.default_rng(0).normal(size=(STEPS, 5))
    return [lambda w, a=a: a * w + numpy.cos(w) for a in coefficients]


@pytest.mark.parametrize(("name", "settings"), CASES, ids=NAMED)
def test_an_update_is_its_formula(name, settings):
    start = numpy.random.default_rng(1).normal(size=5)
    w = nn.Parameter(tensor(start))
    optimizer = getattr(optim, name)([w], **settings)
    for slope in slopes():
        w.grad = tensor(slope(w.detach().numpy()))
        optimizer.step()
    numpy.testing.assert_allclose(
        w.detach().numpy(), FORMULAS[name](start, slopes(), **settings), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize(("name", "settings"), CASES, ids=NAMED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_update_equals_pytorchs_and_so_does_its_state(name, settings, dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    start = numpy.random.default_rng(1).normal(size=5).astype(dtype)
    ours, theirs = nn.Parameter(tensor(start)), torch.nn.Parameter(torch.tensor(start))
    own, other = getattr(optim, name)([ours], **settings), getattr(torch.optim, name)([theirs], **settings)
    for slope in slopes():
        gradient = slope(start).astype(dtype)
        ours.grad, theirs.grad = tensor(gradient), torch.tensor(gradient)
        own.step()
        other.step()
    tolerance = 2e-5 if dtype == "float32" else 1e-6 if name == "NAdam" else 1e-11  # its product is float32 there
    numpy.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    assert ours.dtype == dtype
    mine, wanted = own.state_dict(), other.state_dict()
    assert set(mine["param_groups"][0]) <= set(wanted["param_groups"][0])
    assert mine["state"].keys() == wanted["state"].keys()
    for number, kept in wanted["state"].items():
        assert {key for key, value in kept.items() if value is not None} == set(mine["state"][number])
        for key, value in mine["state"][number].items():
            numpy.testing.assert_allclose(numpy.asarray(value), kept[key].numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=NAMED)
def test_pytorchs_state_is_continued_from(name, settings):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = torch.nn.Parameter(torch.tensor(numpy.random.default_rng(1).normal(size=5)))
    other = getattr(torch.optim, name)([theirs], **settings)
    for slope in slopes():
        theirs.grad = torch.tensor(slope(theirs.detach().numpy()))
        other.step()
    ours = nn.Parameter(tensor(theirs.detach().numpy()))
    own = getattr(optim, name)([ours])
    own.load_state_dict(other.state_dict())
    for slope in slopes():
        theirs.grad, ours.grad = torch.tensor(slope(theirs.detach().numpy())), tensor(slope(ours.detach().numpy()))
        other.step()
        own.step()
    tolerance = 1e-6 if name == "NAdam" else 1e-11
    numpy.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=1e-13)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=NAMED)
def test_a_saved_and_loaded_optimizer_goes_on_exactly_where_it_was(name, settings):
    def train(optimizer, w, gradients):
        for slope in gradients:
            w.grad = tensor(slope(w.detach().numpy()))
            optimizer.step()

    start = numpy.random.default_rng(1).normal(size=5)
    whole, first = nn.Parameter(tensor(start)), nn.Parameter(tensor(start))
    train(getattr(optim, name)([whole], **settings), whole, slopes())
    before = getattr(optim, name)([first], **settings)
    train(before, first, slopes()[:5])
    second = nn.Parameter(first.detach().clone())
    after = getattr(optim, name)([second])
    after.load_state_dict(before.state_dict())
    train(before, first, slopes()[5:])  # must not disturb what was loaded
    train(after, second, slopes()[5:])
    assert second.tolist() == whole.tolist() == first.tolist()


@pytest.mark.parametrize("name", FORMULAS)
def test_an_optimizer_finds_the_bottom_of_a_bowl(name):
    w = nn.Parameter(tensor([3.0, -2.0]))
    optimizer = getattr(optim, name)([w], lr={"SGD": 0.1, "Adagrad": 1.0, "Adadelta": 5.0}.get(name, 0.05))
    for _ in range(300):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    assert math.hypot(*w.tolist()) < 0.05
