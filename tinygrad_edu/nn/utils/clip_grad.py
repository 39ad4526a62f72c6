"""Clipping gradients: between backward and the optimizer's step, so that one wild batch cannot throw the weights away.

    loss.backward()
    clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()

For: exploding gradients, of recurrent networks above all. Not for: gradients that are NaN; scaling cannot cure those.
Source: Pascanu, Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tinygrad_edu.engine import no_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.tensors.functions import stack

Tensors = Tensor | Iterable[Tensor]


@no_grad()
def get_total_norm(tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Tensor:
    """‖(all numbers of all tensors)‖ₚ = ‖(‖t₁‖ₚ, ‖t₂‖ₚ, …)‖ₚ, a tensor of no dimension; p = norm_type, or inf

    `error_if_nonfinite` looks at the result, for which a GPU must be waited for. Errors: RuntimeError if it looks and
    the norm is NaN or infinite; ValueError for a norm_type that is no number.
    """
    order = float(norm_type)
    if math.isnan(order):
        raise ValueError("wanted norm_type to be a number or inf, got nan")
    listed = [part for part in _listed(tensors) if part.numel()]
    if not listed:
        return tensor(0.0)
    norms = [part.norm(order).to(device=listed[0].device) for part in listed]
    total = stack(norms).norm(order)
    if error_if_nonfinite and not total.isfinite().item():
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite ({total.item()}), so it "
            "cannot be clipped: run the step under autograd.detect_anomaly() to see where that began, or set "
            "error_if_nonfinite=False to scale by it anyway"
        )
    return total


@no_grad()
def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor) -> None:
    """g ← g · min(1, max_norm / (total_norm + 10⁻⁶)) for the gradient g of each parameter that has one, in place

    The factor stays a tensor: nothing waits for the device to know whether there is anything to clip.
    """
    factor = (check_limit("max_norm", max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for gradient in _gradients(parameters):
        gradient.mul_(factor.to(device=gradient.device, dtype=gradient.dtype))


def clip_grad_norm_(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale all gradients together so that their norm is at most `max_norm`; their direction stays.

    parameters: one tensor or many; those without a gradient are left out. Returns the norm before, a tensor. See
    `get_total_norm` and `clip_grads_with_norm_`, which this calls; max_norm=inf only measures.
    """
    parameters = _listed(parameters)
    check_limit("max_norm", max_norm)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float) -> None:
    """g ← min(max(g, -clip_value), clip_value), number by number, in place: the direction may change."""
    limit = check_limit("clip_value", clip_value)
    for gradient in _gradients(parameters):
        gradient.clamp_(-limit, limit)


def check_limit(name: str, value: float) -> float:
    """Return `value`, or raise ValueError when it cannot limit anything."""
    if not float(value) >= 0.0:  # NaN is not at least 0 either
        raise ValueError(f"wanted {name} to be a number of at least 0, got {value}")
    return float(value)


def _listed(tensors: Tensors) -> list[Tensor]:
    listed = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for part in listed:
        if not isinstance(part, Tensor):
            raise TypeError(f"wanted a tensor or tensors, such as model.parameters(), got {type(part).__name__}")
    return listed


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [parameter.grad for parameter in _listed(parameters) if parameter.grad is not None]
