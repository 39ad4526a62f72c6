"""Every differentiable primitive carries its formulas in LaTeX, and they say what its code computes."""

import importlib.util
import inspect
import math
from pathlib import Path

import numpy
import pytest

import tinygrad_edu  # noqa: F401 - so that all primitives are there
from tinygrad_edu.backend import device
from tinygrad_edu.engine import Kernel, primitives

_spec = importlib.util.spec_from_file_location("latex_evaluator", Path(__file__).with_name("latex_evaluator.py"))
latex_evaluator = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(latex_evaluator)
evaluate = latex_evaluator.evaluate

random = numpy.random.default_rng(7)
REAL = random.normal(size=(3, 4)) * 1.5
OTHER = random.normal(size=(3, 4))
ROW = random.normal(size=(4,))
POSITIVE = random.uniform(0.3, 2.0, size=(3, 4))
POSITIVE_ROW = random.uniform(0.3, 2.0, size=(4,))
CHANCE = random.uniform(0.1, 0.9, size=(3, 4))
TIES = numpy.round(REAL)
TIED_ROW = numpy.round(ROW)
MASK = REAL > 0.2
CUBE = random.normal(size=(2, 3, 4))
IMAGE = random.normal(size=(2, 2, 5, 6))
WINDOWS = {"size": (2, 3), "stride": (2, 1), "dilation": (1, 2)}
BOTH, LAST = {"axis": (0, 1), "keepdims": False}, {"axis": (1,), "keepdims": False}
KEPT = {"axis": (0,), "keepdims": True}
SINE = random.uniform(-0.9, 0.9, size=(3, 4))
REPEATED = (numpy.array([0, 0, 2]), numpy.array([1, 1, 3]))
PLACES = (numpy.array([[0, 0, 1, 1]] * 3), numpy.array([[1, 1, 2, 3], [1, 0, 2, 3], [0, 3, 3, 2]]))
HERE = device("cpu")

