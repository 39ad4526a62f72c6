"""Constants beside an array: right on every device, and never a way to change what others see."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from tinygrad_edu.backend import add_at, namespace, number, to_device, to_host


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
def test_a_number_beside_an_array_keeps_its_dtype(dtype: str, device: Any) -> None:
    x = to_device(numpy.array([-2, 3], dtype), device)
    out = namespace(x).maximum(x, number(1, x))
    assert out.dtype == dtype
    assert to_host(out).tolist() == [1, 3]


def test_a_number_is_made_once_and_cannot_be_written_to() -> None:
    x = numpy.zeros(2, "float32")
    assert number(7, x) is number(7, x)
    assert number(7, x) is not number(7, x.astype("float64"))
    with pytest.raises(ValueError, match="read-only"):
        number(7, x)[...] = 8


@pytest.mark.parametrize("rows", [3, 40, 5000])
@pytest.mark.parametrize("shape", [(200, 16), (4, 300), (20, 10, 10)])
def test_rows_that_occur_again_are_added(rows: int, shape: tuple[int, ...]) -> None:
    rng = numpy.random.default_rng(rows)
    key = rng.integers(-rows, rows, shape[0], dtype=numpy.int32)
    values = rng.integers(-9, 9, shape).astype("float64")
    wanted, found = numpy.zeros((rows, *shape[1:])), numpy.zeros((rows, *shape[1:]))
    numpy.add.at(wanted, key, values)
    for place in ((key,), (key, ...)):
        found[...] = 0
        add_at(found, place, values, fresh=True)
        assert numpy.array_equal(found, wanted)
    square = key.reshape(2, -1)
    add_at(found, (square,), values.reshape(*square.shape, *shape[1:]))  # not fresh: added to what is there
    assert numpy.array_equal(found, 2 * wanted)
    found[...] = 0
    add_at(found, (square,), values[:1], fresh=True)  # one row for all places
    wanted[...] = 0
    numpy.add.at(wanted, square, values[:1])
    assert numpy.array_equal(found, wanted)


def test_a_row_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        add_at(numpy.zeros((4, 600)), (numpy.array([0, 4]),), numpy.ones((2, 600)), fresh=True)
