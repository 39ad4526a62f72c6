"""Every layer: what it computes and its gradients beside PyTorch's, how it starts, how it prints, what it refuses."""

import numpy
import pytest

from tinygrad_edu import Generator, float64, manual_seed, nn, tensor

# name: (constructor arguments, settings, shape of the input)
LAYERS = {
    "Linear": ((3, 2), {}, (5, 4, 3)),
    "Linear without bias": ((3, 2), {"bias": False}, (3,)),
    "Conv2d": ((2, 4, 3), {"stride": 2, "padding": 1}, (2, 2, 6, 5)),
    "Conv2d with groups": ((4, 4, (3, 2)), {"groups": 2, "dilation": (1, 2), "bias": False}, (2, 4, 6, 5)),
    "Conv2d same": ((2, 3, 3), {"padding": "same"}, (2, 6, 5)),
    "MaxPool2d": ((2,), {}, (2, 3, 5, 4)),
    "MaxPool2d, settings": (((3, 2), (2, 1), 1, 1), {"ceil_mode": True}, (2, 3, 5, 4)),
    "AvgPool2d": ((2,), {}, (2, 3, 5, 4)),
    "AvgPool2d, settings": ((3, 2, 1), {"count_include_pad": False}, (2, 3, 5, 4)),
    "Flatten": ((), {}, (2, 3, 5, 4)),
    "Flatten some": ((0, 1), {}, (2, 3, 5, 4)),
    "Identity": ((1, 2), {"unused": 3}, (2, 3)),
    "Dropout": ((0.3,), {}, (2, 3)),  # compared in eval(): the draws differ
    "ReLU": ((), {}, (2, 3)),
    "ReLU in place": ((True,), {}, (2, 3)),
    "LeakyReLU": ((0.2,), {}, (2, 3)),
    "LeakyReLU in place": ((0.2, True), {}, (2, 3)),
    "ELU": ((1.5,), {}, (2, 3)),
    "ELU in place": ((1.5, True), {}, (2, 3)),
    "GELU": ((), {}, (2, 3)),
    "GELU tanh": ((), {"approximate": "tanh"}, (2, 3)),
    "SiLU": ((), {}, (2, 3)),
    "SiLU in place": ((True,), {}, (2, 3)),
    "Softplus": ((2.0, 3.0), {}, (2, 3)),
    "Sigmoid": ((), {}, (2, 3)),
    "Tanh": ((), {}, (2, 3)),
    "Softmax": ((1,), {}, (2, 3)),
    "LogSoftmax": ((0,), {}, (2, 3)),
}
LOSSES = {
    "MSELoss": {"reduction": "sum"},
    "NLLLoss": {"ignore_index": 1},
    "CrossEntropyLoss": {"label_smoothing": 0.1},
}


def kind(name):
    return name.split()[0].rstrip(",")


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_differentiates_and_prints_like_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    arguments, settings, shape = LAYERS[name]
    ours = getattr(nn, kind(name))(*arguments, **settings).double().eval()
    theirs = getattr(torch.nn, kind(name))(*arguments, **settings).double().eval()
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    rng = numpy.random.default_rng(0)
    data = rng.normal(size=shape)
    x, their_x = tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    y, wanted = ours(x * 1.0), theirs(their_x * 1.0)
    numpy.testing.assert_allclose(y.detach().numpy(), wanted.detach().numpy(), rtol=1e-11, atol=1e-12)
    g = rng.normal(size=y.shape)
    y.backward(tensor(g))
    wanted.backward(torch.tensor(g))
    numpy.testing.assert_allclose(x.grad.numpy(), their_x.grad.numpy(), rtol=1e-11, atol=1e-12)
    for (own_name, own), (their_name, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert own_name == their_name
        numpy.testing.assert_allclose(own.grad.numpy(), other.grad.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_with_a_weight_computes_and_prints_like_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    rng = numpy.random.default_rng(1)
    x, weight = rng.normal(size=(4, 3)), rng.uniform(0.5, 1.5, 3)
    target = rng.normal(size=(4, 3)) if name == "MSELoss" else numpy.array([0, 1, 2, 2])
    given = {} if name == "MSELoss" else {"weight": weight}
    ours = getattr(nn, name)(**LOSSES[name], **{key: tensor(value) for key, value in given.items()})
    theirs = getattr(torch.nn, name)(**LOSSES[name], **{key: torch.tensor(value) for key, value in given.items()})
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    wanted = theirs(torch.tensor(x), torch.tensor(target))
    numpy.testing.assert_allclose(ours(tensor(x), tensor(target)).item(), wanted.item())


def test_linear_is_affine():
    layer = nn.Linear(3, 2).double()
    x = numpy.random.default_rng(0).normal(size=(5, 3))
    wanted = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    numpy.testing.assert_allclose(layer(tensor(x)).detach().numpy(), wanted)


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda g: nn.Linear(64, 500, generator=g), 64),
        (lambda g: nn.Conv2d(8, 500, (3, 2), groups=2, generator=g), 24),
    ],
)
def test_weights_start_uniform_within_one_over_the_root_of_fan_in(make, inputs):
    layer = make(Generator().manual_seed(0))
    for parameter in layer.parameters():
        values = parameter.detach().numpy() * inputs**0.5
        assert values.dtype == numpy.float32
        assert abs(values).max() <= 1.0
        assert abs(values).max() > 0.95
        assert abs(values.mean()) < 0.15
        assert abs(values.var() - 1 / 3) < 0.06


