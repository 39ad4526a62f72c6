"""Max and average pooling, by PyTorch's names, for lines and images.

For: PyTorch's signatures, sizes and errors. Not for: the mathematics (`ops/pooling.py`), pooling to a given size
(`adaptive`), what puts the largest back (`unpooling`), nor the layers (`nn/pooling.py`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.sizes import Sizes, check_kernel_fits, hashable, layouts, per_axis, with_batch
from tinygrad_edu.ops.fused.pooling import avg_pool, max_pool
from tinygrad_edu.ops.pooling import grid_of, largest
from tinygrad_edu.tensors import Tensor


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """y[n, c, i] = max over u of x[n, c, stride·i + dilation·u - padding]

    input (N, C, L) or (C, L) -> (N, C, L') or (C, L'). All else as in `max_pool2d`.
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """y[n, c, i, j] = max over u, v of x[n, c, stride·i + dilation·u - padding, stride·j + dilation·v - padding]

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'). The stride is the kernel's size unless given.
    Outside the image there is -∞. The gradient goes to the first place of the maximum, row by row; NaN wins.
    `ceil_mode` rounds H' up instead of down, so that the last rows are not dropped. With `return_indices` the result
    is (y, where): the position in its own plane of each largest number, row · W + column, as `max_unpool2d` wants it.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """y[n, c, i] = Σ over u of x[n, c, stride·i + u - padding] / k

    input (N, C, L) or (C, L) -> (N, C, L') or (C, L'). All else as in `avg_pool2d`.
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """y[n, c, i, j] = Σ over u, v of x[n, c, stride·i + u - padding, stride·j + v - padding] / divisor

    input (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'). The divisor is kh·kw, or `divisor_override`. With
    `count_include_pad=False` the zeros of the padding are not counted; what `ceil_mode` adds beyond it never is.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


# ------------------------------------------------------------------------------------------------ both, for any axes
def _max_pool(
    axes: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    name = f"max_pool{axes}d"
    _check_images(name, axes, input)
    given = map(hashable, (kernel_size, stride, padding, dilation))
    settings = _settings(name, tuple(input.shape[-axes:]), *given, ceil_mode)
    images = with_batch(input, axes)
    if not return_indices:
        out = max_pool(images, **settings)
        return out if input.ndim == axes + 2 else out.squeeze(0)
    out, where = largest(images, grid_of(images.shape[2:], **settings))
    return (out, Tensor(where)) if input.ndim == axes + 2 else (out.squeeze(0), Tensor(where[0]))


def _avg_pool(
    axes: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    if divisor_override is not None and divisor_override <= 0:
        raise ValueError(f"divisor must be not zero: wanted a positive divisor_override, got {divisor_override}")
    name = f"avg_pool{axes}d"
    _check_images(name, axes, input)
    given = map(hashable, (kernel_size, stride, padding))
    settings = dict(_settings(name, tuple(input.shape[-axes:]), *given, 1, ceil_mode))
    del settings["dilation"]
    counting = {"count_include_pad": count_include_pad, "divisor": divisor_override}
    out = avg_pool(with_batch(input, axes), **settings, **counting)
    return out if input.ndim == axes + 2 else out.squeeze(0)


def _check_images(function: str, axes: int, input: Tensor) -> None:
    check_floating(function, input=input)
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{function}: non-empty {axes + 1}D or {axes + 2}D (batch mode) tensor expected for input: wanted "
            f"{layouts(axes)}, got {list(input.shape)}"
        )


@lru_cache(maxsize=256, typed=True)
def _settings(
    function: str,
    lengths: tuple[int, ...],
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> dict[str, Any]:
    """The settings of `ops.pooling`, one number for each axis; checked once for every combination."""
    axes = len(lengths)
    size, gaps = per_axis(kernel_size, "kernel_size", axes), per_axis(dilation, "dilation", axes)
    steps = size if stride is None else per_axis(stride, "stride", axes)
    border = per_axis(padding, "padding", axes, least=0)
    if any(2 * cells > kernel for cells, kernel in zip(border, size, strict=True)):
        raise ValueError(
            f"{function}: pad should be at most half of kernel size, but got pad={padding} and "
            f"kernel_size={kernel_size}: a patch outside the image has no value"
        )
    settings = {"size": size, "stride": steps, "padding": border, "dilation": gaps, "ceil_mode": ceil_mode}
    grid = grid_of(lengths, **settings)
    check_kernel_fits([axis.length + sum(axis.margins) for axis in grid], size, gaps)
    return settings
