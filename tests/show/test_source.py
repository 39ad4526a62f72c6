"""source(op) gives the very text that runs: the function and the statements about it, no more and no less."""

import html
import inspect
import re

import pytest

import tinygrad_edu
from tinygrad_edu import ops, show
from tinygrad_edu.engine import primitives


@pytest.mark.parametrize("name", [name for name, op in primitives.items() if op.rules])
def test_every_primitive_comes_with_its_rules_and_formulas(name, capsys):
    op = primitives[name]
    text = show.source(op)
    assert capsys.readouterr().out == text + "\n"
    called = op.function.__name__
    assert text.startswith(("@primitive", "@fuses"))
    assert text.count("\ndef ") == 1
    assert f"\n{called}.defvjp(" in text
    assert f"\n{called}.deflatex(" in text
    assert text.count(f"{called}.") >= 2
    module = inspect.getsource(inspect.getmodule(op.function))
    for part in re.split(r"\n\n\n", text):
        assert part in module
    compile(text, name, "exec")


def test_names_functions_methods_and_classes_are_found(capsys):
    assert show.source("exp") == show.source(ops.elementwise.exp)
    assert show.source("elu").startswith("def elu(x, *, alpha):")
    assert show.source(show.Drawing).startswith("class Drawing:")
    assert show.source(ops.linalg.einsum).startswith("def einsum(equation, *operands):")


def test_a_method_that_is_one_op_is_followed_by_the_op(capsys):
    for target in (tinygrad_edu.Tensor.exp, tinygrad_edu.exp):
        text = show.source(target)
        assert text.startswith("def exp(input")
        assert "exp.defvjp(x=lambda g, out: g * out)" in text


def test_it_is_a_string_with_a_short_repr_and_a_colored_page(capsys):
    text = show.source("exp")
    assert repr(text).startswith("<source of exp, tinygrad_edu.ops.elementwise, line ")
    page = text._repr_html_()
    assert '<span style="color: #8a2da5">lambda</span>' in page
    assert re.sub(r"<[^>]+>", "", page.partition("<pre")[2].partition(">")[2]) == html.escape(text)


def test_what_has_no_text_is_an_error():
    with pytest.raises(ValueError, match="no op called 'nope': the primitives are abs, "):
        show.source("nope")
    with pytest.raises(TypeError, match="written in Python, got <built-in function len>"):
        show.source(len)


def test_a_primitive_defined_in_a_test_is_found(capsys):
    from tinygrad_edu.engine import primitive

    @primitive(register=False)
    def triple(x):
        return x * 3

    triple.defvjp(x=lambda g: g * 3)
    text = show.source(triple)
    assert "def triple(x):" in text
    assert "triple.defvjp(x=lambda g: g * 3)" in text
