"""From one source the versions of a lesson: for students, with solutions, for instructors.

    student      blanks where the solutions were; what is committed beside the source, and what nbgrader would make
    solution     everything filled in: it runs from the first cell to the last
    instructor   the solution, with the notes for teaching it

For: notebooks as objects and as text. Not for: running them (`run`) or checking their form (`lint`).
"""

from __future__ import annotations

import copy
import re
import shutil
from pathlib import Path
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.course.exercise import Exercise, exercises_of
from tinygrad_edu.course.lesson import Lesson, figures, grading

VERSIONS = ("student", "solution", "instructor")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
BLANK = ["# YOUR CODE HERE", "raise NotImplementedError()"]
WORDS = "YOUR ANSWER HERE"
MARK_SCHEME = re.compile(r"^[^\n]*BEGIN MARK SCHEME[^\n]*\n(.*?)\n[^\n]*END MARK SCHEME", re.MULTILINE | re.DOTALL)
EXERCISE_HEADING = re.compile(r"^### Exercise (\d\d\.[\w.-]+)(:.*)$", re.MULTILINE)


def build(lesson: Lesson, to: str) -> Any:
    """The notebook of a version, as an nbformat object without outputs."""
    if to not in VERSIONS:
        raise ValueError(f"wanted a version out of {', '.join(VERSIONS)}, got {to!r}")
    nbformat = require("nbformat", extra="lessons", purpose="build notebooks")
    cells = [copy.deepcopy(cell) for cell in lesson.notebook.cells]
    if to != "instructor":
        cells = [cell for cell in cells if "instructor" not in cell.metadata.get("tags", [])]
    for cell in cells:
        cell.source = boxed(cell.source, lesson) if cell.cell_type == "markdown" else cell.source
        if to == "student":
            blank(cell)
        else:
            show_mark_scheme(cell)
    head = nbformat.v4.new_markdown_cell(header(lesson))
    head.id = f"{lesson.id}-header"
    notebook = nbformat.v4.new_notebook(cells=[head, *cells])
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return notebook


def text(lesson: Lesson, to: str) -> str:
    """The version as the text of an .ipynb file: the same text every time."""
    nbformat = require("nbformat", extra="lessons", purpose="build notebooks")
    return str(nbformat.writes(build(lesson, to), version=4)) + "\n"


def write(lesson: Lesson, to: str, output: Path | None = None) -> Path:
    """The version as a file in the folder `output`, with the pictures in it; by default beside the source."""
    made = text(lesson, to)
    if output is None:
        path = lesson.path.with_suffix(".ipynb")
    else:
        output.mkdir(parents=True, exist_ok=True)
        path, made = output / f"{lesson.path.stem}.ipynb", made.replace("../figures/", "figures/")
        copy_figures(output)
    path.write_text(made, encoding="utf-8", newline="\n")
    return path


def copy_figures(output: Path) -> None:
    """Put the lessons' pictures beside copies of the lessons."""
    if figures().is_dir():
        shutil.copytree(figures(), output / "figures", dirs_exist_ok=True)


def header(lesson: Lesson) -> str:
    """The first cell: title, what it takes, and what the learner can do afterwards."""
    front = lesson.front
    before = front.get("prerequisites", {})
    rows = {
        "Time": f"{front['minutes']['read']} min to read, {front['minutes']['exercises']} min of exercises",
        "Level": front.get("level", ""),
        "Before this": ", ".join(
            [*(f"lesson {one}" for one in before.get("lessons", [])), *before.get("mathematics", [])]
        ),
        "Needs": ", ".join(["tinygrad_edu", *front.get("needs", [])]),
        "Runs in": f"under {front['budget']} s",
        "Next": f"lesson {front['next']}" if front.get("next") else "",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items() if value)
    goals = "\n".join(f"- {goal['can']} (exercise {goal['proved_by']})" for goal in front["goals"])
    return f"# {lesson.id} · {lesson.title}\n\n| | |\n|---|---|\n{table}\n\n**After this lesson you can**\n\n{goals}"


def boxed(source: str, lesson: Lesson) -> str:
    """The line under an exercise's heading that says how long, how hard and how much."""
    known = exercises_of(lesson.id)

    def with_box(found: re.Match[str]) -> str:
        return f"{found[0]}\n\n{box(known[found[1]])}\n" if found[1] in known else found[0]

    return EXERCISE_HEADING.sub(with_box, source)


def box(exercise: Exercise) -> str:
    """*implement · 8 min · difficulty 2 of 5 · 2 points*"""
    points = f"{exercise.points} point" + "s" * (exercise.points != 1)
    return f"*{exercise.kind} · {exercise.minutes} min · difficulty {exercise.difficulty} of 5 · {points}*"


def blank(cell: Any) -> None:
    """Take out of a cell what its student shall find: solutions, hidden tests, mark schemes."""
    for name in ("HIDDEN TESTS", "MARK SCHEME"):
        cell.source = cut(cell.source, name, [])
    if grading(cell).get("solution"):
        filled = cut(cell.source, "SOLUTION", BLANK if cell.cell_type == "code" else [WORDS])
        if filled == cell.source and "BEGIN SOLUTION" not in cell.source:  # no marks: all of it is the answer
            filled = "\n".join(BLANK) if cell.cell_type == "code" else WORDS
        cell.source = filled


def show_mark_scheme(cell: Any) -> None:
    """Move a mark scheme into the solution: nbgrader takes one as such in a task only, and clears solutions anyway."""
    found = MARK_SCHEME.search(cell.source)
    if found is None or grading(cell).get("task"):
        return
    lines = cut(cell.source, "MARK SCHEME", []).splitlines()
    end = next((i for i, line in enumerate(lines) if "END SOLUTION" in line), len(lines))
    cell.source = "\n".join([*lines[:end], "", f"**Mark scheme.** {found[1]}", *lines[end:]])


def cut(source: str, name: str, instead: list[str]) -> str:
    """The text with each region between `BEGIN name` and `END name` replaced, at the region's indentation."""
    lines, inside = [], False
    for line in source.splitlines():
        if f"BEGIN {name}" in line:
            if inside:
                raise ValueError(f"BEGIN {name} stands inside another BEGIN {name}: {line.strip()}")
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + new for new in instead]
        elif f"END {name}" in line:
            inside = False
        elif not inside:
            lines.append(line)
    if inside:
        raise ValueError(f"BEGIN {name} has no END {name}")
    return "\n".join(lines).rstrip("\n") if name != "SOLUTION" else "\n".join(lines)
