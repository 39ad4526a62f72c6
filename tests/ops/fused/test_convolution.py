"""Convolution and its transpose: random sizes, settings and layouts beside their definitions; which way is taken."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused import patches
from tinygrad_edu.ops.fused.convolution import convolution, transposed_convolution
from tinygrad_edu.ops.fused.patches import IMAGES, ROWS, WHOLE, choose_layout, choose_tile, plan_for

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the sizes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the sizes")
NAMES = {ROWS: "rows", WHOLE: "whole", IMAGES: "images"}
layouts = st.tuples(*[st.sampled_from(["C", "reversed", "gaps", "repeated"])] * 2)
random = numpy.random.default_rng(5)
PLAIN = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}

_spec = importlib.util.spec_from_file_location("convolutions", Path(__file__).with_name("convolutions.py"))
convolutions = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(convolutions)


@pytest.fixture(params=[ROWS, WHOLE, IMAGES, None], ids=lambda layout: NAMES.get(layout, "chosen"))
def taken(request: Any, monkeypatch: Any) -> Any:
    """Every layout is taken for every case, whether it would be chosen or not, in blocks of few products."""
    if request.param is not None:
        monkeypatch.setattr(patches, "choose_layout", lambda *_: request.param)
        monkeypatch.setattr(patches, "BLOCK", 2000)
    plan_for.cache_clear()
    yield request.param
    plan_for.cache_clear()


@hypothesis.settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(case=convolutions.cases(), memory=layouts)
def test_random_convolutions(case: Any, memory: Any, taken: Any, is_its_definition: Any) -> None:
    arrays, settings = case
    is_its_definition(convolution, arrays, layouts=memory, **settings)


@hypothesis.settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(case=convolutions.transposed_cases(), memory=layouts)
def test_random_transposed_convolutions(case: Any, memory: Any, taken: Any, is_its_definition: Any) -> None:
    arrays, settings = case
    is_its_definition(transposed_convolution, arrays, layouts=memory, **settings)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0), (1, 2, 3, 0), (0, 2, 3, 1)])
def test_an_input_in_any_order_gives_the_same(order: tuple[int, ...]) -> None:
    x, w = random.normal(size=(5, 3, 6, 7)), random.normal(size=(4, 3, 3, 3))
    lying = numpy.ascontiguousarray(x.transpose(order)).transpose(numpy.argsort(order))
    settings = {**PLAIN, "padding": ((1, 1), (1, 1))}
    out = convolution(te.Tensor(lying), te.tensor(w), None, **settings)
    wanted = convolution.definition(te.tensor(x), te.tensor(w), None, **settings)
    numpy.testing.assert_allclose(out.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-12)


def test_layers_hand_images_on_side_by_side_without_copies() -> None:
    x = te.tensor(random.normal(size=(20, 3, 9, 9)))
    w, v = te.tensor(random.normal(size=(4, 3, 3, 3)), requires_grad=True), te.tensor(random.normal(size=(4, 4, 3, 3)))
    hidden = convolution(x, w, None, **PLAIN).relu()
    assert hidden.array.strides[0] == 8
    out = convolution(hidden, v, None, **PLAIN)
    kept = out.grad_fn.saved[0][0][0]
    assert numpy.shares_memory(kept, hidden.array)
    assert out.array.base is None


def test_nothing_is_kept_but_the_arguments_or_the_input_in_another_order() -> None:
    x, w = te.tensor(random.normal(size=(4, 3, 9, 9))), te.tensor(random.normal(size=(4, 3, 3, 3)), requires_grad=True)
    kept, arrays = convolution(x, w, None, **PLAIN).grad_fn.saved[1]
    images, filters, _ = kept
    assert images.nbytes == x.array.nbytes
    assert numpy.shares_memory(filters, arrays[1])


def test_the_gradient_of_the_input_is_not_worked_out_where_nobody_wants_it(monkeypatch: Any) -> None:
    from tinygrad_edu.ops.fused import convolution as module

    monkeypatch.setattr(module, "spread", lambda *_: pytest.fail("the gradient of the input"))
    x, w = te.tensor(random.normal(size=(4, 3, 9, 9))), te.tensor(random.normal(size=(4, 3, 3, 3)), requires_grad=True)
    convolution(x, w, None, **PLAIN).sum().backward()
    assert w.grad is not None


def test_the_rule_that_chooses_the_layout() -> None:
    assert choose_layout(columns=512, outputs=64, row_major=True, is_copied=True) is ROWS
    assert choose_layout(columns=64, outputs=512, row_major=True, is_copied=True) is WHOLE
    assert choose_layout(columns=512, outputs=64, row_major=True, is_copied=False) is IMAGES
    assert choose_layout(columns=512, outputs=64, row_major=False, is_copied=False) is ROWS


def test_a_tile_fills_what_the_processor_multiplies_at_once() -> None:
    found = {(outputs, rows): choose_tile(outputs, rows) for outputs in (1, 2, 6, 16) for rows in (28, 14, 7)}
    assert [found[outputs, 28] for outputs in (1, 2, 6, 16)] == [4, 2, 2, 1]
    assert [found[6, rows] for rows in (28, 14, 7)] == [2, 2, 1]
    assert found[1, 14] == 1


@pytest.mark.parametrize("outputs", [1, 2, 6])
def test_tiles_of_rows(outputs: int, is_its_definition: Any) -> None:
    arrays = [random.normal(size=(8, 3, 10, 9)), random.normal(size=(outputs, 3, 3, 2)), random.normal(size=outputs)]
    plan = plan_for((8, 3, 10, 9), True, (outputs, 3, 3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    assert plan.tile == {1: 4, 2: 2, 6: 2}[outputs]
    is_its_definition(convolution, arrays, **PLAIN)


def test_float32_is_as_close_to_float64_as_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    arrays = [random.normal(size=shape) for shape in ((16, 16, 12, 12), (8, 16, 5, 5), (8,))]
    g = random.normal(size=(16, 8, 12, 12))
    exact = [torch.tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array.astype("float32"), requires_grad=True) for array in arrays]
    ours = [te.tensor(array.astype("float32"), requires_grad=True) for array in arrays]
    wanted, their = (torch.nn.functional.conv2d(*xs, padding=2) for xs in (exact, theirs))
    our = te.nn.functional.conv2d(*ours, padding=2)
    wanted.backward(torch.tensor(g))
    their.backward(torch.tensor(g.astype("float32")))
    our.backward(te.tensor(g.astype("float32")))

    def error(got: Any, right: Any) -> float:
        right = right.detach().numpy()
        return float(numpy.sqrt(numpy.mean((numpy.asarray(got.detach().numpy()) - right) ** 2) / numpy.mean(right**2)))

    groups = [(out, *[x.grad for x in xs]) for out, xs in ((our, ours), (their, theirs), (wanted, exact))]
    for mine, other, right in zip(*groups, strict=True):
        assert error(mine, right) < 2 * error(other, right) + 1e-7
