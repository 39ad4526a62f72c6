"""The momentum of a parameter group, for schedules that change it against the rate.

For: `OneCycleLR` and `CyclicLR`. Not for: what momentum does; the optimizers say that.
"""

from __future__ import annotations

from tinygrad_edu.optim.lr_scheduler.scheduler import numbers_each
from tinygrad_edu.optim.optimizer import Group, Optimizer


def momentum_limits(
    optimizer: Optimizer, base_momentum: float | list[float], max_momentum: float | list[float]
) -> list[dict[str, float]]:
    """The least and the largest momentum of each group, by the names under which groups keep them."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled: "
            f"{type(optimizer).__name__} has neither, so pass cycle_momentum=False"
        )
    lowest = numbers_each("base_momentum", base_momentum, optimizer)
    highest = numbers_each("max_momentum", max_momentum, optimizer)
    return [{"base_momentum": low, "max_momentum": high} for low, high in zip(lowest, highest, strict=True)]


def set_momentum(group: Group, value: float) -> None:
    """Set the momentum of a group, which Adam and its kin call beta1."""
    if "betas" in group:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value
