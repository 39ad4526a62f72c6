"""Losses of places and orders: what belongs together should lie close, what does not should lie a margin apart.

For: cosine, triplet, ranking and hinge losses. Not for: the distances themselves (`distances.py`).
Targets y are 1 (belong together; first one higher) or -1. PyTorch does not check that; here it is checked on the CPU,
since labels 0 and 1 would train to something else without a word.
"""

from __future__ import annotations

from collections.abc import Callable

from tinygrad_edu.nn.functional.checks import check_floating, check_reduction
from tinygrad_edu.nn.functional.distances import pairwise_distance
from tinygrad_edu.nn.functional.losses.shared import check_same_shape, check_shapes, check_signs, reduced
from tinygrad_edu.ops.activations import softplus
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.tensors import Tensor


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """l = 1 - cos(x₁, x₂) for y = 1,    max(0, cos(x₁, x₂) - margin) for y = -1

    input1, input2  (N, D), or (D,) for a single pair
    target          (N,) of 1 and -1, or () for a single pair
    margin          from -1 to 1; 0 to 0.5 is usual

    10⁻¹² is added to each squared length, so that the zero vector has a cosine, 0.
    """
    check_reduction(reduction)
    check_floating("cosine_embedding_loss", input1=input1, input2=input2)
    check_signs("cosine_embedding_loss", target)
    check_same_shape("cosine_embedding_loss", input1, input2, ("input1", "input2"))
    if input1.ndim not in (1, 2) or tuple(target.shape) != tuple(input1.shape[:-1]):
        raise ValueError(
            f"cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported: wanted inputs (N, D) "
            f"with a target (N,), or (D,) with (), got {tuple(input1.shape)} with {tuple(target.shape)}"
        )
    squares = (input1.square().sum(-1) + 1e-12) * (input2.square().sum(-1) + 1e-12)
    cosine = (input1 * input2).sum(-1) / squares.sqrt()
    return reduced(where(target == 1, 1 - cosine, (cosine - margin).clamp(min=0)), reduction)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """l = x for y = 1,    max(0, margin - x) for y = -1,    x being a distance; input and target of one shape

    Source: Hadsell, Chopra, LeCun 2006, "Dimensionality reduction by learning an invariant mapping".
    """
    check_reduction(reduction)
    check_floating("hinge_embedding_loss", input=input)
    check_signs("hinge_embedding_loss", target)
    check_shapes("hinge_embedding_loss", input, target)
    return reduced(where(target == 1, input, (margin - input).clamp(min=0)), reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """l = max(0, margin - y · (x₁ - x₂)): y = 1 where x₁ should be the larger, -1 where x₂ should; all of one shape"""
    check_reduction(reduction)
    check_floating("margin_ranking_loss", input1=input1, input2=input2)
    check_signs("margin_ranking_loss", target)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ValueError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
            f"{tuple(input1.shape)}, input2: {tuple(input2.shape)}, target: {tuple(target.shape)}"
        )
    check_shapes("margin_ranking_loss", input1, input2, ("input1", "input2"))
    check_shapes("margin_ranking_loss", input1, target, ("input1", "target"))
    return reduced((margin - target * (input1 - input2)).clamp(min=0), reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """l = log(1 + exp(-y · x)): the logistic loss of a score x for y = 1 or -1; finite for scores of any size"""
    check_reduction(reduction)
    check_floating("soft_margin_loss", input=input)
    check_signs("soft_margin_loss", target)
    check_shapes("soft_margin_loss", input, target)
    return reduced(softplus(-target * input), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """l = max(0, margin + d(a, p) - d(a, n)),    d(x, y) = ‖x - y + eps‖_p

    anchor, positive, negative   (N, D) or (D,); the positive is of the anchor's kind, the negative is not
    swap                         takes d(p, n) instead of d(a, n) where it is the smaller: the harder comparison

    Source: Balntas, Riba, Ponsa, Mikolajczyk 2016, "Learning local feature descriptors with triplets".
    """

    def distance(x: Tensor, y: Tensor) -> Tensor:
        return pairwise_distance(x, y, p, eps)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """l = max(0, margin + d(a, p) - d(a, n)) for a distance d of your own; see `triplet_margin_loss`."""
    check_reduction(reduction)
    check_floating("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    if not margin > 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ValueError(
            f"The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    distance = distance_function or pairwise_distance
    far = distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + distance(anchor, positive) - far).clamp(min=0), reduction)
