"""Pictures: which of ten classes is it? The reference CNN on digits, CIFAR-10 or MNIST, pictures of 3 x 32 x 32.

For: the task that `tinygrad-edu train` learns without options. Not for: reading the files, which is
`tinygrad_edu.datasets`, nor for the drawing.
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.cli.drawings.pictures import draw_training, percent
from tinygrad_edu.cli.tasks.base import Answer, Candidate, Task
from tinygrad_edu.datasets import CIFAR10, MNIST, Digits, PictureDataset, read_image
from tinygrad_edu.engine import no_grad
from tinygrad_edu.models import ReferenceCNN
from tinygrad_edu.nn import Module
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.training import History, accuracy
from tinygrad_edu.training.loop import device_of_model

EXAMPLE = "example.png"
BAR = 30  # characters for 100 %


class Pictures(Task):
    """A picture (3, 32, 32) -> one of the classes, by cross-entropy."""

    data = ("digits", "cifar10:PATH", "mnist:PATH")
    samples = "pictures"
    metrics: ClassVar = {"accuracy": accuracy}
    models: ClassVar = {
        "cnn": Candidate(
            build=lambda facts: ReferenceCNN(classes=len(facts["classes"])),
            epochs=6,
            batch_size=64,
            rates={"adam": 0.003, "sgd": 0.05, "adamw": 0.003, "adagrad": 0.02, "rmsprop": 0.001},
            folder="reference-cnn",
        )
    }

    def load(self, data: str) -> tuple[PictureDataset, PictureDataset]:
        kind, _, path = data.partition(":")
        if bool(path) == (kind == "digits"):
            raise ValueError(f"wanted --data {', '.join(self.data[:2])} or {self.data[2]}, got {data!r}")
        if kind == "digits":
            return Digits(train=True), Digits(train=False)
        if kind == "cifar10":
            return CIFAR10(path, train=True), CIFAR10(path, train=False)
        return in_color(MNIST(path, train=True)), in_color(MNIST(path, train=False))

    def facts(self, learned: PictureDataset) -> dict[str, Any]:
        return {"classes": learned.classes}

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def result(self, model: Module, held_out: PictureDataset, found: Mapping[str, float]) -> str:
        right, count = round(found["accuracy"] * len(held_out)), len(held_out)
        return f"loss {found['loss']:.4f}, accuracy {100 * found['accuracy']:.2f} % ({right} of {count})"

    def draw(self, history: History, model: Module, held_out: PictureDataset, path: pathlib.Path) -> None:
        draw_training(history, model, held_out, path)

    def try_it(self, held_out: PictureDataset, output: pathlib.Path) -> str:
        save_example(held_out, output / EXAMPLE)
        return str(output / EXAMPLE)

    def rebuild(self, path: str, weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> Module:
        last = weights.get("fc3.bias")  # PyTorch's own weights have nothing beside them that could be asked
        if last is None:
            found = ", ".join(weights)
            raise ValueError(f"{path} is not of a ReferenceCNN: wanted weights such as fc3.bias, got {found}")
        model = ReferenceCNN(classes=len(about.get("classes") or range(last.numel())))
        try:
            model.load_state_dict(weights)
        except ValueError as error:
            raise ValueError(f"{path} does not fit a ReferenceCNN: {error}") from error
        return model

    @no_grad()
    def answer(self, model: Module, about: Mapping[str, Any], question: str, options: argparse.Namespace) -> Answer:
        picture = tensor(read_image(question)[None], device=device_of_model(model))
        probabilities = model(picture).softmax(1)[0].tolist()
        classes = about.get("classes") or [str(number) for number in range(len(probabilities))]
        answers = sorted(zip(classes, probabilities, strict=True), key=lambda answer: -answer[1])
        found = [{"class": name, "probability": probability} for name, probability in answers]
        width = max(len(name) for name in classes)
        lines = [
            f"{name:<{width}}  {percent(share):>7}  {'█' * round(BAR * share)}".rstrip() for name, share in answers
        ]
        return Answer({"image": question, "answers": found}, "\n".join(lines))


def in_color(grey: PictureDataset) -> PictureDataset:
    """(N, 1, 28, 28) -> (N, 3, 32, 32): a border of 2 pixels, as LeNet-5 had it, and three equal channels.

    The three are one in memory: a view with stride 0.
    """
    padded = numpy.pad(grey.data, ((0, 0), (0, 0), (2, 2), (2, 2)))
    pictures = numpy.broadcast_to(padded, (len(padded), 3, 32, 32))
    return PictureDataset(pictures, grey.targets, grey.classes)


def save_example(dataset: PictureDataset, path: pathlib.Path) -> None:
    """Write the first held-out picture as PNG."""
    pillow = require("PIL.Image", extra="io", purpose="write a picture")
    pillow.fromarray(numpy.ascontiguousarray(dataset.data[0].transpose(1, 2, 0))).save(path)
