"""A tensor prints as PyTorch's does: compared with PyTorch's own text, and with fixed texts without it."""

import math
import re
from collections.abc import Iterator

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu.tensors import printing
from tinygrad_edu.tensors.printing import set_printoptions

random = numpy.random.default_rng(5)


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    set_printoptions(profile="default")


def printed(array, **settings) -> str:
    return repr(tinygrad_edu.tensor(array, **settings))


def test_fixed_texts():
    assert printed([1.0, 2.5]) == "tensor([1.0000, 2.5000])"
    assert printed([1.0, 2.0]) == "tensor([1., 2.])"
    assert printed([1, 20]) == "tensor([ 1, 20])"
    assert printed([[True, False]]) == "tensor([[ True, False]])"
    assert printed(3.14159) == "tensor(3.1416)"
    assert printed([0.0, math.nan, -math.inf]) == "tensor([0., nan, -inf])"
    assert printed([1e-5, 1.0]) == "tensor([1.0000e-05, 1.0000e+00])"
    assert printed(numpy.zeros((0, 3))) == "tensor([], size=(0, 3), dtype=float64)"
    assert printed(numpy.array([1.5])) == "tensor([1.5000], dtype=float64)"
    assert printed([1.0], requires_grad=True) == "tensor([1.], requires_grad=True)"
    x = tinygrad_edu.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward>)"
    assert repr(x.log_softmax(0).sum()) == "tensor(-1.6265, grad_fn=<SumBackward>)"
    assert printed([[1.0, 2.0], [3.0, 4.0]]) == "tensor([[1., 2.],\n        [3., 4.]])"


def test_other_devices_are_named():
    text = repr(tinygrad_edu.tensor([1.0, 2.0], device="strict"))
    assert text == "tensor([1., 2.], device='strict')"


def test_printing_leaves_the_tensor_alone():
    array = random.normal(size=(40, 40))
    x = tinygrad_edu.from_numpy(array.copy())
    repr(x)
    assert numpy.array_equal(x.numpy(), array)


def test_unknown_profiles_are_refused():
    with pytest.raises(ValueError, match="profile among default, short, full"):
        set_printoptions(profile="tiny")


def test_a_profile_changes_all_options_and_none_keeps_one():
    set_printoptions(profile="short")
    set_printoptions(linewidth=100)
    assert printing.options == printing.PrintOptions(precision=2, edgeitems=2, linewidth=100)


# ------------------------------------------------------------------------------------------- against PyTorch itself
NUMBERS = {
    "normal": lambda shape: random.normal(size=shape),
    "whole": lambda shape: random.integers(-50, 50, size=shape).astype(float),
    "large": lambda shape: random.normal(size=shape) * 1e6,
    "tiny": lambda shape: random.normal(size=shape) * 1e-6,
    "wide": lambda shape: 10 ** random.uniform(-6, 6, size=shape),
    "huge whole": lambda shape: numpy.round(random.normal(size=shape) * 1e10),
    "zeros": lambda shape: numpy.zeros(shape),
    "halves": lambda shape: random.integers(-5, 5, size=shape) / 2,
    "broken": lambda shape: numpy.where(
        random.uniform(size=shape) < 0.3, random.choice([math.nan, math.inf, -math.inf]), 1.5
    ),
    "whole and broken": lambda shape: numpy.where(random.uniform(size=shape) < 0.4, -math.inf, 12.0),
}
SHAPES = [(), (1,), (7,), (40,), (3, 4), (1, 1), (2, 3, 4), (2, 1, 2, 3), (0,), (0, 3), (2, 0, 1), (25, 2)]
SUMMARIZED = [(1001,), (40, 30), (2, 600), (600, 2), (12, 10, 11), (7, 7, 7, 7), (6, 6, 40)]
DTYPES = ["float32", "float64", "float16", "int64", "int32", "uint8", "bool"]


def in_pytorch(array, torch, requires_grad: bool = False) -> str:
    text = repr(torch.from_numpy(array.copy()).requires_grad_(requires_grad))
    return unwrapped(text.replace("dtype=torch.", "dtype="))


def unwrapped(text: str) -> str:
    """Without the line break before a dtype, whose name is longer in PyTorch, so that it breaks lines earlier."""
    return re.sub(r",\n +dtype", ", dtype", text)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_print_as_in_pytorch(kind, dtype):
    torch = pytest.importorskip("torch", reason="compares with PyTorch's own text")
    for shape in SHAPES + SUMMARIZED:
        with numpy.errstate(all="ignore"):
            array = numpy.asarray(NUMBERS[kind](shape)).astype(dtype)
        assert unwrapped(printed(array)) == in_pytorch(array, torch), (shape, dtype)


def test_remarks_wrap_as_in_pytorch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch's own text")
    for size in range(1, 40):
        for array in (random.normal(size=size), random.normal(size=(2, size)), numpy.arange(size) * 1.0):
            array = array.astype(numpy.float32)
            ours = repr(tinygrad_edu.tensor(array, requires_grad=True))
            assert ours == in_pytorch(array, torch, requires_grad=True)


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"threshold": 5},
        {"threshold": 5, "edgeitems": 1},
        {"linewidth": 40},
        {"sci_mode": True},
        {"sci_mode": False},
        {"profile": "short"},
        {"profile": "full"},
        {"precision": 7, "linewidth": 120},
    ],
    ids=str,
)
def test_options_act_as_in_pytorch(options):
    torch = pytest.importorskip("torch", reason="compares with PyTorch's own text")
    torch.set_printoptions(profile="default")
    try:
        torch.set_printoptions(**options)
        set_printoptions(**options)
        for kind in NUMBERS:
            for shape in [(), (9,), (30,), (8, 9), (3, 7, 2), (1100,)]:
                array = NUMBERS[kind](shape)
                array = numpy.asarray(array)
                assert unwrapped(printed(array)) == in_pytorch(array, torch), (kind, shape)
    finally:
        torch.set_printoptions(profile="default")
