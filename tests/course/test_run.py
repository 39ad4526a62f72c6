"""Lessons run in a kernel: what was verified and checked, where a student's version stops, what was drawn."""

from __future__ import annotations

import pytest

from tinygrad_edu.course.lesson import lessons
from tinygrad_edu.course.run import Outcome, run_lesson

for library in ("jupytext", "nbclient", "ipykernel", "matplotlib", "yaml"):
    pytest.importorskip(library, reason="runs lessons")


@pytest.fixture
def source(probe_course):
    return probe_course / "lessons" / "90_probe.py"


def change(source, *pairs):
    text = source.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    source.write_text(text)
    return lessons(["90"])[0]


def test_the_solution_runs_to_the_end(source, tmp_path):
    seen = []
    outcome = run_lesson(
        change(source, ('verify("∂L/∂b = Σ g"', 'verify(f"with seed {SEED}"')),
        seed=7,
        refresh=tmp_path / "drawn",
        on_cell=lambda: seen.append(1),
    )
    assert (outcome.error, outcome.warned, outcome.stopped_at, outcome.good) == (None, [], None, True)
    assert [fact["identity"] for fact in outcome.of("verified")] == ["with seed 7"]
    assert [fact["exercise"] for fact in outcome.of("checked")] == ["90.sums", "90.shape"]
    assert [fact["right"] for fact in outcome.of("predicted")] == [True]
    assert [fact["name"] for fact in outcome.of("figure")] == ["90-line"]
    assert 0 <= outcome.worst < 1
    assert 0 < outcome.seconds < 120
    assert len(seen) == 10  # code cells
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["90-line.alt.txt", "90-line.png"]


def test_a_students_version_stops_at_its_first_check(source):
    outcome = run_lesson(lessons(["90"])[0], "student")
    assert outcome.stopped_at == "90-sums-check"
    assert outcome.error.startswith("CheckFailed: ○ 90.sums: not answered yet")
    assert not outcome.good
    assert len(outcome.of("verified")) == 1
    assert outcome.of("checked") == []


def test_what_does_not_hold_and_what_is_not_silent(source, monkeypatch):
    monkeypatch.setattr("tinygrad_edu.course.run.CELL_SECONDS", 2)
    noisy = "import sys\nprint('careful', file=sys.stderr)\nverify("
    outcome = run_lesson(change(source, ("verify(", noisy), ("want=product", "want=0 * product")))
    assert outcome.error.startswith("VerificationError: ∂L/∂b = Σ g: got [")
    assert outcome.stopped_at == "90-the-gradient-of-a-bias-1"
    assert outcome.warned == ["90-the-gradient-of-a-bias-1: careful\n"]
    assert outcome.of("verified") == []


def test_a_cell_may_not_take_forever(source, monkeypatch):
    monkeypatch.setattr("tinygrad_edu.course.run.CELL_SECONDS", 2)
    lesson = change(source, ("size = predict", "while True: pass\nsize = predict"))
    assert run_lesson(lesson).error == "a cell took longer than 2 s"


def test_the_worst_of_nothing():
    assert Outcome("90").worst == 0.0
    exact = {"kind": "verified", "error": 0.0, "tolerance": 0.0}
    assert Outcome("90", facts=[exact, {"kind": "verified", "error": 1.0, "tolerance": 4.0}]).worst == 0.25
