"""Losses of labels: a case belongs to one class, or to each with a probability; the model gives every class a score.

For: nll_loss, cross_entropy and multi_margin_loss. Not for: two classes with one score (`probabilities.py`).
"""

from __future__ import annotations

from tinygrad_edu.backend import Array, namespace
from tinygrad_edu.nn.functional.activations import log_softmax
from tinygrad_edu.nn.functional.checks import check_floating, check_reduction, check_tensor
from tinygrad_edu.nn.functional.losses.shared import reduced
from tinygrad_edu.ops import classification
from tinygrad_edu.ops.fused import cross_entropy as fused
from tinygrad_edu.ops.indexing import gather
from tinygrad_edu.tensors import Tensor


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """l_n = -w[y_n] · x[n, y_n],    L = Σ l_n / Σ w[y_n]        (negative log-likelihood)

    input   (N, C) log-probabilities, or (N, C, d1, ...), or (C,) for a single case
    target  (N,) class indices 0 ... C - 1, or (N, d1, ...), or () for a single case
    weight  (C,) importance of each class; all 1 unless given

    Cases with the label `ignore_index` count neither above nor below. If all are ignored the mean is 0 / 0: NaN.
    A label out of range raises IndexError on the CPU; on a GPU looking at the labels would mean waiting for it.
    """
    check_reduction(reduction)
    check_floating("nll_loss", input=input)
    _check_class_axis(input, weight, "nll_loss")
    _check_index_target(input, target, "nll_loss")
    _check_labels(target.detach().array, input.shape[min(1, input.ndim - 1)], ignore_index)
    return classification.nll_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """l_n = -Σ_c w_c · t[n, c] · log softmax(x[n])_c,    where t[n] is 1 at class y_n and 0 elsewhere

    input   (N, C) scores of any size (logits), or (N, C, d1, ...), or (C,) for a single case
    target  class indices, (N,), (N, d1, ...) or (); or the probabilities t themselves, in input's shape
    weight  (C,) importance of each class; all 1 unless given

    reduction="mean" divides by Σ w[y_n] for class indices and by the number of cases for probabilities. With
    label_smoothing ε the target is (1 - ε) t + ε / C. Cases labelled `ignore_index` don't count.
    A label out of range raises IndexError on the CPU. Source: Szegedy et al. 2016 for the smoothing.
    """
    check_reduction(reduction)
    check_floating("cross_entropy", input=input)
    check_tensor("cross_entropy", "target", target)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    _check_class_axis(input, weight, "cross_entropy")
    if target.dtype.kind == "f":
        return _cross_entropy_of_probabilities(input, target, weight, label_smoothing, reduction)
    _check_index_target(input, target, "cross_entropy")
    _check_labels(target.detach().array, input.shape[min(1, input.ndim - 1)], ignore_index)
    settings = {"ignore_index": ignore_index, "label_smoothing": label_smoothing, "reduction": reduction}
    if input.ndim > 1:
        return fused.cross_entropy(input, target, weight, **settings)
    loss = fused.cross_entropy(input.unsqueeze(0), target.reshape(1), weight, **settings)
    return loss.reshape(()) if reduction == "none" else loss


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    """l_n = w[y] / C · Σ_{c ≠ y} max(0, margin - x[n, y] + x[n, c])^p,    y = y_n

    Every other class should score lower than the right one by `margin`: the hinge loss of several classes.

    input   (N, C) scores, or (C,) for a single case
    target  (N,) class indices 0 ... C - 1, or () for a single case
    p       1 or 2
    weight  (C,) importance of each class; all 1 unless given. The mean is over the cases, whatever their weight

    A label out of range raises IndexError on the CPU. Source: Crammer, Singer 2001.
    """
    check_reduction(reduction)
    check_floating("multi_margin_loss", input=input)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported: got {p}")
    if input.ndim not in (1, 2) or not input.shape[-1]:
        raise ValueError(
            f"multi_margin_loss: Expected non-empty vector or matrix: wanted an input of shape (N, C) or (C,), got "
            f"{tuple(input.shape)}"
        )
    _check_class_axis(input, weight, "multi_margin_loss")
    _check_index_target(input, target, "multi_margin_loss")
    labels = target.detach().array
    classes = input.shape[-1]
    _check_labels(labels, classes)
    library = namespace(labels)
    column = library.expand_dims(labels, -1)
    excess = (margin - gather(input, column, axis=input.ndim - 1, unique=True) + input).relu()
    losses = (excess if p == 1 else excess.square()).masked_fill(Tensor(column == library.arange(classes)), 0.0)
    losses = losses.sum(dim=-1) / classes
    return reduced(losses if weight is None else losses * weight[target], reduction)


