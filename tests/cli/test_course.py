"""`tinygrad-edu course`: what a teacher asks for, from the listing to the grades."""

from __future__ import annotations

import os

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.course import build
from tinygrad_edu.course.lesson import lessons

for library in ("jupytext", "nbformat", "yaml"):
    pytest.importorskip(library, reason="builds lessons")
pytestmark = pytest.mark.usefixtures("probe_course")


def test_help(capsys):
    for action in ("list", "pick", "build", "grade", "lint", "check"):
        with pytest.raises(SystemExit) as left:
            main(["course", action, "--help"])
        assert left.value.code == 0
        assert len(capsys.readouterr().out) > 100
    with pytest.raises(SystemExit) as left:
        main(["course"])
    assert left.value.code == 2


def test_list(capsys):
    assert main(["course", "list"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["lesson", "read", "do", "exercises", "points"]
    assert row.split() == ["90", "A", "probe", "5", "6", "2", "3"]


def test_pick(capsys):
    assert main(["course", "pick", "90", "--weeks", "2", "--hours-per-week", "1.5"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# Syllabus: 90, 2 weeks of 1.5 h")
    assert "| 1 | 90 A probe | 11 |" in shown
    assert main(["course", "pick", "--weeks", "0", "--hours-per-week", "1"]) == 2


def test_build(capsys, probe_course, tmp_path):
    (probe,) = lessons()
    assert main(["course", "build", "--to", "student"]) == 0
    beside = probe_course / "lessons" / "90_probe.ipynb"
    assert capsys.readouterr().out == f"{beside}\n"
    assert beside.read_text() == build.text(probe, "student")
    assert main(["course", "build", "90", "--to", "instructor", "--output", str(tmp_path / "mine")]) == 0
    assert "Five minutes" in (tmp_path / "mine" / "90_probe.ipynb").read_text()
    for version in ("solution", "instructor", "html"):
        assert main(["course", "build", "--to", version]) == 2
        assert f"the {version} version does not belong beside the lessons" in capsys.readouterr().err


def test_build_pages(capsys, probe_course, tmp_path, monkeypatch):
    pytest.importorskip("nbconvert", reason="writes pages")
    from tinygrad_edu.course.run import Outcome

    for error, status in ((None, 0), ("CheckFailed: no", 1)):
        monkeypatch.setattr(
            "tinygrad_edu.cli.course.page", lambda lesson, error=error: ("<html>", Outcome("90", error=error))
        )
        assert main(["course", "build", "--to", "html", "--output", str(tmp_path)]) == status
        assert (tmp_path / "90_probe.html").read_text() == "<html>"
        assert (error or "html") in capsys.readouterr().out


def test_lint(capsys, probe_course):
    (probe_course / "figures" / "90-line.png").touch()
    assert main(["course", "lint"]) == 0
    assert capsys.readouterr().out == "All lessons keep the rules.\n"
    (probe_course / "figures" / "90-line.png").unlink()
    assert main(["course", "lint", "90"]) == 1
    assert "lesson 90: the picture ../figures/90-line.png is not there" in capsys.readouterr().out


def test_check(capsys, probe_course):
    assert main(["course", "check"]) == 0
    assert capsys.readouterr().out == (
        "2 exercises: 6 planted mistakes recognized, references accepted, blanks worth nothing.\n"
    )


def test_check_finds_what_is_misjudged(capsys, probe_course):
    path = probe_course / "exercises" / "lesson_90.py"
    path.write_text(path.read_text().replace('"the sign is wrong"', '"another word"'))
    assert main(["course", "check", "90"]) == 1
    assert "90.sums: the answer that negates should hear 'another word'" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="limits of processes are those of Linux and macOS")
def test_grade(capsys, tmp_path):
    pytest.importorskip("tqdm", reason="shows the progress")
    pytest.importorskip("nbconvert", reason="writes feedback")
    (probe,) = lessons()
    build.write(probe, "solution", tmp_path / "handed-in" / "ada")
    build.write(probe, "student", tmp_path / "handed-in" / "bob")
    assert main(["course", "grade", str(tmp_path / "handed-in"), "--lesson", "90", "--seconds", "30"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["ada", "3", "of", "3"]
    assert shown[1].split()[:4] == ["bob", "0", "of", "3"]
    assert "90.sums: not answered" in shown[1]
    assert shown[3] == "1 answers are to be read by you: they are in results.json and on the pages."
    graded = tmp_path / "handed-in-graded"
    assert {path.name for path in graded.iterdir()} == {"points.csv", "results.json", "feedback"}
    assert {path.name for path in (graded / "feedback").iterdir()} == {"ada.html", "bob.html"}
    assert main(["course", "grade", str(tmp_path / "nowhere"), "--lesson", "90"]) == 2
    assert "wanted a folder of submissions" in capsys.readouterr().err
