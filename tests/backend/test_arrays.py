"""Constants beside an array: right on every device, and never a way to change what others see."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from tinygrad_edu.backend import namespace, number, to_device, to_host


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
