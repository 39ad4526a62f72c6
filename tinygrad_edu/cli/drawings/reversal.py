"""The picture of a reversal: loss and accuracy, where the decoder looks in the source, and some answers.

For: one PNG in which attention can be seen to have found the way. Not for: other sequences.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.datasets.reversal import Reversal, as_batch
from tinygrad_edu.nn import Module
from tinygrad_edu.training.history import TRAINING_COLOR, VALIDATION_COLOR, History
from tinygrad_edu.training.loop import device_of_model

RIGHT, WRONG = TRAINING_COLOR, VALIDATION_COLOR
ROWS = 9  # answers that are shown
MISTAKES = 4  # of which at most so many are wrong ones


def draw_reversal(history: History, model: Module, held_out: Reversal, said: Sequence[str], path: pathlib.Path) -> None:
    """Save the curves, two attention maps, and answers; `said` are those to all held-out words."""
    figures = require("matplotlib.figure", extra="train", purpose="draw the result")
    figure = figures.Figure(figsize=(12.5, 8.2), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.25], hspace=0.03)
    for axes, name in zip(top.subplots(1, 2), ("loss", "accuracy"), strict=True):
        history.draw(axes, name)
        if name == "accuracy":
            axes.set_title("accuracy: words with every letter right", loc="left", fontweight="bold")
    first, second, third = bottom.subplots(1, 3, width_ratios=[1, 1, 0.9])
    bottom.suptitle("where the decoder looks while it writes each letter (darker: more)", fontweight="bold", x=0.36)
    for axes, word in ((first, "attention"), (second, "robot")):
        draw_attention(axes, model, word[: held_out.longest], held_out.longest)
    draw_answers(third, held_out.words, said)
    figure.savefig(path, dpi=110)


def draw_attention(axes: Any, model: Module, word: str, longest: int) -> None:
    """One row for each letter of the answer, one column for each of the source: a turned-around word is a diagonal."""
    pairs, _ = as_batch([word], longest)
    weights = model.attention(pairs.to(device_of_model(model)))[0].cpu().numpy()[: len(word) + 1, : len(word)]
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=max(1.0, float(weights.max())))
    axes.set_xticks(range(len(word)), list(word), family="monospace", fontsize=11)
    axes.set_yticks(range(len(word) + 1), [*word[::-1], "end"], family="monospace", fontsize=11)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("the word that it reads")
    axes.set_ylabel("the answer that it writes")
    axes.tick_params(length=0)
    axes.spines[:].set_color("#bbbbbb")


def draw_answers(axes: Any, words: Sequence[str], said: Sequence[str]) -> None:
    """Words and answers in two columns: some mistakes, if there are any, then words that went well."""
    wrong = [index for index, word in enumerate(words) if said[index] != word[::-1]]
    right = [index for index, word in enumerate(words) if said[index] == word[::-1]]
    shown = [*wrong[:MISTAKES], *right][:ROWS] if right else wrong[:ROWS]
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(ROWS + 0.2, -1)
    axes.set_title(f"{len(wrong)} mistakes in {len(words)} words", loc="left", fontweight="bold")
    for row, index in enumerate(shown):
        is_right = said[index] == words[index][::-1]
        mark, color = ("✓", RIGHT) if is_right else ("✗", WRONG)
        axes.text(0.0, row, mark, color=color, fontweight="bold", fontsize=12)
        axes.text(0.1, row, words[index], family="monospace", fontsize=11)
        axes.text(0.55, row, said[index], family="monospace", fontsize=11, color=color)
        if not is_right:
            axes.text(0.55, row + 0.42, f"is {words[index][::-1]}", family="monospace", fontsize=8, color="#666666")
