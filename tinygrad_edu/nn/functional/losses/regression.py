"""Losses of numbers: the answer is a quantity, or the parameters of its distribution.

For: squared, absolute and Huber's differences; the likelihoods of a normal and of a Poisson distribution. Not for:
probabilities (`probabilities.py`) and classes (`classification.py`).

input and target have one shape. Shapes that merely broadcast are computed with a warning: (N, 1) against (N,) gives
N² differences, which is hardly ever meant.
"""

from __future__ import annotations

import math

from tinygrad_edu.nn.functional.checks import check_floating, check_reduction, check_tensor
from tinygrad_edu.nn.functional.losses.shared import check_numbers, check_shapes, reduced
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import full_like


# ------------------------------------------------------------------------------------------------------- differences
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """L = mean of (x - y)²        (or their sum; or, with reduction="none", all of them)

    weight, in the input's shape, is the importance of each number: the mean is then Σ w (x - y)² / Σ w.
    """
    check_reduction(reduction)
    check_floating("mse_loss", input=input, target=target)
    check_shapes("mse_loss", input, target)
    return _weighted((input - target).square(), weight, input, reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """L = mean of |x - y|: an outlier pulls no harder than any other. Where x = y the gradient is 0.

    weight, in the input's shape, is the importance of each number: the mean is then Σ w |x - y| / Σ w.
    """
    check_reduction(reduction)
    check_floating("l1_loss", input=input, target=target)
    check_shapes("l1_loss", input, target)
    return _weighted((input - target).abs(), weight, input, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """l = d² / 2 for |d| ≤ delta, delta · (|d| - delta / 2) beyond,    d = x - y

    A square near 0, a straight line further out, joined with one slope. Divided by delta it tends to |d| as delta
    tends to 0; for large delta it is half the square.
    weight, in the input's shape, multiplies the losses. The mean divides by their number, as in PyTorch, where
    mse_loss and l1_loss divide by the sum of the weights. Source: Huber 1964.
    """
    check_reduction(reduction)
    check_floating("huber_loss", input=input, target=target)
    if not delta > 0:
        raise ValueError(f"huber_loss does not support non-positive values for delta: wanted delta > 0, got {delta}")
    check_shapes("huber_loss", input, target)
    losses = _huber(input - target, delta)
    if weight is not None:
        _check_same_size(weight, input)
        losses = losses * weight
    return reduced(losses, reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """l = d² / (2 beta) for |d| < beta, |d| - beta / 2 beyond,    d = x - y

    It is huber_loss with delta = beta, divided by beta; beta = 0 is l1_loss. Source: Girshick 2015, "Fast R-CNN".
    """
    check_reduction(reduction)
    check_floating("smooth_l1_loss", input=input, target=target)
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss does not support negative values for beta: wanted beta ≥ 0, got {beta}")
    check_shapes("smooth_l1_loss", input, target)
    difference = input - target
    return reduced(_huber(difference, beta) / beta if beta else difference.abs(), reduction)


def _huber(difference: Tensor, delta: float) -> Tensor:
    """With c = d kept within ±delta, both pieces are c · (d - c / 2), and no large d is ever squared."""
    kept = difference.clamp(-delta, delta)
    return kept * (difference - kept / 2)


def _weighted(losses: Tensor, weight: Tensor | None, input: Tensor, reduction: str) -> Tensor:
    if weight is None:
        return reduced(losses, reduction)
    _check_same_size(weight, input)
    losses = losses * weight
    return losses.sum() / weight.sum() if reduction == "mean" else reduced(losses, reduction)


def _check_same_size(weight: Tensor, input: Tensor) -> None:
    check_tensor("loss", "weight", weight)
    if weight.shape != input.shape:
        raise ValueError(
            f"Weights and input must have the same size: wanted a weight of shape {tuple(input.shape)}, got "
            f"{tuple(weight.shape)}"
        )


# ------------------------------------------------------------------------------------------------------- likelihoods
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """l = ½ (log v + (x - y)² / v),    v = max(var, eps): the target was drawn from a normal distribution N(x, v)

    var   one variance for each number (the input's shape), or for each row (without the last axis, or with size 1 in
          place of one axis), or one number for all. Negative ones are refused on the CPU
    full  adds the constant ½ log 2π, so that l is -log of the density

    As in PyTorch the gradient passes through max(var, eps) as if it were not there, so that a variance that got too
    small can grow again. Source: Nix, Weigend 1994.
    """
    check_reduction(reduction)
    check_floating("gaussian_nll_loss", input=input, target=target)
    check_shapes("gaussian_nll_loss", input, target)
    variance = _variance(input, var)
    check_numbers(variance, lambda v: ~(v < 0), "var has negative entry/entries: wanted variances ≥ 0")
    variance = variance + (variance.detach().clamp(min=eps) - variance.detach())
    losses = (variance.log() + (input - target).square() / variance) * 0.5
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _variance(input: Tensor, var: Tensor | float) -> Tensor:
    """`var` as a tensor that broadcasts to the input."""
    if isinstance(var, (int, float)):
        return full_like(input, var)
    check_floating("gaussian_nll_loss", var=var)
    if var.shape == input.shape[:-1] and var.ndim < input.ndim:
        return var.unsqueeze(-1)
    reduced_axes = [size for size, full in zip(var.shape, input.shape) if size != full]
    if var.ndim != input.ndim or reduced_axes not in ([], [1]):
        raise ValueError(
            f"var is of incorrect size: wanted the input's shape {tuple(input.shape)}, the same without its last axis, "
            f"or with size 1 in place of one axis, got {tuple(var.shape)}"
        )
    return var


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """l = λ - y log λ: the target is a count, drawn from a Poisson distribution of mean λ

    log_input  True: the input x is log λ, so l = eˣ - y x. False: the input is λ, and eps is added inside the logarithm
    full       adds log y! by Stirling's approximation, y log y - y + ½ log 2πy for y > 1

    target may be integers.
    """
    check_reduction(reduction)
    check_floating("poisson_nll_loss", input=input)
    check_tensor("poisson_nll_loss", "target", target)
    check_shapes("poisson_nll_loss", input, target)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        many = target > 1
        count = where(many, target, 1).to(input.dtype)
        stirling = count * count.log() - count + (count * (2 * math.pi)).log() * 0.5
        losses = losses + where(many, stirling, 0.0)
    return reduced(losses, reduction)
