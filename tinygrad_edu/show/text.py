"""A graph as DOT (Graphviz) and as Mermaid text, for documents and tools that draw these."""

from __future__ import annotations

from html import escape

from tinygrad_edu.show.cards import Card
from tinygrad_edu.show.svg import COLORS


def lines_of(card: Card) -> list[str]:
    """All the words of a card, line by line."""
    words = [f"{card.title}  {card.shape}".strip()]
    for label, lines in card.rows:
        words += [f"{label} {lines[0]}".strip(), *lines[1:]]
    return words


def dot(cards: dict[int, Card], edges: list[tuple[int, int, str]], footer: str) -> str:
    """DOT text: `dot -Tpdf graph.dot`"""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    names = {key: f"n{i}" for i, key in enumerate(cards)}
    several = {end for start, end, _ in edges if sum(other == end for _, other, _ in edges) > 1}
    body = []
    for key, card in cards.items():
        ground, border, ink = COLORS[card.kind]
        style = "rounded,filled,dashed" if card.kind in ("constant", "cut") else "rounded,filled"
        body.append(
            f'  {names[key]} [label={quoted(chr(10).join(lines_of(card)))}, style="{style}", fillcolor="{ground}", '
            f'color="{border}", fontcolor="{ink}"];'
        )
    for start, end, argument in edges:
        label = f" [label={quoted(argument)}]" if end in several else ""
        body.append(f"  {names[start]} -> {names[end]}{label};")
    head = ["digraph tape {", f"  label={quoted(footer)};", '  node [shape=box, fontname="Helvetica", fontsize=11];']
    return "\n".join([*head, '  edge [color="#7d8798", fontsize=9];', *body, "}"])


def mermaid(cards: dict[int, Card], edges: list[tuple[int, int, str]], footer: str) -> str:
    """Mermaid text, which code-hosting sites draw in a ```mermaid block"""

    def quoted(text: str) -> str:
        escaped = escape(text, quote=False).replace('"', "#quot;")
        return '"' + escaped.replace("\n", "<br/>") + '"'

    names = {key: f"n{i}" for i, key in enumerate(cards)}
    several = {end for start, end, _ in edges if sum(other == end for _, other, _ in edges) > 1}
    body = [f"  {names[key]}[{quoted(chr(10).join(lines_of(card)))}]:::{card.kind}" for key, card in cards.items()]
    for start, end, argument in edges:
        body.append(f"  {names[start]} -->{'|' + quoted(argument) + '|' if end in several else ''} {names[end]}")
    for kind, (ground, border, ink) in COLORS.items():
        body.append(f"  classDef {kind} fill:{ground},stroke:{border},color:{ink}")
    return "\n".join([f"%% {footer}", "flowchart TD", *body])
