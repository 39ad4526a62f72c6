"""Adadelta: steps as long as the recent ones, whatever the size of the gradients: no learning rate to choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_edu.optim.optimizer import Group, Optimizer, State
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros_like


class Adadelta(Optimizer):
    """θ ← θ - lr · Δ,    Δ = g · √(u + eps) / √(v + eps),    g = ∇L + weight_decay · θ

    v ← rho v + (1 - rho) g²,    u ← rho u + (1 - rho) Δ²

    g / √v has no unit, and a step should have that of θ: the recent steps √u lend it theirs. As u starts at 0 the first
    steps are about √eps long. Source: Zeiler 2012, "ADADELTA: An adaptive learning rate method".
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "maximize": maximize})

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        if not state:
            state.update(step=0, square_avg=zeros_like(parameter), acc_delta=zeros_like(parameter))
        state["step"] += 1
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * parameter
        square = state["square_avg"].mul_(rho).addcmul_(gradient, gradient, value=1 - rho)
        change = (state["acc_delta"] + eps).sqrt_().div_((square + eps).sqrt_()).mul_(gradient)
        state["acc_delta"].mul_(rho).addcmul_(change, change, value=1 - rho)
        parameter.add_(change, alpha=-group["lr"])
