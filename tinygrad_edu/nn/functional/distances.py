"""How far apart, and how alike, two vectors are.

For: cosine_similarity and pairwise_distance, row by row. Not for: every row against every other: broadcast for that,
x[:, None] against y[None], with dim=-1.
"""

from __future__ import annotations

from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.tensors import Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x₁ · x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)) along dim

    1 for one direction, 0 at a right angle, -1 for opposite directions; 0 for a vector of length 0.
    x1 and x2 broadcast against each other; dim, an axis of the shape they have together, is lost.
    """
    check_floating("cosine_similarity", x1=x1, x2=x2)
    _check_broadcast("cosine_similarity", x1, x2)
    product = x1 * x2
    x1, x2 = x1.expand(product.shape), x2.expand(product.shape)
    lengths = [x.norm(dim=dim).clamp(min=eps) for x in (x1, x2)]
    return product.sum(dim) / (lengths[0] * lengths[1])


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """‖x₁ - x₂ + eps‖_p = (Σ |x₁ - x₂ + eps|^p)^(1/p) over the last axis

    x1, x2   (N, D) or (D,), or shapes that broadcast to one; the result has no last axis, or with keepdim one of size 1

    eps keeps equal vectors off the kink of the norm at 0; for the exact distance set eps=0, where the gradient is 0.
    """
    check_floating("pairwise_distance", x1=x1, x2=x2)
    _check_broadcast("pairwise_distance", x1, x2)
    return (x1 - x2 + eps).norm(p, dim=-1, keepdim=keepdim)


def _check_broadcast(function: str, x1: Tensor, x2: Tensor) -> None:
    for first, second in zip(reversed(x1.shape), reversed(x2.shape)):
        if first != second and 1 not in (first, second):
            raise ValueError(
                f"{function}: the size of x1 ({first}) must match the size of x2 ({second}): wanted shapes that "
                f"broadcast, got {tuple(x1.shape)} and {tuple(x2.shape)}"
            )
