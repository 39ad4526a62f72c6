"""The course proves itself: every lesson keeps the rules, verifies its formulas, and judges answers as it should.

The slow tests run each lesson in a kernel: as it is; with blanks that are filled one after the other; and with each
cell run twice. The seeds differ, so that nothing depends on luck; `tinygrad-edu lessons --run --seeds 0-20` tries more.
"""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

import pytest

from tinygrad_edu.course import build, lint
from tinygrad_edu.course.exercise import exercises_of
from tinygrad_edu.course.lesson import SOURCES, Lesson, exercise_name, grading, is_answer, is_check, read
from tinygrad_edu.course.planted import misjudged
from tinygrad_edu.course.run import Outcome, run_lesson

for library in ("jupytext", "matplotlib", "nbclient", "ipykernel", "sklearn", "yaml"):
    pytest.importorskip(library, reason="runs lessons")

FOLDER = Path(__file__).resolve().parents[1] / "lessons"
FILES = {path.stem: path for path in sorted(FOLDER.glob(SOURCES))}
WHOLE_COURSE, FORMULAS, SECONDS = 10, 60, 60
FIRST = next(iter(FILES), "")

every_lesson = pytest.mark.parametrize("name", FILES)
every_lesson_in_a_kernel = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == FIRST else pytest.mark.slow) for name in FILES]
)


@functools.cache
def lesson_of(name: str) -> Lesson:
    return read(FILES[name])


@functools.cache
def outcome_of(name: str) -> Outcome:
    """What happens when the solution version runs; once for all tests."""
    return run_lesson(lesson_of(name))


def checked_exercises(lesson: Lesson) -> list[str]:
    return [exercise_name(cell) for cell in lesson.notebook.cells if is_check(cell)]


@every_lesson
def test_it_keeps_the_rules(name: str) -> None:
    assert lint.problems(lesson_of(name)) == []


@every_lesson
def test_its_notebook_is_the_one_that_is_built_from_it(name: str) -> None:
    committed = FILES[name].with_suffix(".ipynb").read_text(encoding="utf-8")
    assert committed == build.text(lesson_of(name), "student"), "run: tinygrad-edu course build --to student"


@every_lesson
def test_its_checks_tell_right_from_wrong(name: str) -> None:
    lesson = lesson_of(name)
    assert [problem for asked in exercises_of(lesson.id).values() for problem in misjudged(asked)] == []


@every_lesson
def test_students_get_no_solutions(name: str) -> None:
    lesson = lesson_of(name)
    given = {cell.id: cell.source for cell in build.build(lesson, "student").cells}
    assert "BEGIN SOLUTION" not in "\n".join(given.values())
    assert "MARK SCHEME" not in "\n".join(given.values())
    for cell in lesson.notebook.cells:
        if "instructor" in cell.metadata.get("tags", []):
            assert cell.id not in given
        elif grading(cell).get("solution"):
            kept = build.cut(cell.source, "SOLUTION", []).splitlines()
            secret = {line.strip() for line in cell.source.splitlines() if line not in kept}
            assert secret - {"return"}, "an answer cell has a solution"
            assert {line.strip() for line in given[cell.id].splitlines()} & secret == set()


@every_lesson_in_a_kernel
def test_its_solutions_run_to_the_end(name: str) -> None:
    lesson, outcome = lesson_of(name), outcome_of(name)
    assert outcome.error is None
    assert outcome.warned == []
    assert [fact["exercise"] for fact in outcome.of("checked")] == checked_exercises(lesson)
    assert outcome.seconds < SECONDS


@every_lesson_in_a_kernel
def test_a_students_version_runs_to_its_first_exercise(name: str) -> None:
    lesson = lesson_of(name)
    outcome = run_lesson(lesson, "student")
    first = checked_exercises(lesson)[0]
    assert outcome.stopped_at in (first.replace(".", "-"), first.replace(".", "-") + "-check")
    assert outcome.error is not None
    assert outcome.error.startswith(("CheckFailed: ○", "NotImplementedError"))


@pytest.mark.slow
@every_lesson
def test_each_blank_that_is_filled_leads_to_the_next(name: str) -> None:
    lesson = lesson_of(name)
    notebook = filled_one_by_one(lesson)
    outcome = run_lesson(lesson, notebook=notebook, seed=20)
    assert outcome.error is None
    assert [fact["exercise"] for fact in outcome.of("checked")] == checked_exercises(lesson)
    for cell in notebook.cells:
        if is_check(cell) and "raises-exception" in cell.metadata.get("tags", []):
            raised = [output.ename for output in cell.outputs if output.output_type == "error"]
            assert raised in (["CheckFailed"], ["NameError"])


def filled_one_by_one(lesson: Lesson) -> Any:
    """The student's version, in which each check fails at first; then comes the solution, and the check once more."""
    notebook = build.build(lesson, "student")
    solutions = {exercise_name(cell): cell for cell in build.build(lesson, "solution").cells if is_answer(cell)}
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if is_answer(cell) or is_check(cell):
            again = [solutions[exercise_name(cell)], cell] if is_check(cell) else []
            cells += [copy.deepcopy(one) for one in again]
            cell.metadata["tags"] = ["raises-exception"]
    notebook.cells = with_own_ids(cells)
    return notebook


def with_own_ids(cells: list[Any]) -> list[Any]:
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return cells


@pytest.mark.slow
@every_lesson
def test_each_cell_can_be_run_twice(name: str) -> None:
    lesson = lesson_of(name)
    notebook = build.build(lesson, "solution")
    twice = [copy.deepcopy(cell) for cell in notebook.cells for _ in range(1 + (cell.cell_type == "code"))]
    notebook.cells = with_own_ids(twice)
    outcome = run_lesson(lesson, notebook=notebook, seed=1)
    assert outcome.error is None
    assert outcome.warned == []
    assert len(outcome.of("verified")) == 2 * len(outcome_of(name).of("verified"))


@pytest.mark.slow
def test_the_course_verifies_its_formulas() -> None:
    if len(FILES) < WHOLE_COURSE:
        pytest.skip(f"{len(FILES)} of {WHOLE_COURSE} lessons are there")
    assert sum(len(outcome_of(name).of("verified")) for name in FILES) >= FORMULAS


def test_each_lesson_leads_to_one_that_is_there() -> None:
    ids = [lesson_of(name).id for name in FILES]
    assert ids == [name[:2] for name in FILES]
    assert sorted(set(ids)) == ids
    for name in FILES:
        following = lesson_of(name).front.get("next")
        assert following is None or str(following) in ids or len(FILES) < WHOLE_COURSE
