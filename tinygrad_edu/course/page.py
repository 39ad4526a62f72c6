"""A lesson as a page to read: the solution version, run, as HTML.

Formulas by MathJax, every figure with its alt text, no prompts, no noise. Not for: running lessons to see what holds
(`run`); but the page's run says that too.
"""

from __future__ import annotations

import html
import re
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.course.build import build
from tinygrad_edu.course.lesson import Lesson
from tinygrad_edu.course.lint import PICTURE
from tinygrad_edu.course.publish import MIME
from tinygrad_edu.course.run import Outcome, run_lesson

MARK = re.compile(r"^[ \t]*#+ (?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS|MARK SCHEME)\n?", re.MULTILINE)
NO_WORDS = "No description has been provided for this image"  # nbconvert's, for every picture it doesn't know
IMAGES = ("image/svg+xml", "image/png", "text/html")


def page(lesson: Lesson) -> tuple[str, Outcome]:
    """(the HTML, what happened while it ran)"""
    nbconvert = require("nbconvert", extra="lessons", purpose="write pages")
    notebook = build(lesson, "solution")
    outcome = run_lesson(lesson, notebook=notebook)
    tidy(notebook)
    exporter = nbconvert.HTMLExporter(template_name="lab", embed_images=True)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    about = {"metadata": {"path": str(lesson.path.parent), "name": f"{lesson.id} · {lesson.title}"}}
    text, _ = exporter.from_notebook_node(notebook, resources=about)
    return str(text).replace(NO_WORDS, ""), outcome  # the frames of an animation, whose words are around them


def tidy(notebook: Any) -> None:
    """Only what a reader needs: no marks, no pictures twice, no warnings, and figures with their words."""
    drawn = {
        output.data[MIME]["name"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "display_data" and output.data.get(MIME, {}).get("kind") == "figure"
    }
    for cell in notebook.cells:
        cell.source = MARK.sub("", cell.source).strip("\n")
        if cell.cell_type == "markdown":  # pictures of figures that are drawn below anyway
            cell.source = PICTURE.sub(lambda found: "" if stem(found[2]) in drawn else found[0], cell.source).strip()
        else:
            cell.outputs = [kept for output in cell.outputs if (kept := readable(output)) is not None]
    notebook.cells = [cell for cell in notebook.cells if cell.source]


def stem(target: str) -> str:
    """../figures/01-curve.png -> 01-curve"""
    return target.rpartition("/")[2].rpartition(".")[0]


def readable(output: Any) -> Any:
    """An output as readers shall see it; None for what is not for them."""
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    if output.output_type != "display_data":
        return output
    if output.data.pop(MIME, {}).get("kind") == "figure":  # its words, which the picture above has now
        return None
    for kind in IMAGES:
        if kind in output.data and (alt := output.metadata.get(kind, {}).get("alt")):
            output.data = {"text/html": with_words(kind, output.data[kind], alt)}
            output.metadata = {}
    return output


def with_words(kind: str, data: str, alt: str) -> str:
    """The picture as HTML that screen readers can tell about."""
    text = html.escape(alt, quote=True)
    if kind == "image/png":
        picture = f'<img alt="{text}" style="max-width: 100%" src="data:image/png;base64,{data.strip()}">'
    else:  # drawings and animations, which have buttons, stand in the page as they are
        role = "img" if kind == "image/svg+xml" else "group"
        picture = f'<div role="{role}" aria-label="{text}" style="overflow-x: auto">{data}</div>'
    return f'<figure style="margin: 0">{picture}<figcaption>{text}</figcaption></figure>'
