"""What comes out of grading: a table for the teacher, a page for each student, and everything as JSON.

    points.csv           a row for each student: points of each exercise, the sum, what is to be read, what was odd
    results.json         all verdicts, messages, warnings and answers to open questions
    feedback/NAME.html   what the checks said, with the hints of the lesson

For: `tinygrad-edu course grade`. Not for: judging.
"""

from __future__ import annotations

import csv
import html
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_edu.backend import require
from tinygrad_edu.course.lesson import Lesson, exercise_name, is_check

if TYPE_CHECKING:
    from tinygrad_edu.course.grade import Result

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script>window.MathJax = {{tex: {{inlineMath: [["$", "$"]]}}}};</script>
<script defer src="https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-mml-chtml.js"></script>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid gray; padding: .3rem .8rem; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .2rem .8rem .2rem 0; text-align: left; }}
</style></head><body>
{body}
</body></html>
"""


def write(results: list[Result], lesson: Lesson, output: Path) -> None:
    """All of it into the folder `output`."""
    pages = output / "feedback"
    pages.mkdir(parents=True, exist_ok=True)
    everything = [{**asdict(result), "points": result.points} for result in results]
    text = json.dumps({"lesson": lesson.id, "students": everything}, indent=1, ensure_ascii=False)
    (output / "results.json").write_text(text + "\n", encoding="utf-8")
    with (output / "points.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table(results))
    hints = hints_of(lesson)
    for result in results:
        (pages / f"{result.student}.html").write_text(page(result, lesson, hints), encoding="utf-8")


def table(results: list[Result]) -> list[list[Any]]:
    """The rows of the CSV file, the names of the columns first."""
    names = list(results[0].verdicts) if results else []
    rows: list[list[Any]] = [["student", *names, "points", "of", "to read", "remarks"]]
    for result in results:
        points = [verdict["points"] for verdict in result.verdicts.values()]
        of = sum(verdict["of"] for verdict in result.verdicts.values())
        to_read = sum(question["answered"] for question in result.to_read)
        remarks = "; ".join((*result.problems, *result.warnings))
        rows.append([result.student, *points, result.points, of, to_read, remarks])
    return rows


def page(result: Result, lesson: Lesson, hints: dict[str, str]) -> str:
    """What a student reads: everything that is right, and for the rest what the check said and the hints."""
    of = sum(verdict["of"] for verdict in result.verdicts.values())
    parts = [
        f"<h1>Lesson {lesson.id} · {html.escape(lesson.title)}</h1>",
        f"<p>{html.escape(result.student)}: <strong>{result.points} of {of} points</strong> from the checks.</p>",
    ]
    for name, verdict in result.verdicts.items():
        mark = "✓" if verdict["right"] else "○" if verdict["kind"] == "not answered" else "✗"
        parts.append(f"<h2>{mark} Exercise {html.escape(name)}: {verdict['points']} of {verdict['of']}</h2>")
        if not verdict["right"]:
            parts += [f"<pre>{html.escape(verdict['message'])}</pre>", hints.get(name, "")]
    for question in result.to_read:
        said = "will be read by your teacher" if question["answered"] else "is not answered"
        parts.append(
            f"<h2>Question {html.escape(question['id'])}</h2><p>This one {said} ({question['points']} points).</p>"
        )
        if question["answered"]:
            parts.append(f"<pre>{html.escape(question['text'])}</pre>")
    remarks = [html.escape(text) for text in (*result.problems, *result.warnings)]
    if remarks:
        parts.append("<h2>Remarks</h2><ul>" + "".join(f"<li>{text}</li>" for text in remarks) + "</ul>")
    if result.printed:
        printed = html.escape(result.printed)
        parts.append(
            f"<details><summary>What your notebook printed (the beginning)</summary><pre>{printed}</pre></details>"
        )
    return PAGE.format(title=f"Lesson {lesson.id}: {html.escape(result.student)}", body="\n".join(parts))


def hints_of(lesson: Lesson) -> dict[str, str]:
    """Exercise -> the fold-outs with its hints as HTML: they stand below its check, before the next exercise."""
    mistune = require("nbconvert.filters.markdown_mistune", extra="lessons", purpose="write feedback pages")
    found: dict[str, str] = {}
    current = ""
    for cell in lesson.notebook.cells:
        if is_check(cell):
            current = exercise_name(cell)
        elif cell.cell_type == "markdown" and current and current not in found:
            folded = re.findall(r"<details>.*?</details>", cell.source, re.DOTALL)
            if folded:
                found[current] = str(mistune.markdown2html_mistune("\n\n".join(folded)))
    return found
