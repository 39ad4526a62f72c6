"""The table of derivatives: every op and layer in it, and a wrong one shown."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tinygrad_edu import nn, tensor
from tinygrad_edu.engine import primitives
from tinygrad_edu.testing import gradcheck, gradgradcheck
from tinygrad_edu.testing.cases import CASES
from tinygrad_edu.testing.layers import LAYERS, LayerCase, Question
from tinygrad_edu.testing.report import gradient_report, print_gradient_table


def test_every_derivative_is_right() -> None:
    text = io.StringIO()
    assert print_gradient_table(text) == 0
    assert "all right" in text.getvalue()
    names = {row.name for row in gradient_report()}
    assert {case.name for case in CASES if case.orders > 0} | {case.name for case in LAYERS if case.orders > 0} == names


def test_one_op_alone() -> None:
    (row,) = gradient_report("tanh")
    assert (row.kind, row.name, row.cases) == ("op", "tanh", 3)
    assert row.first < 1e-8
    assert row.second < 1e-8
    with pytest.raises(ValueError, match="no op or layer is called 'sine'"):
        gradient_report("sine")


@pytest.mark.parametrize(
    "rule",
    [lambda g, out: -g * (1 - out * out), lambda g, out: g * (1.001 - out * out), lambda g: g[:1] if g.ndim else g * 2],
    ids=["sign", "slightly", "shape"],
)
def test_a_wrong_one_is_marked(rule: Any) -> None:
    op, text = primitives["tanh"], io.StringIO()
    before = op.rules
    op.defvjp(x=rule)
    try:
        assert print_gradient_table(text, only="tanh") == 1
    finally:
        op.defvjp(**before)
    assert "WRONG" in text.getvalue()
    assert "wrong: tanh" in text.getvalue()


def test_every_layer_has_a_row() -> None:
    named = {name: getattr(nn, name) for name in nn.__all__}
    layers = {name for name, kind in named.items() if isinstance(kind, type) and issubclass(kind, nn.Module)}
    assert layers - {case.name for case in LAYERS} == {"Module"}


@pytest.mark.parametrize("case", [case for case in LAYERS if case.orders > 0], ids=lambda case: case.id)
def test_layers_on_every_device(case: LayerCase, device: Any) -> None:
    layer = case.made(nn)
    if hasattr(layer, "parameters"):
        layer.to(device)
    question = Question(case, nn, layer, [tensor(array, device=device) for array in case.arrays()])
    inputs = (*question.varied, *question.parameters())
    gradcheck(question, inputs, fast_mode=device.type != "cpu")
    if case.orders > 1:
        gradgradcheck(question, inputs, fast_mode=True)
