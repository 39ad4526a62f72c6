"""Grading a folder: right and wrong answers, damaged notebooks, and submissions that would harm others."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tinygrad_edu.course import build
from tinygrad_edu.course.exercises import COURSE
from tinygrad_edu.course.grade import grade, submissions
from tinygrad_edu.course.grading import feedback
from tinygrad_edu.course.grading.limits import Limits, refuse_outside
from tinygrad_edu.course.grading.plan import UnreadableError, defined_in, plan_of, read
from tinygrad_edu.course.lesson import lessons

for library in ("jupytext", "nbconvert", "nbformat", "yaml"):
    pytest.importorskip(library, reason="reads lessons and writes feedback")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of processes are those of Linux and macOS")

SUMS = "def column_sums(g):\n    return g.sum(0)"
SHAPE = "shape_of_db = (5,)"


def answer(body):
    return f"def column_sums(g):\n    {body}\n    return g.sum(0)"


# name -> (answer to 90.sums, kind of its verdict, words in its message)
UNRULY = {
    "loops": (answer("while True: pass"), "stopped", "Your answer took longer than 1 s"),
    "exits": (answer("import os; os._exit(3)"), "stopped", "ended the whole program, with status 3"),
    "crashes": (answer("import ctypes; ctypes.string_at(0)"), "stopped", "crashed the whole program (SIGSEGV)"),
    "floods": (answer("while True: print('x' * 100_000)"), "stopped", "printed more than 2 MB"),
    "hoards": (answer("x = bytearray(8 << 30)"), "raised", "MemoryError"),
    "forks": (answer("import os\n    while True: os.fork()"), "raised", "lets no submission start another process"),
    "shells": (answer("import subprocess; subprocess.run(['ls'])"), "raised", "start another process"),
    "kills": (answer("import os; os.kill(os.getppid(), 9)"), "raised", "end another process"),
    "deletes": (answer("import shutil; shutil.rmtree(VICTIM)"), "raised", "change files outside its own folder"),
    "removes": (answer("import os; os.remove(VICTIM + '/a.txt')"), "raised", "change files outside its own folder"),
    "writes": (answer("open(VICTIM + '/a.txt', 'w')"), "raised", "change files outside its own folder"),
    "deletes here": (answer("import os, shutil; os.makedirs('a/b'); shutil.rmtree('a')"), "right", ""),
    "writes here": (answer("open('a.txt', 'w').write('x' * 100); import os; os.remove('a.txt')"), "right", ""),
    "looks back": (answer("import sys; sys.exit()"), "raised", "SystemExit"),
    "asks": (answer("input()"), "raised", "EOFError"),
    "stops in its cell": ("import os; os._exit(0)", "stopped", "ended the whole program, with status 0"),
    "does not parse": ("def column_sums(g:", "raised", "your cell stopped with SyntaxError"),
    "has magics": ("%matplotlib inline\n!ls\n" + SUMS, "right", ""),
    "prints a lot": (answer("print('x' * 1_000_000)"), "right", ""),
    "closes everything": (answer("import os; os.closerange(0, 100)"), "stopped", "Your answer"),
    "breaks numpy": (answer("import numpy; numpy.asarray = None"), "raised", ""),
}
FAST = ("loops", "exits", "deletes", "does not parse")


@pytest.fixture
def lesson(probe_course):
    """The small lesson without its figure, which would cost each submission the time to import matplotlib."""
    path = probe_course / "lessons" / "90_probe.py"
    text = path.read_text()
    start, end = text.index("# %%\nfrom matplotlib"), text.index("# %% [markdown]\n# ## Break it")
    path.write_text(text[:start] + text[end:])
    return lessons(["90"])[0]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "handed-in").mkdir()
    return tmp_path / "handed-in"


def notebook(lesson, **answers):
    """The student's version with these answers, by exercise."""
    made = build.build(lesson, "student")
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("90-")
        cell.source = answers.get(name, cell.source)
    return made


def hand_in(place, made):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(made), encoding="utf-8")


def graded(folder, lesson, **options):
    limits = Limits(seconds=options.pop("seconds", 10), printed_megabytes=2)
    return {result.student: result for result in grade(folder, lesson, limits=limits, **options)}


def only(folder, lesson, made):
    """The result of one submission."""
    hand_in(folder / "ada.ipynb", made)
    return graded(folder, lesson)["ada"]


