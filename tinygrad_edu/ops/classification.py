"""Losses of class indices as they are written: the log-probability of the right class, times its importance.

For: negative log-likelihood, and the definition of the kernel in `fused/cross_entropy`. Not for: targets that are
probabilities, or checks of the labels (`nn.functional.cross_entropy`).
"""

from __future__ import annotations

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import Value
from tinygrad_edu.ops.activations import log_softmax
from tinygrad_edu.ops.broadcasting import sum
from tinygrad_edu.ops.indexing import gather, getitem
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.ops.shaping import reshape, zeros_like


def nll_loss(x, labels, weight, *, ignore_index, reduction):
    """l_n = -w[y_n] · x[n, y_n]        x (N, C, …) or (C,) log-probabilities, labels (N, …) or (), weight (C,)"""
    losses, importance, _ = label_losses(x, labels, weight, ignore_index=ignore_index)
    return reduced(losses, importance, reduction)


def cross_entropy_definition(x, labels, weight, *, ignore_index, label_smoothing, reduction):
    """l_n = -Σ_c w_c · t[n, c] · log softmax(x[n])_c,    t[n, c] = (1 - ε) [c = y_n] + ε / C"""
    classes = x.shape[1]
    logs = log_softmax(x, axis=1)
    losses, importance, counted = label_losses(logs, labels, weight, ignore_index=ignore_index)
    if label_smoothing:
        weighted = logs if weight is None else logs * reshape(weight, shape=(classes, *[1] * (x.ndim - 2)))
        spread = where(counted, -sum(weighted, axis=(1,), keepdims=False), zeros_like(losses))
        losses = losses * (1 - label_smoothing) + spread * (label_smoothing / classes)
    return reduced(losses, importance, reduction)


def label_losses(x, labels, weight, *, ignore_index):
    """For each case: its loss -w[y] · x[y], its importance w[y], and whether it counts (if not, both are 0)."""
    labels = labels.array if isinstance(labels, Value) else labels
    library, axis = namespace(labels), min(1, len(x.shape) - 1)
    counted = labels != ignore_index
    right = library.where(counted, labels, 0)  # some class that exists; what it picks is thrown away
    losses = -reshape(gather(x, library.expand_dims(right, axis), axis=axis, unique=True), shape=labels.shape)
    losses = where(counted, losses, zeros_like(losses))
    if weight is None:
        return losses, zeros_like(losses) + counted, counted
    importance = getitem(weight, key=(right,), unique=False) * counted
    return losses * importance, importance, counted


def reduced(losses, importance, reduction):
    """All the losses ("none"), their sum, or Σ l_n / Σ w_n: what doesn't count does so neither above nor below."""
    if reduction == "none":
        return losses
    axis = tuple(range(len(losses.shape)))
    total = sum(losses, axis=axis, keepdims=False)
    return total / sum(importance, axis=axis, keepdims=False) if reduction == "mean" else total
