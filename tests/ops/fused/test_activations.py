"""GELU and SiLU in blocks: shapes and sizes of blocks, precision beside PyTorch's, the ends of the line."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused import activations

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")

F = te.nn.functional
FORMS = {
    "gelu": (activations.gelu, {}),
    "tanh": (activations.gelu, {"approximate": "tanh"}),
    "silu": (activations.silu, {}),
}


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@hypothesis.given(
    form=st.sampled_from(sorted(FORMS)),
    shape=st.lists(st.integers(0, 5), max_size=3),
    layouts=st.tuples(*[st.sampled_from(["C", "reversed", "gaps", "repeated"])] * 2),
    block=st.sampled_from([1, 7, 65536]),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_shapes_layouts_and_blocks(
    form: str, shape: list[int], layouts: Any, block: int, seed: int, request: Any
) -> None:
    is_its_definition = request.getfixturevalue("is_its_definition")
    op, settings = FORMS[form]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activations, "BLOCK", block)
        x = numpy.asarray(numpy.random.default_rng(seed).normal(size=shape) * 3)
        is_its_definition(op, [x], layouts=layouts, **settings)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_float32_is_as_exact_as_pytorchs(form: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    op, settings = FORMS[form]
    theirs = torch.nn.functional.silu if form == "silu" else torch.nn.functional.gelu
    points = numpy.linspace(-12, 12, 20001).astype("float32")

    def by_torch(dtype: Any) -> tuple[Any, Any]:
        x = torch.tensor(points, dtype=dtype, requires_grad=True)
        y = theirs(x, **settings)
        y.sum().backward()
        return y.detach().double().numpy(), x.grad.double().numpy()

    x = te.tensor(points, requires_grad=True)
    y = op(x, **settings)
    y.sum().backward()
    for mine, other, exact in zip((y.detach(), x.grad), by_torch(torch.float32), by_torch(torch.float64), strict=True):
        error, allowed = (numpy.sqrt(((value - exact) ** 2).mean()) for value in (mine.numpy(), other))
        assert error < 2 * allowed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", sorted(FORMS))
def test_far_out_nothing_overflows(form: str, dtype: str) -> None:
    op, settings = FORMS[form]
    x = te.tensor(numpy.array([-1e30, -200.0, 200.0, 1e30, 0.0], dtype), requires_grad=True)
    y = op(x, **settings)
    y.sum().backward()
    numpy.testing.assert_allclose(y.detach().numpy(), numpy.maximum(x.detach().numpy(), 0), atol=1e-7)
    numpy.testing.assert_allclose(x.grad.numpy(), [0, 0, 1, 1, 0.5], atol=1e-6)


def test_nan_and_infinity_come_out() -> None:
    x = te.tensor([math.nan, math.inf])
    for y in (F.gelu(x), F.silu(x)):
        assert math.isnan(y[0].item())
        assert y[1].item() == math.inf


def test_without_a_way_back_no_slope_is_kept() -> None:
    x = te.rand(10, requires_grad=True)
    assert activations.gelu.function(x.detach().array, keep=False)[1] is None
    assert F.gelu(x).grad_fn.kept[0][0].shape == (10,)
