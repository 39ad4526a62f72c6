"""Checks: what every function here asks of its arguments, in one wording.

For: errors that say what was wanted, what came and what to do. Not for: anything that looks at the numbers in a tensor,
which on a GPU would mean waiting for it.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.tensors import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_tensor(function: str, name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a Tensor of ours."""
    if not isinstance(value, Tensor):
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")  # torch.Tensor, list
        raise TypeError(f"{function}: wanted a tinygrad_edu Tensor as {name}, got {kind}: wrap it with tensor(...)")


def check_floating(function: str, **tensors: Any) -> None:
    """Raise TypeError unless each is a tensor of floating-point numbers."""
    for name, value in tensors.items():
        check_tensor(function, name, value)
        if value.dtype.kind != "f":
            raise TypeError(
                f"{function}: wanted floating-point numbers as {name}, got {value.dtype}: convert with {name}.float()"
            )


def check_same_dtype(function: str, input: Tensor, weight: Tensor) -> None:
    """Raise TypeError unless input and weight have one dtype: mixing them would silently compute in the larger one."""
    if input.dtype != weight.dtype:
        raise TypeError(
            f"{function}: expected input and weight to have the same dtype, but got {input.dtype} and {weight.dtype}: "
            f"convert the input with input.to({weight.dtype}) or the layer with layer.to({input.dtype})"
        )


def check_reduction(reduction: str, *more: str) -> str:
    """Return `reduction`, or raise ValueError when there is no such one. `more` are those that one loss alone has."""
    if reduction not in (*REDUCTIONS, *more):
        *others, last = map(repr, (*REDUCTIONS, *more))
        raise ValueError(f"{reduction!r} is not a valid value for reduction: wanted {', '.join(others)} or {last}")
    return reduction


def check_probability(p: float) -> float:
    """Return `p`, or raise ValueError when it lies outside [0, 1]."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return p