def kinds(result):
    return {name.removeprefix("90."): verdict["kind"] for name, verdict in result.verdicts.items()}


def test_right_wrong_blank_and_unreadable(lesson, folder, tmp_path):
    hand_in(folder / "right.ipynb", build.build(lesson, "solution"))
    hand_in(folder / "blank.ipynb", build.build(lesson, "student"))
    hand_in(
        folder / "half" / "90_probe.ipynb",
        notebook(lesson, sums="def column_sums(g):\n    return -g.sum(0)", shape=SHAPE),
    )
    (folder / "broken.ipynb").write_text("{")
    (folder / "empty").mkdir()
    (folder / ".hidden.ipynb").write_text("{")
    (folder / "notes.txt").write_text("not a submission")
    seen = []
    results = grade(folder, lesson, jobs=2, on_result=seen.append)
    assert [(result.student, result.points) for result in results] == [
        ("blank", 0), ("broken", 0), ("empty", 0), ("half", 1), ("right", 3),
    ]  # fmt: skip
    assert len(seen) == 5
    found = {result.student: result for result in results}
    assert kinds(found["right"]) == {"sums": "right", "shape": "right"}
    assert kinds(found["blank"]) == {"sums": "not answered", "shape": "not answered"}
    assert found["blank"].problems == []
    assert kinds(found["half"]) == {"sums": "sign", "shape": "right"}
    assert "The sign is wrong everywhere" in found["half"].verdicts["90.sums"]["message"]
    assert kinds(found["broken"]) == {"sums": "not reached", "shape": "not reached"}
    assert "not a notebook (JSONDecodeError" in found["broken"].problems[0]
    assert found["empty"].problems == ["there is no notebook in this folder"]
    assert found["right"].to_read[0]["answered"]
    assert "Because broadcasting copies b" in found["right"].to_read[0]["text"]
    assert not found["blank"].to_read[0]["answered"]
    check_what_is_written(results, lesson, tmp_path / "graded")


def check_what_is_written(results, lesson, output):
    feedback.write(results, lesson, output)
    rows = list(csv.DictReader((output / "points.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["student"], row["90.sums"], row["90.shape"], row["points"], row["of"]) for row in rows] == [
        ("blank", "0", "0", "0", "3"),
        ("broken", "0", "0", "0", "3"),
        ("empty", "0", "0", "0", "3"),
        ("half", "0", "1", "1", "3"),
        ("right", "2", "1", "3", "3"),
    ]
    assert [row["to read"] for row in rows] == ["0", "0", "0", "0", "1"]
    assert "not a notebook" in rows[1]["remarks"]
    everything = json.loads((output / "results.json").read_text(encoding="utf-8"))
    assert everything["lesson"] == "90"
    assert everything["students"][3]["verdicts"]["90.sums"]["kind"] == "sign"
    page = (output / "feedback" / "half.html").read_text(encoding="utf-8")
    for part in (
        "1 of 3 points",
        "✗ Exercise 90.sums: 0 of 2",
        "✓ Exercise 90.shape: 1 of 1",
        "Hint 3",
        "<em>copy</em>",
    ):
        assert part in page
    assert "&lt;" not in page.partition("<details>")[0]


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in FAST else pytest.mark.slow) for n in UNRULY])
def test_unruly_answers_cost_their_own_points_only(lesson, folder, tmp_path, name):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.txt").write_text("precious")
    source, kind, words = UNRULY[name]
    sums = source.replace("VICTIM", repr(str(victim)))
    hand_in(folder / "unruly.ipynb", notebook(lesson, sums=sums, shape=SHAPE))
    result = graded(folder, lesson, seconds=1 if name == "loops" else 10)["unruly"]
    assert kinds(result)["sums"] == kind
    assert words in result.verdicts["90.sums"]["message"]
    if name != "breaks numpy":  # it is the submission's own process that is broken from there on
        assert kinds(result)["shape"] == "right"
    assert len(result.printed) <= 4000
    assert (victim / "a.txt").read_text() == "precious"


