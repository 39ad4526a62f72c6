"""The versions of a lesson: what students get, what solutions hold, what only instructors read."""

from __future__ import annotations

import json

import pytest

from tinygrad_edu.course import build, lesson
from tinygrad_edu.course.lesson import grading

for library in ("jupytext", "nbformat", "yaml"):
    pytest.importorskip(library, reason="builds notebooks")


@pytest.fixture
def probe(probe_course):
    return lesson.lessons(["90"])[0]


def by_grade_id(notebook):
    return {grading(cell)["grade_id"]: cell for cell in notebook.cells if grading(cell)}


def test_students_get_blanks(probe):
    cells = by_grade_id(build.build(probe, "student"))
    assert cells["90-sums"].source == (
        'def column_sums(g):\n    """g (N, D) -> (D,)"""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    )
    assert cells["90-shape"].source == "# YOUR CODE HERE\nraise NotImplementedError()"
    assert cells["90-why"].source == "Why is it a sum? In one sentence:\n\nYOUR ANSWER HERE"
    text = build.text(probe, "student")
    for secret in ("secret", "broadcasting copies b", "3 points for naming", "Five minutes", "BEGIN "):
        assert secret not in text


def test_solutions_and_notes(probe):
    solution, instructor = build.text(probe, "solution"), build.text(probe, "instructor")
    assert "secret = g.sum" in solution
    assert "Five minutes" not in solution
    assert "secret = g.sum" in instructor
    assert "Five minutes" in instructor
    assert by_grade_id(build.build(probe, "instructor"))["90-why"].source == (
        "Why is it a sum? In one sentence:\n\n### BEGIN SOLUTION\nBecause broadcasting copies b to every row.\n\n"
        "**Mark scheme.** 3 points for naming the copies that broadcasting makes.\n### END SOLUTION"
    )
    with pytest.raises(ValueError, match="wanted a version out of student, solution, instructor, got 'teacher'"):
        build.build(probe, "teacher")


def test_the_header(probe):
    head = build.build(probe, "student").cells[0]
    assert head.id == "90-header"
    for part in (
        "# 90 · A probe",
        "| Time | 5 min to read, 6 min of exercises |",
        "| Before this | lesson 00, sums |",
        "| Needs | tinygrad_edu, matplotlib |",
        "| Runs in | under 20 s |",
        "- say what shape a gradient has (exercise 90.shape)",
    ):
        assert part in head.source
    assert "Next" not in head.source


def test_the_box_of_an_exercise(probe):
    texts = [cell.source for cell in build.build(probe, "student").cells]
    boxed = next(text for text in texts if "### Exercise 90.sums" in text)
    assert boxed.endswith(
        "### Exercise 90.sums: Sum back over the batch\n\n*implement · 5 min · difficulty 1 of 5 · 2 points*\n\n"
        r"Return $\sum_i g_{ij}$."
    )


def test_the_text_is_the_same_each_time_and_valid(probe):
    nbformat = pytest.importorskip("nbformat", reason="validates notebooks")
    text = build.text(probe, "student")
    assert text == build.text(lesson.lessons(["90"])[0], "student")
    assert text.endswith("}\n")
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert all(not cell.get("outputs") for cell in json.loads(text)["cells"])


def test_building_leaves_the_lesson_as_it_is(probe):
    before = [cell.source for cell in probe.notebook.cells]
    build.build(probe, "student")
    assert [cell.source for cell in probe.notebook.cells] == before


def test_cut():
    source = "a\n    ### BEGIN HIDDEN TESTS\n    b\n    ### END HIDDEN TESTS\nc"
    assert build.cut(source, "HIDDEN TESTS", []) == "a\nc"
    assert build.cut(source, "HIDDEN TESTS", ["x", "y"]) == "a\n    x\n    y\nc"
    with pytest.raises(ValueError, match="BEGIN SOLUTION has no END SOLUTION"):
        build.cut("### BEGIN SOLUTION\na", "SOLUTION", [])
    with pytest.raises(ValueError, match="stands inside another"):
        build.cut("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "SOLUTION", [])


def test_an_answer_without_marks_is_all_answer(probe, probe_course):
    path = probe_course / "lessons" / "90_probe.py"
    path.write_text(
        path.read_text().replace("### BEGIN SOLUTION\nshape_of_db = (5,)\n### END SOLUTION", "shape = (5,)")
    )
    cells = by_grade_id(build.build(lesson.lessons(["90"])[0], "student"))
    assert cells["90-shape"].source == "# YOUR CODE HERE\nraise NotImplementedError()"


def test_files(probe, probe_course, tmp_path):
    (probe_course / "figures" / "90-line.png").write_bytes(b"picture")
    beside = build.write(probe, "student")
    assert beside == probe_course / "lessons" / "90_probe.ipynb"
    assert beside.read_bytes() == build.text(probe, "student").encode()
    elsewhere = build.write(probe, "instructor", tmp_path / "mine")
    assert elsewhere == tmp_path / "mine" / "90_probe.ipynb"
    assert "](figures/90-line.png)" in elsewhere.read_text()
    assert (tmp_path / "mine" / "figures" / "90-line.png").read_bytes() == b"picture"
