"""What the training command asks of a task, and how a task says which settings suit its models.

For: Task and Candidate. Not for: any one task.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tinygrad_edu.nn import Module
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.training import History


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A model, and the settings it learns well with."""

    build: Callable[[Mapping[str, Any]], Module]  # from the task's `facts`
    epochs: int
    batch_size: int
    rates: Mapping[str, float]  # the learning rate for each optimizer; the first is the default
    folder: str  # the name of the output folder
    clip: float = 0.0  # gradients longer than this are shortened to it; 0: none are
    epoch_size: int = 0  # samples in an epoch, drawn anew each time; 0: all of them


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a trained model says: facts for --json, and text to be read."""

    facts: Mapping[str, Any]
    text: str


class Task:
    """Something to learn. The attributes and methods below are all that the commands know about it."""

    data: ClassVar[tuple[str, ...]]  # values of --data; the first is the default
    models: ClassVar[Mapping[str, Candidate]]  # by value of --model; the first is the default
    samples: ClassVar[str]  # what the data consist of, in the plural
    metrics: ClassVar[Mapping[str, Callable[[Any, Any], Any]]] = {}  # measured beside the loss

    def load(self, data: str) -> tuple[Any, Any]:
        """(data set to learn from, data set held out) of a --data value."""
        raise NotImplementedError

    def facts(self, learned: Any) -> dict[str, Any]:
        """What the checkpoint has to say beside the weights, so that the model can be built again: plain values."""
        raise NotImplementedError

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch of what is minimized."""
        raise NotImplementedError

    def result(self, model: Module, held_out: Any, found: Mapping[str, float]) -> str:
        """The one line that says how well it went; `found` has the loss and the metrics on what was held out."""
        raise NotImplementedError

    def draw(self, history: History, model: Module, held_out: Any, path: pathlib.Path) -> None:
        """Save a picture that shows at a glance whether it worked, and how."""
        raise NotImplementedError

    def try_it(self, held_out: Any, output: pathlib.Path) -> str:
        """Something to ask the trained model, as it is typed after `tinygrad-edu predict CHECKPOINT`."""
        raise NotImplementedError

    def answer(self, model: Module, about: Mapping[str, Any], question: str, options: argparse.Namespace) -> Answer:
        """What the model says to `question`; `about` is the checkpoint's metadata, with this task's facts in it."""
        raise NotImplementedError

    def rebuild(self, path: str, weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> Module:
        """The model whose weights are in the checkpoint at `path`."""
        candidate = self.models[about["settings"]["model"]]
        model = candidate.build(about)
        try:
            model.load_state_dict(weights)
        except ValueError as error:
            raise ValueError(f"{path} does not fit a {type(model).__name__}: {error}") from error
        return model


def number_after(data: str, default: int, meaning: str) -> int:
    """The number in a --data value such as "adding:30", or the default when there is none."""
    kind, colon, number = data.partition(":")
    if not colon:
        return default
    if not number.isdecimal():
        raise ValueError(f"wanted --data {kind}:NUMBER, {meaning}, or --data {kind} for {default}, got {data!r}")
    return int(number)
