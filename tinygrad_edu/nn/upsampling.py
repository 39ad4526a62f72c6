"""Layers that change an image's resolution and own nothing: Upsample, PixelShuffle, PixelUnshuffle."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.sizes import per_axis
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensors import Tensor


class Upsample(Module):
    """(N, C, H, W) -> (N, C, H', W'): interpolated. Modes and formulas: `functional.interpolate`.

    `size` is that of the result; or `scale_factor`, one number or one for each axis.
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, Sequence):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = None if scale_factor is None else float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        settings = (self.mode, self.align_corners, self.recompute_scale_factor)
        return F.interpolate(input, self.size, self.scale_factor, *settings)

    def extra_repr(self) -> str:
        target = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{target}, mode={self.mode!r}"


class PixelShuffle(Module):
    """(…, C·r², H, W) -> (…, C, r·H, r·W): r² channels become the r x r pixels of one."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        (self.upscale_factor,) = per_axis(upscale_factor, "upscale_factor", 1)

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(…, C, r·H, r·W) -> (…, C·r², H, W): the r x r pixels of a channel become r² channels. Undoes PixelShuffle."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        (self.downscale_factor,) = per_axis(downscale_factor, "downscale_factor", 1)

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
