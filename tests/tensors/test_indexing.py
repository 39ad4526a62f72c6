"""Reading and writing by position: PyTorch's order of dimensions, on random keys, and what is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import tensor

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the keys")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the keys")

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree
settings = hypothesis.settings(max_examples=150, deadline=None, derandomize=True)


@st.composite
def shapes_and_keys(draw: Any) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """A shape and a key of integers, slices, None, ..., lists, arrays and one mask, in any order."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    common = draw(st.sampled_from([(1,), (2,), (3,), (2, 2)]))
    key: list[Any] = []
    axis, masked = 0, False
    while axis < len(shape):
        size = shape[axis]
        kind = draw(st.sampled_from(["integer", "slice", "None", "array", "0-d", "mask", "rest", "stop"]))
        if kind == "None":
            key.append(None)
            continue
        if kind == "stop":
            break
        if kind == "rest":
            key.append(Ellipsis)
            key.append(draw(st.integers(-shape[-1], shape[-1] - 1)))
            break
        if kind == "mask" and not masked:
            key.append(numpy.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))))
            masked = True
        elif kind == "array":
            flat = draw(st.lists(st.integers(-size, size - 1), min_size=4, max_size=4))
            key.append(numpy.resize(numpy.array(flat), common))
        elif kind == "0-d":
            key.append(numpy.array(draw(st.integers(-size, size - 1))))
        elif kind == "integer":
            key.append(draw(st.integers(-size, size - 1)))
        else:
            key.append(slice(draw(st.none() | st.integers(-5, 5)), draw(st.none() | st.integers(-5, 5))))
        axis += 1
    return shape, tuple(key)


def in_library(library: Any, key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(library.tensor(part) if isinstance(part, numpy.ndarray) else part for part in key)


@settings
@hypothesis.given(drawn=shapes_and_keys())
def test_reading_with_any_key(drawn: Any) -> None:
    shape, key = drawn
    agree(lambda library, x: x[in_library(library, key)], numpy.random.default_rng(0).normal(size=shape))


@settings
@hypothesis.given(drawn=shapes_and_keys())
def test_writing_with_any_key(drawn: Any) -> None:
    shape, key = drawn

    def write(library: Any, x: Any) -> Any:
        y = x * 1
        y[in_library(library, key)] = 2.5
        return y

    agree(write, numpy.random.default_rng(0).normal(size=shape))


def test_integers_come_before_arrays(device: Any) -> None:
    x = tensor(numpy.arange(24.0).reshape(2, 3, 4), device=device, requires_grad=True)
    rows = x[1, :, [0, 3]]
    assert rows.tolist() == [[12.0, 15.0], [16.0, 19.0], [20.0, 23.0]]
    rows.sum().backward()
    assert x.grad.sum().item() == 6.0
    assert x[0, None, [1, 2]].shape == (1, 2, 4)
    y, value = x * 1, tensor([[1.0, 2.0]] * 3, dtype=tinygrad_edu.float64, device=device, requires_grad=True)
    y[1, :, [0, 3]] = value
    assert y[1, :, 3].tolist() == [2.0, 2.0, 2.0]
    y.sum().backward()
    assert value.grad.tolist() == [[1.0, 1.0]] * 3
    with tinygrad_edu.no_grad():
        y[0, :, [1, 2]] = value
    assert y[0, :, 1].tolist() == [1.0, 1.0, 1.0]


def test_positions_along_a_dim() -> None:
    x = numpy.arange(6.0).reshape(2, 3)
    agree(lambda library, x: library.gather(x, 1, library.tensor([[0, 0, 2, 1], [2, 1, 0, 0]])), x)
    agree(lambda library, x: library.gather(x, 0, library.zeros((0, 3)).long()), x)
    agree(lambda library, x: library.gather(x.sum(), 0, library.tensor(0)), x)
    agree(lambda library, x, s: library.scatter_add(x, 0, library.tensor([[0, 0, 1], [0, 1, 1]]), s), x, x + 1)
    agree(lambda library, x, s: library.scatter_add(x, 0, library.tensor([[0, 0, 1]]), s), x, x + 1, grad=False)
    for positions in ([0, 0], 1, [[0]], [-1], [2], [], [0.0], [True, False]):
        agree(lambda library, x, p=positions: library.index_select(x, 0, library.tensor(p)), x)
    agree(lambda library, x: library.index_select(x.sum(), 0, library.tensor([0])), x)
    agree(lambda library, x: library.index_select(x.sum(), 0, library.tensor([0, 0])), x)


def test_where_something_is() -> None:
    x = [[0.0, 2.0], [3.0, 0.0]]
    agree(lambda library, x: library.where(x > 1), x)
    agree(lambda library, x: library.nonzero(x > 1), x)
    for number in (0.0, 2.0):
        agree(lambda library, x: library.nonzero(x > 1), number)
        agree(lambda library, x: library.where(x > 1), number)
    assert tinygrad_edu.nonzero(tensor(5)).shape == (1, 0)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (5, "index 5 is out of bounds for axis 0 with size 2"),
        ([7], "index 7 is out of bounds"),
        ((0, 0, 0), "too many indices"),
        (1.5, "as an index, got float"),
        ("a", "as an index, got str"),
        ([0.5], "index of integers or truth values, got float64: convert with"),
        ([True, False, True], "boolean index did not match"),
    ],
    ids=str,
)
def test_what_is_refused(key: Any, message: str) -> None:
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with pytest.raises(IndexError, match=message):
        x[key]
    with pytest.raises(IndexError, match=message):
        x[key] = 0.0


