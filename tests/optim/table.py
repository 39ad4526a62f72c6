"""Every optimizer and every learning rate schedule with each of their options, as code that runs on both libraries.

    OptimizerCase("SGD", "momentum", lambda optim, groups: optim.SGD(groups, lr=0.05, momentum=0.9))
    ScheduleCase("StepLR", "plain", lambda lr, optimizer: lr.StepLR(optimizer, 3))

`optim` is tinygrad_edu.optim or torch.optim, `lr` is optim.lr_scheduler. Not for: running them; `parity.py` does that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class OptimizerCase(NamedTuple):
    """An update rule with one choice of its options."""

    name: str
    variant: str
    make: Callable[[Any, Any], Any]  # make(optim, params) -> an optimizer of these two parameters

    @property
    def id(self) -> str:
        """How tests call it."""
        return f"{self.name}-{self.variant}"


class ScheduleCase(NamedTuple):
    """A schedule with one choice of its options, on one kind of optimizer."""

    name: str
    variant: str
    make: Callable[[Any, Any], Any]  # make(lr, optimizer) -> a schedule
    rates: tuple[float, ...] = (0.5,)  # one for each parameter group
    optimizer: Callable[[Any, Any], Any] = lambda optim, groups: optim.SGD(groups, lr=0.5, momentum=0.9)
    moments: tuple[float, ...] | None = None  # what each step is given; None: 20 steps that are given nothing

    @property
    def id(self) -> str:
        """How tests call it."""
        return f"{self.name}-{self.variant}"


def rule(name: str, variant: str, **settings: Any) -> OptimizerCase:
    """One choice of settings for both parameters."""
    return OptimizerCase(name, variant, lambda optim, params: getattr(optim, name)(params, **settings))


def grouped(name: str, first: dict[str, Any], second: dict[str, Any]) -> OptimizerCase:
    """Each parameter in a group with settings of its own."""

    def make(optim: Any, params: Any) -> Any:
        return getattr(optim, name)([{"params": [params[0]], **first}, {"params": params[1], **second}])

    return OptimizerCase(name, "two groups", make)


OPTIMIZERS = [
    rule("SGD", "defaults"),
    rule("SGD", "lr", lr=0.1),
    rule("SGD", "momentum", lr=0.05, momentum=0.9),
    rule("SGD", "dampening", lr=0.05, momentum=0.8, dampening=0.3),
    rule("SGD", "weight_decay", lr=0.05, weight_decay=0.1),
    rule("SGD", "momentum and weight_decay", lr=0.05, momentum=0.8, weight_decay=0.1),
    rule("SGD", "nesterov", lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    rule("SGD", "maximize", lr=0.01, momentum=0.5, weight_decay=0.1, maximize=True),
    grouped("SGD", {"lr": 0.1}, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.2}),
    rule("Adam", "defaults"),
    rule("Adam", "betas", lr=0.1, betas=(0.7, 0.8)),
    rule("Adam", "eps", lr=0.1, eps=0.1),
    rule("Adam", "weight_decay", lr=0.1, weight_decay=0.1),
    rule("Adam", "amsgrad", lr=0.1, amsgrad=True, betas=(0.5, 0.6)),
    rule("Adam", "maximize", lr=0.1, maximize=True, amsgrad=True, weight_decay=0.1),
    grouped("Adam", {"lr": 0.1, "amsgrad": True}, {"betas": (0.5, 0.9)}),
    rule("AdamW", "defaults"),
    rule("AdamW", "weight_decay", lr=0.1, weight_decay=0.3, betas=(0.7, 0.8), eps=1e-3),
    rule("AdamW", "amsgrad", lr=0.1, weight_decay=0.3, amsgrad=True, betas=(0.5, 0.6)),
    rule("AdamW", "maximize", lr=0.1, maximize=True),
    grouped("AdamW", {"lr": 0.1, "weight_decay": 0.0}, {"lr": 0.01, "weight_decay": 0.5}),
    rule("NAdam", "defaults"),
    rule("NAdam", "betas", lr=0.1, betas=(0.7, 0.8), eps=1e-3),
    rule("NAdam", "momentum_decay", lr=0.1, momentum_decay=0.2),
    rule("NAdam", "weight_decay", lr=0.1, weight_decay=0.1),
    rule("NAdam", "decoupled_weight_decay", lr=0.1, weight_decay=0.1, decoupled_weight_decay=True),
    rule("NAdam", "maximize", lr=0.1, maximize=True, weight_decay=0.1),
    grouped("NAdam", {"lr": 0.1}, {"momentum_decay": 0.1}),
    rule("Adagrad", "defaults"),
    rule("Adagrad", "lr_decay", lr=0.3, lr_decay=0.1, eps=1e-3),
    rule("Adagrad", "weight_decay", lr=0.3, weight_decay=0.1),
    rule("Adagrad", "initial_accumulator_value", lr=0.3, initial_accumulator_value=0.5),
    rule("Adagrad", "maximize", lr=0.3, maximize=True, weight_decay=0.1),
    grouped("Adagrad", {"lr": 0.3}, {"lr_decay": 0.5}),
    rule("Adadelta", "defaults"),
    rule("Adadelta", "rho", lr=0.5, rho=0.6, eps=1e-2),
    rule("Adadelta", "weight_decay", weight_decay=0.1, eps=1e-2),
    rule("Adadelta", "maximize", maximize=True, weight_decay=0.1, eps=1e-2),
    grouped("Adadelta", {"lr": 0.3}, {"rho": 0.5}),
    rule("RMSprop", "defaults"),
    rule("RMSprop", "alpha", lr=0.05, alpha=0.8, eps=1e-3),
    rule("RMSprop", "weight_decay", lr=0.05, weight_decay=0.1),
    rule("RMSprop", "momentum", lr=0.05, alpha=0.8, momentum=0.6),
    rule("RMSprop", "centered", lr=0.05, alpha=0.8, centered=True),
    rule("RMSprop", "centered with momentum", lr=0.05, centered=True, momentum=0.9),
    rule("RMSprop", "maximize", lr=0.05, maximize=True, weight_decay=0.1),
    grouped("RMSprop", {"lr": 0.03}, {"alpha": 0.5, "momentum": 0.5}),
]


def adam(optim: Any, groups: Any) -> Any:
    """An optimizer whose momentum is called beta1."""
    return optim.Adam(groups)


def resumed(make: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A schedule made with last_epoch, for which each group must know its initial rate."""

    def begin(lr: Any, optimizer: Any) -> Any:
        for group in optimizer.param_groups:
            group["initial_lr"] = 2 * group["lr"]
        return make(lr, optimizer)

    return begin


