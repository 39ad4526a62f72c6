"""explain(loss) tells the chain rule of the graph with its own names, and its numbers are those of backward."""

import re

import numpy
import pytest

import tinygrad_edu as torch
from tinygrad_edu import show
from tinygrad_edu.engine import primitive
from tinygrad_edu.show.plain import plain
from tinygrad_edu.show.symbols import setting, substitute, symbol


def network():
    x = torch.tensor([[1.0, 2.0], [3.0, -4.0]])
    W = torch.tensor([[0.5, -1.0], [0.25, 2.0]], requires_grad=True)
    b = torch.tensor([0.1, 0.2], requires_grad=True)
    h = (x @ W + b).tanh()
    loss = (h * h).mean()
    return {"x": x, "W": W, "b": b, "h": h, "loss": loss}


def test_each_step_is_the_rule_with_the_names_of_the_program():
    names = network()
    steps = {step.symbol: step for step in show.explain(names["loss"], names=names).steps}
    assert list(steps) == ["v_{3}", "h", "v_{2}", "v_{1}", "b", "W"]
    assert steps["v_{3}"].right == (
        r"\frac{1}{4} \operatorname{copy}_{\mathrm{axis}\,0,1}\left(\frac{\partial L}{\partial L}\right)"
    )
    assert steps["h"].right == r"\frac{\partial L}{\partial v_{3}} \odot h + \frac{\partial L}{\partial v_{3}} \odot h"
    assert steps["v_{2}"].right == r"\frac{\partial L}{\partial h} \odot \left(1 - h^{2}\right)"
    assert steps["b"].right == r"\sum_{\mathrm{copies}} \frac{\partial L}{\partial v_{2}}"
    assert steps["W"].right == r"x^{\top} \frac{\partial L}{\partial v_{1}}"
    assert steps["W"].left == r"\frac{\partial L}{\partial W}"
    assert (steps["W"].leaf, steps["h"].leaf) == (True, False)


def test_numbers_are_those_of_backward_and_nothing_is_changed():
    names = network()
    names["h"].retain_grad()
    explained = {step.symbol: step.gradient for step in show.explain(names["loss"], names=names).steps}
    for name in ("W", "b", "h"):
        assert names[name].grad is None
    names["loss"].backward()
    for name in ("W", "b", "h"):
        numpy.testing.assert_array_equal(explained[name], names[name].grad.numpy())


def test_names_come_from_the_variables_of_the_caller():
    weight = torch.ones(2, requires_grad=True)
    theta = (weight * 2).sum()
    assert [line.symbol for line in show.explain(theta).definitions] == [r"\mathrm{weight}", "v_{1}", r"\theta"]


def test_the_forward_lines_define_every_name():
    names = network()
    lines = {line.symbol: line for line in show.explain(names["loss"], names=names).definitions}
    assert lines["v_{1}"].formula == r"x \, W"
    assert lines["h"].formula == r"\tanh v_{2}"
    assert lines["L"].formula == r"\frac{1}{4} \sum_{\mathrm{axis}\,0,1} v_{3}"
    assert lines["x"].op == "constant"
    assert "test_explain.py" in lines["h"].where


def test_settings_and_numbers_stand_in_the_formulas():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = ((x * -2.0) ** 3).clamp(-1.0, None)[1:].reshape(1, 2).sum()
    lines = [line.formula for line in show.explain(loss).definitions]
    assert lines[1] == r"x \odot (-2)"
    assert lines[2] == r"v_{1}^{3}"
    assert lines[3] == r"\min(\max(v_{2}, (-1)), \infty)"
    assert lines[4] == r"{v_{3}}_{1{:}}"
    assert lines[5] == r"\operatorname{reshape}(v_{4}, (1, 2))"
    steps = {step.symbol: step.right for step in show.explain(loss).steps}
    assert steps["v_{1}"] == r"3 \, \frac{\partial L}{\partial v_{2}} \odot v_{1}^{2}"


def test_a_constant_that_nobody_kept_is_named_all_the_same():
    x = torch.ones(2, requires_grad=True)
    lines = show.explain((x - torch.zeros(2)).sum()).definitions
    assert [(line.symbol, line.op) for line in lines][:2] == [("k_{1}", "constant"), ("x", "leaf")]
    assert lines[2].formula == "x - k_{1}"


def test_variadic_ops_and_several_results():
    @primitive(register=False)
    def halves(x):
        return x[:2] * 1, x[2:] * 1

    halves.defvjp(x=lambda g, x_shape: numpy.concatenate(g))
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    first, second = halves(torch.cat([a, b]))
    explained = show.explain((first * second).sum())
    steps = {step.symbol: step for step in explained.steps}
    assert steps["b"].right == r"\operatorname{piece}_{1}\left(\frac{\partial L}{\partial v_{1}}\right)"
    assert str(explained)
    assert explained._repr_markdown_()