# name -> calls (arrays, settings); a new primitive adds its own here
CALLS = {
    **{name: [([REAL], {})] for name in ("neg", "square", "exp", "expm1", "sin", "cos", "tanh", "sigmoid", "erf")},
    **{name: [([REAL], {})] for name in ("relu", "softplus", "abs", "sign", "floor", "contiguous", "clone", "product")},
    **{name: [([POSITIVE], {})] for name in ("sqrt", "rsqrt", "reciprocal", "log", "log1p")},
    **{name: [([REAL, OTHER], {}), ([REAL, ROW], {}), ([ROW, REAL], {})] for name in ("add", "sub", "mul")},
    **{name: [([TIES, numpy.round(OTHER)], {}), ([TIES, TIED_ROW], {})] for name in ("maximum", "minimum")},
    **{name: [([REAL], BOTH), ([REAL], LAST), ([REAL], KEPT)] for name in ("sum", "mean", "logsumexp", "euclidean")},
    **{name: [([TIES], BOTH), ([TIES], LAST), ([TIES], KEPT)] for name in ("amax", "amin")},
    **{name: [([REAL], {"axis": 0}), ([CUBE], {"axis": 1})] for name in ("softmax", "log_softmax", "cumsum")},
    **{name: [([REAL], {"diagonal": 0}), ([CUBE], {"diagonal": -1})] for name in ("tril", "triu")},
    **{name: [([SINE], {})] for name in ("tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "atanh", "exp2")},
    **{name: [([REAL], {})] for name in ("ceil", "trunc", "round")},
    **{name: [([POSITIVE], {})] for name in ("log2", "log10")},
    **{name: [([REAL, OTHER], {}), ([REAL, ROW], {}), ([ROW, REAL], {})] for name in ("atan2", "hypot", "logaddexp")},
    "acosh": [([POSITIVE + 1], {})],
    "fmod": [([REAL, POSITIVE], {}), ([ROW, POSITIVE], {}), ([REAL, POSITIVE_ROW], {})],
    "cumprod": [([REAL], {"axis": 0}), ([CUBE], {"axis": 1})],
    "extreme_at": [([TIES, OTHER], {"key": PLACES, "largest": largest}) for largest in (True, False)],
    "div": [([REAL, POSITIVE], {}), ([ROW, POSITIVE], {}), ([REAL, POSITIVE_ROW], {})],
    "remainder": [([REAL, POSITIVE], {}), ([ROW, POSITIVE], {}), ([REAL, POSITIVE_ROW], {})],
    "pow": [([POSITIVE, OTHER], {}), ([POSITIVE, ROW], {}), ([POSITIVE_ROW, OTHER], {})],
    "power": [([POSITIVE], {"exponent": n}) for n in (2, 3, -1, 0.7)],
    "clamp": [([REAL], {"low": -0.5, "high": 0.8}), ([TIES], {"low": -1.0, "high": 1.0})],
    "where": [([MASK, REAL, OTHER], {}), ([MASK, ROW, OTHER], {}), ([MASK[0], REAL, ROW], {})],
    "binary_cross_entropy": [([CHANCE, CHANCE[::-1]], {}), ([CHANCE, CHANCE[0]], {})],
    "broadcast": [([ROW], {"shape": (3, 4)}), ([REAL[:, :1]], {"shape": (2, 3, 4)})],
    "cast": [([TIES], {"dtype": numpy.dtype("float32")})],
    "reshape": [([REAL], {"shape": (2, 6)})],
    "permute": [([CUBE], {"axes": (2, 0, 1)})],
    "flip": [([CUBE], {"axes": (0, 2)})],
    "roll": [([CUBE], {"shifts": (1, -2), "axes": (1, 2)})],
    "pad": [([REAL], {"widths": ((1, 0), (2, 3)), "value": 0.5})],
    "crop": [([REAL], {"widths": ((1, 0), (1, 2)), "shape": (2, 1)})],
    "cat": [([REAL, OTHER[:, :2], REAL], {"axis": 1})],
    "split": [([REAL], {"sizes": (2, 2), "axis": 1})],
    "transfer": [([REAL], {"target": HERE, "home": HERE})],
    "getitem": [([REAL], {"key": REPEATED, "unique": False}), ([REAL], {"key": (slice(1, 3),), "unique": True})],
    "put": [([ROW[:3]], {"key": REPEATED, "shape": (3, 4), "unique": False})],
    "set_at": [([REAL, ROW], {"first": (...,), "key": (slice(0, 2),)})],
    "matmul": [([REAL, CUBE[0].T], {}), ([CUBE, REAL.T], {}), ([REAL, random.normal(size=(2, 4, 5))], {})],
    "matvec": [([REAL, ROW], {})],
    "dot": [([ROW, OTHER[0]], {})],
    "windows": [([IMAGE], WINDOWS)],
    "overlap_add": [([random.normal(size=(2, 2, 2, 2, 2, 3))], {"shape": (2, 2, 5, 6), **WINDOWS})],
}
COLUMNS = ("matvec", "dot")  # products of vectors, which are columns in their formulas
# A kernel's formulas say what it stands for in letters of their own (μ, σ, Φ); its numbers are held to its definition.
DIFFERENTIABLE = [name for name, op in primitives.items() if op.differentiable and not isinstance(op, Kernel)]


def column(shape):
    """A vector is a column on paper, and a number a column of one."""
    return (*shape, 1) if len(shape) == 1 else shape or (1, 1)


def symbols(op, arrays, settings, out, g):
    """What the letters of a formula stand for. Axes that a reduction has lost are axes of size 1 on paper."""
    names = {**settings, "out": out, "g": g}
    names.update({"xs": arrays} if op.variadic else zip(op.arguments, arrays, strict=True))
    if op.name in COLUMNS:
        names = {name: value.reshape(column(value.shape)) for name, value in names.items()}
    if isinstance(settings.get("axis"), tuple) or op.name == "product":
        axes = settings.get("axis", (arrays[0].ndim - 1,))
        kept = [1 if i in axes else n for i, n in enumerate(arrays[0].shape)]
        names.update(out=out.reshape(kept), g=g.reshape(kept), n=math.prod(arrays[0].shape[i] for i in axes))
    return names


def by_rule(rule, op, arrays, settings, out, g, i):
    """What the rule computes, given by name what it asks for."""
    given = {**settings, "out": out, "i": i}
    for position, name in enumerate(op.arguments):
        array = arrays[position]
        given[name] = tuple(arrays) if op.variadic else array
        given[f"{name}_shape"] = tuple(x.shape for x in arrays) if op.variadic else array.shape
        given[f"{name}_dtype"] = array.dtype
    return rule(g, **{name: given[name] for name in list(inspect.signature(rule).parameters)[1:]})


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_formulas_agree_with_the_code(name):
    op = primitives[name]
    assert op.latex, f"{name} has no formulas: write {name}.deflatex(…) below its rules"
    assert set(op.latex) == {"out", *op.rules}, f"{name}.deflatex wants the result and one formula for each rule"
    assert name in CALLS, f"{name} is new: give this test calls to compare its formulas on"
    for arrays, settings in CALLS[name]:
        out = numpy.asarray(op.function(*arrays, **settings))
        g = random.normal(size=out.shape) if name != "cast" else numpy.round(random.normal(size=out.shape))
        names = symbols(op, arrays, settings, out, g)
        paper = column if name in COLUMNS else lambda shape: shape
        value = evaluate(op.latex["out"], names, paper(out.shape)).reshape(out.shape)
        numpy.testing.assert_allclose(value, out, rtol=1e-9, atol=1e-12)
        for argument, rule in op.rules.items():
            places = range(len(arrays)) if op.variadic else [op.arguments.index(argument)]
            for i in places:
                wanted = by_rule(rule, op, arrays, settings, out, g, i)
                got = evaluate(op.latex[argument], {**names, "i": i}, paper(arrays[i].shape)).reshape(arrays[i].shape)
                numpy.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12, err_msg=f"{name}, {argument}")


def test_a_wrong_formula_is_noticed():
    g, out = numpy.ones(3), numpy.array([0.1, 0.5, 0.9])
    right = evaluate(r"g \odot (1 - \mathrm{out}^{2})", {"g": g, "out": out}, (3,))
    wrong = evaluate(r"g \odot (1 + \mathrm{out}^{2})", {"g": g, "out": out}, (3,))
    assert numpy.abs(right - (1 - out**2)).max() < 1e-15
    assert numpy.abs(wrong - right).max() > 0.01


@pytest.mark.parametrize("text", [r"x \times y", r"\mathbf{x}", "x y z)", "x @ y", r"\foo x"])
def test_text_outside_the_grammar_is_refused(text):
    with pytest.raises(SyntaxError):
        evaluate(text, {letter: numpy.eye(2) for letter in "xyz"}, (2, 2))


def test_side_by_side_is_a_matrix_product_and_odot_is_not():
    x, y = numpy.arange(4.0).reshape(2, 2), numpy.array([[1.0, 2], [3, 4]])
    assert numpy.array_equal(evaluate(r"x \, y", {"x": x, "y": y}, (2, 2)), x @ y)
    assert numpy.array_equal(evaluate(r"x \odot y", {"x": x, "y": y}, (2, 2)), x * y)
    assert numpy.array_equal(evaluate(r"2 \, x", {"x": x}, (2, 2)), 2 * x)
