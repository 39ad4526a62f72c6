"""New tensors beside old ones, questions about number types and memory, and in-place methods made of others."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

KINDS = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("kind", KINDS)
def test_new_tensors_take_after_the_old_one(kind: str) -> None:
    array = numpy.ones(2, kind)
    agree(lambda library, x: x.new_zeros(2, 3), array, grad=False)
    agree(lambda library, x: x.new_ones((2,)), array, grad=False)
    agree(lambda library, x: x.new_full((2, 1), 3), array, grad=False)
    agree(lambda library, x: x.new_zeros(2, dtype=library.float64), array, grad=False)
    agree(lambda library, x: x.new_tensor([1, 0]), array, grad=False)
    agree(lambda library, x: x.new_tensor([0.0, 1.0], dtype=library.float32), array, grad=False)
    agree(lambda library, x: x.new_tensor(numpy.array([1.5])), array, grad=False)
    agree(lambda library, x: library.tensor([1.0, 2.0]).type_as(x), array, grad=False)


def test_new_tensors_live_where_the_old_one_does(device: Any) -> None:
    x = te.zeros(2, device=device)
    for made in (x.new_zeros(3), x.new_tensor([1.0]), x.new_full((1,), 2), x.new_tensor(x)):
        assert made.device == device
    assert x.new_ones(2, device="cpu", requires_grad=True).requires_grad
    assert x.new_empty(2, 0).shape == (2, 0)
    with pytest.raises(ValueError, match="wanted sizes of 0 or more, got"):
        x.new_zeros(-1)


def test_a_new_tensor_is_a_copy() -> None:
    x = tensor([1.0])
    made = x.new_tensor(x)
    made += 1
    assert x.tolist() == [1.0]


def test_questions_about_memory() -> None:
    x = te.zeros(2, 3)
    agree(lambda library, x: (x.stride(), x.stride(0), x.stride(-1), x.itemsize, x.nbytes), numpy.zeros((2, 3)))
    agree(lambda library, x: (x.T.stride(), x.element_size(), x.nelement(), x.ndimension()), numpy.zeros((2, 3)))
    assert (x.is_cpu, x.get_device(), x.is_complex(), x.is_signed(), x.bool().is_signed()) == (
        True,
        -1,
        False,
        True,
        False,
    )
    assert (x.byte().dtype, x.short().dtype, x.char().dtype) == (te.uint8, te.int16, te.int8)
    assert (te.numel(x), te.is_floating_point(x), te.is_tensor(x), te.is_tensor(1)) == (6, True, True, False)
    assert isinstance(x.shape, te.Size)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_limits_of_floating_point_types(kind: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    mine, other = te.finfo(getattr(te, kind)), torch.finfo(getattr(torch, kind))
    for name in ("bits", "max", "min", "eps", "tiny", "smallest_normal", "resolution"):
        assert getattr(mine, name) == pytest.approx(getattr(other, name), rel=1e-7), name
    assert mine.dtype == other.dtype == kind
    assert te.finfo().dtype == "float32"
    assert "eps" in repr(mine)


@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "int32", "int64"])
def test_limits_of_integer_types(kind: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    mine, other = te.iinfo(getattr(te, kind)), torch.iinfo(getattr(torch, kind))
    assert (mine.bits, mine.min, mine.max, mine.dtype) == (other.bits, other.min, other.max, other.dtype)
    assert kind in repr(mine)


def test_promotion_and_casting_of_types() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    for first in KINDS:
        for second in KINDS:
            mine = te.promote_types(getattr(te, first), getattr(te, second))
            assert str(torch.promote_types(getattr(torch, first), getattr(torch, second))) == f"torch.{mine}"
            ours = te.can_cast(getattr(te, first), getattr(te, second))
            assert ours == torch.can_cast(getattr(torch, first), getattr(torch, second)), (first, second)
    assert te.result_type(tensor([1]), 2.0) == te.float32


IN_PLACE: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys("relu sigmoid tanh log sin cos square rsqrt reciprocal sign floor ceil round trunc".split(), ()),  # noqa: SIM905
    "remainder": (0.7,), "floor_divide": (0.7,), "nan_to_num": (), "clamp_min": (1.0,), "clamp_max": (1.0,),
    "tril": (), "triu": (1,), "cumsum": (0,), "cumprod": (1,), "clip": (0.7, 1.2), "multiply": (3,), "divide": (2,),
    "true_divide": (2,), "subtract": (2,), "negative": (), "absolute": (),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_methods_write_what_the_others_compute(name: str) -> None:
    arguments = IN_PLACE[name]

    def call(library: Any, x: Any) -> Any:
        y = x * 1
        out = getattr(y, f"{name}_")(*arguments)
        return out, y

    array = numpy.array([[0.5, 1.0], [1.75, 2.5]])
    agree(call, array, grad=name != "floor_divide")  # which PyTorch cannot differentiate
    agree(call, array, grad=False)
    x = tensor(array)
    memory, versions = x.array, x.clone()
    assert getattr(x, f"{name}_")(*arguments) is x
    assert x.array is memory
    te.testing.assert_close(x, getattr(versions, name)(*arguments))


def test_in_place_writing_to_positions() -> None:
    source, index = numpy.array([[10.0, 20.0]]), numpy.array([1])
    agree(lambda library, x, i, y: (x * 1).index_add_(0, i, y), numpy.ones((2, 2)), index, source)
    agree(lambda library, x, i, y: (x * 1).index_copy_(0, i, y), numpy.ones((2, 2)), index, source)
    agree(lambda library, x, i: (x * 1).index_fill_(0, i, 5.0), numpy.ones((2, 2)), index)
    agree(lambda library, x, i, y: (x * 1).scatter_add_(1, i, y), numpy.ones((2, 2)), [[0, 0]], source)
    agree(lambda library, x, i, y: (x * 1).scatter_reduce_(1, i, y, "amax"), numpy.ones((2, 2)), [[0, 0]], source)
    agree(lambda library, x: (x * 1).fill_diagonal_(7.0), numpy.ones((3, 2)), grad=False)
    agree(lambda library, x: (x * 1).fill_diagonal_(7.0, wrap=True), numpy.ones((7, 2)), grad=False)
    agree(lambda library, x: (x * 1).fill_diagonal_(7.0), numpy.ones((2, 4)), grad=False)
    x = tensor([[3]])
    x //= 2
    x %= 1
    assert x.tolist() == [[0]]
    with pytest.raises(ValueError, match="fill_diagonal_ wanted a matrix"):
        te.ones(2).fill_diagonal_(1.0)


def test_in_place_methods_know_what_backward_still_needs() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.relu_()
    with pytest.raises(RuntimeError, match="exp"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="a leaf Tensor that requires grad"):
        x.relu_()
    with pytest.raises(TypeError, match="keeps its dtype"):
        tensor([1, 2]).sigmoid_()


def test_detaching_in_place_forgets_the_history() -> None:
    y = tensor([1.0], requires_grad=True) * 2
    assert y.detach_() is y
    assert (y.requires_grad, y.is_leaf, y.tolist()) == (False, True, [2.0])


def test_recording_is_off_in_all_its_spellings() -> None:
    x = tensor([1.0], requires_grad=True)

    @te.no_grad
    def bare(x: Any) -> Any:
        return x * 2

    @te.no_grad()
    def called(x: Any) -> Any:
        return x * 2

    @te.inference_mode()
    def inference(x: Any) -> Any:
        return x * 2

    assert [f(x).requires_grad for f in (bare, called, inference)] == [False, False, False]
    with te.inference_mode(False):
        assert (x * 2).requires_grad
    with te.inference_mode(), te.enable_grad():
        assert (x * 2).requires_grad
    assert te.is_grad_enabled()
