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
from tinygrad_edu.cli.tasks import DATA, MODELS, TASKS, Candidate, find_task

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "adagrad": optim.Adagrad,
    "rmsprop": optim.RMSprop,
}
MOMENTUM = {"sgd": 0.9, "rmsprop": 0.0}  # the optimizers that have it, with what they take unless told


@dataclasses.dataclass
class Settings:
    """What decides the numbers of a run. It is kept in the checkpoint, so that --resume goes on with the same.

    The defaults here are those of the reference CNN; those of the other models are where the models are (`cli/tasks/`).
    """

    data: str = "digits"
    optimizer: str = "adam"
    lr: float = 0.003
    momentum: float = 0.0
    schedule: str = "cosine"
    batch_size: int = 64
    epochs: int = 6
    seed: int = 0
    model: str = "cnn"
    clip: float = 0.0
    epoch_size: int = 0  # 0: all

    def __post_init__(self) -> None:
        if self.momentum and self.optimizer not in MOMENTUM:
            raise ValueError(f"{self.optimizer} has no --momentum: only {' and '.join(MOMENTUM)} have")
        for option, value in (("--epochs", self.epochs), ("--batch-size", self.batch_size)):
            if value < 1:
                raise ValueError(f"wanted {option} of 1 or more, got {value}")
        if self.epoch_size < 0:
            raise ValueError(f"wanted --epoch-size of 0 (all samples) or more, got {self.epoch_size}")
        if not self.clip >= 0:  # NaN is not at least 0 either
            raise ValueError(f"wanted --clip of 0 (off) or more, got {self.clip}")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The options that are settings. They have no default here, so that --resume knows what was given."""
    own, add = Settings, parser.add_argument
    add("--model", choices=MODELS, help="what learns (default: cnn, or what suits --data)")
    add("--data", metavar="|".join(DATA), help="what to learn (default: digits, or what suits --model)")
    add("--epochs", type=int, help=f"how many epochs to train for (default: {_of_models('epochs')})")
    add(
        "--epoch-size",
        type=int,
        help=f"how many samples there are in an epoch; 0: all (default: {_of_models('epoch_size')})",
    )
    add("--batch-size", type=int, help=f"samples in one step (default: {_of_models('batch_size')})")
    add("--optimizer", choices=OPTIMIZERS, help=f"the update rule (default: {own.optimizer})")
    add("--lr", type=float, help="the learning rate to begin with (default: what suits model and optimizer)")
    add("--momentum", type=float, help="for sgd (default: 0.9) and rmsprop (default: 0)")
    add(
        "--schedule",
        choices=("cosine", "constant"),
        help=f"lower the learning rate from epoch to epoch along a cosine, or leave it (default: {own.schedule})",
    )
    add("--clip", type=float, help=f"shorten gradients longer than this; 0: never (default: {_of_models('clip')})")
    add("--seed", type=int, help=f"decides the first weights and the order of the samples (default: {own.seed})")


def _of_models(setting: str) -> str:
    """Each model's default of a setting, as the help shows it: cnn 6, lstm 6 (adding 8), …"""
    shown: dict[str, str] = {}
    for task in TASKS:
        for model, candidate in task.models.items():
            value = f"{getattr(candidate, setting):g}"
            if model not in shown:
                shown[model] = f"{model} {value}"
            elif not shown[model].endswith(f" {value}"):
                shown[model] += f" (--data {task.data[0]} {value})"
    return ", ".join(shown.values())


def settings_of(options: argparse.Namespace, resumed: pathlib.Path | None) -> Settings:
    """The settings that were asked for; of a resumed run those it was begun with, where only --epochs may differ."""
    names = [field.name for field in dataclasses.fields(Settings)]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if resumed is None:
        task, model, data = find_task(options.model, options.data)
        return Settings(**{**_suited_to(task.models[model], options.optimizer), **given, "model": model, "data": data})
    begun: dict[str, Any] | None = read_metadata(resumed).get("settings")
    if begun is None:
        raise ValueError(f"{resumed} was not written by tinygrad-edu train, so there is no run in it to go on with")
    settings = Settings(**begun)
    for name, value in given.items():
        if name != "epochs" and value != getattr(settings, name):
            option = "--" + name.replace("_", "-")
            raise ValueError(
                f"{resumed} was begun with {option} {getattr(settings, name)}, got {option} {value}: leave it out to "
                "go on as begun, or leave out --resume to begin anew"
            )
    return dataclasses.replace(settings, **given)


def _suited_to(candidate: Candidate, optimizer: str | None) -> dict[str, Any]:
    """The settings that suit a model, with this optimizer or with its own."""
    optimizer = optimizer or next(iter(candidate.rates))
    return {
        "optimizer": optimizer,
        "lr": candidate.rates[optimizer],
        "momentum": MOMENTUM.get(optimizer, 0.0),
        "batch_size": candidate.batch_size,
        "epochs": candidate.epochs,
        "clip": candidate.clip,
        "epoch_size": candidate.epoch_size,
    }


def make_optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    """The optimizer that the settings ask for, over the model's weights."""
    chosen = {"lr": settings.lr, "momentum": settings.momentum}
    if settings.optimizer not in MOMENTUM:
        del chosen["momentum"]
    return OPTIMIZERS[settings.optimizer](model.parameters(), **chosen)
