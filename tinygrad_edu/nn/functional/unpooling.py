"""max_unpool: the largest numbers back where max pooling found them, zeros everywhere else.

For: decoders that mirror an encoder with pooling. Not for: an inverse of pooling, which does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinygrad_edu.nn.functional.checks import check_floating, check_tensor
from tinygrad_edu.nn.functional.sizes import Sizes, layouts, per_axis, with_batch
from tinygrad_edu.ops.convolution import transposed_lengths
from tinygrad_edu.ops.planes import write_cells
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.axes import check_index


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """y[n, c, indices[n, c, i]] = x[n, c, i], 0 elsewhere        (N, C, L) or (C, L). All else as in `max_unpool2d`."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """y[n, c].flatten()[indices[n, c, i, j]] = x[n, c, i, j], 0 elsewhere

    input and indices (N, C, H, W) or (C, H, W), as `max_pool2d(…, return_indices=True)` returned them with the same
    kernel_size, stride and padding. The result has H' = (H - 1)·stride + kh - 2·padding, or the `output_size` given:
    several heights are pooled to one H. Where two patches had one largest number in common, it is written once.
    ValueError: shapes that differ, an output_size that pooling would not give this H from. IndexError: a position
    outside the result (seen on the host only).
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    axes: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Sequence[int] | None,
) -> Tensor:
    function = f"max_unpool{axes}d"
    check_floating(function, input=input)
    check_tensor(function, "indices", indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: elements in indices should be type int64 but got {indices.dtype}: give what max_pool{axes}d "
            f"returns as its second result with return_indices=True"
        )
    if indices.shape != input.shape or input.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{function}: Expected shape of indices to be same as that of the input tensor, {layouts(axes)}, got input "
            f"of size {list(input.shape)} and indices of size {list(indices.shape)}"
        )
    size = per_axis(kernel_size, "kernel_size", axes)
    steps = size if stride is None else per_axis(stride, "stride", axes)
    border = per_axis(padding, "padding", axes, least=0)
    whole = transposed_lengths(input.shape[-axes:], size, steps, (1,) * axes)
    usual = tuple(length - 2 * cells for length, cells in zip(whole, border, strict=True))
    plane = _plane(output_size, usual, steps)
    check_index(indices.array, math.prod(plane), f"Found an invalid max index: {function} to size {list(plane)}")
    out = write_cells(with_batch(input, axes), with_batch(indices, axes).array, plane)
    return out if input.ndim == axes + 2 else out.squeeze(0)


def _plane(output_size: Sequence[int] | None, usual: tuple[int, ...], steps: tuple[int, ...]) -> tuple[int, ...]:
    """The size of the result: the usual one, or the one asked for if it is less than one stride away."""
    if output_size is None:
        return usual
    asked = tuple(output_size)[-len(usual) :]  # batch and channels may stand before it
    near = len(asked) == len(usual) and all(abs(n - m) < s for n, m, s in zip(asked, usual, steps, strict=True))
    if not near or len(output_size) not in (len(usual), len(usual) + 2):
        ranges = ", ".join(f"{m - s + 1} to {m + s - 1}" for m, s in zip(usual, steps, strict=True))
        raise ValueError(
            f'invalid output_size "{tuple(output_size)}": wanted sizes from {ranges}, less than one stride from {usual}'
        )
    return asked
