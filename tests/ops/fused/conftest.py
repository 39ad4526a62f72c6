"""What the tests of kernels share: a kernel's results and gradients beside its definition's, in any layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from tinygrad_edu import Tensor
from tinygrad_edu.testing import assert_close

ALLOWED = {"float64": {"rtol": 1e-9, "atol": 1e-10}, "float32": {"rtol": 1e-3, "atol": 1e-4}}
LAYOUTS = ("C", "reversed", "gaps", "repeated")


def laid(array: Any, layout: str) -> Any:
    """The same numbers lying otherwise in memory; "repeated": the first along the first axis for all."""
    if layout == "reversed":
        return numpy.ascontiguousarray(array.T).T
    if layout == "gaps":
        wide = numpy.full([2 * n for n in array.shape], numpy.nan, array.dtype)
        wide[tuple(slice(0, None, 2) for _ in array.shape)] = array
        return wide[tuple(slice(0, None, 2) for _ in array.shape)]
    if layout == "repeated" and array.ndim and array.shape[0]:
        return numpy.broadcast_to(array[:1], array.shape)
    return array


def answers(call: Any, arrays: list[Any], dtype: str, layouts: tuple[str, str], settings: dict[str, Any]) -> list[Any]:
    """Results and gradients, along directions that look random and are the same each time."""
    xs = [None if x is None else Tensor(x.astype(dtype) if x.dtype.kind == "f" else x) for x in arrays]
    for i, x in enumerate(xs):
        if x is not None and x.dtype.kind == "f":
            x.array = laid(x.array, layouts[0] if i == 0 else "C")
            x.requires_grad_()
    out = call(*xs, **settings)
    outs = list(out) if isinstance(out, tuple) else [out]
    rng = numpy.random.default_rng(7)
    total = sum(
        (o * Tensor(laid(numpy.asarray(rng.normal(size=o.shape)).astype(dtype), layouts[1]))).sum() for o in outs
    )
    total.backward()
    gradients = [x.grad for x in xs if x is not None and x.requires_grad]
    return [value.detach().numpy() for value in (*outs, *gradients)]


@pytest.fixture
def is_its_definition() -> Callable[..., None]:
    """is_its_definition(kernel, arrays, layouts=("reversed", "C"), **settings), the layouts of x and of the gradient"""

    def check(op: Any, arrays: list[Any], *, layouts: tuple[str, str] = ("C", "C"), **settings: Any) -> None:
        for dtype, allowed in ALLOWED.items():
            fused, defined = (answers(call, arrays, dtype, layouts, settings) for call in (op, op.definition))
            for one, other in zip(fused, defined, strict=True):
                assert one.shape == other.shape
                assert one.dtype == other.dtype == dtype
                assert_close(one, other, **allowed)

    return check
