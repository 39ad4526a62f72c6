"""Open the lessons in JupyterLab, or run them without a screen and say what held.

    tinygrad-edu lessons                 your own copies, in my-lessons/, opened in JupyterLab
    tinygrad-edu lessons --run           all of them, with the solutions: formulas verified, exercises checked
    tinygrad-edu lessons --run 02 03     some of them
    tinygrad-edu lessons --run --seeds 0-20      with other random numbers: nothing may depend on luck

What you have changed in my-lessons/ is never overwritten.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import subprocess
import sys
from typing import Any

from tinygrad_edu.backend import require
from tinygrad_edu.course import build
from tinygrad_edu.course.lesson import Lesson, figures, lessons
from tinygrad_edu.course.run import Outcome, run_lesson

COPIES = pathlib.Path("my-lessons")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu lessons`."""
    add = parser.add_argument
    add("numbers", nargs="*", metavar="NN", help="which lessons (default: all)")
    add("--run", action="store_true", dest="headless", help="run them without a screen and print what held")
    add("--refresh", action="store_true", help="with --run: draw the pictures in figures/ anew")
    add(
        "--seeds", "--seed", type=seeds, default=[None], metavar="N|N-M", help="with --run: instead of the lessons' own"
    )
    add("--folder", type=pathlib.Path, default=COPIES, help=f"where your copies are (default: {COPIES})")
    add("--no-browser", action="store_true", help="start JupyterLab without opening a browser")


def seeds(text: str) -> list[int]:
    """ "7" -> [7], "0-20" -> [0, 1, …, 20]"""
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()) or int(last or first) < int(first):
        raise argparse.ArgumentTypeError(f"wanted a seed or a range of seeds like 0-20, got {text!r}")
    return list(range(int(first), int(last or first) + 1))


def run(options: argparse.Namespace) -> int:
    """Open or run."""
    chosen = lessons(options.numbers)
    if options.headless:
        return run_headless(chosen, options)
    copy_lessons(chosen, options.folder)
    return open_lab(options.folder, chosen[0], options.no_browser)


def run_headless(chosen: list[Lesson], options: argparse.Namespace) -> int:
    """A progress bar over all cells, a line for each run, and the sums; 1 if something did not hold."""
    bar_of = require("tqdm.auto", extra="lessons", purpose="show a progress bar").tqdm
    runs = [(lesson, seed, build.build(lesson, "solution")) for lesson in chosen for seed in options.seeds]
    refresh = figures() if options.refresh else None
    outcomes, notebooks = [], [notebook for _, _, notebook in runs]
    with bar_of(total=sum(map(code_cells, notebooks)), unit="cell", leave=False) as bar:
        for lesson, seed, notebook in runs:
            bar.set_description(f"lesson {lesson.id}")
            outcome = run_lesson(lesson, notebook=notebook, seed=seed, refresh=refresh, on_cell=bar.update)
            outcomes.append(outcome)
            bar.write(line(lesson, outcome, seed), file=sys.stdout)
    print(summary(outcomes))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def code_cells(notebook: Any) -> int:
    """How many cells run."""
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def line(lesson: Lesson, outcome: Outcome, seed: int | None = None) -> str:
    """02 A scalar autograd engine   4.1 s   12 formulas verified (worst at 3 % of its tolerance)   5 exercises …"""
    verified, checked = len(outcome.of("verified")), len(outcome.of("checked"))
    text = (
        f"{lesson.id} {lesson.title:44} {outcome.seconds:5.1f} s   {verified:2} formulas verified "
        f"(worst at {100 * outcome.worst:3.0f} % of its tolerance)   {checked} exercises checked"
    )
    if seed is not None:
        text += f"   seed {seed}"
    if outcome.seconds > lesson.front["budget"]:
        text += f"   slower than its {lesson.front['budget']} s"
    for problem in (*outcome.warned, *([outcome.error] if outcome.error else [])):
        text += f"\n   {problem}"
    return text


def summary(outcomes: list[Outcome]) -> str:
    """The last line."""
    verified, checked = (sum(len(outcome.of(kind)) for outcome in outcomes) for kind in ("verified", "checked"))
    failed = sorted({outcome.lesson for outcome in outcomes if not outcome.good})
    verdict = f"not right: lesson {', '.join(failed)}" if failed else "all right"
    return (
        f"{len(outcomes)} run{'s' * (len(outcomes) != 1)} in {sum(outcome.seconds for outcome in outcomes):.0f} s: "
        f"{verified} formulas verified, {checked} exercises checked, {verdict}"
    )


def copy_lessons(chosen: list[Lesson], folder: pathlib.Path) -> None:
    """Put copies for the learner into `folder`; what is there already stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in chosen:
        copy = folder / f"{lesson.path.stem}.ipynb"
        if not copy.exists():
            build.write(lesson, "student", folder)
    build.copy_figures(folder)


def open_lab(folder: pathlib.Path, first: Lesson, no_browser: bool) -> int:
    """JupyterLab on the copies, the first lesson open. It runs until Ctrl-C."""
    if importlib.util.find_spec("jupyterlab") is None:
        require("jupyterlab", extra="lessons", purpose="open the lessons")
    print(f"Your lessons are in {folder}/. JupyterLab opens in the browser; Ctrl-C here ends it.")
    command = [sys.executable, "-m", "jupyterlab", str(folder / f"{first.path.stem}.ipynb")]
    return subprocess.call([*command, *(["--no-browser"] if no_browser else [])])
