"""Distances between points: p-norms of differences, and of all pairs at once."""

from __future__ import annotations

from tinygrad_edu.tensors.tensor import Tensor


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """(Σ |input - other|^p)^(1/p) over everything"""
    return (input - other).norm(p)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """out_ij = ‖x1_i - x2_j‖_p between all pairs of rows: (…, n, k), (…, m, k) -> (…, n, m)

    From the differences themselves, so that two equal points are at distance 0 exactly; `compute_mode`, which chooses
    between that and a matrix product in PyTorch, changes nothing.
    """
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"cdist wanted rows of equal length, (n, k) and (m, k), got shapes {x1.shape} and {x2.shape}")
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)
