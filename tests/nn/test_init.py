"""Initialization: bounds, moments, exact properties, generators."""

import math

import numpy
import pytest

from tinygrad_edu import Generator, manual_seed, tensor, zeros
from tinygrad_edu.nn import functional, init

SHAPE = (200, 30, 3, 2)  # fan_in 180, fan_out 1200
DEVIATIONS = {
    "xavier_uniform_": ({"gain": 2.0}, 2.0 * math.sqrt(2.0 / 1380)),
    "xavier_normal_": ({"gain": 2.0}, 2.0 * math.sqrt(2.0 / 1380)),
    "kaiming_uniform_": ({"nonlinearity": "relu"}, math.sqrt(2.0 / 180)),
    "kaiming_normal_": ({"mode": "fan_out", "a": 0.5}, math.sqrt(2.0 / 1.25 / 1200)),
    "uniform_": ({"a": -3.0, "b": 3.0}, math.sqrt(3.0)),
    "normal_": ({"std": 0.7}, 0.7),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_random_weights_have_the_promised_spread(name):
    settings, deviation = DEVIATIONS[name]
    weight = zeros(SHAPE)
    assert getattr(init, name)(weight, **settings, generator=Generator().manual_seed(0)) is weight
    values = weight.numpy()
    assert values.dtype == numpy.float32
    assert abs(values.std() / deviation - 1.0) < 0.02
    assert abs(values.mean()) < 0.02 * deviation
    if "uniform" in name:
        assert 0.999 * math.sqrt(3.0) * deviation < abs(values).max() <= math.sqrt(3.0) * deviation * (1 + 1e-6)
    else:
        assert abs(values).max() > 3.0 * deviation


@pytest.mark.parametrize("name", ["orthogonal_", "sparse_", "trunc_normal_", *DEVIATIONS])
def test_everything_random_takes_a_generator(name):
    function, settings = getattr(init, name), {"sparsity": 0.5} if name == "sparse_" else {}
    first, again, other = (
        function(zeros(4, 3), **settings, generator=Generator().manual_seed(seed)).tolist() for seed in (1, 1, 2)
    )
    assert first == again != other
    manual_seed(3)
    drawn = function(zeros(4, 3), **settings).tolist()
    manual_seed(3)
    assert function(zeros(4, 3), **settings).tolist() == drawn


def test_gains_equal_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"):
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert init.calculate_gain("leaky_relu", 0.2) == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", 0.2))


def test_constants():
    weight = tensor(numpy.ones((2, 3)))
    assert init.zeros_(weight).tolist() == [[0.0] * 3] * 2
    assert init.ones_(weight).tolist() == [[1.0] * 3] * 2
    assert init.constant_(weight, 2.5).tolist() == [[2.5] * 3] * 2
    assert init.eye_(weight).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (6, 2, 2)])
def test_orthogonal_rows_or_columns_keep_lengths(shape):
    weight = init.orthogonal_(zeros(shape, dtype=numpy.float64), gain=2.0, generator=Generator().manual_seed(0))
    matrix = weight.numpy().reshape(shape[0], -1)
    square = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    numpy.testing.assert_allclose(square, 4.0 * numpy.eye(len(square)), atol=1e-12)


def test_every_rotation_is_equally_likely():
    """With the signs of R left as they come, the first entry would never be positive."""
    corners = [
        init.orthogonal_(zeros(2, 2), generator=Generator().manual_seed(seed)).tolist()[0][0] for seed in range(40)
    ]
    assert 5 < sum(corner > 0 for corner in corners) < 35


def test_trunc_normal_is_a_normal_between_its_ends():
    weight = init.trunc_normal_(zeros(20_000), mean=1.0, std=2.0, a=0.0, b=4.0, generator=Generator().manual_seed(0))
    values = weight.numpy()
    assert 0.0 <= values.min() < 0.01
    assert 3.99 < values.max() <= 4.0
    # mean of N(1, 4) between 0 and 4: mean + std (φ(α) - φ(β)) / (Φ(β) - Φ(α)), α = -1/2, β = 3/2
    density = lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    mass = (math.erf(1.5 / math.sqrt(2)) + math.erf(0.5 / math.sqrt(2))) / 2
    assert abs(values.mean() - (1.0 + 2.0 * (density(0.5) - density(1.5)) / mass)) < 0.03


