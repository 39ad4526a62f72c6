"""Normalization layers: LayerNorm, GroupNorm, RMSNorm, and with running averages BatchNorm and InstanceNorm.

For: owning the weight (which starts at 1), the bias (at 0) and the running averages. Not for: the formulas, which stand
side by side in `nn/functional/normalization.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from tinygrad_edu.backend import dtypes
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.init import positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import ones, zeros


def _weight_and_bias(
    shape: tuple[int, ...], affine: bool, bias: bool, device: Any, dtype: Any
) -> tuple[Parameter | None, Parameter | None]:
    """Ones and zeros: a normalization begins as one and nothing else. None for what is left out."""
    weight = Parameter(ones(shape, device=device, dtype=dtype)) if affine else None
    return weight, Parameter(zeros(shape, device=device, dtype=dtype)) if affine and bias else None


# ------------------------------------------------------------------------------------- each case by itself, always
class LayerNorm(Module):
    """y = (x - m) / √(v + eps) · weight + bias,    m, v: mean and variance over the last axes of each case

    input (..., *normalized_shape); weight and bias have the normalized_shape. See `functional.layer_norm`.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight, self.bias = _weight_and_bias(self.normalized_shape, elementwise_affine, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"


class RMSNorm(Module):
    """y = x / √(mean of x² + eps) · weight        over the last axes of each case

    input (..., *normalized_shape), weight normalized_shape. See `functional.rms_norm`.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight, _ = _weight_and_bias(self.normalized_shape, elementwise_affine, False, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """y = (x - m) / √(v + eps) · weight + bias,    m, v: mean and variance of each group of channels of each case

    input (N, num_channels, ...); weight and bias (num_channels,). See `functional.group_norm`.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_groups = positive("num_groups", num_groups)
        self.num_channels = positive("num_channels", num_channels)
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups}): each group has equally "
                f"many channels"
            )
        self.eps = eps
        self.affine = affine
        self.weight, self.bias = _weight_and_bias((num_channels,), affine, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        affine = f"affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, {affine}"


# ------------------------------------------------------------------------------------------- with running averages
class _WithRunningAverages(Module):
    """What BatchNorm and InstanceNorm share: one weight, bias, running mean and running variance for each channel."""

    _inputs: tuple[str, ...]  # the axes that an input may have, a letter for each

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        super().__init__()
        self.num_features = positive("num_features", num_features)
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight, self.bias = _weight_and_bias((num_features,), affine, bias, device, dtype)
        place = {"device": device, "dtype": dtype}
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **place) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **place) if tracked else None)
        batches = zeros((), device=device, dtype=dtypes.int64) if tracked else None
        self.register_buffer("num_batches_tracked", batches)

    @no_grad()
    def reset_running_stats(self) -> None:
        """Forget what was seen: running mean 0, running variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1.0)
            self.num_batches_tracked.zero_()

    def _check_axes(self, input: Tensor) -> None:
        if input.ndim not in map(len, self._inputs):
            wanted = " or ".join(f"({', '.join(axes)})" for axes in self._inputs)
            raise ValueError(
                f"expected {' or '.join(f'{len(axes)}D' for axes in self._inputs)} input (got {input.ndim}D input): "
                f"{type(self).__name__} wants {wanted}, got shape {tuple(input.shape)}"
            )

    def extra_repr(self) -> str:
        affine = f"affine={self.affine}, bias={self.bias is not None}"
        tracked = f"track_running_stats={self.track_running_stats}"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, {affine}, {tracked}"


class _BatchNorm(_WithRunningAverages):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_axes(input)
        momentum: float | Tensor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            with no_grad():
                self.num_batches_tracked.add_(1)
            if self.momentum is None:  # 1, 1/2, 1/3, ... of the new value is the plain average of all so far
                momentum = self.num_batches_tracked.to(self.running_mean.dtype).reciprocal()
        averages = (self.running_mean, self.running_var)
        by_itself = self.training or self.running_mean is None
        if self.training and not self.track_running_stats:  # switched off later: kept, but no longer moved
            averages = (None, None)
        return F.batch_norm(input, *averages, self.weight, self.bias, by_itself, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """y = (x - m) / √(v + eps) · weight + bias,    m, v: mean and variance of each channel over the batch

    input (N, num_features) or (N, num_features, L). In training m and v are the batch's own, and running_mean and
    running_var follow them: running += momentum · (new - running), or with momentum=None their plain average over all
    batches. After eval(), m and v are the running averages. With track_running_stats=False there are none, and m and v
    are always the batch's own. Formulas and source: `functional.batch_norm`.
    """

    _inputs = ("NC", "NCL")


class BatchNorm2d(_BatchNorm):
    """BatchNorm1d for images, (N, num_features, H, W): mean and variance over the batch and all pixels."""

    _inputs = ("NCHW",)


class _InstanceNorm(_WithRunningAverages):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_axes(input)
        single = input.ndim == len(self._inputs[0])  # a case without a batch
        self._check_features(input, axis=0 if single else 1)
        cases = input.unsqueeze(0) if single else input
        averages = (self.running_mean, self.running_var)
        by_itself = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        out = F.instance_norm(cases, *averages, self.weight, self.bias, by_itself, momentum, self.eps)
        return out.squeeze(0) if single else out

    def _check_features(self, input: Tensor, axis: int) -> None:
        if input.shape[axis] == self.num_features:
            return
        complaint = (
            f"expected input's size at dim={axis} to match num_features ({self.num_features}), but got: "
            f"{input.shape[axis]}"
        )
        if self.affine or self.track_running_stats:
            raise ValueError(f"{complaint}: make the layer with num_features={input.shape[axis]}")
        warnings.warn(f"{complaint}; it is not used, because affine=False", stacklevel=3)


class InstanceNorm1d(_InstanceNorm):
    """y = (x - m) / √(v + eps) · weight + bias,    m, v: mean and variance of each channel of each case

    input (N, num_features, L) or (num_features, L). By default there is nothing to learn (affine=False) and nothing is
    remembered (track_running_stats=False). Formulas and source: `functional.instance_norm`.
    """

    _inputs = ("CL", "NCL")


class InstanceNorm2d(_InstanceNorm):
    """InstanceNorm1d for images, (N, num_features, H, W) or (num_features, H, W)."""

    _inputs = ("CHW", "NCHW")


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """The sizes of the last axes, also when there is one given as a number."""
    several = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    return tuple(positive("normalized_shape", size) for size in several)
