"""The picture of a training on pictures: how it went, and what the network answers.

For: one PNG that shows at a glance whether it worked. Not for: curves alone, which are `History.plot`.
"""

from __future__ import annotations

import pathlib
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.datasets import PictureDataset
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn import Module
from tinygrad_edu.training.history import TRAINING_COLOR, VALIDATION_COLOR, History
from tinygrad_edu.training.loop import device_of_model
from tinygrad_edu.utils.data import DataLoader

RIGHT, WRONG = TRAINING_COLOR, VALIDATION_COLOR
COLUMNS, BARS, BARS_WIDTH = 5, 3, 1.25  # bars are that much wider than a picture


@no_grad()
def probabilities_of(model: Module, dataset: PictureDataset) -> numpy.ndarray:
    """(N, classes): softmax of the model's outputs for every picture, in evaluation mode."""
    was_training, place = model.training, device_of_model(model)
    model.eval()
    parts = [model(inputs.to(place)).softmax(1).cpu().numpy() for inputs, _ in DataLoader(dataset, batch_size=256)]
    model.train(was_training)
    return numpy.concatenate(parts)


def draw_training(history: History, model: Module, held_out: PictureDataset, path: pathlib.Path) -> None:
    """Save the curves, a held-out picture of each class, and the five whose right answer got the least probability."""
    figures = require("matplotlib.figure", extra="train", purpose="draw the result")
    probabilities = probabilities_of(model, held_out)
    of_truth = probabilities[numpy.arange(len(held_out)), held_out.targets]
    one_of_each = numpy.unique(held_out.targets, return_index=True)[1][: 2 * COLUMNS]
    hardest = numpy.argsort(of_truth, kind="stable")[:COLUMNS]
    figure = figures.Figure(figsize=(12.5, 8.4), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[3.5, 3.2, 1.75], hspace=0.02)
    for axes, name in zip(top.subplots(1, 2), ("loss", "accuracy"), strict=True):
        history.draw(axes, name)
    middle.suptitle("The first held-out picture of each class, with the likeliest answers", fontweight="bold")
    show_answers(middle, held_out, probabilities, one_of_each)
    bottom.suptitle("The hardest of all: the right answer got the least probability", fontweight="bold")
    show_answers(bottom, held_out, probabilities, hardest)
    figure.savefig(path, dpi=110)


def show_answers(figure: Any, dataset: PictureDataset, probabilities: numpy.ndarray, chosen: numpy.ndarray) -> None:
    """A grid of pictures, each with its likeliest answers as bars beside it."""
    rows = -(-len(chosen) // COLUMNS)
    grid = figure.subplots(rows, 2 * COLUMNS, width_ratios=[1, BARS_WIDTH] * COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, index in enumerate(chosen.tolist()):
        row, column = divmod(place, COLUMNS)
        picture, bars = grid[row, 2 * column], grid[row, 2 * column + 1]
        answers = numpy.argsort(-probabilities[index], kind="stable")[:BARS]
        draw_picture(picture, dataset, index, said=int(answers[0]))
        draw_bars(bars, [dataset.classes[answer] for answer in answers], probabilities[index][answers].tolist())


def draw_picture(axes: Any, dataset: PictureDataset, index: int, said: int) -> None:
    """The picture with its verdict above it: a check mark or a cross, the color, and for a wrong one a frame too."""
    truth = int(dataset.targets[index])
    axes.set_axis_on()
    axes.set_xticks([])
    axes.set_yticks([])
    axes.imshow(dataset.data[index].transpose(1, 2, 0), interpolation="nearest")
    right = said == truth
    verdict = f"✓ {dataset.classes[truth]}" if right else f"✗ is {dataset.classes[truth]}"
    title = axes.set_title(verdict, loc="left", fontsize=11, color=RIGHT if right else WRONG, fontweight="bold")
    title.set_in_layout(False)  # a long name may reach over the bars, and must not push them away
    axes.spines[:].set(visible=not right, linewidth=3, color=WRONG)


def draw_bars(axes: Any, names: list[str], probabilities: list[float]) -> None:
    """One bar for each answer, the likeliest on top, with its name and its probability above it."""
    places = [place + 0.25 for place in range(len(names))]
    axes.set_axis_on()
    axes.set_box_aspect(1 / BARS_WIDTH)  # as tall as the square picture beside it
    axes.barh(places, probabilities, height=0.28, color=["#444444", "#777777", "#aaaaaa"][: len(names)])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    for place, (name, probability) in enumerate(zip(names, probabilities, strict=True)):
        axes.text(0.03, place - 0.13, name, va="center", fontsize=8.5)
        axes.text(1, place - 0.13, percent(probability), va="center", ha="right", fontsize=8.5)


def percent(probability: float) -> str:
    """0.98213 as "98.2 %"; what is not quite nothing is "<0.1 %"."""
    return "<0.1 %" if 0 < probability < 0.0005 else f"{100 * probability:.1f} %"
