"""RMSprop: gradients divided by their recent size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_edu.optim.optimizer import Group, Optimizer, State
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros_like


class RMSprop(Optimizer):
    """θ ← θ - lr · g / (√v + eps),    v ← α v + (1 - α) g²,    g = ∇L + weight_decay · θ

    With `centered` v - ā² takes the place of v, where ā ← α ā + (1 - α) g: the variance of the gradient instead of its
    mean square. With momentum the step is lr · b, b ← momentum · b + g / (√v + eps).
    Sources: Tieleman, Hinton 2012, lecture 6.5 of "Neural networks for machine learning"; centered: Graves 2013,
    "Generating sequences with recurrent neural networks".
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, {**defaults, "centered": centered, "maximize": maximize})

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        if not state:
            kept = ["square_avg", *["momentum_buffer"] * (group["momentum"] > 0), *["grad_avg"] * group["centered"]]
            state.update(step=0, **{name: zeros_like(parameter) for name in kept})
        state["step"] += 1
        alpha = group["alpha"]
        if group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * parameter
        spread = state["square_avg"].mul_(alpha).addcmul_(gradient, gradient, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(gradient, 1 - alpha)
            spread = spread - mean * mean
        root = spread.sqrt().add_(group["eps"])
        if group["momentum"] > 0:
            velocity = state["momentum_buffer"].mul_(group["momentum"]).addcdiv_(gradient, root)
            parameter.add_(velocity, alpha=-group["lr"])
        else:
            parameter.addcdiv_(gradient, root, value=-group["lr"])
