"""show_figure: a picture with words for those who cannot see it, and its file for those who do not run the lesson.

    show_figure(fig, name="01-error-curve", alt="The error falls as h², until rounding makes it rise again.")

For: every figure of a lesson. Not for: making figures, which is matplotlib's, `show.draw`'s or the lesson's own work.
"""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any

from tinygrad_edu.course.publish import in_notebook, publish

FOLDER = "TINYGRAD_EDU_FIGURES"  # the variable by which `lessons --run` says where pictures go
DOTS = 110  # per inch
SHORTEST = 20  # characters: a text for the eyes of others states the finding, not the title


def show_figure(fig: Any, *, name: str, alt: str) -> None:
    """Display `fig` with the text `alt`; refresh figures/NAME where the lessons are run to refresh them.

    fig   a matplotlib Figure (-> .png), a matplotlib animation (played in the notebook, -> .gif), or a drawing that has
          `_repr_svg_` (-> .svg)
    alt   what the picture shows, as a sentence of at least 20 characters: the finding, not the title
    """
    if len(alt) < SHORTEST:
        raise ValueError(f"show_figure wanted alt as a sentence of at least {SHORTEST} characters, got {alt!r}")
    if folder := os.environ.get(FOLDER):
        save(fig, Path(folder), name, alt)
    if in_notebook():
        _display(fig, alt)
    publish(f"Figure {name}: {alt}", kind="figure", name=name, alt=alt)
    if hasattr(fig, "to_jshtml"):
        fig._draw_was_started = True  # a plain script plays no animation, and matplotlib would warn about that
    if hasattr(fig, "number"):  # made by pyplot, which would keep it and show it a second time
        import matplotlib.pyplot

        matplotlib.pyplot.close(fig)


def save(fig: Any, folder: Path, name: str, alt: str) -> Path:
    """Write the picture and its text: the same bytes each time, since the lesson draws the same each time."""
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(fig, "_repr_svg_"):
        path = folder / f"{name}.svg"
        path.write_text(fig._repr_svg_(), encoding="utf-8")
    elif hasattr(fig, "to_jshtml"):
        path = folder / f"{name}.gif"
        fig.save(path, writer="pillow", dpi=72)
    else:
        path = folder / f"{name}.png"
        fig.savefig(path, dpi=DOTS, metadata={"Software": None})
    (folder / f"{name}.alt.txt").write_text(alt + "\n", encoding="utf-8")
    return path


def _display(fig: Any, alt: str) -> None:
    from IPython.display import publish_display_data

    if hasattr(fig, "_repr_svg_"):
        kind, data = "image/svg+xml", fig._repr_svg_()
    elif hasattr(fig, "to_jshtml"):
        kind, data = "text/html", fig.to_jshtml()
    else:  # drawn here, so that no back end of pyplot is needed
        kind, drawn = "image/png", io.BytesIO()
        fig.savefig(drawn, dpi=DOTS, metadata={"Software": None})
        data = base64.b64encode(drawn.getvalue()).decode("ascii")
    publish_display_data({kind: data}, metadata={kind: {"alt": alt}})