@pytest.mark.parametrize(("shape", "groups"), [((3, 3, 3), 1), ((4, 2, 3, 3), 1), ((2, 4, 3, 1), 1), ((4, 2, 4, 3), 2)])
def test_dirac_copies_the_channels_that_a_group_has_outputs_for(shape, groups, rng):
    weight = init.dirac_(zeros(shape, dtype=numpy.float64), groups)
    assert weight.sum().item() == groups * min(shape[0] // groups, shape[1])
    middle = weight.numpy()[(slice(None), slice(None), *(size // 2 for size in shape[2:]))]
    assert middle.sum() == weight.sum().item()
    for group in numpy.split(middle, groups):
        numpy.testing.assert_array_equal(group, numpy.eye(shape[0] // groups, shape[1]))


def test_a_convolution_that_starts_with_dirac_copies_its_input(rng):
    x = tensor(rng.normal(size=(2, 3, 4, 5)))
    weight = init.dirac_(zeros(3, 3, 3, 3, dtype=numpy.float64))
    numpy.testing.assert_array_equal(functional.conv2d(x, weight, padding=1).numpy(), x.numpy())


def test_dirac_equals_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for shape, groups in (((4, 2, 3), 2), ((6, 2, 3, 4), 3), ((3, 5, 2, 2), 1), ((4, 3, 1, 2, 3), 2)):
        wanted = torch.nn.init.dirac_(torch.empty(shape), groups)
        assert init.dirac_(zeros(shape), groups).tolist() == wanted.tolist()


@pytest.mark.parametrize(("sparsity", "zero"), [(0.0, 0), (0.25, 10), (0.26, 11), (1.0, 40)])
def test_sparse_leaves_out_as_many_of_each_column_at_random(sparsity, zero):
    weight = init.sparse_(zeros(40, 300), sparsity, std=0.5, generator=Generator().manual_seed(0)).numpy()
    assert ((weight == 0.0).sum(axis=0) == zero).all()
    rows = (weight == 0.0).mean(axis=1)
    assert abs(rows - zero / 40).max() < 5 * math.sqrt(0.25 / 300)
    if zero < 40:
        assert abs(weight[weight != 0.0].std() - 0.5) < 0.02


def test_initializing_a_parameter_is_not_recorded():
    weight = tensor([[1.0]], requires_grad=True)
    for function in (init.uniform_, init.normal_, init.ones_, init.eye_, init.orthogonal_, init.trunc_normal_):
        assert function(weight) is weight
        assert weight.is_leaf
        assert weight.requires_grad


BAD = {
    "gain": (lambda: init.calculate_gain("swish"), "Unsupported nonlinearity swish"),
    "fans": (lambda: init.xavier_uniform_(zeros(3)), "can not be computed for tensor with fewer than 2 dimensions"),
    "mode": (lambda: init.kaiming_normal_(zeros(2, 2), mode="fan"), "Mode 'fan' not supported"),
    "eye": (lambda: init.eye_(zeros(3)), "Only tensors with 2 dimensions are supported"),
    "dirac": (lambda: init.dirac_(zeros(3, 3)), "Only tensors with 3, 4, or 5 dimensions are supported"),
    "dirac groups": (lambda: init.dirac_(zeros(4, 2, 3), 3), "dim 0 must be divisible by groups"),
    "sparse": (lambda: init.sparse_(zeros(2, 2, 2), 0.5), "Only tensors with 2 dimensions are supported"),
    "sparsity": (lambda: init.sparse_(zeros(2, 2), 1.5), "wanted sparsity, the share of zeros, between 0 and 1"),
    "orthogonal": (lambda: init.orthogonal_(zeros(3)), "Only tensors with 2 or more dimensions are supported"),
    "ends": (lambda: init.trunc_normal_(zeros(3), a=1.0, b=-1.0), "wanted a < b"),
    "far": (lambda: init.trunc_normal_(zeros(3), a=50.0, b=51.0), "wanted a and b within about 8 std"),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_initialization_says_what_is_wrong(call, words):
    with pytest.raises(ValueError, match=words):
        call()
