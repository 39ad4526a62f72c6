"""Padding layers: a margin around a line or an image. They own nothing; `functional.pad` draws each kind of margin.

`padding` is one number for every side, or (left, right) for a line and (left, right, top, bottom) for an image.
"""

from __future__ import annotations

from typing import ClassVar

from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.sizes import Sizes, per_axis
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensors import Tensor


class _Pad(Module):
    axes: ClassVar[int]
    mode: ClassVar[str] = "constant"
    value: float | None = None

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = per_axis(padding, "padding", 2 * self.axes, least=None)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_Pad):
    """0 0 | a b c | 0 0        (…, L) -> (…, L + left + right)"""

    axes = 1


class ZeroPad2d(_Pad):
    """Zeros around an image        (…, H, W) -> (…, H + top + bottom, W + left + right)"""

    axes = 2


class _ConstantPad(_Pad):
    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """v v | a b c | v v        (…, L) -> (…, L + left + right)"""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """`value` around an image        (…, H, W) -> (…, H + top + bottom, W + left + right)"""

    axes = 2


class ReflectionPad1d(_Pad):
    """c b | a b c | b a: a mirror at the outermost cells. The margin has to be shorter than the line."""

    axes, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """A mirror at the outermost rows and columns of an image. Margins have to be shorter than the image."""

    axes, mode = 2, "reflect"


class ReplicationPad1d(_Pad):
    """a a | a b c | c c: the outermost cells again and again."""

    axes, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The outermost rows and columns of an image again and again."""

    axes, mode = 2, "replicate"


class CircularPad1d(_Pad):
    """b c | a b c | a b: as if the ends of the line met."""

    axes, mode = 1, "circular"


class CircularPad2d(_Pad):
    """As if opposite sides of the image met: the image on a torus."""

    axes, mode = 2, "circular"
