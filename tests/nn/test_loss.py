"""Losses as modules: their settings reach the function, weights are state, what cannot be is refused when made."""

import numpy
import pytest

from tinygrad_edu import nn, tensor

NAMES = [name for name in nn.__all__ if name.endswith("Loss")]


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_reduction_is_refused_when_the_loss_is_made(name):
    for reduction in ("avg", None):
        with pytest.raises(ValueError, match="is not a valid value for reduction: wanted 'none', 'mean'"):
            getattr(nn, name)(reduction=reduction)


@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss", "BCELoss", "BCEWithLogitsLoss"])
def test_a_weight_is_state_but_not_trained(name):
    weight = tensor([1.0, 2.0])
    loss = getattr(nn, name)(weight=weight)
    assert list(loss.state_dict()) == ["weight"]
    assert list(loss.parameters()) == []
    assert loss.to("strict").weight.device == "strict"
    assert list(getattr(nn, name)().state_dict()) == []


def test_both_weights_of_bce_with_logits_are_state():
    loss = nn.BCEWithLogitsLoss(tensor([1.0]), pos_weight=tensor([2.0]))
    assert list(loss.state_dict()) == ["weight", "pos_weight"]


def test_a_distance_that_is_a_module_is_owned():
    class Stretched(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(tensor([2.0]))

        def forward(self, x, y):
            return ((x - y) * self.scale).abs().sum(-1)

    loss = nn.TripletMarginWithDistanceLoss(distance_function=Stretched())
    assert [name for name, _ in loss.named_parameters()] == ["distance_function.scale"]
    loss(*(tensor([[number]]) for number in (0.0, 1.0, 3.0))).backward()


def test_an_error_names_the_loss_and_what_it_was_called_with():
    with pytest.raises(ValueError, match="all elements of target should be 1 or -1") as caught:
        nn.SoftMarginLoss()(tensor([1.0]), tensor([0]))
    assert caught.value.__notes__ == [
        "in SoftMarginLoss(), called with a float32 tensor of shape (1,), a int64 tensor of shape (1,)"
    ]


BAD = {
    "p": (lambda: nn.MultiMarginLoss(p=3), "only p == 1 and p == 2 supported: got 3"),
    "margin": (lambda: nn.TripletMarginLoss(margin=0.0), "margin must be greater than 0, got 0.0"),
    "margin of a distance": (lambda: nn.TripletMarginWithDistanceLoss(margin=-1.0), "margin must be greater than 0"),
}


@pytest.mark.parametrize(("make", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused_when_it_is_made(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_small_network_learns_from_losses_of_every_kind():
    rng = numpy.random.default_rng(0)
    x = tensor(rng.normal(size=(32, 2)).astype("float32"))
    y = (x[:, :1] > 0).float()
    net = nn.Linear(2, 1)
    for loss in (nn.BCEWithLogitsLoss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.L1Loss()):
        before = loss(net(x), y)
        for _ in range(5):
            net.zero_grad()
            loss(net(x), y).backward()
            for parameter in net.parameters():
                parameter.data = parameter.detach() - 0.1 * parameter.grad
        assert loss(net(x), y).item() < before.item()
