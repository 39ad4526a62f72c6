"""`tinygrad-edu lessons`: own copies that are never overwritten, JupyterLab on them, or a run without a screen."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.cli.lessons import line, summary
from tinygrad_edu.course.lesson import lessons
from tinygrad_edu.course.run import Outcome

for library in ("jupytext", "nbformat", "yaml"):
    pytest.importorskip(library, reason="builds lessons")


@pytest.fixture
def opened(probe_course, tmp_path, monkeypatch):
    """The commands that would have been started, in an empty folder; none is."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    commands = []
    monkeypatch.setattr(subprocess, "call", lambda command: commands.append(command) or 0)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    return commands


def test_it_opens_the_first_lesson_in_jupyterlab(opened, capsys):
    assert main(["lessons"]) == 0
    assert opened == [[sys.executable, "-m", "jupyterlab", "my-lessons/90_probe.ipynb"]]
    assert "Your lessons are in my-lessons/" in capsys.readouterr().out


def test_what_is_changed_is_never_overwritten(opened, probe_course, tmp_path):
    (probe_course / "figures" / "90-line.png").write_bytes(b"picture")
    assert main(["lessons", "--no-browser"]) == 0
    assert opened[0][-1] == "--no-browser"
    copy = tmp_path / "here" / "my-lessons" / "90_probe.ipynb"
    assert "raise NotImplementedError()" in copy.read_text()
    assert "](figures/90-line.png)" in copy.read_text()
    assert (copy.parent / "figures" / "90-line.png").read_bytes() == b"picture"
    copy.write_text("my own work")
    assert main(["lessons"]) == 0
    assert copy.read_text() == "my own work"


def test_another_folder_and_what_is_not_there(opened, tmp_path, capsys):
    assert main(["lessons", "90", "--folder", "mine"]) == 0
    assert (tmp_path / "here" / "mine" / "90_probe.ipynb").is_file()
    assert main(["lessons", "91"]) == 2
    assert "there is no lesson 91: there are 90" in capsys.readouterr().err


def test_without_jupyterlab(opened, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    assert main(["lessons"]) == 2
    assert 'pip install "tinygrad_edu[lessons]"' in capsys.readouterr().err
    assert opened == []


def runs(monkeypatch, **outcome):
    """Instead of kernels: what each run was asked for. The seconds, facts and errors are `outcome`."""
    asked = []

    def run_lesson(lesson, *, notebook, seed, refresh, on_cell):
        asked.append((lesson.id, seed, refresh))
        for cell in notebook.cells:
            if cell.cell_type == "code":
                on_cell()
        return Outcome(lesson.id, **outcome)

    monkeypatch.setattr("tinygrad_edu.cli.lessons.run_lesson", run_lesson)
    return asked


FACTS = [{"kind": "verified", "error": 1e-9, "tolerance": 4e-9}, {"kind": "checked"}]


def test_a_run_without_a_screen(probe_course, monkeypatch, capsys):
    pytest.importorskip("tqdm", reason="shows the progress")
    asked = runs(monkeypatch, facts=FACTS, seconds=3.0)
    assert main(["lessons", "--run"]) == 0
    assert asked == [("90", None, None)]
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("90 A probe ")
    assert shown[0].endswith("3.0 s    1 formulas verified (worst at  25 % of its tolerance)   1 exercises checked")
    assert shown[1] == "1 run in 3 s: 1 formulas verified, 1 exercises checked, all right"


def test_seeds_and_pictures(probe_course, monkeypatch, capsys):
    pytest.importorskip("tqdm", reason="shows the progress")
    asked = runs(monkeypatch, facts=FACTS)
    assert main(["lessons", "--run", "90", "--seeds", "3-5", "--refresh"]) == 0
    assert asked == [("90", seed, probe_course / "figures") for seed in (3, 4, 5)]
    assert "seed 4" in capsys.readouterr().out
    assert main(["lessons", "--run", "--seed", "7"]) == 0
    assert asked[-1] == ("90", 7, None)
    for bad in ("5-3", "x", "-1", "1-"):
        with pytest.raises(SystemExit):
            main(["lessons", "--run", f"--seeds={bad}"])
        assert "wanted a seed or a range of seeds like 0-20" in capsys.readouterr().err


@pytest.mark.parametrize("outcome", [{"error": "CheckFailed: no"}, {"warned": ["90-x-0: careful"]}])
def test_the_exit_status_tells(probe_course, monkeypatch, capsys, outcome):
    pytest.importorskip("tqdm", reason="shows the progress")
    runs(monkeypatch, **outcome)
    assert main(["lessons", "--run"]) == 1
    shown = capsys.readouterr().out
    assert "not right: lesson 90" in shown
    assert str(next(iter(outcome.values()))).strip("[]'") in shown


def test_a_lesson_over_its_budget_is_named(probe_course):
    (probe,) = lessons(["90"])
    assert "slower than its 20 s" in line(probe, Outcome("90", seconds=21))
    assert "slower" not in line(probe, Outcome("90", seconds=19))
    assert summary([Outcome("90"), Outcome("90", error="x"), Outcome("91", error="x")]).endswith(
        "not right: lesson 90, 91"
    )
