"""NAdam: Adam with Nesterov's momentum, which looks one step ahead."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

from tinygrad_edu.optim.optimizer import Group, Optimizer, State
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros_like


class NAdam(Optimizer):
    """θ ← θ - lr · [μₜ₊₁ m / (1 - μ₁⋯μₜ₊₁) + (1 - μₜ) g / (1 - μ₁⋯μₜ)] / (√v̂ + eps),    v̂ = v / (1 - β₂ᵗ)

    m ← β₁ m + (1 - β₁) g,    v ← β₂ v + (1 - β₂) g²,    g = ∇L + weight_decay · θ,    μₜ = β₁ (1 - ½ · 0.96^(ψ t))

    Where Adam steps along m, a mean of gradients that have been, this steps along what the mean will be one step later.
    μ warms the momentum up at the pace ψ = `momentum_decay`. With `decoupled_weight_decay` the decay is AdamW's,
    θ ← (1 - lr · weight_decay) θ before the step. Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        momentum = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**defaults, **momentum, "maximize": maximize})

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        if not state:
            state.update(step=0, mu_product=1.0, exp_avg=zeros_like(parameter), exp_avg_sq=zeros_like(parameter))
        state["step"] += 1
        t, lr, (beta1, beta2) = state["step"], group["lr"], group["betas"]
        if group["decoupled_weight_decay"]:
            parameter.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * parameter
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (time * group["momentum_decay"])) for time in (t, t + 1))
        state["mu_product"] *= mu
        mean = state["exp_avg"].lerp_(gradient, 1 - beta1)
        square = state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        root = square.sqrt().div_(sqrt(1 - beta2**t)).add_(group["eps"])
        parameter.addcdiv_(gradient, root, value=-lr * (1 - mu) / (1 - state["mu_product"]))
        parameter.addcdiv_(mean, root, value=-lr * mu_next / (1 - state["mu_product"] * mu_next))
