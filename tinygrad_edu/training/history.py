"""The history of a training: one row of numbers for each epoch, and the picture of it.

For: `History`, which `fit` fills and returns. It holds plain numbers, so it fits into a checkpoint and into JSON.
Not for: times, which differ from run to run; equal seeds give equal histories.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tinygrad_edu.backend import require

VALIDATION = "validation_"
TRAINING_COLOR, VALIDATION_COLOR = "#0072b2", "#d55e00"  # told apart by color-blind readers too (Okabe and Ito, 2008)


class History:
    """`history["loss"][3]` is the training loss of epoch 4; `history.plot("curves.png")` draws all of it.

    Names: "loss" and every metric, each also with "validation_" in front when there is validation.
    """

    def __init__(self, columns: Mapping[str, list[float]] | None = None) -> None:
        self.columns = {name: [float(value) for value in values] for name, values in (columns or {}).items()}
        if len({len(values) for values in self.columns.values()}) > 1:
            raise ValueError(f"wanted columns of one length, got { {k: len(v) for k, v in self.columns.items()} }")

    def append(self, row: Mapping[str, float]) -> None:
        """Add the numbers of one more epoch: the same names each time."""
        if self.columns and set(row) != set(self.columns):
            raise ValueError(
                f"wanted the numbers {sorted(self.columns)}, as in the epochs before, got {sorted(row)}: continue with "
                "the same metrics and validation, or start a new History()"
            )
        for name, value in row.items():
            self.columns.setdefault(name, []).append(float(value))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.columns:
            raise KeyError(f"there is no {name!r} in this history: it has {sorted(self.columns)}")
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"History of {len(self)} epochs: {', '.join(self.columns) or 'nothing yet'}"

    def to_dict(self) -> dict[str, list[float]]:
        """{name: [value of each epoch]}, which `History(…)` takes back."""
        return {name: list(values) for name, values in self.columns.items()}

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw one panel for each quantity, training and validation in it; save it as `path` (PNG, SVG, PDF) if given.

        Returns the Matplotlib figure, which a notebook shows.
        """
        figures = require("matplotlib.figure", extra="train", purpose="plot the history")
        names = [name for name in self.columns if not name.startswith(VALIDATION)]
        if not names:
            raise ValueError("this history has no epoch to plot: train for at least one first")
        figure = figures.Figure(figsize=(5 * len(names), 3.4), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            self.draw(axes, name)
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    def draw(self, axes: Any, name: str) -> None:
        """Draw the quantity `name` into one Matplotlib axes: training dashed, validation solid."""
        curves = [("training", name, TRAINING_COLOR, "--"), ("validation", VALIDATION + name, VALIDATION_COLOR, "-")]
        for label, key, color, style in curves:
            if key in self.columns:
                values = self.columns[key]
                axes.plot(
                    range(1, len(values) + 1), values, style, color=color, label=label, marker="o", markersize=3.5
                )
        axes.set_title(name, loc="left", fontweight="bold")
        if name == "accuracy":
            axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right" if name == "accuracy" else "upper right")  # where curves are not
