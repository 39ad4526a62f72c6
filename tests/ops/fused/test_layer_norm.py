"""Layer norm and RMS norm: random shapes and layouts beside their definitions, precision, what does not vary."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused.layer_norm import layer_norm, rms_norm

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])
size = st.integers(1, 4)


@hypothesis.settings(max_examples=80, deadline=None, derandomize=True)
@hypothesis.given(
    leading=st.lists(st.integers(0, 3), max_size=2),
    last=st.lists(size, min_size=1, max_size=2),
    given=st.tuples(st.booleans(), st.booleans()),
    eps=st.sampled_from([1e-3, 0.5]),
    layouts=st.tuples(layout, layout),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_shapes_and_layouts(
    leading: list[int], last: list[int], given: Any, eps: float, layouts: Any, seed: int, request: Any
) -> None:
    is_its_definition = request.getfixturevalue("is_its_definition")
    rng = numpy.random.default_rng(seed)
    x = rng.normal(size=(*leading, *last))
    weight, bias = (rng.normal(size=last) if there else None for there in given)
    axis = tuple(range(len(leading), x.ndim))
    is_its_definition(layer_norm, [x, weight, bias], layouts=layouts, axis=axis, eps=eps)
    is_its_definition(rms_norm, [x, weight], layouts=layouts, axis=axis, eps=eps)


@pytest.mark.parametrize("op", [layer_norm, rms_norm])
def test_float32_is_close_to_float64_even_far_from_zero(op: Any) -> None:
    rng = numpy.random.default_rng(0)
    x = rng.normal(size=(50, 300)) + 100
    rest = [None] * (len(op.arguments) - 1)
    exact = op(te.tensor(x), *rest, axis=(1,), eps=1e-5).numpy()
    rough = op(te.tensor(x.astype("float32")), *rest, axis=(1,), eps=1e-5).numpy()
    assert numpy.abs(rough - exact).max() < 5e-5  # float32 holds numbers near 100 to 4e-6


@pytest.mark.parametrize("op", [layer_norm, rms_norm])
def test_what_comes_out_may_be_overwritten(op: Any) -> None:
    rest = [None] * (len(op.arguments) - 1)
    gradients = []
    for overwrite in (False, True):
        x = te.tensor([[1.0, 2.0, 4.0], [3.0, 0.0, 1.0]], requires_grad=True)
        out = op(x, *rest, axis=(1,), eps=1e-5)
        if overwrite:
            with te.no_grad():
                out.zero_()  # the way back needs the normal numbers, which look the same
        out.backward(te.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]))
        gradients.append(x.grad.tolist())
    assert gradients[0] == gradients[1]
