"""Teach with the lessons: build their versions, check them, grade what comes back, plan the weeks.

tinygrad-edu course list                                       the lessons, their minutes and points
tinygrad-edu course pick --weeks 6 --hours-per-week 3          a syllabus, as a table
tinygrad-edu course build --to student                         the notebooks beside the sources, anew
tinygrad-edu course build 03 --to instructor --output mine     with solutions and notes for teaching
tinygrad-edu course grade handed-in --lesson 03                points, and a page of feedback for each student
tinygrad-edu course lint                                       does every lesson keep the rules?
tinygrad-edu course check                                      does every check recognize the planted mistakes?
"""

from __future__ import annotations

import argparse
import os
import pathlib

from tinygrad_edu.backend import require
from tinygrad_edu.course import build, lint
from tinygrad_edu.course.exercise import exercises_of
from tinygrad_edu.course.grade import Result, grade
from tinygrad_edu.course.grading import feedback
from tinygrad_edu.course.grading.limits import Limits
from tinygrad_edu.course.lesson import lessons
from tinygrad_edu.course.page import page
from tinygrad_edu.course.planted import misjudged
from tinygrad_edu.course.syllabus import TRACKS, syllabus


def add_options(parser: argparse.ArgumentParser) -> None:
    """A command of its own for each thing that a teacher does."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, action in ACTIONS.items():
        one = actions.add_parser(name, help=action.__doc__, description=action.__doc__)
        one.set_defaults(action=action)
        if name in ("build", "lint", "check"):
            one.add_argument("numbers", nargs="*", metavar="NN", help="which lessons (default: all)")
        if name == "build":
            one.add_argument("--to", choices=[*build.VERSIONS, "html"], required=True, help="which version")
            one.add_argument("--output", type=pathlib.Path, help="a folder (student: default beside the sources)")
        if name == "grade":
            add_grade_options(one)
        if name == "pick":
            one.add_argument("numbers", nargs="*", metavar="NN", help="these lessons instead of a track")
            one.add_argument("--weeks", type=int, required=True)
            one.add_argument("--hours-per-week", type=float, required=True)
            one.add_argument("--track", choices=list(TRACKS), default="core", help="default: core")


def add_grade_options(parser: argparse.ArgumentParser) -> None:
    """What is graded, where the points go, and what a submission may use."""
    add = parser.add_argument
    add("folder", type=pathlib.Path, help="notebooks NAME.ipynb, or a folder for each NAME with a notebook in it")
    add("--lesson", required=True, metavar="NN", help="which lesson they are")
    add("--output", type=pathlib.Path, help="where points and feedback go (default: FOLDER-graded)")
    add("--seconds", type=float, help="that one cell may take (default: 20, or what the whole lesson takes)")
    add("--megabytes", type=int, default=Limits.megabytes, help="of address space (default: %(default)s)")
    add("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="how many at a time")


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    return int(options.action(options))


def run_build(options: argparse.Namespace) -> int:
    """Write a version of the lessons: for students, with solutions, for instructors, or as pages to read."""
    if options.output is None and options.to != "student":
        raise ValueError(f"wanted --output FOLDER: the {options.to} version does not belong beside the lessons")
    status = 0
    for lesson in lessons(options.numbers):
        if options.to == "html":
            text, outcome = page(lesson)
            options.output.mkdir(parents=True, exist_ok=True)
            path = options.output / f"{lesson.path.stem}.html"
            path.write_text(text, encoding="utf-8", newline="\n")
            status = 1 if outcome.error else status
            print(f"{path}" + (f"   {outcome.error}" if outcome.error else ""))
        else:
            print(build.write(lesson, options.to, options.output))
    return status


def run_lint(options: argparse.Namespace) -> int:
    """Say where lessons break the rules; exit status 1 if any does."""
    found = [problem for lesson in lessons(options.numbers) for problem in lint.problems(lesson)]
    print("\n".join(found) if found else "All lessons keep the rules.")
    return 1 if found else 0


def run_check(options: argparse.Namespace) -> int:
    """Judge the right, blank and planted wrong answers of every exercise; exit status 1 if one is misjudged."""
    known = [asked for lesson in lessons(options.numbers) for asked in exercises_of(lesson.id).values()]
    found = [problem for asked in known for problem in misjudged(asked)]
    print(
        "\n".join(found) if found else f"{len(known)} exercises: {sum(len(one.wrong) for one in known)} planted ",
        end="",
    )
    print("" if found else "mistakes recognized, references accepted, blanks worth nothing.")
    return 1 if found else 0


def run_grade(options: argparse.Namespace) -> int:
    """Grade a folder of submissions, each in a process with limits (no sandbox: use a container for strangers')."""
    (lesson,) = lessons([options.lesson])
    output = options.output or options.folder.with_name(f"{options.folder.resolve().name}-graded")
    seconds = options.seconds or max(Limits.seconds, lesson.front["budget"])
    limits = Limits(seconds=seconds, megabytes=options.megabytes)
    bar_of = require("tqdm.auto", extra="lessons", purpose="show a progress bar").tqdm
    with bar_of(unit="submission", leave=False) as bar:
        results = grade(options.folder, lesson, limits=limits, jobs=options.jobs, on_result=lambda _: bar.update())
    feedback.write(results, lesson, output)
    for result in results:
        print(line(result))
    unread = sum(question["answered"] for result in results for question in result.to_read)
    print(f"{len(results)} submissions: {output / 'points.csv'}, results.json, feedback/NAME.html")
    if unread:
        print(f"{unread} answers are to be read by you: they are in results.json and on the pages.")
    return 0


def line(result: Result) -> str:
    """ada              5 of 6   03.matmul: transposed"""
    of = sum(verdict["of"] for verdict in result.verdicts.values())
    wrong = [f"{name}: {verdict['kind']}" for name, verdict in result.verdicts.items() if not verdict["right"]]
    return f"{result.student:24} {result.points:3} of {of}   {', '.join(wrong)}".rstrip()


def run_pick(options: argparse.Namespace) -> int:
    """Print a syllabus: the lessons of a track with all that they need, spread over the weeks."""
    chosen = syllabus(
        lessons(), options.track, weeks=options.weeks, hours=options.hours_per_week, others=options.numbers
    )
    print(chosen)
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Print the lessons with their minutes, exercises and points."""
    print(f"{'':2} {'lesson':52} {'read':>5} {'do':>4} {'exercises':>10} {'points':>7}")
    for lesson in lessons():
        known, minutes = exercises_of(lesson.id).values(), lesson.front["minutes"]
        points = sum(asked.points for asked in known)
        print(f"{lesson.id} {lesson.title:52} {minutes['read']:5} {minutes['exercises']:4} {len(known):10} {points:7}")
    return 0


ACTIONS = {
    "list": run_list,
    "pick": run_pick,
    "build": run_build,
    "grade": run_grade,
    "lint": run_lint,
    "check": run_check,
}
