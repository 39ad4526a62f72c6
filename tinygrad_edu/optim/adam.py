"""Adam: steps of about the learning rate in every direction, however large or small its gradients are."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

from tinygrad_edu.optim.optimizer import Group, Optimizer, State
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros_like


class Adam(Optimizer):
    """θ ← θ - lr · m̂ / (√v̂ + eps),    m̂ = m / (1 - β₁ᵗ),    v̂ = v / (1 - β₂ᵗ)

    m ← β₁ m + (1 - β₁) g,    v ← β₂ v + (1 - β₂) g²,    g = ∇L + weight_decay · θ

    m and v are running means of g and g²; dividing by 1 - βᵗ makes up for their start at 0. With `amsgrad` the largest
    v so far takes the place of v. Sources: Kingma, Ba 2015, "Adam"; Reddi, Kale, Kumar 2018, "On the convergence of
    Adam and beyond".
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "amsgrad": amsgrad, "maximize": maximize})

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        if group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * parameter
        adam_step(parameter, gradient, state, group)


def adam_step(parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
    """θ ← θ - lr · m̂ / (√v̂ + eps): the part that Adam and AdamW have in common."""
    beta1, beta2 = group["betas"]
    if not state:
        state.update(step=0, exp_avg=zeros_like(parameter), exp_avg_sq=zeros_like(parameter))
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(parameter)
    state["step"] += 1
    mean = state["exp_avg"].lerp_(gradient, 1 - beta1)
    square = state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    if group["amsgrad"]:
        square = state["max_exp_avg_sq"].copy_(state["max_exp_avg_sq"].maximum(square))
    correction1 = 1 - beta1 ** state["step"]
    correction2 = 1 - beta2 ** state["step"]
    root = square.sqrt().div_(sqrt(correction2)).add_(group["eps"])
    parameter.addcdiv_(mean, root, value=-group["lr"] / correction1)
