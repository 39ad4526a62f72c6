"""LRScheduler: what all learning rate schedules share, that is when they write the rate, and saving where they are.

For: subclasses, which add `get_lr`: the rates of one epoch. Not for: a formula of its own.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

from tinygrad_edu.optim.optimizer import Optimizer


class LRScheduler:
    """Sets the learning rate of every group of an optimizer: the first when it is made, the next at each `step()`.

        for epoch in range(epochs):
            for inputs, targets in loader:
                ...
                optimizer.step()
            scheduler.step()

    An "epoch" is what lies between two calls, so for a schedule that counts batches, call it after each batch.
    `last_epoch` counts from 0. Each group starts from its own rate, which is kept as group["initial_lr"] and in
    `base_lrs`. A subclass writes `get_lr`, which returns the rates of `last_epoch`, one for each group.

    To resume, make the schedule as it was made first and call `load_state_dict`, for the optimizer too. The argument
    `last_epoch` is PyTorch's older way: the epoch after it is begun, from the rates that the optimizer has.
    """

    _is_initial = False  # while the first rate is set: get_lr then starts instead of going on
    _unsaved: tuple[str, ...] = ("optimizer", "_is_initial")  # attributes that are no part of the state

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer)
        check_count("last_epoch", last_epoch, least=-1)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming with last_epoch="
                    f"{last_epoch}: load the optimizer's state first, or leave last_epoch out for a new training"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._begin(last_epoch)

    def _begin(self, last_epoch: int = -1) -> None:
        """Set the rates of the epoch after `last_epoch`, from those that the optimizer has now."""
        self.last_epoch, self._step_count = last_epoch, 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[float]:
        """The rates of `last_epoch`, from those of the epoch before. For `step` only: to look, use `get_last_lr`."""
        raise NotImplementedError(f"{type(self).__name__} is missing the required method get_lr")

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, one for each group."""
        return list(self._last_lr)

    def step(self) -> None:
        """Set the rates of the next epoch. Call it after `optimizer.step()`."""
        if self._step_count == 1:
            _warn_if_early(self.optimizer)
        self._step_count += 1
        self.last_epoch += 1
        self._write(self.get_lr())

    def _write(self, rates: list[float]) -> None:
        groups = self.optimizer.param_groups
        if len(rates) != len(groups):
            raise ValueError(
                f"{type(self).__name__} has rates for {len(rates)} parameter groups, but the optimizer has "
                f"{len(groups)} now: make the schedule after add_param_group"
            )
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = list(rates)

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule is, with its settings: numbers, text and lists of them, so that a checkpoint holds it."""
        return {name: copy.deepcopy(value) for name, value in vars(self).items() if name not in self._unsaved}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from `state_dict`: one of `state_dict()`, or that of PyTorch's schedule of the same kind.

        The rates themselves are the optimizer's: load its state as well. After an error everything is as it was.
        """
        check_state(self, state_dict)
        own = self.state_dict()
        vars(self).update({name: copy.deepcopy(state_dict[name]) for name in own})


def _warn_if_early(optimizer: Optimizer) -> None:
    """Warn when nothing has been learned with the first rate. A step written by somebody else cannot be asked."""
    if not optimizer.has_stepped and type(optimizer).step is Optimizer.step:
        warnings.warn(
            "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first learning rate of the schedule "
            "is then never used. Call optimizer.step() first and scheduler.step() after it",
            UserWarning,
            stacklevel=3,
        )


# ------------------------------------------------------------------------------------------------------------ checks
_PYTORCHS_OWN = {"_is_initial", "_get_lr_called_within_step", "mode_worse", "default_min_lr", "_scale_fn_custom"}


def check_optimizer(optimizer: Any) -> Optimizer:
    """Return `optimizer`, or raise TypeError when it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(optimizer).__name__} is not an Optimizer: wanted the optimizer whose learning rate is to change, "
            "such as optim.SGD(model.parameters(), lr=0.1)"
        )
    return optimizer


def check_state(schedule: LRScheduler, state: Any) -> None:
    """Raise unless `state` could be one of `schedule`'s own."""
    kind = type(schedule).__name__
    if not isinstance(state, Mapping):
        raise TypeError(f"{kind} wanted a dictionary, as its state_dict() returns it, got {type(state).__name__}")
    own = schedule.state_dict()
    missing = sorted(set(own) - set(state))
    unexpected = sorted(map(str, set(state) - set(own) - _PYTORCHS_OWN))
    if missing or unexpected:
        raise ValueError(
            f"this is not the state of a {kind}: missing {', '.join(missing) or 'nothing'}, unexpected "
            f"{', '.join(unexpected) or 'nothing'}. It was saved by another kind of schedule"
        )
    rates, groups = state["_last_lr"], schedule.optimizer.param_groups
    if len(rates) != len(groups):
        raise ValueError(
            f"this state of a {kind} is for {len(rates)} parameter groups, the optimizer has {len(groups)}"
        )


def check_number(name: str, value: Any, least: float = 0.0, most: float = math.inf) -> None:
    """Raise unless `value` is a finite number from `least` to `most`; NaN is between no two numbers."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"wanted {name} to be a number, got {type(value).__name__}: {value!r}")
    if not (least <= float(value) <= most and math.isfinite(value)):
        wanted = f"a number of at least {least:g}" if most == math.inf else f"a number from {least:g} to {most:g}"
        raise ValueError(f"wanted {name} to be {wanted}, got {value}")


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise unless `value` is an integer of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"wanted {name} to be an integer, got {type(value).__name__}: {value!r}")
    if value < least:
        raise ValueError(f"wanted {name} to be an integer of at least {least}, got {value}")


def check_milestones(milestones: Any) -> list[int]:
    """The epochs at which something happens, as a list, or raise when they are not in order."""
    numbers = list(milestones)
    for number in numbers:
        check_count("every milestone", number, least=0)
    if numbers != sorted(numbers):
        raise ValueError(f"milestones should be a list of increasing integers, got {numbers}: sort them")
    return numbers


def one_each(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """A setting for each parameter group: the list that was given, or the same for all."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups: wanted {count} values, got {len(value)}"
        )
    return list(value)


def numbers_each(name: str, value: Any, optimizer: Optimizer) -> list[float]:
    """The same for a setting that is a number of at least 0."""
    values = one_each(name, value, optimizer)
    for number in values:
        check_number(name, number)
    return values