def test_weights_come_from_the_generator_given_or_the_default_one():
    def drawn(**settings):
        return nn.Linear(4, 3, **settings).weight.tolist()

    assert drawn(generator=Generator().manual_seed(1)) == drawn(generator=Generator().manual_seed(1))
    assert drawn(generator=Generator().manual_seed(1)) != drawn(generator=Generator().manual_seed(2))
    manual_seed(3)
    first = drawn()
    manual_seed(3)
    assert drawn() == first != drawn()


def test_a_layer_can_be_made_in_another_dtype_and_place():
    layer = nn.Conv2d(1, 2, 3, dtype=float64, device="cpu")
    assert layer.weight.dtype == layer.bias.dtype == float64
    assert str(layer.weight.device) == "cpu"


def test_dropout_listens_to_train_and_eval():
    layer, x = nn.Dropout(0.5, generator=Generator().manual_seed(0)), tensor(numpy.ones(100))
    assert sorted(set(layer(x).tolist())) == [0.0, 2.0]
    assert layer.eval()(x) is x


def test_max_pool_keeps_its_settings_as_given():
    layer = nn.MaxPool2d(3, stride=(2, 1))
    assert (layer.kernel_size, layer.stride) == (3, (2, 1))
    assert nn.MaxPool2d(3).stride == 3


BAD = {
    "Linear, zero": (lambda: nn.Linear(0, 2), ValueError, "in_features must be a positive integer: got 0"),
    "Linear, kind": (lambda: nn.Linear(2.0, 2), TypeError, "wanted in_features to be an integer, got float: 2.0"),
    "Conv2d, groups": (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels must be divisible by groups"),
    "Conv2d, kernel": (lambda: nn.Conv2d(3, 4, 0), ValueError, "non-positive kernel_size is not supported"),
    "Conv2d, three": (lambda: nn.Conv2d(3, 4, (1, 2, 3)), TypeError, "an integer or a pair of integers"),
    "Conv2d, mode": (lambda: nn.Conv2d(3, 4, 3, padding_mode="wrap"), ValueError, "padding_mode must be one of"),
    "Conv2d, text": (lambda: nn.Conv2d(3, 4, 3, padding="full"), ValueError, "Invalid padding string 'full'"),
    "Conv2d, same": (lambda: nn.Conv2d(3, 4, 3, 2, "same"), ValueError, "is not supported for strided convolutions"),
    "MaxPool2d": (lambda: nn.MaxPool2d(0), ValueError, "non-positive kernel_size is not supported"),
    "AvgPool2d": (lambda: nn.AvgPool2d(2, padding=-1), ValueError, "negative padding is not supported"),
    "Dropout": (lambda: nn.Dropout(1.5), ValueError, "dropout probability has to be between 0 and 1, but got 1.5"),
    "MSELoss": (lambda: nn.MSELoss(reduction="avg"), ValueError, "'avg' is not a valid value for reduction"),
    "NLLLoss": (lambda: nn.NLLLoss(reduction="avg"), ValueError, "'avg' is not a valid value for reduction"),
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss(reduction=""), ValueError, "is not a valid value for reduction"),
}


@pytest.mark.parametrize(("make", "error", "words"), BAD.values(), ids=BAD)
def test_a_layer_that_cannot_be_is_refused_when_it_is_made(make, error, words):
    with pytest.raises(error, match=words):
        make()


CALLS = {
    "Linear": (lambda: nn.Linear(3, 2), (4, 5), ValueError, r"shapes cannot be multiplied \(4x5 and 3x2\)"),
    "Conv2d": (lambda: nn.Conv2d(3, 2, 2), (1, 4, 5, 5), ValueError, "to have 3 channels, but got 4 channels instead"),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), (5, 5), ValueError, "non-empty 3D or 4D"),
    "AvgPool2d": (lambda: nn.AvgPool2d(9), (1, 1, 5, 5), ValueError, "can't be greater than actual input size"),
    "Flatten": (lambda: nn.Flatten(3), (2, 2), IndexError, "3"),
    "Softmax": (lambda: nn.Softmax(2), (2, 2), IndexError, "2"),
    "LogSoftmax": (lambda: nn.LogSoftmax(), (2, 2), ValueError, "wants dim="),
}


@pytest.mark.parametrize(("make", "shape", "error", "words"), CALLS.values(), ids=CALLS)
def test_a_wrong_shape_is_an_error_that_names_the_layer_and_the_input(make, shape, error, words):
    layer = make()
    with pytest.raises(error, match=words) as caught:
        layer(tensor(numpy.ones(shape, "float32")))
    note = f"in {type(layer).__name__}({layer.extra_repr()}), called with a float32 tensor of shape {shape}"
    assert caught.value.__notes__ == [note]


@pytest.mark.parametrize(
    "layer", [nn.Linear(2, 2), nn.Conv2d(2, 2, 1), nn.MaxPool2d(1), nn.AvgPool2d(1), nn.Dropout()], ids=repr
)
def test_a_layer_refuses_integers_with_the_remedy(layer):
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        layer(tensor(numpy.ones((1, 2, 2, 2), "int64")))


def test_the_notes_name_the_layers_from_the_inside_out():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 2))
    with pytest.raises(ValueError, match="cannot be multiplied") as caught:
        model(tensor(numpy.ones((1, 3), "float32")))
    inner, outer = caught.value.__notes__
    assert inner.startswith("in Linear(in_features=5, out_features=2, bias=True), called with a float32 tensor of")
    assert outer.startswith("in Sequential(")
