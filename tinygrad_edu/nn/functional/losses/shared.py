"""What losses have in common: the checks of their two tensors, and one number made of many losses.

For: the files beside this one. Not for: formulas.
Some checks look at the numbers in a tensor. They do so on the host only: on a GPU, looking means waiting for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy

from tinygrad_edu.backend import Array, namespace
from tinygrad_edu.nn.functional.checks import check_tensor
from tinygrad_edu.tensors import Tensor


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """All the losses ("none"), their mean or their sum."""
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def broadcast_shape(first: Tensor, second: Tensor) -> tuple[int, ...] | None:
    """The shape that both have when broadcast against each other; None when they don't fit."""
    try:
        return numpy.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return None


def check_shapes(function: str, input: Tensor, target: Tensor, names: tuple[str, str] = ("input", "target")) -> None:
    """Warn of shapes that merely broadcast, (N, 1) against (N,): N² losses are hardly ever meant. Refuse the others."""
    if input.shape == target.shape:
        return
    if broadcast_shape(input, target) is None:
        raise ValueError(
            f"{function}: the size of {names[0]} must match the size of {names[1]}: wanted two tensors of one shape, "
            f"got {tuple(input.shape)} and {tuple(target.shape)}"
        )
    warnings.warn(
        f"Using a {names[1]} size {tuple(target.shape)} that is different to the {names[0]} size "
        f"{tuple(input.shape)}: they broadcast against each other; make them equal, for example with "
        f"{names[1]}.reshape{tuple(input.shape)}",
        stacklevel=3,
    )


def check_same_shape(
    function: str, input: Tensor, target: Tensor, names: tuple[str, str] = ("input", "target")
) -> None:
    """Raise ValueError unless both have one shape."""
    if input.shape != target.shape:
        raise ValueError(
            f"{function}: {names[1].capitalize()} size ({tuple(target.shape)}) must be the same as {names[0]} size "
            f"({tuple(input.shape)}): reshape one of them, for example with {names[1]}.reshape{tuple(input.shape)}"
        )


def check_weight(function: str, name: str, weight: Tensor | None, input: Tensor) -> None:
    """Raise ValueError unless `weight`, where there is one, broadcasts to the shape of `input`."""
    if weight is None:
        return
    check_tensor(function, name, weight)
    if broadcast_shape(weight, input) != input.shape:
        raise ValueError(
            f"{function}: {name} should be broadcastable to the shape of input: wanted {tuple(input.shape)}, or 1 in "
            f"place of some of its sizes, got {tuple(weight.shape)}"
        )


def check_numbers(tensor: Tensor, fits: Callable[[Array], Array], wanted: str) -> None:
    """Raise ValueError(`wanted`, and what came) unless `fits` holds for every number in a tensor on the host."""
    array = tensor.detach().array
    if namespace(array) is not numpy:
        return
    wrong = ~fits(array)
    if wrong.any():
        raise ValueError(f"{wanted}, got {array[wrong].flat[0]}")


def check_signs(function: str, target: Tensor) -> None:
    """Raise unless target holds nothing but 1 and -1: integers or floating-point numbers."""
    check_tensor(function, "target", target)
    if target.dtype.kind not in "if":
        raise TypeError(
            f"{function}: wanted numbers, 1 or -1, as target, got {target.dtype}: use 2 * target.long() - 1"
        )
    check_numbers(
        target,
        lambda y: (y == 1) | (y == -1),
        f"{function}: all elements of target should be 1 or -1 (labels 0 and 1 become that by 2 * target - 1)",
    )
