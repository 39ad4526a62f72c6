"""The picture of a language model on generated text: its loss above the known floor, its writing, its surprise.

For: one PNG that shows how much of the source the model has found. Not for: other text, whose floor nobody knows.
"""

from __future__ import annotations

import pathlib
import textwrap
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.datasets.text import IGNORED, GeneratedText
from tinygrad_edu.engine import no_grad
from tinygrad_edu.generation import evaluating
from tinygrad_edu.nn import Module
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.training.history import TRAINING_COLOR, VALIDATION_COLOR, History
from tinygrad_edu.training.loop import device_of_model

FLOOR_COLOR = "#009e73"
COLUMNS = 56  # letters in a line of the text that the model wrote
WINDOWS = 3  # held-out windows whose surprise is shown
WHO = ("knowing only how frequent letters are", "knowing the last letter", "knowing the last two letters")


def draw_text(history: History, model: Module, held_out: GeneratedText, written: str, path: pathlib.Path) -> None:
    """Save the loss above its floor, `written` with impossible letters marked, and surprise letter by letter."""
    figures = require("matplotlib.figure", extra="train", purpose="draw the result")
    figure = figures.Figure(figsize=(12.5, 8.8), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[2.1, 1], hspace=0.03)
    left, right = top.subfigures(1, 2, width_ratios=[1, 1.15], wspace=0.03)
    above, below = left.subplots(2, 1, height_ratios=[1.5, 1], sharex=True)
    draw_loss(above, history, held_out)
    draw_excess(below, history, held_out)
    draw_writing(right.subplots(), held_out, written)
    draw_surprise(bottom.subplots(), model, held_out)
    figure.savefig(path, dpi=110)


def draw_loss(axes: Any, history: History, held_out: GeneratedText) -> None:
    """The curves, and below them the floors of those who know fewer and fewer letters of the past."""
    history.draw(axes, "loss")
    source, right = held_out.source, len(history)
    axes.set_title("loss, in nats per letter", loc="left", fontweight="bold")
    axes.set_xlabel("")
    axes.set_xlim(1 - 0.05 * right, right + 0.05 * right)
    for known in range(source.order + 1):
        floor, is_last = source.entropy_rate(known), known == source.order
        color = FLOOR_COLOR if is_last else "#888888"
        axes.axhline(floor, color=color, linewidth=2 if is_last else 1, linestyle="-" if is_last else ":", zorder=1)
        who = WHO[known] if known < len(WHO) else f"knowing the last {known} letters"
        label = f"{floor:.3f}: the entropy rate, which nobody can beat" if is_last else f"{floor:.2f}: {who}"
        axes.annotate(
            label,
            (1, floor),
            (-2, -3 if is_last else 2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="top" if is_last else "bottom",
            ha="right",
            fontsize=9,
            color=color,
        )
    top = max(source.entropy_rate(0), *history["loss"])
    axes.set_ylim(0, 1.1 * top)
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0.9))


def draw_excess(axes: Any, history: History, held_out: GeneratedText) -> None:
    """loss / entropy rate - 1 over a logarithmic scale: the last steps are the long ones."""
    floor = held_out.source.entropy_rate()
    excess = {name: [max(value / floor - 1, 1e-3) for value in values] for name, values in history.to_dict().items()}
    History(excess).draw(axes, "loss")
    axes.set_yscale("log")
    axes.set_title("how far above the entropy rate", loc="left", fontweight="bold")
    axes.set_yticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5])
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.minorticks_off()
    numbers = [value for values in excess.values() for value in values]
    axes.set_ylim(min(0.009, 0.9 * min(numbers)), 1.2 * max(numbers))
    axes.axhline(0.05, color=FLOOR_COLOR, linewidth=1.5, linestyle=":", zorder=1)
    axes.get_legend().remove()


def draw_writing(axes: Any, held_out: GeneratedText, written: str) -> None:
    """The text in lines; a letter that the source would never write there is marked."""
    source = held_out.source
    surprise = source.surprise(source.encode(written)[None])[0]
    impossible = numpy.concatenate([numpy.zeros(source.order, bool), numpy.isinf(surprise)])  # not after such a one
    lines = textwrap.wrap(written, COLUMNS, drop_whitespace=False)
    axes.set_axis_off()
    axes.set_xlim(0, COLUMNS)
    axes.set_ylim(len(lines) + 0.6, -0.6)
    share = 100 * impossible.mean()
    axes.set_title("written by the network", loc="left", fontweight="bold")
    place = 0
    for row, line in enumerate(lines):
        margin = len(line) - len(line.lstrip())
        for column, letter in enumerate(line.lstrip()):
            wrong = impossible[place + margin + column]
            look = {"color": VALIDATION_COLOR, "fontweight": "bold"} if wrong else {"color": "#222222"}
            axes.text(column + 0.5, row, letter, ha="center", family="monospace", fontsize=12, **look)
            if wrong:
                axes.plot([column, column + 1], [row + 0.22] * 2, color=VALIDATION_COLOR, linewidth=1.5)
        place += len(line)
    note = f"{share:.1f} % of the letters cannot stand there in the source (marked)"
    axes.text(0, len(lines) + 0.3, note, color=VALIDATION_COLOR, fontsize=9)


def draw_surprise(axes: Any, model: Module, held_out: GeneratedText) -> None:
    """-ln p of each letter of held-out windows: up what the model pays, down what one pays who knows the source."""
    _, targets = held_out.take(range(WINDOWS))
    counts = targets.numpy() != IGNORED
    paid = surprise_of(model, held_out)
    fair = numpy.zeros(paid.shape)
    fair[:, held_out.source.order - 1 :] = held_out.source.surprise(held_out.tokens[:WINDOWS])
    length = paid.shape[1]
    x = numpy.arange(WINDOWS)[:, None] * (length + 2) + numpy.arange(length)
    axes.bar(x[counts], paid[counts], bottom=0.42, color=TRAINING_COLOR, width=0.85)
    axes.bar(x[counts], -fair[counts], bottom=-0.42, color=FLOOR_COLOR, width=0.85)
    for row, tokens in enumerate(held_out.tokens[:WINDOWS, 1:]):
        for column, letter in enumerate(held_out.source.decode(tokens)):
            known = counts[row, column]
            axes.text(
                x[row, column],
                0,
                "␣" if letter == " " else letter,
                ha="center",
                va="center",
                family="monospace",
                fontsize=10,
                color="#222222" if known and letter != " " else "#bbbbbb",
            )
    limit = 1.05 * max(paid[counts].max(), fair[counts].max()) + 0.42
    axes.set_ylim(-limit, limit)
    axes.set_xlim(-1, x.max() + 1)
    axes.set_axis_off()
    axes.set_title(
        "surprise at each letter of held-out text, -ln p: words are hard to begin and easy to end",
        loc="left",
        fontweight="bold",
    )
    axes.text(-0.5, limit * 0.93, "the network", color=TRAINING_COLOR, fontweight="bold", va="top")
    axes.text(-0.5, -limit * 0.93, "one who knows the source", color=FLOOR_COLOR, fontweight="bold", va="bottom")


@no_grad()
def surprise_of(model: Module, held_out: GeneratedText) -> numpy.ndarray:
    """(WINDOWS, T): -ln p that the model gave to each letter of the first held-out windows."""
    tokens = held_out.tokens[:WINDOWS]
    with evaluating(model):
        log_p = model(tensor(tokens[:, :-1], device=device_of_model(model))).log_softmax(-1).cpu().numpy()
    paid: numpy.ndarray = -numpy.take_along_axis(log_p, tokens[:, 1:, None], 2)[..., 0]
    return paid
