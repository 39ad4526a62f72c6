"""pixel_shuffle: channels into pixels, r² channels of a coarse image make one channel of an image r times finer.

For: the last step of super-resolution, and its reverse. The same numbers in another order: nothing is calculated.
Source: Shi et al. 2016, "Real-time single image and video super-resolution using an efficient sub-pixel convolutional
neural network". Not for: interpolation (`interpolation`).
"""

from __future__ import annotations

from tinygrad_edu.nn.functional.checks import check_tensor
from tinygrad_edu.nn.functional.sizes import per_axis
from tinygrad_edu.tensors import Tensor


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """y[…, c, r·i + u, r·j + v] = x[…, c·r² + u·r + v, i, j]        (…, C·r², H, W) -> (…, C, r·H, r·W)"""
    *batch, channels, high, wide = _image("pixel_shuffle", input)
    (r,) = per_axis(upscale_factor, "upscale_factor", 1)
    if channels % r**2:
        raise ValueError(
            f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r**2}"
        )
    apart = input.reshape(*batch, channels // r**2, r, r, high, wide)
    first = range(len(batch) + 1)
    n = len(first)
    return apart.permute(*first, n + 2, n, n + 3, n + 1).reshape(*batch, channels // r**2, high * r, wide * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """y[…, c·r² + u·r + v, i, j] = x[…, c, r·i + u, r·j + v]        (…, C, r·H, r·W) -> (…, C·r², H, W)"""
    *batch, channels, high, wide = _image("pixel_unshuffle", input)
    (r,) = per_axis(downscale_factor, "downscale_factor", 1)
    if high % r or wide % r:
        raise ValueError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but got {high} x {wide} "
            f"and downscale_factor={r}"
        )
    apart = input.reshape(*batch, channels, high // r, r, wide // r, r)
    first = range(len(batch) + 1)
    n = len(first)
    return apart.permute(*first, n + 1, n + 3, n, n + 2).reshape(*batch, channels * r**2, high // r, wide // r)


def _image(function: str, input: Tensor) -> tuple[int, ...]:
    check_tensor(function, "input", input)
    if input.ndim < 3:
        raise ValueError(
            f"{function} expects input to have at least 3 dimensions, (…, C, H, W), but got input of size "
            f"{list(input.shape)}"
        )
    return input.shape
