"""The picture of the adding problem: loss beside the baseline, answers, one sequence, and how far the gradient reaches.

For: one PNG that shows whether a recurrent network remembers, and if not, why. Not for: other sequences.
"""

from __future__ import annotations

import pathlib
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.datasets.adding import BASELINE, AddingProblem
from tinygrad_edu.generation import evaluating
from tinygrad_edu.nn import Module
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.training.history import TRAINING_COLOR, VALIDATION_COLOR, History
from tinygrad_edu.training.loop import device_of_model

BASELINE_COLOR = "#888888"
SEQUENCES = 500  # held-out ones whose answers and gradients are shown
VANISHED = 1e-30  # what a gradient of 0 is drawn as


def draw_adding(history: History, model: Module, held_out: AddingProblem, path: pathlib.Path) -> None:
    """Save the four panels."""
    figures = require("matplotlib.figure", extra="train", purpose="draw the result")
    said, slopes = answers_and_slopes(model, held_out)
    figure = figures.Figure(figsize=(12.5, 8.2), layout="constrained")
    grid = figure.subplots(2, 2, width_ratios=[1.5, 1])
    draw_loss(grid[0, 0], history)
    draw_answers(grid[0, 1], held_out.sums[: len(said)], said)
    draw_reach(grid[1, 0], slopes, held_out.marked[: len(said)])
    clear = numpy.take_along_axis(held_out.sequences[: len(said), :, 0], held_out.marked[: len(said)], 1).min(1) > 0.3
    shown = int(clear.argmax())  # the first sequence whose marked values are both large enough to see
    draw_sequence(grid[1, 1], held_out, shown, float(said[shown]))
    figure.savefig(path, dpi=110)


def answers_and_slopes(model: Module, held_out: AddingProblem) -> tuple[numpy.ndarray, numpy.ndarray]:
    """((n,) answers, (n, T) ∂answer/∂value). Each depends on its own sequence only, so one backward gives all."""
    sequences = tensor(held_out.sequences[:SEQUENCES], device=device_of_model(model), requires_grad=True)
    with evaluating(model):
        said = model(sequences)
        said.sum().backward()
    slopes = sequences.grad.cpu().numpy()[:, :, 0]
    model.zero_grad()
    return said.detach().cpu().numpy(), slopes


def draw_loss(axes: Any, history: History) -> None:
    """The curves over a logarithmic scale, and the losses of who remembers nothing or one number."""
    history.draw(axes, "loss")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_title("mean squared error", loc="left", fontweight="bold")
    for level, who in ((BASELINE, "1/6: always saying 1"), (BASELINE / 2, "1/12: knowing one of the two")):
        axes.axhline(level, color=BASELINE_COLOR, linewidth=1.5, linestyle=":", zorder=1)
        axes.annotate(
            who,
            (1, level),
            (-4, -3),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="top",
            ha="right",
            fontsize=9,
            color="#666666",
        )
    low, high = min(map(min, history.columns.values())), max(map(max, history.columns.values()))
    axes.set_ylim(min(0.6 * low, 3e-4), max(3 * high, 0.6))  # the same for those that learn and those that do not


def draw_answers(axes: Any, sums: numpy.ndarray, said: numpy.ndarray) -> None:
    """Each held-out sequence as a point; on the diagonal the answer is right."""
    axes.plot([0, 2], [0, 2], color="#222222", linewidth=1, zorder=1)
    axes.axhline(1, color=BASELINE_COLOR, linewidth=1.5, linestyle=":", zorder=1)
    axes.plot(sums, said, ".", color=VALIDATION_COLOR, alpha=0.5, markersize=5)
    axes.text(0.03, 1.03, "always saying 1", color="#666666", fontsize=9)
    axes.text(1.7, 1.84, "the right answers", color="#222222", fontsize=9, ha="right")
    axes.set_xlim(0, 2)
    axes.set_ylim(min(-0.05, said.min()), max(2.05, said.max()))
    axes.set_xlabel("the sum")
    axes.set_ylabel("the network's answer")
    axes.set_title("held-out sequences", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)


def draw_reach(axes: Any, slopes: numpy.ndarray, marked: numpy.ndarray) -> None:
    """Mean |∂answer/∂value| at each step, where it is marked (right: 1) and where it is not (right: 0)."""
    size = numpy.maximum(numpy.abs(slopes), VANISHED)
    is_marked = numpy.zeros(slopes.shape, bool)
    numpy.put_along_axis(is_marked, marked, True, axis=1)
    steps = numpy.arange(1, slopes.shape[1] + 1)
    for chosen, label, color, style in (
        (is_marked, "at a marked value (right: 1)", TRAINING_COLOR, "-o"),
        (~is_marked, "at any other (right: 0)", BASELINE_COLOR, "-"),
    ):
        count = chosen.sum(0)
        mean = numpy.where(chosen, size, 0).sum(0) / numpy.maximum(count, 1)
        axes.plot(steps[count > 0], mean[count > 0], style, color=color, label=label, markersize=3.5)
    axes.axhline(1, color="#222222", linewidth=1, zorder=1)
    axes.set_yscale("log")
    axes.set_ylim(top=5)
    axes.set_xlabel("step of the sequence (the answer comes after the last)")
    axes.set_title(
        "how far back the gradient reaches: mean |∂answer / ∂value at this step|", loc="left", fontweight="bold"
    )
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 0.7))


def draw_sequence(axes: Any, held_out: AddingProblem, index: int, said: float) -> None:
    """A held-out sequence, its two marked values, and what the network says."""
    values, marked = held_out.sequences[index, :, 0], held_out.marked[index]
    steps = numpy.arange(1, len(values) + 1)
    colors = numpy.where(numpy.isin(steps - 1, marked), TRAINING_COLOR, "#cccccc")
    axes.bar(steps, values, color=colors, width=0.8)
    for t in marked:
        axes.text(t + 1, values[t] + 0.02, f"{values[t]:.3f}", ha="center", color=TRAINING_COLOR, fontweight="bold")
    first, second = (round(float(value), 3) for value in values[marked])  # so that the sum shown is theirs
    title = f"{first:.3f} + {second:.3f} = {first + second:.3f}, the network says {said:.3f}"
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_ylim(0, 1.12)
    axes.set_xlabel("step of the sequence")
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
