"""Schedules that multiply: lr(t) = initial_lr · f(t), where f is a factor that depends on the epoch t alone.

    lr ← lr · f(t) / f(t - 1)          at each step

Each step multiplies what it finds by how much its factor has changed, and so several of these on one optimizer make
the product of their factors. For: `StepLR` and its kin, each a factor. Not for: rates that depend on more than t.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, check_count, check_milestones, check_number
from tinygrad_edu.optim.optimizer import Optimizer


class FactorLR(LRScheduler):
    """lr(t) = initial_lr · f(t): a subclass writes `scale`, which is f."""

    # Made with last_epoch=k, PyTorch's schedules that jump make the jump at k + 1; the smooth ones take the rate as is.
    jumps = False

    def scale(self, epoch: int) -> float:
        """f(epoch)"""
        raise NotImplementedError(f"{type(self).__name__} is missing the required method scale")

    def get_lr(self) -> list[float]:
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self._is_initial and self.last_epoch > 0 and not self.jumps:
            return rates
        now, before = self.scale(self.last_epoch), self.scale(self.last_epoch - 1) if self.last_epoch else 1.0
        if now == before:
            return rates
        if before == 0.0:
            raise ValueError(
                f"{type(self).__name__} cannot come back from a factor of 0 to {now:g}, as it multiplies the rate that "
                "it finds: start from a small factor instead, such as 1e-3"
            )
        return [rate * (now / before) for rate in rates]


class StepLR(FactorLR):
    """f(t) = gamma^⌊t / step_size⌋: every `step_size` epochs the rate is multiplied by gamma."""

    jumps = True

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_count("step_size", step_size)
        check_number("gamma", gamma)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def scale(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(FactorLR):
    """f(t) = gamma^(how many milestones are at most t): the rate is multiplied by gamma at each of them.

    An epoch that is listed twice counts twice. Errors: ValueError for milestones that are not in increasing order.
    """

    jumps = True

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        check_number("gamma", gamma)
        self.milestones = check_milestones(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def scale(self, epoch: int) -> float:
        return self.gamma ** bisect_right(self.milestones, epoch)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        if isinstance(self.milestones, Mapping):  # PyTorch's: {milestone: how often}
            self.milestones = sorted(Counter(self.milestones).elements())


class ConstantLR(FactorLR):
    """f(t) = factor for t < total_iters, then 1: a lower rate for a while."""

    jumps = True

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0.0 <= factor <= 1.0:
            raise ValueError(f"Constant multiplicative factor expected to be between 0 and 1, got {factor}")
        check_count("total_iters", total_iters, least=0)
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def scale(self, epoch: int) -> float:
        return self.factor if epoch < self.total_iters else 1.0


class LinearLR(FactorLR):
    """f(t) = start_factor + (end_factor - start_factor) · min(t / total_iters, 1)

    Warm-up: the first steps of a training, when nothing is known yet, are small ones. What follows is handed over to:

        warm_up = LinearLR(optimizer, start_factor=0.01, total_iters=5)
        scheduler = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, T_max=95)], milestones=[5])

    Source: Goyal and others 2017, "Accurate, large minibatch SGD: training ImageNet in 1 hour", section 2.2.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0.0 < start_factor <= 1.0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1, got "
                f"{start_factor}"
            )
        if not 0.0 <= end_factor <= 1.0:
            raise ValueError(f"Ending multiplicative factor expected to be between 0 and 1, got {end_factor}")
        check_count("total_iters", total_iters, least=0)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def scale(self, epoch: int) -> float:
        if epoch >= self.total_iters:
            return self.end_factor
        return self.start_factor + (self.end_factor - self.start_factor) * epoch / self.total_iters


class ExponentialLR(FactorLR):
    """f(t) = gamma^t: every epoch the rate is multiplied by gamma."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_number("gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def scale(self, epoch: int) -> float:
        return self.gamma**epoch


class PolynomialLR(FactorLR):
    """f(t) = (1 - min(t / total_iters, 1))^power: down to 0 at `total_iters`, in a straight line if power is 1.

    Source: Chen, Papandreou, Kokkinos, Murphy, Yuille 2018, "DeepLab", section 4.1 (the "poly" policy).
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        check_count("total_iters", total_iters)
        check_number("power", power)
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def scale(self, epoch: int) -> float:
        return (1.0 - min(epoch / self.total_iters, 1.0)) ** self.power
