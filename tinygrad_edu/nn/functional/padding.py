"""pad: a margin around a tensor, as wide as wanted on each side.

For: PyTorch's signature over `ops.shaping.pad`. Not for: margins that repeat or mirror the inside; there is only a
constant.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_edu.ops import shaping
from tinygrad_edu.tensors import Tensor


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with `value` (0 unless given) around it: pad = (left, right, top, bottom, ...), the last axis first.

    Each axis has two numbers, before and after it; axes that are not reached stay as they are. A negative number takes
    away instead of adding.
    """
    if mode != "constant":
        raise ValueError(f"pad: wanted mode='constant', the only one there is, got {mode!r}")
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ValueError(
            f"pad: wanted two numbers for each axis, for at most {input.ndim} axes of an input of shape "
            f"{tuple(input.shape)}, got {len(pad)} numbers"
        )
    if not any(pad):
        return input
    untouched = [(0, 0)] * (input.ndim - len(pad) // 2)
    widths = [*untouched, *zip(pad[-2::-2], pad[::-2], strict=True)]  # the last axis comes first in `pad`
    if min(pad) < 0:
        sizes = zip(input.shape, widths, strict=True)
        inside = [slice(max(-before, 0), size - max(-after, 0)) for size, (before, after) in sizes]
        input = input[tuple(inside)]
        widths = [(max(before, 0), max(after, 0)) for before, after in widths]
    return shaping.pad(input, widths=tuple(widths), value=0.0 if value is None else value)
