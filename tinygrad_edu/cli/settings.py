"""The settings of a run: what decides its numbers. Options of `tinygrad-edu train`, kept in its checkpoint.

For: reading them from the command line, or from the checkpoint of a run that goes on. Not for: where to write, where to
compute and what to print, which may differ from one part of a run to the next.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

from tinygrad_edu import nn, optim
from tinygrad_edu.checkpoint import read_metadata

# For each optimizer its class and the learning rate and momentum that suit the reference CNN at batches of 64.
OPTIMIZERS: dict[str, tuple[Callable[..., optim.Optimizer], float, float]] = {
    "sgd": (optim.SGD, 0.05, 0.9),
    "adam": (optim.Adam, 0.003, 0.0),
    "adamw": (optim.AdamW, 0.003, 0.0),
    "adagrad": (optim.Adagrad, 0.02, 0.0),
    "rmsprop": (optim.RMSprop, 0.001, 0.0),
}
WITH_MOMENTUM = ("sgd", "rmsprop")


@dataclasses.dataclass
class Settings:
    """What decides the numbers of a run. It is kept in the checkpoint, so that --resume goes on with the same."""

    data: str = "digits"
    optimizer: str = "adam"
    lr: float = OPTIMIZERS["adam"][1]
    momentum: float = OPTIMIZERS["adam"][2]
    schedule: str = "cosine"
    batch_size: int = 64
    epochs: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        if self.momentum and self.optimizer not in WITH_MOMENTUM:
            raise ValueError(f"{self.optimizer} has no --momentum: only {' and '.join(WITH_MOMENTUM)} have")
        for option, value in (("--epochs", self.epochs), ("--batch-size", self.batch_size)):
            if value < 1:
                raise ValueError(f"wanted {option} of 1 or more, got {value}")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The options that are settings. They have no default here, so that --resume knows what was given."""
    own, add = Settings, parser.add_argument
    add("--data", metavar="digits|cifar10:PATH|mnist:PATH", help="what to learn (default: digits, which come along)")
    add("--epochs", type=int, help=f"how often to see every picture (default: {own.epochs})")
    add("--batch-size", type=int, help=f"pictures in one step (default: {own.batch_size})")
    add("--optimizer", choices=OPTIMIZERS, help=f"the update rule (default: {own.optimizer})")
    rates = ", ".join(f"{name} {lr:g}" for name, (_, lr, _) in OPTIMIZERS.items())
    add("--lr", type=float, help=f"the learning rate to begin with (default: {rates})")
    add("--momentum", type=float, help="for sgd (default: 0.9) and rmsprop (default: 0)")
    add(
        "--schedule",
        choices=("cosine", "constant"),
        help=f"lower the learning rate from epoch to epoch along a cosine, or leave it (default: {own.schedule})",
    )
    add("--seed", type=int, help=f"decides the first weights and the order of the pictures (default: {own.seed})")


def settings_of(options: argparse.Namespace, resumed: pathlib.Path | None) -> Settings:
    """The settings that were asked for; of a resumed run those it was begun with, where only --epochs may differ."""
    names = [field.name for field in dataclasses.fields(Settings)]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if resumed is None:
        _, lr, momentum = OPTIMIZERS[given.get("optimizer", Settings.optimizer)]
        return Settings(**{"lr": lr, "momentum": momentum, **given})
    begun: dict[str, Any] | None = read_metadata(resumed).get("settings")
    if begun is None:
        raise ValueError(f"{resumed} was not written by tinygrad-edu train, so there is no run in it to go on with")
    for name, value in given.items():
        if name != "epochs" and value != begun[name]:
            option = "--" + name.replace("_", "-")
            raise ValueError(
                f"{resumed} was begun with {option} {begun[name]}, got {option} {value}: leave it out to go on as "
                "begun, or leave out --resume to begin anew"
            )
    return Settings(**{**begun, **given})


def make_optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    """The optimizer that the settings ask for, over the model's weights."""
    kind = OPTIMIZERS[settings.optimizer][0]
    chosen = {"lr": settings.lr, "momentum": settings.momentum}
    if settings.optimizer not in WITH_MOMENTUM:
        del chosen["momentum"]
    return kind(model.parameters(), **chosen)