def test_cells_in_any_order_copied_deleted_and_without_labels(lesson, folder):
    made = notebook(lesson, sums=SUMS, shape=SHAPE)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id", cell.id): cell for cell in made.cells}

    moved = dict(made, cells=made.cells[::-1])
    assert only(folder, lesson, moved).points == 3

    wrong_first = dict(cells["90-sums"], source="def column_sums(g):\n    return 0", id="other")
    copied = only(folder, lesson, dict(made, cells=[wrong_first, *made.cells]))
    assert copied.points == 3
    assert "there are 2 cells 90-sums: the last one counts" in copied.warnings
    assert only(folder, lesson, dict(made, cells=[*made.cells, wrong_first])).points == 1

    without = [cell for cell in made.cells if cell is not cells["90-sums"]]
    deleted = only(folder, lesson, dict(made, cells=without))
    assert deleted.points == 1
    assert "the answer cell 90-sums was deleted" in deleted.warnings

    bare = {"cell_type": "code", "metadata": {}, "source": SUMS.splitlines(keepends=True), "outputs": []}
    unlabeled = only(folder, lesson, dict(made, cells=[bare, *without]))
    assert unlabeled.points == 3
    assert "the answer cell 90-sums lost its label: it was recognized by what it defines" in unlabeled.warnings

    nothing_else = only(folder, lesson, {"cells": [dict(bare), dict(bare, source=SHAPE)], "metadata": {}})
    assert nothing_else.points == 3


def test_checks_are_the_lessons_own(lesson, folder):
    made = notebook(lesson, sums="def column_sums(g):\n    return 0", shape=SHAPE)
    for cell in made.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "90-sums-check":
            cell.source = "print('all right')"
    result = only(folder, lesson, made)
    assert result.points == 1
    assert "the check 90-sums-check was edited: the lesson's own is used" in result.warnings
    gone = [cell for cell in made.cells if "check" not in cell.metadata.get("nbgrader", {}).get("grade_id", "")]
    assert only(folder, lesson, dict(made, cells=gone)).points == 1
    shadow = dict(made, cells=[*made.cells[:3], *notebook(lesson, sums="check = print\ncolumn_sums = len").cells[3:]])
    assert only(folder, lesson, shadow).points == 0


def test_own_cells_and_edited_cells(lesson, folder):
    made = notebook(lesson, sums="def column_sums(g):\n    return helper(g)", shape=SHAPE)
    place = next(i for i, cell in enumerate(made.cells) if cell.id == "90-exercises-0")
    own = {"cell_type": "code", "metadata": {}, "source": "def helper(g):\n    return numpy.sum(g, 0)", "outputs": []}
    assert only(folder, lesson, dict(made, cells=[*made.cells[:place], own, *made.cells[place:]])).points == 3
    for cell in made.cells:  # the imports, edited and broken: the lesson's own are used then
        if cell.id == "90-start-1":
            cell.source = "import nunpy"
    result = only(folder, lesson, dict(made, cells=[*made.cells[:place], own, *made.cells[place:]]))
    assert result.points == 3
    assert "cell 90-start-1: it stopped with ModuleNotFoundError" in result.problems[0]


def test_an_edited_cell_that_never_ends_is_replaced_by_the_lessons_own(lesson, folder):
    made = notebook(lesson, sums=SUMS, shape=SHAPE)
    for cell in made.cells:
        if cell.id == "90-warm-up-1":
            cell.source = "while True: pass"
    hand_in(folder / "ada.ipynb", made)
    result = graded(folder, lesson, seconds=1)["ada"]
    assert result.points == 3
    assert result.problems == ["cell 90-warm-up-1: took longer than 1 s, and was stopped"]


def test_it_is_given_up_after_some_restarts(lesson, folder):
    made = notebook(lesson, sums="import os; os._exit(1)", shape="import os; os._exit(1)")
    hand_in(folder / "ada.ipynb", made)
    (result,) = grade(folder, lesson, limits=Limits(restarts=0))
    assert kinds(result) == {"sums": "not reached", "shape": "not reached"}
    assert "the program ended before it came to this" in result.verdicts["90.shape"]["message"]


def test_old_notebooks(lesson, folder):
    made = notebook(lesson, sums=SUMS, shape=SHAPE)
    old = [{"cell_type": cell.cell_type, "metadata": cell.metadata, "input": cell.source} for cell in made.cells]
    for cell in old:
        if cell["cell_type"] != "code":
            cell["source"] = cell.pop("input")
        cell["metadata"].get("nbgrader", {}).pop("schema_version", None)
    assert only(folder, lesson, {"worksheets": [{"cells": old}], "nbformat": 3}).points == 3


