"""pad: a margin around a tensor, as wide as wanted on each side, filled with a constant or with what is inside.

Every mode is made of pieces of the input joined end to end (`cat`, `flip`, `expand`), so that the margin's gradient
goes back to the cells it was copied from. Not for: the layers (`nn/padding.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinygrad_edu.ops import shaping
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.functions import cat

Widths = Sequence[tuple[int, int]]  # (before, after) for each axis


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with a margin around it: pad = (left, right, top, bottom, ...), the last axis first.

    mode            margin of a b c d, two wide
    "constant"      v v | a b c d | v v     `value`, 0 unless given
    "reflect"       c b | a b c d | c b     a mirror at the outermost cells, which are not repeated
    "replicate"     a a | a b c d | d d     the outermost cells again and again
    "circular"      c d | a b c d | a b     as if the ends met: a ring

    Each axis has two numbers, before and after it; axes that are not reached stay as they are. A negative number takes
    away instead of adding. A mirror shows less than the whole axis (margin < length), a ring at most the whole axis.
    """
    if mode != "constant" and mode not in MARGINS:
        raise ValueError(f"Unrecognised padding mode {mode!r}: wanted 'constant', 'reflect', 'replicate' or 'circular'")
    if mode != "constant" and value:
        raise ValueError(f"Padding mode {mode!r} doesn't take in value argument: got value={value}")
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ValueError(
            f"pad: wanted two numbers for each axis, for at most {input.ndim} axes of an input of shape "
            f"{tuple(input.shape)}, got {len(pad)} numbers"
        )
    widths = list(zip(pad[-2::-2], pad[::-2], strict=True))  # the last axis comes first in `pad`
    return surround(input, widths, mode, 0.0 if value is None else value)


def surround(input: Tensor, widths: Widths, mode: str = "constant", value: float = 0.0) -> Tensor:
    """`pad` for the last len(widths) axes, in their order: widths = ((before, after), ...)."""
    if not any(map(any, widths)):
        return input
    every = [(0, 0)] * (input.ndim - len(widths)) + list(widths)
    if min(map(min, widths)) < 0:
        sizes = zip(input.shape, every, strict=True)
        inside = [slice(max(-before, 0), max(size - max(-after, 0), 0)) for size, (before, after) in sizes]
        input = input[tuple(inside)]
        every = [(max(before, 0), max(after, 0)) for before, after in every]
    if mode == "constant":
        return shaping.pad(input, widths=tuple(every), value=value)
    for axis, (before, after) in enumerate(every):
        if before or after:
            margins = MARGINS[mode](input, axis, before, after)
            input = cat([margins[0], input, margins[1]], dim=axis)
    return input


def _mirrored(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    length = x.shape[axis]
    if max(before, after) >= length:
        raise ValueError(
            f"Padding size should be less than the corresponding input dimension, but got: padding ({before}, {after}) "
            f"at dimension {axis} of input {list(x.shape)}: a mirror at the outermost cells has {length - 1} to show"
        )
    return x.narrow(axis, 1, before).flip(axis), x.narrow(axis, length - 1 - after, after).flip(axis)


def _repeated(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    length = x.shape[axis]
    if not length:
        raise ValueError(
            f"pad: wanted at least one cell to replicate at dimension {axis}, got input of size {list(x.shape)}"
        )
    ends = (x.narrow(axis, 0, 1), before), (x.narrow(axis, length - 1, 1), after)
    first, last = (end.expand(*x.shape[:axis], times, *x.shape[axis + 1 :]) for end, times in ends)
    return first, last


def _joined(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    length = x.shape[axis]
    if max(before, after) > length:
        raise ValueError(
            f"Padding value causes wrapping around more than once: wanted at most {length} at dimension {axis} of "
            f"input {list(x.shape)}, got ({before}, {after})"
        )
    return x.narrow(axis, length - before, before), x.narrow(axis, 0, after)


MARGINS: dict[str, Callable[[Tensor, int, int, int], tuple[Tensor, Tensor]]] = {
    "reflect": _mirrored,
    "replicate": _repeated,
    "circular": _joined,
}
