"""Normalization: subtract a mean, divide by a standard deviation; the kinds differ only in what they average over.

For an input (N, C, H, W) the mean and the variance are taken over

    batch_norm      N, H, W       one pair for each channel; kept as running averages for evaluation
    layer_norm      C, H, W       one pair for each case (more generally, over the last axes)
    instance_norm   H, W          one pair for each channel of each case
    group_norm      C/G, H, W     one pair for each of G groups of channels of each case

and rms_norm is layer_norm without the mean. The variance that divides is the biased one (divided by n).
For: what the layers of `nn/normalization.py` compute, in PyTorch's signatures. Not for: the formulas, which are ops
(`ops/normalization.py`), or owning a weight or a running average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy

from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn.functional.checks import check_floating, check_same_dtype
from tinygrad_edu.ops.fused import batch_norm as batch_norms
from tinygrad_edu.ops.fused import group_norm as group_norms
from tinygrad_edu.ops.fused import layer_norm as layer_norms
from tinygrad_edu.ops.normalization import by_channel, scaled
from tinygrad_edu.tensors import Tensor


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """y = (x - m) / √(v + eps) · weight + bias,    m, v being mean and variance of each channel over all cases

    input (N, C) or (N, C, ...), everything else (C,). In training m and v are the batch's own, gradients flow through
    them, and the running averages (where given) are moved towards them in place:

        running_mean += momentum · (m - running_mean)
        running_var  += momentum · (v · n / (n - 1) - running_var)        the unbiased variance, n numbers per channel

    `momentum` is the weight of the new value, 1 minus what the word means elsewhere. Otherwise m and v are the running
    averages, and each case is normalized by itself. An empty batch moves nothing.
    Source: Ioffe, Szegedy 2015, "Batch normalization".
    """
    check_floating("batch_norm", input=input)
    if input.ndim < 2:
        raise ValueError(f"batch_norm: wanted an input of shape (N, C, ...), got {tuple(input.shape)}")
    _check_each_channel("batch_norm", input, running_mean, running_var, weight, bias)
    _check_eps("batch_norm", eps, training)
    axes = (0, *range(2, input.ndim))
    if not training:
        return _by_running_averages("batch_norm", input, running_mean, running_var, weight, bias, eps)

    n = math.prod(input.shape[axis] for axis in axes)
    if n == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(input.shape)}: one number is "
            f"its own mean; use a larger batch (DataLoader(drop_last=True)), or eval()"
        )
    out, mean, variance = batch_norms.batch_norm(input, weight, bias, eps=eps)
    if n:
        _move(running_mean, mean, momentum)
        _move(running_var, variance, momentum, n / (n - 1))
    return out


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """y = (x - m) / √(v + eps) · weight + bias,    m, v being mean and variance of each channel of each case

    input (N, C, L) or (N, C, H, W), everything else (C,). The running averages, where given, follow the means over the
    cases of m and of the unbiased variance as in `batch_norm`; with use_input_stats=False they take the place of m, v.
    Source: Ulyanov, Vedaldi, Lempitsky 2016, "Instance normalization: the missing ingredient for fast stylization".
    """
    check_floating("instance_norm", input=input)
    if input.ndim < 3:
        raise ValueError(f"instance_norm: wanted an input of shape (N, C, L, ...), got {tuple(input.shape)}")
    _check_each_channel("instance_norm", input, running_mean, running_var, weight, bias)
    _check_eps("instance_norm", eps)
    if not use_input_stats:
        return _by_running_averages("instance_norm", input, running_mean, running_var, weight, bias, eps)

    n = math.prod(input.shape[2:])
    if n == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {list(input.shape)}: one number is "
            f"its own mean; use layer_norm or batch_norm where there is no space to average over"
        )
    _follow(input, n, running_mean, running_var, momentum)
    return group_norms.group_norm(input, weight, bias, groups=input.shape[1], eps=eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """y = (x - m) / √(v + eps) · weight + bias,    m, v being mean and variance of each group of channels of each case

    input (N, C, ...) with C divisible by num_groups; weight and bias (C,). One group is layer_norm over all but the
    first axis, C groups are instance_norm. Independent of the batch. Source: Wu, He 2018, "Group normalization".
    """
    check_floating("group_norm", input=input)
    if input.ndim < 2:
        raise ValueError(
            f"group_norm: Expected at least 2 dimensions for input tensor but received {input.ndim}: wanted (N, C, ...)"
        )
    channels = input.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(
            f"group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    _check_each_channel("group_norm", input, None, None, weight, bias)
    _check_eps("group_norm", eps)
    size = channels // num_groups * math.prod(input.shape[2:])
    if size * input.shape[0] == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(input.shape)}: with "
            f"{num_groups} groups each number would be its own mean; use fewer groups"
        )
    return group_norms.group_norm(input, weight, bias, groups=num_groups, eps=eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """y = (x - m) / √(v + eps) · weight + bias,    m, v being mean and variance over the last axes

    input (..., *normalized_shape); weight and bias have the normalized_shape, one number for each position in it.
    Every case is normalized by itself, in training and evaluation alike. Source: Ba, Kiros, Hinton 2016, "Layer
    normalization".
    """
    axes = _last_axes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    _check_eps("layer_norm", eps)
    return layer_norms.layer_norm(input, weight, bias, axis=axes, eps=eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """y = x / √(mean of x² + eps) · weight        over the last axes: layer_norm that leaves the mean where it is

    input (..., *normalized_shape), weight normalized_shape. eps=None is the smallest step above 1 in the input's dtype
    (1.2e-7 in float32). Source: Zhang, Sennrich 2019, "Root mean square layer normalization".
    """
    axes = _last_axes("rms_norm", input, normalized_shape, weight=weight)
    eps = float(numpy.finfo(input.dtype).eps) if eps is None else eps
    _check_eps("rms_norm", eps)
    return layer_norms.rms_norm(input, weight, axis=axes, eps=eps)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """y = x / max(‖x‖_p, eps)        each vector along `dim` made to have length 1; the zero vector stays zero"""
    check_floating("normalize", input=input)
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)


# --------------------------------------------------------------------------------------------------- shared formulas
def _by_running_averages(
    function: str,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Tensor:
    """(x - m) / √(v + eps) · weight + bias with constant m and v is one product and one sum for each number."""
    if running_mean is None or running_var is None:
        raise ValueError(
            f"{function}: running_mean must be defined in evaluation mode, and running_var too: pass both, or "
            f"normalize by the input's own mean and variance"
        )
    scale = (running_var + eps).rsqrt() if weight is None else (running_var + eps).rsqrt() * weight
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    return _scaled_by_channel(input, scale, shift)


def _scaled_by_channel(normal: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    return scaled(normal, by_channel(weight, normal), by_channel(bias, normal))


@no_grad()
def _follow(
    input: Tensor, n: int, running_mean: Tensor | None, running_var: Tensor | None, momentum: float | Tensor
) -> None:
    """Move the running averages towards the means over the cases of each case's own mean and variance."""
    if input.numel() and (running_mean is not None or running_var is not None):
        space = tuple(range(2, input.ndim))
        _move(running_mean, input.mean(space).mean(0), momentum)
        _move(running_var, input.var(space, correction=0).mean(0), momentum, n / (n - 1))