def test_scripts(lesson, folder):
    shutil.copy(lesson.path, folder / "ada.py")
    assert graded(folder, lesson)["ada"].points == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "KeyError: 'worksheets'"),
        ('{"cells": [{"source": "no type"}]}', "KeyError"),
        ('{"cells": 3}', "TypeError"),
        ("[" * 100_000, "RecursionError"),
        ("\x00\xff", "JSONDecodeError"),
    ],
)
def test_what_is_no_notebook(tmp_path, text, reason):
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableError, match=reason):
        read(tmp_path / "a.ipynb")


def test_bytes_that_are_no_text_and_files_too_large(tmp_path, monkeypatch):
    (tmp_path / "a.ipynb").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UnreadableError, match="UnicodeDecodeError"):
        read(tmp_path / "a.ipynb")
    monkeypatch.setattr("tinygrad_edu.course.grading.plan.LARGEST", 2)
    with pytest.raises(UnreadableError, match="it has 3 bytes; a notebook may have 2"):
        read(tmp_path / "a.ipynb")


def test_which_file_of_a_folder(lesson, folder):
    for name, age in (("ada/90_probe.ipynb", 100), ("ada/sub/90_probe-new.ipynb", 50), ("ada/notes.ipynb", 10)):
        hand_in(folder / name, build.build(lesson, "student"))
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    hand_in(folder / "ada" / ".ipynb_checkpoints" / "90_probe-checkpoint.ipynb", {})
    (chosen,) = submissions(folder, lesson).values()
    assert [path.name for path in chosen] == ["90_probe.ipynb", "90_probe-new.ipynb"]


def test_what_is_no_folder_of_submissions(lesson, folder, tmp_path):
    with pytest.raises(ValueError, match="holds no submissions: wanted notebooks"):
        grade(folder, lesson)
    with pytest.raises(NotADirectoryError, match="wanted a folder of submissions"):
        grade(tmp_path / "nowhere", lesson)


def test_secrets_stay_outside(lesson, folder, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    made = notebook(lesson, sums="import os\nprint(sorted(os.environ), os.getcwd())\n" + SUMS, shape=SHAPE)
    printed = only(folder, lesson, made).printed
    assert "PATH" in printed
    assert COURSE in printed
    assert "SECRET_TOKEN" not in printed


def test_the_plan_keeps_the_lessons_order_and_ends_with_the_last_check(lesson, folder):
    made = notebook(lesson, sums=SUMS, shape=SHAPE)
    late = {"cell_type": "code", "metadata": {}, "source": "print('played on')", "outputs": []}
    hand_in(folder / "ada.ipynb", dict(made, cells=[*made.cells, late]))
    steps = plan_of(lesson, read(folder / "ada.ipynb")).steps
    assert [step.label for step in steps if step.exercise] == [
        "90-sums", "90-sums-check", "90-shape", "90-shape-check",
    ]  # fmt: skip
    assert steps[-1].kind == "check"


def test_defined_in():
    assert defined_in("def f(): pass\nclass C: pass\na = b, c = 1, 2\nd[0] = 3") == {"f", "C", "a", "b", "c", "d"}
    assert defined_in("def f(:") == set()


def test_outside_is_outside(tmp_path, monkeypatch):
    inside = tmp_path / "work"
    inside.mkdir()
    (inside / "door").symlink_to(tmp_path)
    monkeypatch.chdir(inside)
    folder = os.path.realpath(inside)
    for good in ("a.txt", "./b/../a.txt", str(inside / "a.txt"), os.devnull, 3, b"a.txt"):
        refuse_outside(folder, good, None)
    for bad in ("../a.txt", str(tmp_path / "a.txt"), "/etc/passwd", "door/a.txt", "~/../../a", Path("/tmp")):
        if bad == "~/../../a":
            bad = "../" + bad
        with pytest.raises(PermissionError, match="outside its own folder"):
            refuse_outside(folder, bad, None)
    if sys.platform == "linux":
        descriptor = os.open(tmp_path, os.O_RDONLY)
        with pytest.raises(PermissionError):
            refuse_outside(folder, "a.txt", descriptor)
        os.close(descriptor)
