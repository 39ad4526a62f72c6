"""Activations as modules: how PReLU starts and learns, what they print, what they refuse."""

import numpy
import pytest

from tinygrad_edu import float64, nn, optim, tensor


def test_prelu_starts_at_init_and_learns_its_slope():
    layer = nn.PReLU(2, init=0.1, dtype=float64, device="cpu")
    assert layer.weight.tolist() == [0.1, 0.1]
    assert layer.weight.dtype == float64
    assert nn.PReLU().weight.tolist() == [0.25]
    x, wanted = tensor(numpy.array([[-1.0, -2.0], [1.0, -3.0]])), tensor(numpy.array([[-0.5, -1.8], [1.0, -2.7]]))
    optimizer = optim.SGD(layer.parameters(), 0.1)
    for _ in range(200):
        optimizer.zero_grad()
        nn.MSELoss()(layer(x), wanted).backward()
        optimizer.step()
    numpy.testing.assert_allclose(layer.weight.tolist(), [0.5, 0.9], rtol=1e-4)


IN_PLACE = [
    nn.ReLU(True),
    nn.ReLU6(True),
    nn.LeakyReLU(inplace=True),
    nn.ELU(inplace=True),
    nn.SELU(True),
    nn.CELU(2.0, True),
    nn.SiLU(True),
    nn.Mish(True),
    nn.Hardtanh(inplace=True),
    nn.Hardsigmoid(True),
    nn.Hardswish(True),
    nn.Threshold(1, 2, True),
]


@pytest.mark.parametrize("layer", IN_PLACE, ids=lambda layer: type(layer).__name__)
def test_in_place_prints_as_pytorchs_and_returns_its_input(layer):
    x = tensor([-1.0, 7.0])
    assert layer(x) is x
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    settings = {name: value for name, value in vars(layer).items() if name in ("alpha", "threshold", "value")}
    assert repr(layer) == repr(getattr(torch.nn, type(layer).__name__)(**settings, inplace=True))


BAD = {
    "PReLU, none": (lambda: nn.PReLU(0), ValueError, "num_parameters must be a positive integer: got 0"),
    "PReLU, kind": (lambda: nn.PReLU(1.5), TypeError, "wanted num_parameters to be an integer, got float"),
    "PReLU, channels": (lambda: nn.PReLU(2)(tensor([[1.0]])), ValueError, "Mismatch of parameter numbers"),
    "Hardtanh": (lambda: nn.Hardtanh(1.0, 1.0), ValueError, r"max_val \(1.0\) must be greater than min_val \(1.0\)"),
    "Softmax2d": (
        lambda: nn.Softmax2d()(tensor([[1.0]])),
        ValueError,
        "Softmax2d: expected input to be 3D or 4D, got 2D instead",
    ),
    "Softmin": (lambda: nn.Softmin()(tensor([1.0])), ValueError, "softmin wants dim="),
    "GLU": (lambda: nn.GLU()(tensor([1.0])), ValueError, "Halving dimension must be even"),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
