"""ONNX operators that reduce, accumulate, multiply matrices and normalize, in functions of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tinygrad_edu as te


def reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    """An operator that reduces over axes: an input, or none for all; with noop_with_empty_axes, none for nothing."""

    def operator(x: Any, axes: Any = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Any:
        dims = () if axes is None else tuple(axes.tolist() if isinstance(axes, te.Tensor) else axes)
        if not dims and noop_with_empty_axes:
            return function(x.unsqueeze(0), (0,), False)  # what the function makes of each number alone
        return function(x, dims or tuple(range(x.ndim)), bool(keepdims))

    return operator


def extreme(function: Callable[..., Any], of_nothing: float) -> Callable[..., Any]:
    """The largest of nothing is the least number there is, the smallest of nothing the greatest."""

    def operator(x: Any, dims: Any, keepdim: bool) -> Any:
        if all(x.shape[d] for d in dims):
            return function(x, dims, keepdim)
        value = of_nothing
        if x.dtype == te.bool:
            value = of_nothing > 0
        elif not x.is_floating_point():
            value = te.iinfo(x.dtype).max if of_nothing > 0 else te.iinfo(x.dtype).min
        return te.full_like(te.sum(x, dims, keepdim), value, dtype=x.dtype)

    return operator


def product(x: Any, dims: Any, keepdim: bool) -> Any:
    for dim in sorted(d % x.ndim for d in dims)[::-1]:
        x = te.prod(x, dim, keepdim)
    return x


def position(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the extreme is; the last of equals is the first of the flipped tensor."""

    def operator(x: Any, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Any:
        if not select_last_index:
            return function(x, axis, bool(keepdims))
        return x.shape[axis] - 1 - function(te.flip(x, (axis,)), axis, bool(keepdims))

    return operator


def running(function: Callable[..., Any], neutral: float) -> Callable[..., Any]:
    """A running sum or product: reversed from the end, exclusive without the element itself."""

    def operator(x: Any, axis: Any, *, exclusive: int = 0, reverse: int = 0) -> Any:
        dim = int(axis.reshape(()).item()) % x.ndim
        x = te.flip(x, (dim,)) if reverse else x
        if exclusive:
            first = te.full_like(te.narrow(x, dim, 0, 1), neutral)
            x = te.cat([first, te.narrow(x, dim, 0, x.shape[dim] - 1)], dim)
        out = function(x, dim).to(x.dtype)
        return te.flip(out, (dim,)) if reverse else out

    return operator


def einsum(*xs: Any, equation: str) -> Any:
    return te.einsum(equation, *xs)


def gemm(
    a: Any, b: Any, c: Any = None, *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0
) -> Any:
    a, b = te.t(a) if transA else a, te.t(b) if transB else b
    return te.matmul(a, b) * alpha if c is None else te.addmm(c, a, b, beta=beta, alpha=alpha)


def lp_normalization(x: Any, *, axis: int = -1, p: int = 2) -> Any:
    size = te.norm(x, p, axis, True)
    return te.where(size == 0, 0.0, x / te.where(size == 0, 1.0, size))


def mean_variance_normalization(x: Any, *, axes: Any = (0, 2, 3)) -> Any:
    variance, mean = te.var_mean(x, tuple(axes), unbiased=False, keepdim=True)
    return (x - mean) / (te.sqrt(variance) + 1e-9)


OPERATORS = {
    "ArgMax": position(te.argmax), "ArgMin": position(te.argmin), "CumProd": running(te.cumprod, 1),
    "CumSum": running(te.cumsum, 0), "Einsum": einsum, "Gemm": gemm, "LpNormalization": lp_normalization,
    "MatMul": te.matmul, "MeanVarianceNormalization": mean_variance_normalization,
    "ReduceL1": reduction(lambda x, dims, keep: te.norm(x, 1, dims, keep)),
    "ReduceL2": reduction(lambda x, dims, keep: te.norm(x, 2, dims, keep)),
    "ReduceLogSum": reduction(lambda x, dims, keep: te.log(te.sum(x, dims, keep))),
    "ReduceLogSumExp": reduction(te.logsumexp), "ReduceMax": reduction(extreme(te.amax, -te.inf)),
    "ReduceMean": reduction(te.mean),
    "ReduceMin": reduction(extreme(te.amin, te.inf)), "ReduceProd": reduction(product), "ReduceSum": reduction(te.sum),
    "ReduceSumSquare": reduction(lambda x, dims, keep: te.sum(te.square(x), dims, keep)),
}  # fmt: skip