def warm_up(lr: Any, optimizer: Any) -> Any:
    """Five epochs up, then a cosine down."""
    parts = [lr.LinearLR(optimizer, 0.1, total_iters=5), lr.CosineAnnealingLR(optimizer, 15, eta_min=0.01)]
    return lr.SequentialLR(optimizer, parts, milestones=[5])


def three_parts(lr: Any, optimizer: Any) -> Any:
    """Schedules with and without a rule for how they begin."""
    parts = [
        lr.ConstantLR(optimizer, 0.25, total_iters=3),
        lr.LambdaLR(optimizer, lambda epoch: 0.9**epoch),
        lr.OneCycleLR(optimizer, 0.8, total_steps=12),
    ]
    return lr.SequentialLR(optimizer, parts, milestones=[3, 9])


def many_parts(lr: Any, optimizer: Any) -> Any:
    """All that multiply, one after the other."""
    parts = [
        lr.ExponentialLR(optimizer, 0.8),
        lr.StepLR(optimizer, 2, 0.5),
        lr.MultiStepLR(optimizer, [0, 2], 0.5),
        lr.PolynomialLR(optimizer, 6),
        lr.CosineAnnealingWarmRestarts(optimizer, 3),
    ]
    return lr.SequentialLR(optimizer, parts, milestones=[3, 7, 11, 15])


