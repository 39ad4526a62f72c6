"""Schedules that are functions of your own: `LambdaLR` and `MultiplicativeLR`.

For: what no other schedule here computes. Not for: what one of them does, as its settings are saved and these
functions are not.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, check_optimizer, one_each
from tinygrad_edu.optim.optimizer import Optimizer

Function = Callable[[int], float]


class FunctionLR(LRScheduler):
    """What the two have in common: one function for each parameter group, and saving what can be saved of them."""

    _unsaved = (*LRScheduler._unsaved, "lr_lambdas")

    def __init__(self, optimizer: Optimizer, lr_lambda: Function | Sequence[Function], last_epoch: int = -1) -> None:
        self.lr_lambdas = one_each("lr_lambda", lr_lambda, check_optimizer(optimizer))
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}: wanted one that takes the "
                    "epoch and returns a factor"
                )
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Functions are left out: make the schedule with the same ones. Of callable objects the attributes are kept."""
        return {**super().state_dict(), "lr_lambdas": [_memory(function) for function in self.lr_lambdas]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        for function, memory in zip(functions, state_dict["lr_lambdas"], strict=True):
            if memory is not None:
                vars(function).update(copy.deepcopy(memory))
        self.lr_lambdas = functions


def _memory(function: Function) -> dict[str, Any] | None:
    """What a callable object remembers; None for a function."""
    if isinstance(function, types.FunctionType) or not hasattr(function, "__dict__"):
        return None
    return copy.deepcopy(vars(function))


class LambdaLR(FunctionLR):
    """lr(t) = initial_lr · lr_lambda(t)        lr_lambda: a function of the epoch, or a list of one for each group"""

    def get_lr(self) -> list[float]:
        return [base * function(self.last_epoch) for function, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(FunctionLR):
    """lr(t) = initial_lr · lr_lambda(1) ⋯ lr_lambda(t): at each step the rate is multiplied by lr_lambda(epoch)

    lr_lambda: a function of the epoch, or a list of one for each group. In a `SequentialLR` it begins, like every
    schedule, with the initial rate; PyTorch's goes on from the rate before it.
    """

    def get_lr(self) -> list[float]:
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self._is_initial:
            return rates
        return [rate * function(self.last_epoch) for function, rate in zip(self.lr_lambdas, rates, strict=True)]
