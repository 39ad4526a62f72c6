"""draw(tensor): the graph that a tensor was computed by, as a picture."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad_edu.engine import Value
from tinygrad_edu.show import text
from tinygrad_edu.show.cards import card_of, footer
from tinygrad_edu.show.graph import Graph, graph_of, named
from tinygrad_edu.show.record import Recording
from tinygrad_edu.show.svg import svg

FORMATS = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid"}


class Drawing:
    """A graph ready to be shown: a picture in a notebook, `.svg`, `.dot` and `.mermaid` as text, `.save(path)`."""

    def __init__(self, graph: Graph, *, values: bool, gradients: bool, bytes: bool, format: str = "svg") -> None:
        self.graph = graph
        self.format = format
        self._cards = {
            vertex.key: card_of(vertex, values=values, gradients=gradients, bytes=bytes) for vertex in graph.vertices
        }
        self._words = self._cards, list(graph.edges()), footer(graph)

    @cached_property
    def svg(self) -> str:
        """A standalone SVG picture."""
        return svg(*self._words)

    @cached_property
    def dot(self) -> str:
        """The graph for Graphviz."""
        return text.dot(*self._words)

    @cached_property
    def mermaid(self) -> str:
        """The graph for a ```mermaid block."""
        return text.mermaid(*self._words)

    def save(self, path: Any) -> Path:
        """Write the picture to a file; .svg, .dot or .mmd says which kind."""
        path = Path(path)
        if path.suffix.lower() not in FORMATS:
            raise ValueError(f"wanted a file name ending in one of {', '.join(FORMATS)}, got {path.name!r}")
        path.write_text(getattr(self, FORMATS[path.suffix.lower()]) + "\n", encoding="utf-8")
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """A notebook shows the SVG, or Mermaid text for format="mermaid"; anything else the text."""
        if self.format == "svg":
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        return {"text/plain": str(self)}

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return str(getattr(self, self.format))

    def __repr__(self) -> str:
        return f"<drawing: {self._words[2]}>"


def draw(
    tensor: Any,
    *,
    names: Any = None,
    values: bool = True,
    gradients: bool = True,
    bytes: bool = True,
    format: str = "svg",
    file: Any = None,
    max_nodes: int = 500,
    record: Recording | None = None,
) -> Drawing:
    """The graph that `tensor` was computed by: leaves blue, constants dashed, operations white, the result gold.

    Each box shows the shape, small values (mean ± standard deviation of large ones), the gradient and the bytes that
    the tape keeps because of the operation. The gradient is `.grad` where there is one; else, for a tensor of one
    number, it is computed here by a walk that changes nothing.

    `names`: a Module, or {tensor: name}; by default the caller's variables give the names, and the values of leaves.
    `record`: what `with show.record() as tape:` saw, for the values of every operation.
    `file`: also save it there. `max_nodes`: how many of the youngest nodes are shown.
    """
    if not isinstance(tensor, Value):
        raise TypeError(f"draw wanted a Tensor, got {type(tensor).__name__}")
    if tensor.node is None:
        raise ValueError(
            "draw wanted a tensor with a graph, got one that was computed from nothing that requires a gradient: call "
            "requires_grad_() on an input before computing, and stay out of no_grad()"
        )
    if format not in ("svg", "dot", "mermaid"):
        raise ValueError(f"draw wanted format 'svg', 'dot' or 'mermaid', got {format!r}")
    if max_nodes < 1:
        raise ValueError(f"draw wanted max_nodes of 1 or more, got {max_nodes}")
    given = variables(sys._getframe(1)) if names is None else named(names)
    graph = graph_of(tensor, given, record, max_nodes)
    drawing = Drawing(graph, values=values, gradients=gradients, bytes=bytes, format=format)
    if file is not None:
        drawing.save(file)
    return drawing


def variables(frame: Any) -> dict[str, Value]:
    """The tensors that the calling function's variables hold, and the parameters of its modules; then the globals'."""
    visible = {**{k: v for k, v in frame.f_globals.items() if not k.startswith("_")}, **frame.f_locals}
    # A variable that holds a module's parameter itself is the name that the reader knows: dotted names come last.
    return dict(sorted(named(visible).items(), key=lambda item: "." in item[0]))
