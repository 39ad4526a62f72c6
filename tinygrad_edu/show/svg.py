"""A graph as a standalone SVG picture, legible on a light and on a dark page.

For: boxes with their words, curves with arrowheads. The page shows through between the boxes; these carry their own
light ground, and what stands outside them is of a middle gray. Nothing has an id: pictures do not disturb each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from html import escape

from tinygrad_edu.show.cards import Card
from tinygrad_edu.show.layout import Layout, layout

SANS = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
MARGIN, PADDING, TITLE_HEIGHT, ROW_HEIGHT, LABEL_WIDTH = 14, 11, 19, 15, 38
TITLE_LETTER, MONO_LETTER, SMALL_LETTER = 7.7, 6.65, 6.1  # widths in pixels, on the generous side
PORT_DISTANCE, LANDING = 26, 14  # between arrowheads; the straight end of an edge, with its name beside it

NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# kind -> (ground, border, title)
COLORS = {
    "leaf": ("#e8f1ff", "#4a7fd6", "#17407f"),
    "constant": ("#f2f3f5", "#9aa3b0", "#4b5563"),
    "op": ("#ffffff", "#aeb7c4", "#1c2430"),
    "output": ("#fff4d9", "#dc9a1e", "#7a4d00"),
    "cut": ("#f2f3f5", "#9aa3b0", "#6b7280"),
}
LABEL, TEXT, GRADIENT, WRONG, OUTSIDE = "#7b8494", "#28303d", "#b4246b", "#c62828", "#7d8798"
INKS = {"value": TEXT, "grad": GRADIENT, ".grad": GRADIENT}  # by the label of a row


def svg(cards: dict[int, Card], edges: list[tuple[int, int, str]], footer: str) -> str:
    """The whole picture. `cards` by key, oldest first; `edges` are (from, to, argument)."""
    sizes = {key: size_of(card) for key, card in cards.items()}
    plan = layout(sizes, [(start, end) for start, end, _ in edges])
    width = max(plan.width, len(footer) * SMALL_LETTER) + 2 * MARGIN
    height = plan.height + 2 * MARGIN + 26
    shift = (width - 2 * MARGIN - plan.width) / 2 + MARGIN
    body = [*curves(plan, edges, sizes, cards), *(box(cards[key], *plan.places[key], *sizes[key]) for key in cards)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width: 100%; height: auto" font-family="{SANS}" '
        f'role="img" aria-label="{safe("computation graph: " + footer)}">',
        f'<g transform="translate({shift:.1f} {MARGIN})">',
        *body,
        "</g>",
        f'<text x="{width / 2:.1f}" y="{height - 12:.1f}" font-size="11" fill="{OUTSIDE}" '
        f'text-anchor="middle">{safe(footer)}</text>',
        "</svg>",
    ])  # fmt: skip


def safe(text: str) -> str:
    """Text as XML: markup escaped, characters that XML does not allow dropped."""
    return escape(NOT_XML.sub("", text))


def size_of(card: Card) -> tuple[float, float]:
    """The width and height that the words of a card need."""
    width = len(card.title) * TITLE_LETTER + (14 + len(card.shape) * MONO_LETTER if card.shape else 0)
    for label, lines in card.rows:
        width = max(width, (LABEL_WIDTH if label else 0) + max(map(len, lines)) * MONO_LETTER)
    rows = sum(len(lines) for _, lines in card.rows)
    return max(width, 36) + 2 * PADDING, TITLE_HEIGHT + rows * ROW_HEIGHT + (4 if rows else 0) + PADDING


def box(card: Card, x: float, y: float, width: float, height: float) -> str:
    """One box with its center at (x, y)."""
    ground, border, ink = COLORS[card.kind]
    left, top = x - width / 2, y - height / 2
    dashes = ' stroke-dasharray="4 3"' if card.kind in ("constant", "cut") else ""
    border = WRONG if card.stale else border
    rounding = height / 2 if card.kind in ("leaf", "constant") and not card.rows else 9
    parts = [
        f"<g><title>{safe(card.hint)}</title>",
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{rounding:.1f}" '
        f'fill="{ground}" stroke="{border}" stroke-width="1.4"{dashes}/>',
    ]
    base = top + PADDING / 2 + 14
    anchor = (left + PADDING, "start") if card.shape else (x, "middle")
    parts.append(
        f'<text x="{anchor[0]:.1f}" y="{base:.1f}" font-size="13" font-weight="600" fill="{ink}" '
        f'text-anchor="{anchor[1]}">{safe(card.title)}</text>'
    )
    if card.shape:
        parts.append(words(card.shape, left + width - PADDING, base, LABEL, "end"))
    base += 4
    for label, lines in card.rows:
        ink = INKS.get(label, WRONG if card.stale and not label else LABEL)
        if label:
            parts.append(
                f'<text x="{left + PADDING:.1f}" y="{base + ROW_HEIGHT:.1f}" font-size="10" '
                f'fill="{LABEL if label == "value" else ink}">{label}</text>'
            )
        for line in lines:
            base += ROW_HEIGHT
            parts.append(words(line, left + PADDING + (LABEL_WIDTH if label else 0), base, ink, "start"))
    return "".join([*parts, "</g>"])


def words(text: str, x: float, y: float, ink: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{MONO}" font-size="11" fill="{ink}" text-anchor="{anchor}" '
        f'xml:space="preserve">{safe(text)}</text>'
    )


def curves(
    plan: Layout, edges: list[tuple[int, int, str]], sizes: dict[int, tuple[float, float]], cards: dict[int, Card]
) -> list[str]:
    """The edges: vertical inside the layers, a smooth bend between them, an arrowhead, and the argument's name."""
    arriving: dict[int, list[int]] = defaultdict(list)
    for i, (_, end, _) in enumerate(edges):
        arriving[end].append(i)
    drawn, done = [], set()
    for end, incoming in arriving.items():
        incoming.sort(key=lambda i: plan.routes[i][-2][0])  # from left to right, so that they do not cross at the box
        step = max([PORT_DISTANCE, *(len(edges[i][2]) * SMALL_LETTER + 12 for i in incoming)])
        step = min(step, (sizes[end][0] - 2 * PADDING) / len(incoming))
        for place, i in enumerate(incoming):
            x = plan.places[end][0] + (place - (len(incoming) - 1) / 2) * step
            *way, (_, start_y, end_y) = plan.routes[i]
            while len(way) > 1 and way[1] in done:  # another edge of this box has been drawn that far
                way.pop(0)
            done.update(way[1:])
            drawn.append(curve([*way, (x, start_y - LANDING, end_y)], cards[edges[i][0]].kind == "constant"))
            if len(incoming) > 1 and step >= len(edges[i][2]) * SMALL_LETTER + 6:
                drawn.append(
                    f'<text x="{x + 5:.1f}" y="{end_y - 5:.1f}" font-size="10" font-style="italic" '
                    f'fill="{OUTSIDE}">{safe(edges[i][2])}</text>'
                )
    return drawn


def curve(strokes: list[tuple[float, float, float]], dashed: bool) -> str:
    """One edge through vertical strokes, with its arrowhead."""
    x, start, end = strokes[0]
    path = [f"M{x:.1f} {start:.1f}", f"V{end:.1f}"]
    for next_x, start, next_end in strokes[1:]:
        middle = (end + start) / 2
        path.append(f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {start:.1f}")
        x, end = next_x, next_end
        path.append(f"V{end - 5 if next_end is strokes[-1][2] else end:.1f}")
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    head = f'<path d="M{x:.1f} {end:.1f}l-3.8 -7.5h7.6z" fill="{OUTSIDE}"/>'
    return f'<path d="{" ".join(path)}" fill="none" stroke="{OUTSIDE}" stroke-width="1.4"{dashes}/>{head}'
