"""Losses of probabilities: something is true or not, or one distribution should be like another.

For: binary cross-entropy, of probabilities and of scores, and the Kullback-Leibler divergence. Not for: one of several
classes, which is `cross_entropy` (`classification.py`).
"""

from __future__ import annotations

import warnings

from tinygrad_edu.nn.functional.checks import check_floating, check_reduction
from tinygrad_edu.nn.functional.losses.shared import (
    check_numbers,
    check_same_shape,
    check_shapes,
    check_weight,
    reduced,
)
from tinygrad_edu.ops import entropy
from tinygrad_edu.ops.activations import softplus
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.tensors import Tensor


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """l = -w · (y log x + (1 - y) log(1 - x)),    x and y being probabilities

    input, target  of one shape, numbers from 0 to 1; others are refused on the CPU
    weight         broadcasts to that shape

    A logarithm below -100 counts as -100, so that the loss stays finite, and the slope (x - y) / (x (1 - x)) has no
    denominator below 10⁻¹². If x comes from a sigmoid, binary_cross_entropy_with_logits is more accurate.
    """
    check_reduction(reduction)
    check_floating("binary_cross_entropy", input=input, target=target)
    check_same_shape("binary_cross_entropy", input, target)
    check_weight("binary_cross_entropy", "weight", weight, input)
    hint = "for scores of any size (logits) take binary_cross_entropy_with_logits"
    check_numbers(input, _is_probability, f"all elements of input should be between 0 and 1 ({hint})")
    check_numbers(target, _is_probability, "all elements of target should be between 0 and 1")
    losses = entropy.binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """l = -w · (p · y log σ(x) + (1 - y) log(1 - σ(x))),    x being a score of any size (a logit)

    input, target       of one shape; the target is 1 or 0, or a probability
    weight, pos_weight  w and p; they broadcast to that shape, and are 1 unless given. p > 1 for what is rarely true:
                        #negatives / #positives makes both sides weigh the same

    Computed as p y softplus(-x) + (1 - y) softplus(x), in which no exponential overflows.
    """
    check_reduction(reduction)
    check_floating("binary_cross_entropy_with_logits", input=input, target=target)
    check_same_shape("binary_cross_entropy_with_logits", input, target)
    check_weight("binary_cross_entropy_with_logits", "weight", weight, input)
    check_weight("binary_cross_entropy_with_logits", "pos_weight", pos_weight, input)
    positive = target if pos_weight is None else target * pos_weight
    losses = positive * softplus(-input) + (1 - target) * softplus(input)
    return reduced(losses if weight is None else losses * weight, reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """l_n = mean over c of -w_c · (y log σ(x) + (1 - y) log(1 - σ(x))): several labels may be true at once

    input, target  (…, C), target 1 where the label c is true and 0 where not
    weight         (C,) importance of each label
    """
    check_reduction(reduction)
    check_floating("multilabel_soft_margin_loss", input=input, target=target)
    if not input.ndim:
        raise ValueError("multilabel_soft_margin_loss: wanted an input of shape (..., C), got a single number")
    losses = binary_cross_entropy_with_logits(input, target, weight, reduction="none")
    return reduced(losses.mean(dim=-1), reduction)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """l = y · (log y - x),    where x = log q: summed over its last axis, the divergence KL(y ‖ q) in nats

    input       log-probabilities, for example of log_softmax
    target      probabilities y; with log_target=True their logarithms
    reduction   "batchmean" divides the sum by the size of the first axis, which is the mean divergence of the rows.
                "mean" divides by the number of elements, which is not, and draws a warning, as in PyTorch

    Where y = 0 the loss is 0 whatever x, also at x = -∞ (PyTorch: NaN). A negative y is refused on the CPU.
    Source: Kullback, Leibler 1951.
    """
    check_reduction(reduction, "batchmean")
    check_floating("kl_div", input=input, target=target)
    check_shapes("kl_div", input, target)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and is the mean of the divergences",
            stacklevel=2,
        )
    if log_target:
        impossible = target == float("-inf")
        log_probability = where(impossible, 0.0, target)
        probability = where(impossible, 0.0, log_probability.exp())
    else:
        check_numbers(target, lambda y: ~(y < 0), "kl_div: all elements of target should be probabilities ≥ 0")
        impossible = target == 0
        probability = target
        log_probability = where(impossible, 1.0, target).log()
    losses = probability * (log_probability - where(impossible, 0.0, input))
    if reduction != "batchmean":
        return reduced(losses, reduction)
    if not losses.ndim:
        raise ValueError("kl_div: reduction='batchmean' wants a batch as the first axis, got a single number")
    return losses.sum() / losses.shape[0] if losses.shape[0] else losses.sum()


def _is_probability(array):
    return (array >= 0) & (array <= 1)