def test_positions_outside_are_named() -> None:
    x = tensor([[1.0, 2.0, 3.0]])
    with pytest.raises(IndexError, match="gather wanted indices from 0 to 2, got 3"):
        x.gather(1, tensor([[3]]))
    with pytest.raises(IndexError, match="index_select wanted indices from 0 to 0, got -1"):
        x.index_select(0, tensor([-1]))
    with pytest.raises(TypeError, match="gather wanted an index of integers, got float32"):
        x.gather(1, tensor([[1.0]]))
    with pytest.raises(ValueError, match="gather wanted an index of 2 dimensions"):
        x.gather(1, tensor([1]))
    with pytest.raises(ValueError, match="src at least as large as index"):
        x.scatter_add(1, tensor([[0, 1]]), tensor([[1.0]]))


# ----------------------------------------------------------------------------------------------------------- einsum
@st.composite
def equations(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """An equation with repeated letters, sizes of 1, "..." and up to three operands; and shapes that fit it."""
    sizes = dict(zip("abcd", draw(st.lists(st.integers(1, 3), min_size=4, max_size=4)), strict=True))
    batch = draw(st.lists(st.integers(1, 2), max_size=2))
    dotted = draw(st.booleans())
    inputs, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(st.lists(st.sampled_from("abcd"), max_size=3))
        shape = [1 if letters.count(c) == 1 and draw(st.integers(0, 5)) == 0 else sizes[c] for c in letters]
        if dotted and draw(st.booleans()):
            place, kept = draw(st.integers(0, len(letters))), draw(st.integers(0, len(batch)))
            letters.insert(place, "...")
            shape[place:place] = batch[len(batch) - kept :]
        inputs.append("".join(letters))
        shapes.append(tuple(shape))
    equation = ",".join(inputs)
    if draw(st.booleans()):
        output = draw(st.lists(st.sampled_from(sorted({*equation} - {*".,"}) or ["a"]), unique=True, max_size=3))
        output = [c for c in output if c in equation]
        if "..." in equation and draw(st.booleans()):
            output.insert(draw(st.integers(0, len(output))), "...")
        equation += "->" + "".join(output)
    return equation, shapes


@settings
@hypothesis.given(drawn=equations())
def test_einsum(drawn: Any) -> None:
    equation, shapes = drawn
    rng = numpy.random.default_rng(0)
    operands = [rng.integers(-3, 4, shape).astype(float) for shape in shapes]
    agree(lambda library, *tensors: library.einsum(equation, *tensors), *operands)
