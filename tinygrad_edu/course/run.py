"""Run lessons without a screen: what was verified, how wrong at worst, what was checked, how long it took.

    run_lesson(lesson) -> Outcome

For: `tinygrad-edu lessons --run`, and the tests. Not for: grading what learners hand in.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.course.build import build
from tinygrad_edu.course.figure import FOLDER
from tinygrad_edu.course.lesson import Lesson, grading
from tinygrad_edu.course.publish import MIME
from tinygrad_edu.course.verify import SEED_VARIABLE

CELL_SECONDS = 120


@dataclass
class Outcome:
    """What happened in one run of a lesson."""

    lesson: str
    seconds: float = 0.0
    facts: list[dict[str, Any]] = field(default_factory=list)  # what the cells published, in order
    error: str | None = None  # why it stopped, with the cell
    stopped_at: str | None = None  # the check at which a student version stopped
    warned: list[str] = field(default_factory=list)  # what cells wrote to standard error

    @property
    def good(self) -> bool:
        """It ran to the end, and nothing was written to standard error."""
        return not (self.error or self.warned)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The published facts of one kind: "verified", "checked", "predicted", "figure"."""
        return [fact for fact in self.facts if fact["kind"] == kind]

    @property
    def worst(self) -> float:
        """The greatest error of a verified formula, as a share of what was allowed."""
        shares = (fact["error"] / fact["tolerance"] for fact in self.of("verified") if fact["tolerance"])
        return max(shares, default=0.0)  # where nothing is allowed, nothing was wrong


def run_lesson(
    lesson: Lesson,
    to: str = "solution",
    *,
    notebook: Any = None,
    seed: int | None = None,
    refresh: Path | None = None,
    on_cell: Any = None,
) -> Outcome:
    """Execute a version of the lesson (or `notebook`) in a kernel of its own, beside the sources.

    seed      what the lesson's SEED shall be, instead of its own        refresh   a folder for the pictures it draws
    on_cell   called after each cell, for a progress bar
    """
    nbclient = require("nbclient", extra="lessons", purpose="run lessons")
    notebook = build(lesson, to) if notebook is None else notebook
    variables = {**os.environ, "MPLBACKEND": "agg"}  # figures come through show_figure only
    for name, value in ((FOLDER, refresh and str(refresh.resolve())), (SEED_VARIABLE, seed)):
        variables.pop(name, None)
        if value is not None:
            variables[name] = str(value)
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(lesson.path.parent)}},
        on_cell_executed=None if on_cell is None else (lambda cell, cell_index, execute_reply: on_cell()),
    )
    outcome, started = Outcome(lesson.id), time.perf_counter()
    try:
        client.execute(env=variables)
    except nbclient.exceptions.CellExecutionError as error:
        outcome.error = f"{error.ename}: {error.evalue}"
    except nbclient.exceptions.CellTimeoutError:
        outcome.error = f"a cell took longer than {CELL_SECONDS} s"
    outcome.seconds = time.perf_counter() - started
    for cell in notebook.cells:
        read_outputs(cell, outcome)
    return outcome


def read_outputs(cell: Any, outcome: Outcome) -> None:
    """Gather what a cell published, and what went wrong in it."""
    for output in cell.get("outputs", []):
        if output.output_type == "display_data" and MIME in output.data:
            outcome.facts.append(dict(output.data[MIME]))
        elif output.output_type == "stream" and output.name == "stderr":
            outcome.warned.append(f"{cell.id}: {output.text}")
        elif output.output_type == "error":
            outcome.stopped_at = grading(cell).get("grade_id", cell.id)
