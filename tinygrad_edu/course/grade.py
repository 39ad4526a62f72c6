"""Grade a folder of submissions: each in a process of its own, with limits, so that none harms another.

    tinygrad-edu course grade handed-in/ --lesson 03        -> handed-in-graded/points.csv, results.json, *.html

A submission is a notebook (its name is the student's) or a folder of that name with the notebook in it, as nbgrader
has them. Answers are judged by the same checks as in the notebook; open questions are listed for a person to read.

This is no sandbox against malice. Limits and refusals (`grading.limits`) stop accidents: endless loops, crashes, floods
of output, files deleted in the wrong folder. A submission still runs with your rights, and can read what you can read.
Grade what strangers send in a container, without a network:

    docker run --rm --network none --memory 6g --pids-limit 200 \
        -v "$PWD/handed-in:/handed-in:ro" -v "$PWD/graded:/graded" \
        an-image-with-tinygrad_edu tinygrad-edu course grade /handed-in --lesson 03 --output /graded

Nor is it a guard against looking up: right answers are part of the package, for everyone to read.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_edu.course.exercise import Exercise, exercises_of
from tinygrad_edu.course.grading.limits import Limits
from tinygrad_edu.course.grading.plan import UnreadableError, plan_of, read
from tinygrad_edu.course.grading.process import run_plan
from tinygrad_edu.course.lesson import Lesson, exercise_name, is_check

SUFFIXES = (".ipynb", ".py")


@dataclass
class Result:
    """One student's work: a verdict for each exercise, what was odd about it, and what a person must read."""

    student: str
    file: str
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)  # exercise -> right, kind, message, points, of
    to_read: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    printed: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """The sum of what was checked."""
        return sum(verdict["points"] for verdict in self.verdicts.values())


def grade(
    folder: Path,
    lesson: Lesson,
    *,
    limits: Limits | None = None,
    jobs: int = 1,
    on_result: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Grade all submissions in `folder`, `jobs` at a time; in the order of the students' names."""
    if os.name != "posix":
        raise OSError("grading needs the process limits of Linux or macOS: run it there, or in a container")
    found = submissions(folder, lesson)
    if not found:
        raise ValueError(f"{folder} holds no submissions: wanted notebooks NAME.ipynb, or folders with a notebook in")
    limits, fonts = limits or Limits(), font_lists()

    def one(student: str) -> Result:
        result = grade_one(student, found[student], lesson, limits, fonts)
        if on_result is not None:
            on_result(result)
        return result

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        return list(pool.map(one, sorted(found)))


def submissions(folder: Path, lesson: Lesson) -> dict[str, list[Path]]:
    """Student -> the notebooks handed in under this name, the one that counts last."""
    if not folder.is_dir():
        raise NotADirectoryError(f"wanted a folder of submissions, but {folder} is none")
    found: dict[str, list[Path]] = {}
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_file() and entry.suffix in SUFFIXES:
            found.setdefault(entry.stem, []).append(entry)
        elif entry.is_dir():
            inside = [
                path
                for suffix in SUFFIXES
                for path in entry.rglob(f"*{suffix}")
                if path.is_file() and not any(part.startswith(".") for part in path.relative_to(entry).parts)
            ]
            named = [path for path in inside if path.stem.startswith(lesson.path.stem)]
            found.setdefault(entry.name, []).extend(sorted(named or inside, key=lambda path: path.stat().st_mtime))
    return found


def grade_one(student: str, files: list[Path], lesson: Lesson, limits: Limits, fonts: list[Path]) -> Result:
    """Read, run and judge what one student handed in."""
    asked = checked_exercises(lesson)
    result = Result(student, str(files[-1]) if files else "")
    if len(files) > 1:
        result.warnings.append(f"there are {len(files)} notebooks: the newest counts, {files[-1].name}")
    try:
        if not files:
            raise UnreadableError("there is no notebook in this folder")
        plan = plan_of(lesson, read(files[-1]))
    except UnreadableError as error:
        result.problems.append(str(error))
        result.verdicts = scored(asked, {}, "it could not be read")
        return result
    record = run_plan(plan, limits, fonts)
    result.warnings += plan.warnings
    result.to_read, result.problems = plan.to_read, record.problems
    result.printed, result.seconds = record.printed, round(record.seconds, 1)
    result.verdicts = scored(asked, record.verdicts, "the program ended before it came to this")
    return result


def checked_exercises(lesson: Lesson) -> list[Exercise]:
    """The exercises whose answers the lesson checks, in its order."""
    known = exercises_of(lesson.id)
    names = [exercise_name(cell) for cell in lesson.notebook.cells if is_check(cell)]
    return [known[name] for name in names if name in known]


def scored(asked: list[Exercise], verdicts: dict[str, dict[str, Any]], otherwise: str) -> dict[str, dict[str, Any]]:
    """Verdicts with points, for every exercise."""
    missing = {"right": False, "kind": "not reached", "message": f"Not checked: {otherwise}."}
    found = {exercise.id: verdicts.get(exercise.id, missing) for exercise in asked}
    return {
        exercise.id: {
            **found[exercise.id],
            "points": exercise.points * found[exercise.id]["right"],
            "of": exercise.points,
        }
        for exercise in asked
    }


def font_lists() -> list[Path]:
    """matplotlib's list of the fonts on this machine, so that not every process makes its own."""
    if importlib.util.find_spec("matplotlib") is None:
        return []
    import matplotlib

    return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
