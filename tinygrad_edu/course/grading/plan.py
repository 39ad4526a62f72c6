"""What of a submission is run, and in which order: its cells laid over those of the lesson.

    plan_of(lesson, read(path)) -> Plan

The lesson gives the order and the checks; the submission gives the answers. So it does no harm when a learner deletes,
copies, moves or edits cells, or loses their metadata. Not for: running anything (`worker`, `process`).
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.course.build import build
from tinygrad_edu.course.lesson import Lesson, exercise_name, grading, is_answer, is_check, split

LARGEST = 20_000_000  # bytes of a notebook; one with all its pictures has about a million


class UnreadableError(ValueError):
    """A submission that is no notebook."""


@dataclass(frozen=True)
class Cell:
    """A cell as it was handed in."""

    kind: str  # "code" or "markdown"
    source: str
    id: str
    grade_id: str


@dataclass
class Step:
    """One thing to do: run a cell, or judge an answer."""

    kind: str  # "cell" or "check"
    label: str
    source: str
    exercise: str = ""  # of an answer or a check: which exercise it belongs to
    given: str | None = None  # the lesson's own text, which is run if the learner's version of a given cell stops


@dataclass
class Plan:
    """What to do with a submission, what was odd about it, and what a person must read."""

    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    to_read: list[dict[str, Any]] = field(default_factory=list)


def read(path: Path) -> list[Cell]:
    """The cells of a notebook (.ipynb of any version, or .py with `# %%`); UnreadableError with the reason."""
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableError(f"it has {path.stat().st_size:,} bytes; a notebook may have {LARGEST:,}")
        text = path.read_text(encoding="utf-8-sig")
        cells = _of_script(text, path) if path.suffix == ".py" else _of_notebook(json.loads(text))
        return [_cell(cell) for cell in cells]
    except UnreadableError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"it is not a notebook ({type(error).__name__}: {str(error)[:200]})") from error


def _of_notebook(notebook: Any) -> list[Any]:
    if "cells" in notebook:
        return list(notebook["cells"])
    return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]  # format 3, before 2015


def _of_script(text: str, path: Path) -> list[Any]:
    jupytext = require("jupytext", extra="lessons", purpose="read a lesson's script")
    cells = split(text, path)[1] if text.startswith("# ---\n") else text
    return list(jupytext.reads(cells, fmt="py:percent").cells)


def _cell(cell: Any) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    metadata = cell.get("metadata") or {}
    nbgrader = metadata.get("nbgrader") or {}
    return Cell(
        kind="code" if cell["cell_type"] == "code" else "markdown",
        source=source if isinstance(source, str) else "".join(source),
        id=str(cell.get("id", "")),
        grade_id=str(nbgrader.get("grade_id", "")).replace(".", "-"),
    )


def plan_of(lesson: Lesson, cells: list[Cell]) -> Plan:
    """The steps: the lesson's cells in the lesson's order, with the learner's text in them and own cells in between."""
    master, solved = build(lesson, "student").cells, {cell.id: cell.source for cell in build(lesson, "solution").cells}
    plan, found = Plan(), recognized(master, solved, cells)
    latest = {key: cell for cell, key in found if key}
    for key in latest:
        copies = sum(other == key for _, other in found)
        if copies > 1:
            plan.warnings.append(f"there are {copies} cells {key}: the last one counts")
    own = own_cells(found)
    plan.steps += own.get("", [])
    for cell in master:
        key = grading(cell).get("grade_id") or cell.id
        add_step(plan, cell, key, latest.get(key))
        plan.steps += own.get(key, [])
    last_check = max((i for i, step in enumerate(plan.steps) if step.kind == "check"), default=-1)
    plan.steps = plan.steps[: last_check + 1]  # what comes after has nothing to do with the points
    return plan


def recognized(master: list[Any], solved: dict[str, str], cells: list[Cell]) -> list[tuple[Cell, str]]:
    """Each cell that was handed in with the key of the lesson's cell that it is a version of ("": the learner's own).

    A key is a grade_id or, of an ordinary cell, the cell's id. An answer that lost both is known by what it defines.
    """
    keys = {cell.id: grading(cell).get("grade_id") or cell.id for cell in master}
    found = []
    for cell in cells:
        key = cell.grade_id if cell.grade_id in keys.values() else keys.get(cell.id, "")
        found.append((cell, key))
    present = {key for _, key in found}
    for asked in master:
        key = grading(asked).get("grade_id")
        if key and key not in present and is_answer(asked):
            names = defined_in(solved[asked.id])
            for position, (cell, other) in enumerate(found):
                if not other and cell.kind == "code" and names & defined_in(cell.source):
                    found[position] = (cell, key)
    return found


def defined_in(source: str) -> set[str]:
    """The functions, classes and variables that a cell makes."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    return names | {name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)}


def own_cells(found: list[tuple[Cell, str]]) -> dict[str, list[Step]]:
    """The learner's own code cells, by the key of the lesson's cell that they stand below."""
    own: dict[str, list[Step]] = {}
    below, count = "", 0
    for cell, key in found:
        below = key or below
        if not key and cell.kind == "code" and cell.source.strip():
            count += 1
            own.setdefault(below, []).append(Step("cell", f"own cell {count}", cell.source))
    return own


def add_step(plan: Plan, cell: Any, key: str, mine: Cell | None) -> None:
    """What becomes of one cell of the lesson, given the learner's version of it (None: deleted)."""
    given, about = cell.source, grading(cell)
    if (about.get("grade") and about.get("solution")) or about.get("task"):
        text = mine.source if mine else ""
        blank = not text.strip() or text.strip() == given.strip()
        plan.to_read.append({"id": key, "points": about.get("points", 0), "text": text, "answered": not blank})
        return
    if cell.cell_type != "code":
        return
    if is_check(cell):
        if mine is None or mine.source.strip() != given.strip():
            what = "was deleted" if mine is None else "was edited"
            plan.warnings.append(f"the check {key} {what}: the lesson's own is used")
        plan.steps.append(Step("check", key, given, exercise=exercise_name(cell)))
        return
    if is_answer(cell):
        if mine is None:
            plan.warnings.append(f"the answer cell {key} was deleted")
        elif mine.grade_id != key and mine.id != cell.id:
            plan.warnings.append(f"the answer cell {key} lost its label: it was recognized by what it defines")
        plan.steps.append(Step("cell", key, mine.source if mine else given, exercise=exercise_name(cell)))
        return
    same = mine is None or mine.source.strip() == given.strip()
    plan.steps.append(Step("cell", key, given if same or mine is None else mine.source, given=None if same else given))
