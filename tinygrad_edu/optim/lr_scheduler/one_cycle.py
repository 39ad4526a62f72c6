"""OneCycleLR: up to a rate that is larger than one would dare to keep, then down to almost none.

The momentum goes the other way: where steps are large, little of the ones before is added to them.
"""

from __future__ import annotations

import math

from tinygrad_edu.optim.lr_scheduler.momentum import momentum_limits, set_momentum
from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, check_optimizer, numbers_each
from tinygrad_edu.optim.optimizer import Optimizer


def cosine_between(start: float, end: float, part: float) -> float:
    """start at part 0, end at part 1, along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def straight_between(start: float, end: float, part: float) -> float:
    """start at part 0, end at part 1, along a straight line."""
    return start + (end - start) * part


BETWEEN = {"cos": cosine_between, "linear": straight_between}


class OneCycleLR(LRScheduler):
    """One cycle of `total_steps` batches, through these points:

        step                           rate                              momentum
        0                              initial_lr = max_lr / div_factor  max_momentum
        pct_start · total_steps - 1    max_lr                            base_momentum
        total_steps - 1                initial_lr / final_div_factor     max_momentum

    and between them along half a cosine ("cos") or a straight line ("linear"). With `three_phase` the way down ends at
    the first rate, at step 2 · pct_start · total_steps - 2, and the rest goes on to the last. Call `step()` after each
    batch, `total_steps` times at most. `total_steps` may be given as epochs and steps_per_epoch. Lists give each
    parameter group its own `max_lr` and momenta. The group's own "lr" is not used.

    Errors: ValueError when it is stepped further. The step after the last batch keeps the last rate, where PyTorch's
    goes on along the curve, to a rate that no batch uses and that can be below 0.
    Source: Smith, Topin 2018, "Super-convergence: very fast training of neural networks using large learning rates".
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 10000.0,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        self.pct_start, self.three_phase = _checked_start(pct_start, three_phase), three_phase
        if anneal_strategy not in BETWEEN:
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}")
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        if div_factor <= 0 or final_div_factor <= 0:
            raise ValueError(f"wanted div_factor and final_div_factor above 0, got {div_factor} and {final_div_factor}")
        peaks = numbers_each("max_lr", max_lr, optimizer)
        limits = momentum_limits(optimizer, base_momentum, max_momentum) if cycle_momentum else [{}] * len(peaks)
        if last_epoch == -1:
            for group, peak, momenta in zip(optimizer.param_groups, peaks, limits, strict=True):
                first = peak / div_factor
                group.update(initial_lr=first, max_lr=peak, min_lr=first / final_div_factor, **momenta)
        super().__init__(optimizer, last_epoch)

    def _turns(self) -> list[tuple[float, str, str]]:
        """Where the curve turns: (step, name of the rate there, name of the momentum there)."""
        top = self.pct_start * self.total_steps - 1
        turns = [(0.0, "initial_lr", "max_momentum"), (top, "max_lr", "base_momentum")]
        if self.three_phase:
            turns.append((2 * self.pct_start * self.total_steps - 2, "initial_lr", "max_momentum"))
        return [*turns, (self.total_steps - 1.0, "min_lr", "max_momentum")]

    def get_lr(self) -> list[float]:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is {self.total_steps}: give "
                "total_steps the number of batches in all epochs"
            )
        turns = self._turns()
        i = next((i for i in range(1, len(turns)) if step <= turns[i][0]), len(turns) - 1)
        (begin, rate, momentum), (end, next_rate, next_momentum) = turns[i - 1], turns[i]
        part = min((step - begin) / (end - begin), 1.0) if end != begin else 1.0
        between, groups = BETWEEN[self.anneal_strategy], self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                set_momentum(group, between(group[momentum], group[next_momentum], part))
        return [between(group[rate], group[next_rate], part) for group in groups]


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    given = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    product = 1
    for name, value in given.items():
        if value is None:
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value!r}")
        product *= value
    return product


def _checked_start(pct_start: float, three_phase: bool) -> float:
    if not 0.0 <= pct_start <= 1.0:
        raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
    if three_phase and pct_start > 0.5:
        raise ValueError(
            f"with three_phase the way up and the way down take pct_start each, so wanted at most 0.5, got {pct_start}"
        )
    return float(pct_start)
