"""Angles, bases, rounding, mixtures: number types and corner cases as PyTorch has them."""

from __future__ import annotations

import importlib.util
import math
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

KINDS = ["bool", "uint8", "int32", "int64", "float16", "float32", "float64"]
ONE = "tan asin acos atan sinh cosh asinh acosh atanh exp2 log2 log10 deg2rad rad2deg logit erfc frac".split()  # noqa: SIM905
STEPS = ["ceil", "floor", "trunc", "round"]
TWO = ["atan2", "hypot", "logaddexp", "fmod", "floor_divide", "bitwise_and", "bitwise_or", "bitwise_xor"]
ODD = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-3, math.inf, -math.inf, math.nan]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*ONE, *STEPS, "bitwise_not"])
def test_number_types_of_one(name: str, kind: str) -> None:
    if kind == "bool" and name in (*STEPS, "frac"):
        pytest.skip("PyTorch refuses to round truth values, except floor and ceil; ours are what they are")
    if kind in ("uint8", "int32", "int64") and name == "frac":
        pytest.skip("PyTorch has no fraction of an integer; ours is 0")
    agree(lambda library, x: getattr(library, name)(x), numpy.array([1, 1]).astype(kind), grad=False, rtol=2e-3)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("name", TWO)
def test_number_types_of_two(name: str, first: str) -> None:
    for second in KINDS:
        if name in ("hypot", "logaddexp") and "f" not in first[0] + second[0]:
            continue  # PyTorch has these for floating-point numbers only
        x, y = numpy.array([3, 2]).astype(first), numpy.array([1, 2]).astype(second)
        agree(lambda library, x, y: getattr(library, name)(x, y), x, y, grad=False, rtol=2e-3)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["tan", "atan", "sinh", "cosh", "asinh", "exp2", *STEPS])
def test_corner_cases_of_one(name: str) -> None:
    agree(lambda library, x: getattr(library, name)(x), ODD)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_corner_cases_of_two() -> None:
    x, y = (grid.reshape(-1) for grid in numpy.meshgrid(ODD, ODD))
    for name in ("atan2", "hypot", "logaddexp", "fmod"):
        agree(lambda library, x, y, name=name: getattr(library, name)(x, y), x, y, grad=False)
    for name in ("maximum", "minimum"):
        agree(lambda library, x, y, name=name: getattr(library, name)(x, y), x, y, grad=False)


def test_rounding_to_decimals() -> None:
    for decimals in (2, 1, 0, -1):
        agree(lambda library, x, n=decimals: library.round(x, decimals=n), [1.005, 2.675, -12.5, 15.0, 25.0, 0.125])
    assert te.round(tensor([2.5, 3.5])).tolist() == [2.0, 4.0]


def test_mixtures() -> None:
    x, y, z = [1.0, 2.0], [[3.0], [5.0]], [0.5, 4.0]
    agree(lambda library, x, y: library.lerp(x, y, 0.25), x, y)
    agree(lambda library, x, y, z: library.lerp(x, y, z), x, y, z)
    agree(lambda library, x, y, z: library.addcmul(x, y, z, value=2), x, y, z)
    agree(lambda library, x, y, z: library.addcdiv(x, y, z, value=-1), x, y, z)
    agree(lambda library, x: library.clip(x, min=1.5), x)
    agree(lambda library, x: library.nan_to_num(x), numpy.float32(ODD))
    agree(lambda library, x: library.nan_to_num(x, 1.0, neginf=0.0), ODD)
    agree(lambda library, x: library.nan_to_num(x), [1, 2], grad=False)
    assert te.lerp(tensor([0.0]), tensor([10.0]), 0.25).tolist() == [2.5]


def test_agreement() -> None:
    x, y = numpy.array([1.0, math.nan, math.inf, 2.0]), numpy.array([1.0 + 1e-7, math.nan, math.inf, 2.1])
    agree(lambda library, x, y: library.isclose(x, y), x, y)
    agree(lambda library, x, y: library.isclose(x, y, rtol=0.1, equal_nan=True), x, y)
    agree(lambda library, x, y: library.isclose(x, y, atol=1), [1, 2], [2, 4], grad=False)
    agree(lambda library, x, y: library.isclose(x, y), [1.0, 2.0], [1.0, 2.0, 3.0])
    first, second = tensor([1.0, 2.0]), tensor([1.0, 2.0 + 1e-9], dtype=te.float64)
    assert first.allclose(first + 1e-9)
    assert not first.allclose(first + 1)
    assert te.allclose(first.double(), second)
    assert te.equal(first, first.clone())
    assert not first.equal(tensor([1.0]))
    with pytest.raises(TypeError, match="isclose wanted two tensors, got float"):
        first.isclose(1.0)


SYNONYMS = {
    "absolute": "abs", "divide": "div", "true_divide": "div", "multiply": "mul", "negative": "neg", "subtract": "sub",
    "clip": "clamp", "sgn": "sign", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le",
    "not_equal": "ne", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "fix": "trunc", "moveaxis": "movedim", "swapaxes": "transpose",
    "swapdims": "transpose", "ger": "outer", "ndimension": "dim", "nelement": "numel", "concat": "cat",
    "concatenate": "cat", "row_stack": "vstack",
}  # fmt: skip


@pytest.mark.parametrize("name", SYNONYMS)
def test_second_names_mean_the_same(name: str) -> None:
    home: Any = te if hasattr(te, name) else te.Tensor
    first, second = getattr(home, name), getattr(home, SYNONYMS[name], getattr(te.Tensor, SYNONYMS[name], None))
    assert getattr(first, "__wrapped__", first) is getattr(second, "__wrapped__", second)


def test_transposes_by_their_short_names() -> None:
    x = tensor([[1.0, 2.0, 3.0]])
    assert x.H.shape == x.mH.shape == (3, 1)
