"""AdamW: Adam with the weight decay taken out of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_edu.optim.adam import Adam, adam_step
from tinygrad_edu.optim.optimizer import Group, State
from tinygrad_edu.tensors import Tensor


class AdamW(Adam):
    """θ ← (1 - lr · weight_decay) · θ, then Adam's step without weight decay

    In Adam the decay is part of g, so it is divided by √v̂ like everything else: weights with large gradients hardly
    decay. Here all decay at the same rate. Source: Loshchilov, Hutter 2019, "Decoupled weight decay regularization".
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        adam_step(parameter, gradient, state, group)
