"""The bar chart of the README: our time divided by PyTorch's, one bar for each workload, with its goal.

For: `tinygrad-edu bench --chart FILE`. Not for: notebooks of a lesson.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from tinygrad_edu.backend import require
from tinygrad_edu.bench.compare import Result
from tinygrad_edu.bench.workloads import WORKLOADS

FASTER, SLOWER, GOAL = "#1b7837", "#e08214", "#404040"


def draw_ratios(results: Sequence[Result], path: pathlib.Path, peer: str = "torch") -> None:
    """A horizontal bar for each result, a mark at its goal, a line at 1: left of it we are faster."""
    figure_of = require("matplotlib.figure", extra="train", purpose="draw the benchmark").Figure
    shown = [result for result in results if peer in result.ratio]
    if not shown:
        raise ValueError(f"there is nothing to draw: wanted results beside {peer}, run with --against {peer}")
    figure = figure_of(figsize=(7.0, 0.9 + 0.34 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    places, ratios = range(len(shown)), [result.ratio[peer] for result in shown]
    axes.barh(places, ratios, height=0.62, color=[FASTER if ratio <= 1 else SLOWER for ratio in ratios])
    goals = [WORKLOADS[result.workload].goal for result in shown]
    axes.plot(goals, places, linestyle="none", marker="|", markersize=15, markeredgewidth=2, color=GOAL, label="goal")
    for place, ratio in zip(places, ratios, strict=True):
        axes.text(ratio + 0.03, place, f"{ratio:.2f}", va="center", fontsize=9, backgroundcolor="white").set_zorder(1)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_yticks(places, [WORKLOADS[result.workload].title for result in shown], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, max(*ratios, *goals) * 1.12)
    axes.set_xlabel("time of a step, divided by PyTorch's (1: equal, less: faster)", fontsize=10)
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
