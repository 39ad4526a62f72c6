"""Arithmetic: number types as PyTorch has them for every pair, corner cases, and what is refused."""

from __future__ import annotations

import importlib.util
import math
import operator
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import float32, float64, int64, tensor

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

KINDS = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
OPS = {
    "add": operator.add,
    "mul": operator.mul,
    "div": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
    "lt": operator.lt,
    "eq": operator.eq,
}


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("name", [*OPS, "where", "maximum"])
def test_number_types_of_every_pair(name: str, first: str) -> None:
    def call(library: Any, x: Any, y: Any) -> Any:
        if name == "where":
            return library.where(library.tensor([True, False]), x, y)
        return library.maximum(x, y) if name == "maximum" else OPS[name](x, y)

    for second in KINDS:
        for values in (([3, 2], [1, 2]), ([3, 2], 2), (3, [1, 2]), (3, 2)):
            x, y = (numpy.array(v).astype(kind) for v, kind in zip(values, (first, second), strict=True))
            agree(call, x, y, grad=False, rtol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OPS)
def test_number_types_beside_python_numbers(name: str, kind: str) -> None:
    for values in ([3, 2], 2):
        array = numpy.array(values).astype(kind)
        for number in (2, 2.5):
            agree(lambda library, x, n=number: OPS[name](x, n), array, grad=False, rtol=1e-2)
            agree(lambda library, x, n=number: OPS[name](n, x), array, grad=False, rtol=1e-2)
            agree(lambda library, x, n=number: library.where(x > 2, x, n), array, grad=False, rtol=1e-2)


def test_number_types_without_a_judge() -> None:
    i, f, d = tensor([1]), tensor([1.0]), tensor(1.0, dtype=float64)
    assert [(i + f).dtype, (f + d).dtype, (i + d).dtype, (i / i).dtype, (i * 2.5).dtype] == [
        float32, float32, float64, float32, float32,
    ]  # fmt: skip
    assert (2 ** tensor([True])).tolist() == [2]
    assert (tensor([True]) ** 2).dtype == int64
    assert (7 % tensor([4, -4])).tolist() == [3, -1]
    for refused in (operator.floordiv, operator.mod, operator.pow):
        with pytest.raises(TypeError, match=r"wanted numbers, got truth values \(bool\): convert with .long\(\)"):
            refused(tensor([True]), tensor([True]))
    with pytest.raises(OverflowError):  # where PyTorch wraps around: 300 is not 44
        tinygrad_edu.where(tensor([False]), tensor([1], dtype=tinygrad_edu.uint8), 300)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -2.5, math.inf, -math.inf, 1e-3]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["remainder", "pow", "div"])
def test_corner_cases_of_two(name: str) -> None:
    x, y = (grid.reshape(-1) for grid in numpy.meshgrid(SPECIAL, SPECIAL))
    agree(lambda library, x, y: getattr(library, name)(x, y), x, y)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, 0.5, 1.5, 0.0, -2.5])
def test_corner_cases_of_powers(exponent: float) -> None:
    agree(lambda library, x: x**exponent, SPECIAL)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("base", [0, 2, -2, 0.5])
def test_corner_cases_of_exponentials(base: float) -> None:
    agree(lambda library, x: base**x, SPECIAL)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_corner_cases_without_a_judge() -> None:
    x, y = tensor([5.5, -5.5, 1.0], requires_grad=True), tensor([2.0, 2.0, math.inf], requires_grad=True)
    out = x % y
    out.sum().backward()
    assert out.tolist() == [1.5, 0.5, 1.0]
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0, 1.0, 1.0], [-2.0, 3.0, -0.0])
    assert (tensor([1e10], dtype=float64) % 0.1).item() == 1e10 % 0.1  # x - ⌊x / y⌋ y would lose all digits
    base, exponent = tensor([0.0, 0.0, 0.0]), tensor([2.0, 0.0, -1.0], requires_grad=True)
    (base**exponent).sum().backward()
    assert exponent.grad.tolist() == [0.0, 0.0, -math.inf]


@pytest.mark.parametrize(
    "bounds", [(-1, 1), (1, -1), (-math.inf, math.inf), (None, 0.5), (0, None), (2.0, 2.0)], ids=str
)
def test_clamp(bounds: tuple[Any, Any]) -> None:
    low, high = bounds
    agree(lambda library, x: x.clamp(low, high), SPECIAL)
    agree(lambda library, x: x.clamp(low, high), [1, 5, -3], grad=False)
    agree(lambda library, x, y: x.clamp(min=y), SPECIAL, SPECIAL[::-1])
    agree(lambda library, x, y: x.clamp(max=y), SPECIAL, SPECIAL[::-1])
    agree(lambda library, x, y, z: x.clamp(y, z), SPECIAL, SPECIAL[::-1], numpy.full(9, 0.25))


@pytest.mark.parametrize("mode", ["floor", "trunc"])
def test_rounded_division(mode: str) -> None:
    agree(lambda library, x, y: library.div(x, y, rounding_mode=mode), [7.5, -7.5, 6.0], [2.0, 2.0, -2.0], grad=False)
    agree(lambda library, x, y: library.div(x, y, rounding_mode=mode), [7, -7, 6], [2, 2, -4], grad=False)
    agree(lambda library, x: library.div(x, -2, rounding_mode=mode), [7, -7], grad=False)


def test_things_of_other_kinds() -> None:
    x = tensor([1.0, 2.0])
    assert (x == None) is False  # noqa: E711 - the very question
    assert (x != None) is True  # noqa: E711
    assert (x == "text") is False
    assert None not in [x]
    assert (x == numpy.float64(2)).tolist() == [False, True]
    for other in ("text", None, object()):
        with pytest.raises(TypeError, match=r"add wanted tensors or numbers, got .*: wrap the data with tensor"):
            x + other
    with pytest.raises(ValueError, match="could not be broadcast together with shapes"):
        x + tensor([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="clamp wanted min, max or both, got neither"):
        x.clamp()
    with pytest.raises(ValueError, match="rounding_mode None, 'floor' or 'trunc', got 'up'"):
        x.div(2, rounding_mode="up")
    with pytest.raises(ValueError, match="negative power -1 are not integers: convert with"):
        tensor([2]) ** -1


def test_numpy_arrays_and_scalars_beside_tensors() -> None:
    x = tensor([1.0, 2.0])
    assert isinstance(numpy.ones(2) * x, tinygrad_edu.Tensor)
    agree(lambda library, x: x * numpy.float64(2), numpy.float32([1.0]))
    agree(lambda library, x: x + numpy.int64(2), numpy.int32([1]))
