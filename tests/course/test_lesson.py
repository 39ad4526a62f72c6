"""A lesson as it is written: front matter, cells, ids, and where lessons are found."""

from __future__ import annotations

import pytest

from tinygrad_edu.course import lesson
from tinygrad_edu.course.lesson import exercise_name, grading, is_answer, is_check, read

for library in ("jupytext", "yaml"):
    pytest.importorskip(library, reason="reads lessons")


@pytest.fixture
def source(probe_course):
    return probe_course / "lessons" / "90_probe.py"


def test_what_a_lesson_knows(source):
    found = read(source)
    assert (found.id, found.title, found.minutes, len(found.notebook.cells)) == ("90", "A probe", 11, 26)
    assert [cell.metadata["nbgrader"]["grade_id"] for cell in found.notebook.cells if is_answer(cell)] == [
        "90-sums",
        "90-shape",
    ]
    assert [exercise_name(cell) for cell in found.notebook.cells if is_check(cell)] == ["90.sums", "90.shape"]
    assert exercise_name(found.notebook.cells[0]) == ""
    assert [grading(cell)["points"] for cell in found.notebook.cells if is_check(cell)] == [2, 1]


def test_ids_say_where_a_cell_is_and_stay(source):
    before = [cell.id for cell in read(source).notebook.cells]
    assert before[:3] == ["90-start-0", "90-start-1", "90-warm-up-0"]
    assert "90-exercises-1" in before
    assert not any("mark-scheme" in one for one in before)
    text = source.read_text()
    source.write_text(
        text.replace("# %% [markdown]\n# ## Notation", "# %%\nmore = 1\n\n# %% [markdown]\n# ## Notation")
    )
    after = [cell.id for cell in read(source).notebook.cells]
    assert set(before) < set(after)
    assert set(after) - set(before) == {"90-warm-up-2"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# ---\n# title", "# title", "wanted a front matter between two lines"),
        ("# budget: 20\n", "", "the front matter has no budget"),
        ('# id: "90"\n', "", "the front matter has no id"),
    ],
)
def test_front_matter_must_be_whole(source, old, new, words):
    source.write_text(source.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=words):
        read(source)


def test_which_lessons(probe_course):
    text = (probe_course / "lessons" / "90_probe.py").read_text()
    (probe_course / "lessons" / "03_early.py").write_text(text.replace('id: "90"', 'id: "03"'))
    (probe_course / "lessons" / "notes.py").write_text("")
    assert [one.id for one in lesson.lessons()] == ["03", "90"]
    assert [one.id for one in lesson.lessons(["3"])] == ["03"]
    with pytest.raises(ValueError, match="there is no lesson 04: there are 03, 90"):
        lesson.lessons(["90", "4"])


def test_where_lessons_are(probe_course, tmp_path, monkeypatch):
    assert lesson.folder() == probe_course / "lessons"
    assert lesson.figures() == probe_course / "figures"
    monkeypatch.setenv("TINYGRAD_EDU_COURSE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"has no file like 01_name\.py"):
        lesson.folder()
    monkeypatch.delenv("TINYGRAD_EDU_COURSE")
    for place in ("installed/tinygrad_edu/lessons", "clone/lessons"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "01_name.py").touch()
    monkeypatch.setattr(lesson, "PACKAGE", tmp_path / "installed" / "tinygrad_edu")
    assert lesson.folder() == tmp_path / "installed" / "tinygrad_edu" / "lessons"
    assert lesson.figures() == tmp_path / "installed" / "tinygrad_edu" / "figures"
    monkeypatch.setattr(lesson, "PACKAGE", tmp_path / "clone" / "tinygrad_edu")
    assert lesson.folder() == tmp_path / "clone" / "lessons"
    monkeypatch.setattr(lesson, "PACKAGE", tmp_path / "nowhere" / "tinygrad_edu")
    with pytest.raises(FileNotFoundError, match="install from a clone or a wheel"):
        lesson.folder()
