"""The page of a lesson: formulas, figures with their words, results; no prompts, no marks, no noise."""

from __future__ import annotations

import re

import pytest

from tinygrad_edu.course.lesson import lessons
from tinygrad_edu.course.page import page, readable, with_words

for library in ("jupytext", "nbclient", "nbconvert", "ipykernel", "matplotlib", "yaml"):
    pytest.importorskip(library, reason="writes pages")

ALT = "A line that rises from 0 to 2 without a bend"


def test_the_page_of_a_lesson(probe_course):
    path = probe_course / "lessons" / "90_probe.py"
    path.write_text(path.read_text().replace("size.reveal", "import sys\nprint('noise', file=sys.stderr)\nsize.reveal"))
    text, outcome = page(lessons(["90"])[0])
    assert outcome.error is None
    assert r"\frac{\partial L}" in text
    assert "MathJax" in text
    images = re.findall(r"<img[^>]*>", text)
    assert len(images) == 1  # drawn: the markdown's picture of it would be a second one
    assert f'alt="{ALT}"' in images[0]
    assert "data:image/png;base64," in images[0]
    assert f"<figcaption>{ALT}</figcaption>" in text
    assert "No description has been provided" not in text
    assert "right on all 2 inputs. 2 points" in text
    body = text[text.index("<body") :]
    for noise in (
        "noise\n",
        "BEGIN SOLUTION",
        "jp-InputPrompt",
        "vnd.tinygrad-edu",
        "Five minutes",
        f"Figure 90-line: {ALT}",
    ):
        assert noise not in body


def test_drawings_and_animations_have_words():
    text = with_words("image/svg+xml", "<svg></svg>", 'where x < "0"')
    assert '<div role="img" aria-label="where x &lt; &quot;0&quot;"' in text
    assert "<svg></svg>" in text
    assert '<div role="group" aria-label="it moves"' in with_words("text/html", "<button>", "it moves")


def test_outputs_of_other_kinds():
    nbformat = pytest.importorskip("nbformat", reason="makes outputs")
    result = nbformat.v4.new_output("execute_result", {"text/plain": "3"})
    assert readable(result) is result
    assert readable(nbformat.v4.new_output("stream", name="stderr", text="x")) is None
    picture = nbformat.v4.new_output("display_data", {"image/png": "abc"})
    assert readable(picture).data == {"image/png": "abc"}
