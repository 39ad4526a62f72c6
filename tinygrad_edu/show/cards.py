"""What is written on the box of each vertex: a title, a shape, and rows of value, gradient, settings and bytes.

For: the same words in every picture (`svg`, `text`). Not for: where boxes are or how they look.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy

from tinygrad_edu.backend import is_array, to_host
from tinygrad_edu.show.graph import Graph, Vertex

MOST_COLUMNS, MOST_ROWS, MOST_IN_A_LINE = 4, 3, 5
LONGEST_SETTING = 24


@dataclass
class Card:
    """One box: `rows` are pairs (label, lines of text)."""

    title: str
    shape: str
    kind: str  # "leaf", "constant", "op", "output" or "cut"
    rows: list[tuple[str, list[str]]] = field(default_factory=list)
    hint: str = ""  # shown when the pointer rests on it
    stale: bool = False


def card_of(vertex: Vertex, *, values: bool, gradients: bool, bytes: bool) -> Card:
    """The words on the box of `vertex`."""
    kind = "output" if vertex.output and vertex.kind == "op" else vertex.kind
    card = Card(title_of(vertex), "" if vertex.shape is None else shape_text(vertex.shape), kind, stale=vertex.stale)
    settings = [
        f"{name}={value}" for name, value in vertex.settings.items() if name != "shape" and not has_array(value)
    ]
    settings = [text for text in settings if len(text) <= LONGEST_SETTING and not text.endswith(("True", "False"))]
    if settings:
        card.rows.append(("", [", ".join(settings)]))
    if values and vertex.value is not None:
        card.rows.append(("value", short(to_host(vertex.value))))
    gradient = vertex.gradient if vertex.collected is None else vertex.collected
    if gradients and gradient is not None:
        card.rows.append(("grad" if vertex.collected is None else ".grad", short(to_host(gradient))))
    if vertex.stale:
        card.rows.append(("", ["overwritten in place", "since it was saved"]))
    elif bytes and vertex.kept:
        card.rows.append(("keeps", [byte_text(vertex.kept)]))
    card.hint = hint_of(vertex)
    return card


def title_of(vertex: Vertex) -> str:
    """`h = relu`, or what is known of the two."""
    if vertex.kind == "cut":
        return vertex.name or "…"
    if vertex.op:
        return f"{vertex.name} = {vertex.op}" if vertex.name else vertex.op
    return vertex.name or vertex.kind


def hint_of(vertex: Vertex) -> str:
    """The op's own words, and the line of the program that recorded it."""
    if vertex.kind == "cut":
        return "what lies above here is left out: raise max_nodes"
    if not vertex.op:
        kinds = {"leaf": "a leaf: its gradient collects in .grad", "constant": "a constant: no gradient is asked for"}
        return kinds[vertex.kind]
    first = (vertex.node.primitive.__doc__ or "").strip().partition("\n")[0]
    where = re.sub(r"^.*ipykernel_\d+\W\d+\.py:", "a notebook's cell, line ", vertex.where)  # a new name in every run
    return f"{vertex.node.name}: {first}\n{where}"


def has_array(value: Any) -> bool:
    return is_array(value) or (isinstance(value, (tuple, list)) and any(map(has_array, value)))


def shape_text(shape: tuple[int, ...]) -> str:
    return str(tuple(shape))


def byte_text(count: int) -> str:
    """512 B, 1.5 KB, 20 MB (powers of 1024)"""
    power = min(int(math.log(count, 1024)), 4) if count else 0
    number = count / 1024**power
    digits = f"{number:.0f}" if power == 0 or number >= 99.5 else f"{number:.3g}"
    return f"{digits} {('B', 'KB', 'MB', 'GB', 'TB')[power]}"


def number_text(value: Any) -> str:
    """Three digits that matter."""
    if isinstance(value, (bool, numpy.bool_)):
        return str(bool(value))
    if isinstance(value, (int, numpy.integer)):
        return str(int(value))
    return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e") if value else "0"


def short(array: numpy.ndarray) -> list[str]:
    """The numbers of a small array, the statistics of a large one."""
    if array.size == 0:
        return ["empty"]
    if array.ndim == 0:
        return [number_text(array[()])]
    if array.ndim <= 2 and array.shape[-1] <= (MOST_IN_A_LINE if array.ndim == 1 else MOST_COLUMNS):
        if array.ndim == 1:
            return [f"[{' '.join(map(number_text, array))}]"]
        if len(array) <= MOST_ROWS:
            return matrix(array)
    return summary(array)


def matrix(array: numpy.ndarray) -> list[str]:
    """Rows one below the other, columns in line."""
    cells = [[number_text(value) for value in row] for row in array]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [" ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return [f"[{row}]" for row in rows]


def summary(array: numpy.ndarray) -> list[str]:
    """Mean and standard deviation; how many are true; how many are not numbers."""
    if array.dtype.kind == "b":
        return [f"{int(array.sum())} of {array.size} true"]
    if array.dtype.kind in "iu":
        return [f"{array.min()} … {array.max()}"]
    finite = numpy.isfinite(array)
    if not finite.all():
        return [f"{int(array.size - finite.sum())} of {array.size} not finite"]
    wide = array.astype(numpy.float64)
    if wide.min() == wide.max():
        return [f"all {number_text(wide.min())}"]
    mean, deviation = wide.mean(), wide.std()
    mean = mean if abs(mean) > 1e-6 * deviation else 0  # else it is rounding
    return [f"{number_text(mean)} ± {number_text(deviation)}"]


def footer(graph: Graph) -> str:
    """One line below the picture: counts, and the memory that the tape holds."""
    if graph.freed:
        return "backward() has freed this graph: draw it before, or call backward(retain_graph=True)"
    count = {kind: sum(vertex.kind == kind for vertex in graph.vertices) for kind in ("op", "leaf")}
    parts = [
        f"{count['op']} operation{'s' * (count['op'] != 1)}",
        f"{count['leaf']} {'leaf' if count['leaf'] == 1 else 'leaves'}",
    ]
    if graph.kept:
        leaves = f", {byte_text(graph.kept_in_leaves)} of it the leaves' own" if graph.kept_in_leaves else ""
        parts.append(f"the tape holds {byte_text(graph.kept)}{leaves}")
    if graph.hidden:
        parts.append(f"{graph.hidden} older nodes left out")
    return " · ".join(parts)
