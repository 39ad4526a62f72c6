"""A profile as a flame picture hung upside down: modules, what they call below them, as wide as the time they took.

Forward on the left, backward on the right, one scale for both; an operation has one color on either side. What was
called several times is added up. For: `p.draw()`. Not for: when something happened, or for what is not an operation
(the optimizer, Python), which the line below the picture adds.
"""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.profiler.rows import OVERHEAD, Row, grouped, ordered

WIDTH, ROW_HEIGHT = 12.0, 0.34  # inches
LETTER = 0.075  # inches that a letter takes, on the generous side
NAMED = 8  # operations whose colors are explained
MODULE_COLOR, ROOT_COLOR = "#e8ebf0", "#cfd6e0"


@dataclass
class Block:
    """A module or an operation on the path from the root, with the seconds of all below it."""

    name: str
    is_operation: bool = False
    seconds: float = 0.0
    children: dict[str, Block] = field(default_factory=dict)

    def add(self, names: Iterable[str], operation: str, seconds: float) -> None:
        """Put an operation's seconds at the end of a path."""
        block = self
        block.seconds += seconds
        for name in names:
            block = block.children.setdefault(name, Block(name))
            block.seconds += seconds
        leaf = block.children.setdefault(f"{operation}()", Block(operation, is_operation=True))
        leaf.seconds += seconds

    @property
    def depth(self) -> int:
        return 1 + max((child.depth for child in self.children.values()), default=0)


def blocks(rows: Iterable[Row], way: str) -> Block:
    """All rows as one tree; `way` is "forward" or "backward"."""
    root = Block(way)
    for row in rows:
        if seconds := getattr(row, way):
            root.add(row.path, row.name, seconds)
    return root


def draw(profile: Any) -> Any:
    """The picture as a matplotlib Figure: `p.draw().savefig("profile.svg")`."""
    figure_of = require("matplotlib.figure", extra="train", purpose="draw a profile").Figure
    Rectangle = require("matplotlib.patches", extra="train", purpose="draw a profile").Rectangle
    sides = [blocks(profile.rows, way) for way in ("forward", "backward")]
    seconds = [max(side.seconds, 1e-9) for side in sides]
    depth = max(side.depth for side in sides)
    figure = figure_of(figsize=(WIDTH, 1.1 + ROW_HEIGHT * depth), layout="constrained")
    # a side that took next to no time still has room for its name
    shares = [max(each, 0.08 * sum(seconds)) for each in seconds]
    for axes, side, share in zip(figure.subplots(1, 2, width_ratios=shares), sides, shares, strict=True):
        axes.set_xlim(0, share)
        axes.set_ylim(depth, 0)
        axes.set_axis_off()
        side.name += f" {1e3 * side.seconds:.3g} ms"
        _paint(axes, side, 0.0, 0, 0.92 * WIDTH / sum(shares))
    names = [row.name for row in ordered(grouped(profile.rows, "op"), "time")[:NAMED]]
    marks = [Rectangle((0, 0), 1, 1, color=operation_color(name)) for name in names]
    figure.legend(marks, names, loc="outside upper center", ncols=NAMED, fontsize=8, frameon=False)
    rest = {**profile.others, OVERHEAD: profile.overhead}
    words = "      ".join(f"{name} {1e3 * taken:.3g} ms" for name, taken in rest.items())
    figure.supxlabel(f"not in the picture:  {words}", fontsize=9)
    return figure


def _paint(axes: Any, block: Block, left: float, level: int, inches: float) -> None:
    """A block and what is below it; `inches` is the width of a second."""
    color = operation_color(block.name) if block.is_operation else MODULE_COLOR if level else ROOT_COLOR
    axes.barh(level + 0.5, block.seconds, 0.96, left, color=color, edgecolor="white", linewidth=0.6)
    letters = int(block.seconds * inches / LETTER)
    if letters >= 3:
        label = block.name if len(block.name) <= letters else block.name[: letters - 1] + "…"
        axes.text(left + block.seconds / 2, level + 0.5, label, ha="center", va="center", fontsize=8, clip_on=True)
    for child in block.children.values():
        _paint(axes, child, left, level + 1, inches)
        left += child.seconds


def operation_color(name: str, darker: float = 0.0) -> tuple[float, float, float]:
    """The color of an operation: always the same, light enough for black letters unless it is to be darker."""
    number = zlib.crc32(name.encode())
    hue, lightness, saturation = number % 360 / 360, (0.70, 0.78, 0.86)[number // 360 % 3], 0.45 + 0.1 * (number % 5)
    return colorsys.hls_to_rgb(hue, lightness - darker, saturation)