def _cross_entropy_of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, label_smoothing: float, reduction: str
) -> Tensor:
    class_axis = min(1, input.ndim - 1)
    log_probabilities = log_softmax(input, dim=class_axis)
    if target.shape != input.shape:
        _complain_about_float_target(input, target)
    target = target * (1.0 - label_smoothing) + label_smoothing / input.shape[class_axis]
    losses = -_weighted(log_probabilities * target, weight, class_axis).sum(dim=class_axis)
    return reduced(losses, reduction)


def _weighted(values: Tensor, weight: Tensor | None, class_axis: int) -> Tensor:
    """`values` times the weight of each class, which stands along `class_axis`."""
    if weight is None:
        return values
    return values * weight.reshape([-1 if axis == class_axis else 1 for axis in range(values.ndim)])


def _check_class_axis(input: Tensor, weight: Tensor | None, function: str) -> None:
    if input.ndim == 0:
        raise ValueError(f"{function}: wanted an input of shape (N, C), (C,) or (N, C, d1, ...), got a single number")
    classes = input.shape[min(1, input.ndim - 1)]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ValueError(
            f"{function}: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )


def _check_index_target(input: Tensor, target: Tensor, function: str) -> None:
    check_tensor(function, "target", target)
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: expected class indices of an integer dtype as target, but found {target.dtype}: convert them "
            f"with target.long()"
        )
    wanted = (*input.shape[:1], *input.shape[2:]) if input.ndim > 1 else ()
    if tuple(target.shape) == wanted:
        return
    if input.ndim > 1 and target.ndim and target.shape[0] != input.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]}): {function} "
            f"wants a target of shape {wanted} for an input of shape {tuple(input.shape)}"
        )
    raise ValueError(
        f"{function}: Expected target size {list(wanted)}, got {list(target.shape)}: one class index for each case of "
        f"an input of shape {tuple(input.shape)}, whose classes are along axis {min(1, input.ndim - 1)}"
    )


def _complain_about_float_target(input: Tensor, target: Tensor) -> None:
    raise ValueError(
        f"cross_entropy: floating-point targets are probabilities and need the input's shape {tuple(input.shape)}, got "
        f"{tuple(target.shape)}: for class indices, convert them with target.long()"
    )


def _check_labels(labels: Array, classes: int, ignore_index: int | None = None) -> None:
    """Raise IndexError for a label that is no class; on the host only, since elsewhere it means to wait."""
    library = namespace(labels)
    if library.__name__ != "numpy" or not labels.size:
        return
    if labels.view(f"u{labels.itemsize}").max() < classes:  # all are right: read as unsigned, a negative one is huge
        return
    wrong = (labels < 0) | (labels >= classes)
    if ignore_index is not None:
        wrong &= labels != ignore_index
    if wrong.any():
        hint = (
            "if yours start at 1, subtract 1" if labels.max() == classes and labels.min() >= 1 else "check the labels"
        )
        ignored = "" if ignore_index is None else f" (or ignore_index={ignore_index})"
        raise IndexError(
            f"Target {labels[wrong].flat[0]} is out of bounds: wanted class indices from 0 to {classes - 1}{ignored}: "
            f"{hint}, or give the model more outputs"
        )