def test_names_of_the_program_are_not_taken_for_others():
    v1 = torch.ones(2, requires_grad=True)
    names = [line.symbol for line in show.explain((v1.exp() * 2).sum()).definitions]
    assert len(set(names)) == len(names)


def test_markdown_latex_and_text_are_well_formed():
    names = network()
    explained = show.explain(names["loss"], names=names)
    markdown, latex = explained._repr_markdown_(), explained._repr_latex_()
    assert markdown.count("$") % 2 == 0
    for text in (markdown, latex):
        assert text.count("{") == text.count("}")
        assert text.count(r"\left(") == text.count(r"\right)")
        assert not re.search(r"_\{[^{}]*\}_", text)  # a double index is an error in LaTeX
        assert not re.search(r"\^\{[^{}]*\}\^", text)
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {5}
    assert latex.startswith("$$\\begin{aligned}")
    assert "\\" not in str(explained)
    assert "∂L/∂W = xᵀ ∂L/∂v₁" in str(explained)
    assert "∂L/∂v₂ = ∂L/∂h ⊙ (1 - h²)" in str(explained)


def test_small_gradients_are_written_as_matrices():
    x = torch.tensor([[1.0, -2.0], [0.5, 4.0]], requires_grad=True)
    latex = show.explain((x * x).sum())._repr_latex_()
    assert r"\begin{bmatrix} 2 & -4 \\ 1 & 8 \end{bmatrix}" in latex


def test_an_overwritten_array_is_reported_in_its_step():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * 1.0).exp().sum()
    torch.Tensor(loss.node.parents[0].saved[0][0]).zero_()
    assert "overwritten in place since" in str(show.explain(loss))


def test_wrong_arguments_are_explained():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="explain wanted a Tensor, got int"):
        show.explain(3)
    with pytest.raises(ValueError, match=r"one number, got shape \(2,\)"):
        show.explain(x * 2)
    with pytest.raises(ValueError, match="got a leaf"):
        show.explain(torch.ones(1))
    loss = x.sum()
    loss.backward()
    with pytest.raises(RuntimeError, match=r"backward\(retain_graph=True\)"):
        show.explain(loss)


def test_symbols():
    assert [symbol(name) for name in ("x", "W1", "w_2", "theta", "loss", "layer.weight_ih")] == [
        "x", "W_{1}", "w_{2}", r"\theta", "L", r"\mathrm{layer.weight\_ih}"
    ]  # fmt: skip


def test_substitution_spares_commands_and_protects_indices():
    assert substitute(r"\operatorname{sign}(x) \odot \exp g", {"x": "a", "g": "b", "s": "?"}) == (
        r"\operatorname{sign}(a) \odot \exp b"
    )
    assert substitute(r"x_{\mathrm{key}}", {"x": "v_{1}", "key": "0"}) == "{v_{1}}_{0}"
    assert substitute(r"g_{\mathrm{key}}", {"g": r"\frac{a}{b}"}) == r"\left(\frac{a}{b}\right)_{\mathrm{key}}"
    assert substitute(r"x^{\mathrm{exponent} - 1}", {"exponent": "2"}) == "x"
    assert substitute(r"x^{\mathrm{exponent} - 1}", {"exponent": "0.5"}) == "x^{-0.5}"


def test_settings_in_latex():
    assert setting("axis", (0, 2)) == r"\mathrm{axis}\,0,2"
    assert setting("key", (slice(None, 3, 2), Ellipsis, 1, None)) == r"{:}3{:}2, \ldots, 1, None"
    assert setting("key", (numpy.arange(100),)) is None
    assert setting("low", None) == r"-\infty"
    assert setting("unique", True) is None


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{\partial L}{\partial v_{12}} \odot \left(1 - h^{2}\right)", "∂L/∂v₁₂ ⊙ (1 - h²)"),
        (r"x^{\top} \frac{a + b}{c}", "xᵀ (a + b)/c"),
        (r"\sqrt{\sum_{\mathrm{axis}\,0} x^{2}}", "√(Σ[axis 0] x²)"),
        (r"g \odot e^{x - y}", "g ⊙ e^(x - y)"),
        (r"{v_{1}}_{0{:}1}", "v₁[0:1]"),
        (r"\lvert x \rvert", "| x |"),
    ],
)
def test_formulas_as_plain_text(latex, text):
    assert plain(latex) == text
