"""A lesson as it is written: `lessons/NN_name.py`, front matter and cells, made into a notebook object.

For: everything that builds, runs, checks or lists lessons. Not for: the versions of a notebook, which are in `build`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.course.exercises import COURSE

PACKAGE = Path(__file__).resolve().parent.parent
SOURCES = "[0-9][0-9]_*.py"
HEADING = re.compile(r"^#{1,4} +(?!(?:BEGIN|END) )(.+)$", re.MULTILINE)  # not the marks of a mark scheme


@dataclass(frozen=True)
class Lesson:
    """One lesson: where it is, what its front matter says, and its cells with all solutions."""

    path: Path
    front: dict[str, Any]
    notebook: Any  # nbformat's NotebookNode

    @property
    def id(self) -> str:
        """Its number, "03"."""
        return str(self.front["id"])

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.front["title"])

    @property
    def minutes(self) -> int:
        """Reading and exercises together."""
        return sum(self.front["minutes"].values())


def folder() -> Path:
    """Where the lessons are: beside the package in a clone, inside it where it was installed from a wheel.

    The variable TINYGRAD_EDU_COURSE names the folder of another course, with lessons/, exercises/ and figures/.
    """
    if own := os.environ.get(COURSE):
        if any((Path(own) / "lessons").glob(SOURCES)):
            return Path(own).resolve() / "lessons"
        raise FileNotFoundError(f"{COURSE} is {own}, but {Path(own) / 'lessons'} has no file like 01_name.py")
    for place in (PACKAGE.parent / "lessons", PACKAGE / "lessons"):
        if any(place.glob(SOURCES)):
            return place
    raise FileNotFoundError(f"there are no lessons beside {PACKAGE} or in it: install from a clone or a wheel")


def figures() -> Path:
    """Where the pictures are that lessons draw."""
    return folder().parent / "figures"


def lessons(numbers: list[str] | None = None, place: Path | None = None) -> list[Lesson]:
    """All lessons in order, or those asked for ("3" and "03" mean the same)."""
    found = [read(path) for path in sorted((place or folder()).glob(SOURCES))]
    if not numbers:
        return found
    wanted = [number.zfill(2) for number in numbers]
    if unknown := [number for number in wanted if number not in [lesson.id for lesson in found]]:
        raise ValueError(f"there is no lesson {', '.join(unknown)}: there are {', '.join(one.id for one in found)}")
    return [lesson for lesson in found if lesson.id in wanted]


def read(path: Path) -> Lesson:
    """A lesson from its source; ValueError where its front matter is missing or not complete."""
    jupytext = require("jupytext", extra="lessons", purpose="read lessons")
    yaml = require("yaml", extra="lessons", purpose="read lessons")
    header, text = split(path.read_text(encoding="utf-8"), path)
    front = yaml.safe_load(header)
    missing = [key for key in ("title", "id", "minutes", "budget", "goals") if key not in front]
    if missing:
        raise ValueError(f"{path}: the front matter has no {', '.join(missing)}")
    notebook = jupytext.reads(text, fmt="py:percent")
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        if grading(cell):  # nbgrader's ids know no dots: 03.matmul is its 03-matmul
            cell.metadata["nbgrader"]["grade_id"] = cell.metadata["nbgrader"]["grade_id"].replace(".", "-")
    notebook.metadata = {}
    name_cells(notebook, str(front["id"]))
    return Lesson(path, front, notebook)


def split(text: str, path: Path) -> tuple[str, str]:
    """(the YAML between the two lines `# ---`, the cells after it)"""
    found = re.match(r"# ---\n(.*?)\n# ---\n", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{path}: wanted a front matter between two lines `# ---` at the top")
    header = "\n".join(line.removeprefix("#").removeprefix(" ") for line in found[1].splitlines())
    return header, text[found.end() :].lstrip("\n")


def name_cells(notebook: Any, lesson: str) -> None:
    """Give each cell an id that says where it is: the lesson, the heading above it, and a number.

    Ids stay as they are when other sections change, so that translations and students' copies can refer to them.
    """
    slug, count = "start", 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := HEADING.search(cell.source)):
            slug, count = re.sub(r"[^a-z0-9]+", "-", heading[1].lower()).strip("-")[:40], 0
        cell.id = f"{lesson}-{slug}-{count}"[:64]
        count += 1


def grading(cell: Any) -> dict[str, Any]:
    """The cell's nbgrader metadata; empty for an ordinary cell."""
    return dict(cell.metadata.get("nbgrader", {}))


def exercise_name(cell: Any) -> str:
    """ "03.matmul" for its answer cell, 03-matmul, and for its check cell, 03-matmul-check; "" for other cells."""
    return str(grading(cell).get("grade_id", "")).removesuffix("-check").replace("-", ".", 1)


def is_answer(cell: Any) -> bool:
    """True for a cell that the learner fills in and a check judges."""
    return bool(grading(cell).get("solution")) and not grading(cell).get("grade")


def is_check(cell: Any) -> bool:
    """True for a cell that judges an answer."""
    return bool(grading(cell).get("grade")) and not grading(cell).get("solution")
