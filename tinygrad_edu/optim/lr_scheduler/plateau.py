"""ReduceLROnPlateau: a lower rate when what is measured does not get better any more."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.optim.lr_scheduler.scheduler import (
    LRScheduler,
    check_count,
    check_number,
    check_optimizer,
    numbers_each,
)
from tinygrad_edu.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """lr ← max(lr · factor, min_lr) after more than `patience` epochs in a row that were not better than the best

    Better ("min", the default):  m < best · (1 - threshold) if threshold_mode is "rel",  m < best - threshold if "abs"
    Better ("max"):               m > best · (1 + threshold)                              m > best + threshold

    Afterwards bad epochs do not count for `cooldown` epochs. A change of the rate by `eps` or less is not made. Call
    `step(metrics)` after each validation, with the number that counts: reading it from a GPU waits for the GPU. NaN is
    never better. Every schedule before it knows the rates in advance; this one does not, so it cannot be part of
    `SequentialLR` or `ChainedScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        self.optimizer = check_optimizer(optimizer)
        if not 0.0 <= factor < 1.0:
            raise ValueError(f"Factor should be < 1.0, and at least 0, got {factor}: it makes the rate lower")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown! Wanted 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown! Wanted 'rel' or 'abs'")
        for name, count in (("patience", patience), ("cooldown", cooldown)):
            check_count(name, count, least=0)
        for name, number in (("threshold", threshold), ("eps", eps)):
            check_number(name, number)
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = numbers_each("min_lr", min_lr, optimizer)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def step(self, metrics: Any) -> None:  # type: ignore[override]  # it depends on what is measured
        """Note the number of this epoch, a Python number or a tensor of one, and lower the rates if it is time to."""
        try:
            current = float(metrics)
        except TypeError:
            raise TypeError(
                f"step wanted what was measured, as one number, got {type(metrics).__name__}: scheduler.step(loss)"
            ) from None
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            rates = self.get_lr()
        self._write(rates)

    def get_lr(self) -> list[float]:
        """The rates, one step lower."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        lower = [max(rate * self.factor, least) for rate, least in zip(rates, self.min_lrs, strict=False)]
        return [new if old - new > self.eps else old for old, new in zip(rates, lower, strict=False)]

    def _is_better(self, current: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        margin = sign * self.threshold
        bound = self.best * (1 - margin) if self.threshold_mode == "rel" else self.best - margin
        return sign * current < sign * bound
