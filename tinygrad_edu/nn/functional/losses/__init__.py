"""Losses: one number that says how far an answer is from what was wanted, small when it is close.

One file for each kind of answer: a class (`classification`), a number (`regression`), a probability (`probabilities`),
a place in space (`embedding`). Not for: the layers that hold a loss's settings (`nn/loss.py`).
All take reduction="none" (every loss), "mean" or "sum", in which the deprecated size_average and reduce are left out.
"""

from tinygrad_edu.nn.functional.losses.classification import cross_entropy, multi_margin_loss, nll_loss
from tinygrad_edu.nn.functional.losses.embedding import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from tinygrad_edu.nn.functional.losses.probabilities import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    kl_div,
    multilabel_soft_margin_loss,
)
from tinygrad_edu.nn.functional.losses.regression import (
    gaussian_nll_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]
