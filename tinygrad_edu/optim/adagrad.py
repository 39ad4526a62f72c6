"""Adagrad: the more a weight has moved, the smaller its steps become."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_edu.optim.optimizer import Group, Optimizer, State
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import full_like


class Adagrad(Optimizer):
    """θ ← θ - lrₜ · g / (√s + eps),    s ← s + g²,    lrₜ = lr / (1 + (t - 1) · lr_decay),    g = ∇L + weight_decay · θ

    s starts at `initial_accumulator_value`. It only grows, so that rare features, whose s stays small, keep learning.
    Source: Duchi, Hazan, Singer 2011, "Adaptive subgradient methods for online learning and stochastic optimization".
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        start = {"initial_accumulator_value": initial_accumulator_value}
        super().__init__(params, {**defaults, **start, "maximize": maximize})

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        if not state:
            state.update(step=0, sum=full_like(parameter, group["initial_accumulator_value"]))
        state["step"] += 1
        if group["weight_decay"]:
            gradient = gradient + group["weight_decay"] * parameter
        rate = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        squares = state["sum"].addcmul_(gradient, gradient)
        parameter.addcdiv_(gradient, squares.sqrt().add_(group["eps"]), value=-rate)
