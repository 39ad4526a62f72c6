"""One question, two libraries: the same text run by tinygrad_edu and by PyTorch must give the same values, dtypes,
shapes, gradients, or be refused by both. For the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu.testing import assert_close

Answer = tuple[str, Any, Any]


def answer(library: Any, call: Callable[..., Any], arrays: tuple[Any, ...], grad: bool) -> Answer:
    """("ok", results, gradients of Σ results · (1, 2, 3, …)) or ("refused", error, None)."""
    tensors = [library.tensor(numpy.asarray(array)) for array in arrays]
    for tensor in tensors:
        if grad and tensor.is_floating_point():
            tensor.requires_grad_()
    try:
        out = call(library, *tensors)
    except (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError) as error:
        return "refused", error, None
    results = list(out) if isinstance(out, (tuple, list)) else [out]
    for result in results:
        if getattr(result, "requires_grad", False):
            weights = numpy.arange(1, result.numel() + 1, dtype=host(result).dtype).reshape(tuple(result.shape))
            result.backward(library.tensor(weights), retain_graph=True)
    return "ok", results, [tensor.grad for tensor in tensors] if grad else []


def host(tensor: Any) -> numpy.ndarray:
    return tensor.detach().clone().numpy()


def agree(call: Callable[..., Any], *arrays: Any, grad: bool = True, rtol: float = 1e-6) -> None:
    """Both libraries give the same, or both refuse. Without PyTorch the test is skipped."""
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    mine, other = answer(tinygrad_edu, call, arrays, grad), answer(torch, call, arrays, grad)
    assert mine[0] == other[0], f"{mine[1]!r} but PyTorch: {other[1]!r}"
    if mine[0] == "refused":
        return
    assert len(mine[1]) == len(other[1])
    for a, b in zip(mine[1] + mine[2], other[1] + other[2], strict=True):
        if isinstance(a, tinygrad_edu.Tensor):
            assert str(a.dtype) == str(b.dtype).removeprefix("torch.")
            assert tuple(a.shape) == tuple(b.shape)
            assert_close(host(a), host(b), rtol=rtol, atol=1e-7, equal_nan=True)
        else:
            assert a == b
