"""Schedules along a cosine: large steps for long, then gently to small ones, which settle at the end.

Source: Loshchilov, Hutter 2017, "SGDR: Stochastic gradient descent with warm restarts".
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, check_count, check_number
from tinygrad_edu.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """lr(t) = eta_min + (initial_lr - eta_min) · ½ (1 + cos(π t / T_max)): down to eta_min at t = T_max

    After T_max it comes up again the same way. A step multiplies what it finds above eta_min,

        lr ← eta_min + (lr - eta_min) · (1 + cos(π t / T_max)) / (1 + cos(π (t - 1) / T_max))

    so that other schedules may be combined with it.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        check_count("T_max", T_max)
        check_number("eta_min", eta_min)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        rates, low = [group["lr"] for group in self.optimizer.param_groups], self.eta_min
        if self._is_initial:
            return rates
        if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max:  # at the bottom nothing is left to be multiplied
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [rate + (base - low) * rise for rate, base in zip(rates, self.base_lrs, strict=False)]
        change = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [low + (rate - low) * change for rate in rates]

    def _height(self, epoch: int) -> float:
        return 1 + math.cos(math.pi * epoch / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """lr(t) = eta_min + (initial_lr - eta_min) · ½ (1 + cos(π T_cur / T_i))

    T_cur is the time since the last restart, where the rate jumps up again; T_i is the length of the present cycle: the
    first is T_0 long, each further one T_mult times as long as the one before. `step(epoch)` goes to any epoch ≥ 0, to
    a part of one too: `scheduler.step(epoch + batch / batches)`.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"Expected positive integer {name}, but got {value!r}")
        check_number("eta_min", eta_min)
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: Any = None) -> None:
        """Go on to the next epoch, or to `epoch`."""
        moment = self.last_epoch + 1 if epoch is None else epoch
        check_number("epoch", moment)
        self.T_cur, self.T_i = self._since_restart(moment)
        self.last_epoch = math.floor(moment) - 1  # the step adds 1
        super().step()

    def _since_restart(self, moment: float) -> tuple[float, int]:
        if self.T_mult == 1:
            return moment % self.T_0, self.T_0
        length = self.T_0
        while moment >= length:
            moment -= length
            length *= self.T_mult
        return moment, length

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]
