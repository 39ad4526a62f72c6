"""Schedules made of schedules: one after the other (`SequentialLR`), or all at once (`ChainedScheduler`)."""

from __future__ import annotations

import copy
import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_edu.optim.lr_scheduler.factors import LinearLR
from tinygrad_edu.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, check_milestones, check_optimizer, check_state
from tinygrad_edu.optim.optimizer import Optimizer


class CombinedLR(LRScheduler):
    """What the two have in common: they set no rate themselves, and their state is that of their parts."""

    _schedulers: list[LRScheduler]
    _unsaved = ("optimizer", "_schedulers")

    @property
    def base_lrs(self) -> list[float]:  # type: ignore[override]  # those of the groups, which the parts have noted
        return [group["initial_lr"] for group in self.optimizer.param_groups]

    def _check_parts(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        """Raise unless these are schedules of `optimizer` that know their rates in advance."""
        kind = type(self).__name__
        if not schedulers:
            raise ValueError(f"{kind} expects at least one scheduler, but got no scheduler")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{kind} wanted schedulers, got {type(scheduler).__name__} at index {i}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{kind} does not support `ReduceLROnPlateau` scheduler, whose step wants what was measured, but "
                    f"got one at index {i}: step that one yourself"
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{kind} expects all schedulers to belong to the same optimizer, but the one at index {i} is of "
                    "another"
                )

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where it is, and under "_schedulers" the state of each part."""
        return {**super().state_dict(), "_schedulers": [part.state_dict() for part in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        check_state(self, state_dict)
        states = state_dict["_schedulers"]
        if len(states) != len(self._schedulers):
            raise ValueError(
                f"this state of a {type(self).__name__} is for {len(states)} schedules, it has {len(self._schedulers)}"
            )
        for part, state in zip(self._schedulers, states, strict=True):
            check_state(part, state)
        for part, state in zip(self._schedulers, states, strict=True):
            part.load_state_dict(state)
        vars(self).update({name: copy.deepcopy(state_dict[name]) for name in super().state_dict()})


class SequentialLR(CombinedLR):
    """schedulers[0] until milestones[0], then schedulers[1], from its own epoch 0 and the initial rates, and so on

    Warm-up and then a cosine, in 100 epochs altogether:

        warm_up = LinearLR(optimizer, start_factor=0.01, total_iters=5)
        scheduler = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, T_max=95)], milestones=[5])

    Errors: ValueError for milestones that are not in increasing order or not one fewer than the schedules. A warning
    when a `LinearLR` has no time to reach its end.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self._check_parts(check_optimizer(optimizer), schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got {len(schedulers)} schedulers and {len(milestones)} milestones"
            )
        if last_epoch != -1:
            raise ValueError(f"SequentialLR is resumed by load_state_dict: wanted last_epoch=-1, got {last_epoch}")
        self.optimizer = optimizer
        self._schedulers = list(schedulers)
        self._milestones = check_milestones(milestones)
        self._warn_of_short_times()
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]  # making the schedules has set their first rates, one over the other
        self._begin()

    def _warn_of_short_times(self) -> None:
        begins = [0, *self._milestones]
        for part, begin, end in zip(self._schedulers, begins, begins[1:], strict=False):
            if isinstance(part, LinearLR) and part.total_iters > end - begin:
                warnings.warn(
                    f"LinearLR takes {part.total_iters} epochs, but the next schedule begins after {end - begin}: the "
                    "rate will jump. Give it total_iters of at most that, or set the milestone later",
                    UserWarning,
                    stacklevel=3,
                )

    def _begin(self, last_epoch: int = -1) -> None:
        self.last_epoch = 0
        self._part()._begin()
        self._last_lr = self._rates()

    def _part(self) -> LRScheduler:
        return self._schedulers[bisect_right(self._milestones, self.last_epoch)]

    def step(self) -> None:
        """Go on to the next epoch, and at a milestone to the next schedule."""
        self.last_epoch += 1
        part = self._part()
        if self.last_epoch in self._milestones:
            for group, rate in zip(self.optimizer.param_groups, part.base_lrs, strict=True):
                group["lr"] = rate
            part._begin()
        else:
            part.step()
        self._last_lr = self._rates()


class ChainedScheduler(CombinedLR):
    """All of `schedulers` step together, in order, each from the rate that the one before it leaves

    For schedules that multiply (`StepLR`, `LinearLR`, …) the factors multiply. One that sets the rate whatever it was
    (`LambdaLR`, `OneCycleLR`, …) belongs at the beginning.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        first = schedulers[0] if schedulers else None
        owner = first.optimizer if optimizer is None and isinstance(first, LRScheduler) else optimizer
        self._check_parts(owner, schedulers)
        self.optimizer = check_optimizer(owner)
        self._schedulers = list(schedulers)
        self._last_lr = self._rates()

    def _begin(self, last_epoch: int = -1) -> None:
        for part in self._schedulers:
            part._begin()
        self._last_lr = self._rates()

    def step(self) -> None:
        """Go on to the next epoch, with all of them."""
        for part in self._schedulers:
            part.step()
        self._last_lr = self._rates()