@no_grad()
def _move(running: Tensor | None, now: Tensor, momentum: float | Tensor, factor: float = 1.0) -> None:
    """running += momentum · (factor · now - running), in place; nothing that backward needs looks through `running`."""
    if running is not None:
        running.add_((now * factor - running) * momentum)


# ------------------------------------------------------------------------------------------------------------ checks
def _check_eps(function: str, eps: float, training: bool = False) -> None:
    if training and eps <= 0.0:  # a channel that is constant over the batch would be 0 / 0
        raise ValueError(f"{function} eps must be positive during training, but got {eps}: the usual value is 1e-5")
    if eps < 0.0:
        raise ValueError(f"{function} eps must be non-negative, but got {eps}: the usual value is 1e-5")


def _check_each_channel(function: str, input: Tensor, *vectors: Tensor | None) -> None:
    """running_mean, running_var, weight and bias, each where given: one number for each channel, of one dtype."""
    for name, vector in zip(("running_mean", "running_var", "weight", "bias"), vectors, strict=True):
        if vector is None:
            continue
        check_floating(function, **{name: vector})
        check_same_dtype(function, input, vector)
        if tuple(vector.shape) != (input.shape[1],):
            raise ValueError(
                f"{function}: {name} should contain {input.shape[1]} elements not {vector.numel()}: the input of shape "
                f"{tuple(input.shape)} has {input.shape[1]} channels (axis 1)"
            )


def _last_axes(
    function: str, input: Tensor, normalized_shape: Sequence[int], **vectors: Tensor | None
) -> tuple[int, ...]:
    """The axes that `normalized_shape` names, after making sure that they are there and that weight and bias fit."""
    check_floating(function, input=input)
    wanted = tuple(normalized_shape)
    if not wanted:
        raise ValueError(
            f"{function}: Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = []: give the sizes of the last axes, such as (512,)"
        )
    if tuple(input.shape[-len(wanted) :]) != wanted:
        raise ValueError(
            f"{function}: Given normalized_shape={list(wanted)}, expected input with shape "
            f"[*, {', '.join(map(str, wanted))}], but got input of size {list(input.shape)}"
        )
    for name, vector in vectors.items():
        if vector is not None:
            check_same_dtype(function, input, vector)
            if tuple(vector.shape) != wanted:
                raise ValueError(
                    f"{function}: Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                    f"{list(vector.shape)} and normalized_shape = {list(wanted)}"
                )
    return tuple(range(input.ndim - len(wanted), input.ndim))
