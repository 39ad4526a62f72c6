"""nbgrader makes the same student version as we do, and gives right answers full points and blanks none."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_edu.course import build
from tinygrad_edu.course.lesson import lessons

pytestmark = pytest.mark.slow
nbformat = pytest.importorskip("nbformat", reason="reads notebooks")
for library in ("nbgrader", "jupytext", "yaml"):
    pytest.importorskip(library, reason="the round trip through nbgrader")

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "course"
c.ExecutePreprocessor.timeout = 120
"""


def nbgrader(course: Path, *arguments: str) -> None:
    """Run a command of nbgrader in the course's folder, with nothing of the user's own settings.

    It looks for its helper `alembic` on the PATH, where this environment's programs need not be.
    """
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {"HOME": str(course), "JUPYTER_CONFIG_DIR": str(course), "PYTHONPATH": str(ROOT), "PATH": programs}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def sources(notebook):
    return [(cell.cell_type, cell.source.rstrip()) for cell in notebook.cells]


@pytest.mark.parametrize("which", ["probe", "first"])
def test_round_trip(which, request, tmp_path):
    if which == "probe":
        request.getfixturevalue("probe_course")
    lesson = lessons()[0]
    course = tmp_path / "class"
    name = f"{lesson.path.stem}.ipynb"
    course.mkdir()
    (course / "nbgrader_config.py").write_text(CONFIG)
    build.write(lesson, "solution", course / "source" / "week1")
    nbgrader(course, "generate_assignment", "week1", "--create")
    released = nbformat.read(course / "release" / "week1" / name, as_version=4)
    build.write(lesson, "student", tmp_path / "ours")
    assert sources(released) == sources(nbformat.read(tmp_path / "ours" / name, as_version=4))

    build.write(lesson, "solution", course / "submitted" / "ada" / "week1")
    build.write(lesson, "student", course / "submitted" / "bob" / "week1")
    nbgrader(course, "autograde", "week1", "--create")
    nbgrader(course, "export", "--to", "grades.csv")
    with (course / "grades.csv").open() as file:
        scores = {row["student_id"]: (float(row["raw_score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    cells = [cell.metadata.get("nbgrader", {}) for cell in build.build(lesson, "student").cells]
    checked = sum(about["points"] for about in cells if about.get("grade") and not about.get("solution"))
    everything = sum(about.get("points", 0) for about in cells)
    assert checked > 0
    assert scores == {"ada": (checked, everything), "bob": (0, everything)}
