"""check: says "right", or raises with what, where, by how much and why; in a notebook without a traceback."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu.course import Exercise, Wrong, check, exercise
from tinygrad_edu.course.check import CheckFailed, as_sentence, sentence, verdict_of
from tinygrad_edu.course.exercise import exercises_of
from tinygrad_edu.course.planted import misjudged

pytestmark = pytest.mark.usefixtures("probe_course")


def test_right(capfd):
    check("90.sums", lambda g: g.sum(0))
    check("90.shape", (5,))
    shown = capfd.readouterr()
    assert shown.out == "✓ 90.sums: right on all 2 inputs. 2 points\n✓ 90.shape: right. 1 point\n"
    assert shown.err == ""


def test_wrong(capfd):
    with pytest.raises(CheckFailed) as caught:
        check("90.sums", lambda g: g.sum(0) if len(g) == 3 else g.sum(1))
    assert caught.value.kind == "wrong axis"
    lines = str(caught.value).splitlines()
    assert lines[0] == "✗ 90.sums: not yet."
    assert lines[1].startswith("  on input 2: (7, 3) [")
    assert lines[2].startswith("  wanted [")
    assert lines[3].startswith("  got    (7,) [")
    assert lines[4] == "  That is the sum over axis 1; wanted over axis 0."
    assert "hints" in lines[5]
    assert caught.value._render_traceback_() == lines
    assert capfd.readouterr() == ("", "")


def test_the_blank():
    with pytest.raises(CheckFailed, match=r"^○ 90.shape: not answered yet") as caught:
        check("90.shape", None)
    assert caught.value.kind == "not answered"


def test_a_plain_value_is_not_given_away():
    with pytest.raises(CheckFailed) as caught:
        check("90.shape", (3, 5))
    assert "wanted (5,)" not in str(caught.value)


def test_what_there_is_to_check():
    with pytest.raises(ValueError, match=r"no exercise '90.sum': lesson '90' has 90.sums, 90.shape"):
        check("90.sum", len)
    with pytest.raises(ValueError, match=r"no exercise 'sums': lesson 'sums' has none"):
        exercise("sums")
    assert exercises_of("91") == {}
    assert list(exercises_of("90")) == ["90.sums", "90.shape"]


def test_a_broken_file_of_exercises_is_not_taken_for_a_missing_one(probe_course):
    (probe_course / "exercises" / "lesson_91.py").write_text("import surely_not_installed\n")
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed"):
        exercises_of("91")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the sign", "The sign."),
        ("got = 2 · want", "got = 2 · want."),
        ("is there a `return`?", "Is there a `return`?"),
    ],
)
def test_sentences(text, said):
    assert as_sentence(text) == said


def test_the_inputs_are_the_same_each_time():
    asked = exercise("90.sums")
    seen = []
    for _ in range(2):
        verdict_of(asked, lambda g: seen.append(g.copy()) or g.sum(0))
    assert len(seen) == 4
    assert numpy.array_equal(seen[0], seen[2])


def test_planted_answers():
    assert [problem for asked in exercises_of("90").values() for problem in misjudged(asked)] == []
    planted = Exercise(
        "90.bad",
        "",
        lambda x: 2 * x,
        lambda rng: [(rng.normal(size=3),)],
        wrong=(
            Wrong("is right", lambda x: x + x, "sign"),
            Wrong("negates", lambda x: -2 * x, "factor"),
            Wrong("doubles", lambda x: 4 * x, "factor 2"),
            Wrong("doubles again", lambda x: 4 * x, "factor 2"),
        ),
    )
    found = list(misjudged(planted))
    assert found[0] == "90.bad: the answer that is right is accepted"
    assert found[1].startswith("90.bad: the answer that negates should hear 'factor', but hears:\n✗ 90.bad: not yet.")
    assert found[2].startswith("90.bad: the answers that doubles and that doubles again hear the same:\n✗ 90.bad: not")
    rejected = Exercise("90.bad", "", lambda x: x, lambda rng: [(1.0,), (2.0,)], slips=(lambda *_: "no",))
    assert "the reference is rejected" in next(misjudged(rejected))
    blank = Exercise("90.bad", "", 3, ask=lambda answer: 3)
    assert list(misjudged(blank)) == ["90.bad: the blank is judged 'right' instead of 'not answered'"]


def test_the_message_of_what_raised():
    asked = exercise("90.sums")
    verdict, tried = verdict_of(asked, lambda g: g.nothing)
    assert "Read the message once more" in sentence(asked, verdict, tried)


def test_in_a_notebook_there_is_no_traceback(probe_course):
    nbclient = pytest.importorskip("nbclient", reason="runs cells")
    nbformat = pytest.importorskip("nbformat", reason="makes cells")
    cells = [
        "from tinygrad_edu.course import check\nimport warnings\nwarnings.warn('this one is seen')",
        "def answer(g):\n    import warnings\n    warnings.warn('this one is not')\n    return -g.sum(0)",
        "check('90.sums', answer)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, allow_errors=True, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert outputs[0][0].name == "stderr"  # or this test would prove nothing
    (error,) = outputs[2]
    assert error.output_type == "error"
    assert error.ename == "CheckFailed"
    assert error.traceback[0] == "✗ 90.sums: not yet."
    assert not any("Traceback" in line or "check(" in line for line in error.traceback)
