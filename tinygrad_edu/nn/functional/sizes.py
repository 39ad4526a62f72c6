"""Sizes along the axes of an image or a line: settings that may be one number for all axes, and what must hold of them.

For: what convolution, pooling and interpolation ask before they calculate, the same for any number of axes. Not for:
the calculations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from tinygrad_edu.tensors import Tensor

Sizes = int | tuple[int, ...]  # one number for every axis, or one for each


def per_axis(value: Any, name: str, axes: int, least: int | None = 1) -> tuple[int, ...]:
    """A setting for each of `axes` axes, (height, width) for an image; a single number stands for all of them."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    if len(given) != axes or not all(isinstance(n, (int, numpy.integer)) and not isinstance(n, bool) for n in given):
        several = {1: "a tuple of 1 integer", 2: "a pair of integers"}.get(axes, f"a tuple of {axes} integers")
        raise TypeError(f"wanted {name} to be an integer or {several}, got {value!r}")
    if least is not None and min(given) < least:
        complaint = "negative" if least == 0 else "non-positive"
        raise ValueError(f"{complaint} {name} is not supported: wanted at least {least}, got {value!r}")
    return tuple(map(int, given))


def hashable(value: Any) -> Any:
    """A setting as a key under which what follows from it can be found again: a tuple in place of a list."""
    return tuple(value) if isinstance(value, list) else value


def layouts(axes: int) -> str:
    """How an input is laid out, for error messages: "(N, C, H, W) or (C, H, W)"."""
    places = {1: "L", 2: "H, W"}.get(axes, "D, H, W")
    return f"(N, C, {places}) or (C, {places})"


def with_batch(input: Tensor, axes: int) -> Tensor:
    """(C, H, W) -> (1, C, H, W); what has a batch axis stays as it is."""
    return input.unsqueeze(0) if input.ndim == axes + 1 else input


def reach(size: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """How many cells a kernel spans along each axis: dilation · (size - 1) + 1"""
    return tuple(step * (cells - 1) + 1 for cells, step in zip(size, dilation, strict=True))


def check_kernel_fits(lengths: Sequence[int], size: Sequence[int], dilation: Sequence[int]) -> None:
    """Raise ValueError when a kernel spans more than the (padded) lengths that it should slide over."""
    span = reach(size, dilation)
    if any(length < cells for length, cells in zip(lengths, span, strict=True)):
        there, wanted = (" x ".join(map(str, numbers)) for numbers in (lengths, span))
        raise ValueError(
            f"Calculated padded input size per channel: ({there}). Kernel size: ({wanted}). Kernel size can't be "
            f"greater than actual input size: use a smaller kernel, more padding or a larger input"
        )
