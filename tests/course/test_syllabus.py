"""A syllabus: prerequisites first, no week too long, and what did not fit is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinygrad_edu.course.lesson import Lesson
from tinygrad_edu.course.syllabus import TRACKS, syllabus, with_prerequisites


def lesson(number, needs=(), read=30, do=60):
    front = {
        "id": number,
        "title": f"Title {number}",
        "minutes": {"read": read, "exercises": do},
        "prerequisites": {"lessons": list(needs)},
        "goals": [{"can": f"do {number}", "proved_by": f"{number}.x"}],
    }
    return Lesson(Path(f"{number}_x.py"), front, None)


COURSE = [
    lesson("00", read=10, do=20),
    lesson("01", ["00"]),
    lesson("02", ["01"]),
    lesson("05", ["01"]),
    lesson("06", ["05"]),
]


def weeks(text):
    """The lessons of each week."""
    return [re.findall(r"(\d\d) Title", row) for row in text.splitlines() if re.match(r"\| \d+ \|", row)]


def test_the_table():
    text = syllabus(COURSE, "core", weeks=3, hours=3)
    assert text.splitlines()[:5] == [
        "# Syllabus: core, 3 weeks of 3 h",
        "",
        "| Week | Lessons | Minutes | Afterwards one can |",
        "|---|---|---|---|",
        "| 1 | 00 Title 00; 01 Title 01 | 120 | do 00; do 01 |",
    ]
    assert weeks(text) == [["00", "01"], ["02", "05"], ["06"]]
    assert "Not in this course yet: 03, 04, 07, 08." in text
    assert "No time for" not in text


def test_what_is_needed_is_added():
    text = syllabus(COURSE, "day", weeks=9, hours=2)
    assert weeks(text) == [["00", "01"], ["02"], ["05"], ["06"]]
    assert "Added, because others need them: 00, 05." in text
    assert [one.id for one in with_prerequisites(COURSE, ["06"])] == ["00", "01", "05", "06"]


def test_no_time():
    text = syllabus(COURSE, "core", weeks=2, hours=2)
    assert weeks(text) == [["00", "01"], ["02"]]
    assert "No time for: 05 Title 05, 06 Title 06." in text


def test_a_lesson_longer_than_a_week_is_split():
    text = syllabus(COURSE[:2], "core", weeks=5, hours=1)
    assert "| 1 | 00 Title 00 | 30 |" in text
    assert "| 2 | 01 Title 01 (part 1 of 2) | 45 | do 01 |" in text
    assert "| 3 | 01 Title 01 (part 2 of 2) | 45 |" in text


def test_own_choice():
    text = syllabus(COURSE, "core", weeks=1, hours=9, others=["2"])
    assert text.startswith("# Syllabus: 02, 1 week of 9 h")
    assert weeks(text) == [["00", "01", "02"]]


def test_every_track_is_in_order_and_a_wrong_one_is_refused():
    assert all(list(track) == sorted(set(track)) for track in TRACKS.values())
    with pytest.raises(ValueError, match="wanted a track out of day, core"):
        syllabus(COURSE, "night", weeks=1, hours=1)
    for bad in ({"weeks": 0, "hours": 1}, {"weeks": 1, "hours": 0}):
        with pytest.raises(ValueError, match="wanted at least one week with some time"):
            syllabus(COURSE, "core", **bad)