def chained(*makers: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """All of them at once."""
    return lambda lr, optimizer: lr.ChainedScheduler([make(lr, optimizer) for make in makers])


FALLING = tuple(1.0 / epoch for epoch in range(1, 6)) + (0.3,) * 15
BUMPY = (1.0, 0.9, 0.95, 0.9, 0.89, 0.89, 0.9, 0.88, 0.5, 0.6, 0.55, 0.5, 0.5, 0.4999, 0.49, 0.5, 0.5, 0.5, 0.5, 0.48)

SCHEDULES = [
    ScheduleCase("LambdaLR", "plain", lambda lr, o: lr.LambdaLR(o, lambda epoch: 0.9**epoch)),
    ScheduleCase(
        "LambdaLR",
        "one each",
        lambda lr, o: lr.LambdaLR(o, [lambda epoch: 1 / (1 + epoch), lambda epoch: 0.5 + epoch]),
        rates=(0.5, 0.1),
    ),
    ScheduleCase("LambdaLR", "resumed", resumed(lambda lr, o: lr.LambdaLR(o, lambda epoch: 0.9**epoch, last_epoch=3))),
    ScheduleCase("MultiplicativeLR", "plain", lambda lr, o: lr.MultiplicativeLR(o, lambda epoch: 1 - 0.01 * epoch)),
    ScheduleCase(
        "MultiplicativeLR",
        "one each",
        lambda lr, o: lr.MultiplicativeLR(o, [lambda epoch: 0.9, lambda epoch: 1.1]),
        rates=(0.5, 0.1),
    ),
    ScheduleCase(
        "MultiplicativeLR",
        "resumed",
        resumed(lambda lr, o: lr.MultiplicativeLR(o, lambda epoch: 1 - 0.01 * epoch, last_epoch=3)),
    ),
    ScheduleCase("StepLR", "plain", lambda lr, o: lr.StepLR(o, 6)),
    ScheduleCase("StepLR", "gamma", lambda lr, o: lr.StepLR(o, 1, gamma=0.7), rates=(0.5, 0.01, 2.0)),
    ScheduleCase("StepLR", "gamma 0", lambda lr, o: lr.StepLR(o, 5, gamma=0.0)),
    ScheduleCase("StepLR", "resumed", resumed(lambda lr, o: lr.StepLR(o, 4, gamma=0.5, last_epoch=3))),
    ScheduleCase("MultiStepLR", "plain", lambda lr, o: lr.MultiStepLR(o, [3, 10, 19])),
    ScheduleCase("MultiStepLR", "from 0, twice", lambda lr, o: lr.MultiStepLR(o, [0, 4, 4, 7], gamma=0.5)),
    ScheduleCase("MultiStepLR", "resumed", resumed(lambda lr, o: lr.MultiStepLR(o, [3, 4, 9], 0.5, last_epoch=3))),
    ScheduleCase("ConstantLR", "plain", lambda lr, o: lr.ConstantLR(o)),
    ScheduleCase("ConstantLR", "factor", lambda lr, o: lr.ConstantLR(o, factor=0.1, total_iters=8), rates=(0.5, 0.1)),
    ScheduleCase("ConstantLR", "resumed", resumed(lambda lr, o: lr.ConstantLR(o, total_iters=6, last_epoch=3))),
    ScheduleCase("LinearLR", "plain", lambda lr, o: lr.LinearLR(o)),
    ScheduleCase("LinearLR", "up", lambda lr, o: lr.LinearLR(o, start_factor=0.01, total_iters=12), rates=(0.5, 0.1)),
    ScheduleCase("LinearLR", "down", lambda lr, o: lr.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=30)),
    ScheduleCase("LinearLR", "resumed", resumed(lambda lr, o: lr.LinearLR(o, total_iters=9, last_epoch=3))),
    ScheduleCase("ExponentialLR", "plain", lambda lr, o: lr.ExponentialLR(o, 0.8), rates=(0.5, 0.1)),
    ScheduleCase("ExponentialLR", "growing", lambda lr, o: lr.ExponentialLR(o, gamma=1.3)),
    ScheduleCase("ExponentialLR", "resumed", resumed(lambda lr, o: lr.ExponentialLR(o, 0.8, last_epoch=3))),
    ScheduleCase("PolynomialLR", "plain", lambda lr, o: lr.PolynomialLR(o)),
    ScheduleCase("PolynomialLR", "power", lambda lr, o: lr.PolynomialLR(o, 18, power=2.5), rates=(0.5, 0.1)),
    ScheduleCase("PolynomialLR", "resumed", resumed(lambda lr, o: lr.PolynomialLR(o, 12, last_epoch=3))),
    ScheduleCase("CosineAnnealingLR", "plain", lambda lr, o: lr.CosineAnnealingLR(o, 20)),
    ScheduleCase(
        "CosineAnnealingLR", "eta_min", lambda lr, o: lr.CosineAnnealingLR(o, 13, eta_min=0.05), rates=(0.5, 0.1)
    ),
    ScheduleCase("CosineAnnealingLR", "up again", lambda lr, o: lr.CosineAnnealingLR(o, 4, eta_min=0.1)),
    ScheduleCase("CosineAnnealingLR", "T_max 1", lambda lr, o: lr.CosineAnnealingLR(o, 1)),
    ScheduleCase("CosineAnnealingLR", "resumed", resumed(lambda lr, o: lr.CosineAnnealingLR(o, 9, last_epoch=3))),
    ScheduleCase("CosineAnnealingWarmRestarts", "plain", lambda lr, o: lr.CosineAnnealingWarmRestarts(o, 6)),
    ScheduleCase(
        "CosineAnnealingWarmRestarts",
        "T_mult",
        lambda lr, o: lr.CosineAnnealingWarmRestarts(o, 2, T_mult=3, eta_min=0.01),
        rates=(0.5, 0.1),
    ),
    ScheduleCase(
        "CosineAnnealingWarmRestarts",
        "parts of epochs",
        lambda lr, o: lr.CosineAnnealingWarmRestarts(o, 3, T_mult=2),
        moments=tuple(0.35 * i for i in range(20)),
    ),
    ScheduleCase(
        "CosineAnnealingWarmRestarts",
        "resumed",
        resumed(lambda lr, o: lr.CosineAnnealingWarmRestarts(o, 7, last_epoch=3)),
    ),
    ScheduleCase("OneCycleLR", "plain", lambda lr, o: lr.OneCycleLR(o, 1.0, total_steps=21)),
    ScheduleCase(
        "OneCycleLR",
        "linear",
        lambda lr, o: lr.OneCycleLR(o, 1.0, total_steps=25, pct_start=0.4, anneal_strategy="linear", div_factor=10.0),
    ),
    ScheduleCase(
        "OneCycleLR",
        "three_phase",
        lambda lr, o: lr.OneCycleLR(o, 1.0, epochs=3, steps_per_epoch=7, three_phase=True, final_div_factor=100.0),
    ),
    ScheduleCase(
        "OneCycleLR",
        "three_phase linear",
        lambda lr, o: lr.OneCycleLR(
            o, 1.0, total_steps=24, pct_start=0.25, anneal_strategy="linear", three_phase=True, cycle_momentum=False
        ),
    ),
    ScheduleCase(
        "OneCycleLR",
        "one each, beta1",
        lambda lr, o: lr.OneCycleLR(o, [1.0, 0.1], total_steps=22, base_momentum=[0.7, 0.8], max_momentum=[0.9, 0.99]),
        rates=(0.5, 0.1),
        optimizer=adam,
    ),
    ScheduleCase("OneCycleLR", "no time to rise", lambda lr, o: lr.OneCycleLR(o, 1.0, total_steps=21, pct_start=0.01)),
    ScheduleCase("CyclicLR", "plain", lambda lr, o: lr.CyclicLR(o, 0.01, 0.5, step_size_up=4)),
    ScheduleCase(
        "CyclicLR",
        "triangular2",
        lambda lr, o: lr.CyclicLR(o, 0.01, 0.5, step_size_up=2, step_size_down=3, mode="triangular2"),
    ),
    ScheduleCase(
        "CyclicLR",
        "exp_range",
        lambda lr, o: lr.CyclicLR(o, [0.01, 0.1], [0.5, 1.0], 3, mode="exp_range", gamma=0.9, cycle_momentum=False),
        rates=(0.5, 0.1),
    ),
    ScheduleCase(
        "CyclicLR",
        "scale_fn, beta1",
        lambda lr, o: lr.CyclicLR(
            o,
            0.01,
            0.5,
            4,
            scale_fn=lambda step: 1 / (1 + step),
            scale_mode="iterations",
            base_momentum=0.7,
            max_momentum=0.99,
        ),
        optimizer=adam,
    ),
    ScheduleCase("ReduceLROnPlateau", "plain", lambda lr, o: lr.ReduceLROnPlateau(o, patience=3), moments=FALLING),
    ScheduleCase(
        "ReduceLROnPlateau",
        "min, rel",
        lambda lr, o: lr.ReduceLROnPlateau(o, "min", factor=0.5, patience=1, threshold=0.05),
        rates=(0.5, 0.1),
        moments=BUMPY,
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "min, abs",
        lambda lr, o: lr.ReduceLROnPlateau(o, "min", 0.5, patience=1, threshold=0.01, threshold_mode="abs"),
        moments=BUMPY,
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "max, rel",
        lambda lr, o: lr.ReduceLROnPlateau(o, "max", 0.5, patience=2, threshold=0.05),
        moments=tuple(1 - m for m in BUMPY),
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "max, abs",
        lambda lr, o: lr.ReduceLROnPlateau(o, "max", 0.5, patience=2, threshold=0.05, threshold_mode="abs"),
        moments=tuple(1 - m for m in BUMPY),
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "cooldown",
        lambda lr, o: lr.ReduceLROnPlateau(o, factor=0.5, patience=0, cooldown=2),
        moments=FALLING,
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "min_lr",
        lambda lr, o: lr.ReduceLROnPlateau(o, factor=0.5, patience=0, min_lr=[0.05, 0.02]),
        rates=(0.5, 0.1),
        moments=FALLING,
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "eps",
        lambda lr, o: lr.ReduceLROnPlateau(o, factor=0.5, patience=0, eps=0.03),
        moments=FALLING,
    ),
    ScheduleCase(
        "ReduceLROnPlateau",
        "NaN",
        lambda lr, o: lr.ReduceLROnPlateau(o, factor=0.5, patience=1),
        moments=(1.0, 0.9, float("nan"), float("nan"), 0.8) * 4,
    ),
    ScheduleCase("SequentialLR", "warm-up", warm_up, rates=(0.5, 0.1)),
    ScheduleCase("SequentialLR", "three parts", three_parts),
    ScheduleCase("SequentialLR", "many parts", many_parts, rates=(0.5, 0.1)),
    ScheduleCase(
        "SequentialLR",
        "a part of no length",
        lambda lr, o: lr.SequentialLR(
            o, [lr.ConstantLR(o), lr.ExponentialLR(o, 0.9), lr.StepLR(o, 2), lr.LinearLR(o)], milestones=[0, 4, 4]
        ),
    ),
    ScheduleCase(
        "ChainedScheduler",
        "two",
        chained(lambda lr, o: lr.ConstantLR(o, 0.1, total_iters=4), lambda lr, o: lr.ExponentialLR(o, 0.9)),
        rates=(0.5, 0.1),
    ),
    ScheduleCase(
        "ChainedScheduler",
        "many",
        chained(
            lambda lr, o: lr.LinearLR(o, 0.1, total_iters=6),
            lambda lr, o: lr.StepLR(o, 5, 0.5),
            lambda lr, o: lr.MultiStepLR(o, [2, 11], 0.3),
            lambda lr, o: lr.PolynomialLR(o, 17, power=0.9),
            lambda lr, o: lr.CosineAnnealingLR(o, 8, eta_min=0.001),
            lambda lr, o: lr.MultiplicativeLR(o, lambda epoch: 1.01),
        ),
        rates=(0.5, 0.1),
    ),
    ScheduleCase(
        "ChainedScheduler",
        "after a function",
        chained(lambda lr, o: lr.LambdaLR(o, lambda epoch: 1 / (1 + epoch)), lambda lr, o: lr.ExponentialLR(o, 0.9)),
    ),
    ScheduleCase("SWALR", "cos", lambda lr, o: lr.SWALR(o, 0.05, anneal_epochs=7), rates=(0.5, 0.1)),
    ScheduleCase("SWALR", "linear", lambda lr, o: lr.SWALR(o, [0.05, 0.2], 12, "linear"), rates=(0.5, 0.1)),
    ScheduleCase("SWALR", "at once", lambda lr, o: lr.SWALR(o, 0.05, anneal_epochs=0)),
]
