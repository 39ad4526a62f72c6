"""CyclicLR: up and down between two rates, again and again, the momentum against it."""

from __future__ import annotations

from collections.abc import Callable

from tinygrad_edu.optim.lr_scheduler.momentum import momentum_limits, set_momentum
from tinygrad_edu.optim.lr_scheduler.scheduler import (
    LRScheduler,
    check_count,
    check_number,
    check_optimizer,
    numbers_each,
)
from tinygrad_edu.optim.optimizer import Optimizer

MODES = ("triangular", "triangular2", "exp_range")


class CyclicLR(LRScheduler):
    """lr(t) = base_lr + (max_lr - base_lr) · h(t) · s

    h rises from 0 to 1 in `step_size_up` steps and falls back in `step_size_down` (as many, unless given). s is 1
    ("triangular"), ½ to the number of cycles done ("triangular2"), gamma^t ("exp_range"), or your own `scale_fn` of the
    cycle, counted from 1, or of t, as `scale_mode` says ("cycle" or "iterations"). The momentum goes the other way:
    max_momentum - (max_momentum - base_momentum) · h(t) · s. Call `step()` after each batch.
    Source: Smith 2017, "Cyclical learning rates for training neural networks".
    """

    _unsaved = (*LRScheduler._unsaved, "scale_fn")  # make the schedule with the same one

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        lowest = numbers_each("base_lr", base_lr, check_optimizer(optimizer))
        self.max_lrs = numbers_each("max_lr", max_lr, optimizer)
        self.steps_up, self.steps_down = step_size_up, step_size_up if step_size_down is None else step_size_down
        for name, steps in (("step_size_up", self.steps_up), ("step_size_down", self.steps_down)):
            check_count(name, steps)
        if scale_fn is None and mode not in MODES:
            raise ValueError(f"mode is invalid and scale_fn is None: wanted mode to be one of {MODES}, got {mode!r}")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"wanted scale_mode to be 'cycle' or 'iterations', got {scale_mode!r}")
        check_number("gamma", gamma)
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.mode, self.gamma, self.scale_fn, self.scale_mode = mode, gamma, scale_fn, scale_mode
        self.cycle_momentum = cycle_momentum
        limits = momentum_limits(optimizer, base_momentum, max_momentum) if cycle_momentum else [{}] * len(lowest)
        if last_epoch == -1:
            for group, rate, momenta in zip(optimizer.param_groups, lowest, limits, strict=True):
                group.update(lr=rate, **momenta)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lowest

    def get_lr(self) -> list[float]:
        cycle, step = divmod(self.last_epoch, self.steps_up + self.steps_down)
        height = step / self.steps_up if step <= self.steps_up else 1 - (step - self.steps_up) / self.steps_down
        height *= self._scale(cycle + 1 if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                low, high = group["base_momentum"], group["max_momentum"]
                set_momentum(group, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def _scale(self, moment: int) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(moment)
        return {"triangular": 1.0, "triangular2": 0.5 ** (moment - 1), "exp_range": self.gamma**moment}[self.mode]
