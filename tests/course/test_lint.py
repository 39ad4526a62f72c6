"""Each rule of the lint: the small lesson keeps it, and breaks it when one thing in it is changed."""

from __future__ import annotations

import pytest

from tinygrad_edu.course import lint
from tinygrad_edu.course.lesson import lessons

for library in ("jupytext", "yaml"):
    pytest.importorskip(library, reason="reads lessons")


@pytest.fixture
def source(probe_course):
    (probe_course / "figures" / "90-line.png").touch()
    return probe_course / "lessons" / "90_probe.py"


def problems():
    return "\n".join(lint.problems(lessons(["90"])[0]))


def test_the_small_lesson_keeps_all_rules(source):
    assert problems() == ""


CHECK_LINE = 'check("90.sums", column_sums)'
BROKEN = {
    "formula": ("verify(", "print(", "no verify(…) or check(…) within 3 cells after '$$"),
    "heading": ("### Exercise 90.sums: Sum", "### Exercise: Sum", "90.sums has no heading"),
    "answer": ('"grade_id": "90.sums"', '"grade_id": "90.sum"', "90.sums has no answer cell"),
    "stranger": ('"grade_id": "90.sums"', '"grade_id": "90.sum"', "answer cell 90.sum belongs to no exercise"),
    "points": ('"points": 2', '"points": 3', "90.sums has 2 points, its check cell says 3"),
    "hints": ("<details><summary>Hint 3</summary>\n#\n# `g", "#\n# `g", "90.sums has 2 hints below its check"),
    "goal": ('proved_by: "90.shape"', 'proved_by: "90.form"', "proved by 90.form, which is no exercise"),
    "alt text": ("![A line that rises from 0 to 2 without a bend]", "![A line]", "has alt text 'A line'"),
    "picture": ("figures/90-line.png)", "figures/90-curve.png)", "the picture ../figures/90-curve.png is not there"),
    "drawn": ('name="90-line"', 'name="90-curve"', "figure 90-curve is drawn but no markdown cell shows"),
    "link": ("[the picture](../figures/90-line.png)", "[the picture](../nowhere.md)", "../nowhere.md in 90-further"),
    "magic": ("import numpy\n", "%matplotlib inline\nimport numpy\n", "runs only in a notebook"),
    "width": (
        "g = rng",
        "g = 0 * rng.normal(size=(3, 5)) + 0 * rng.normal(size=(3, 5)) + 0 * rng.normal(size=(3, 5)) + rng",
        "columns; a page shows 92",
    ),
    "stream": ("g = rng.normal", "g = numpy.random.normal", "draws from a global stream"),
    "name": ("rng.normal(size=(3, 5))", "generator.normal(size=(3, 5))", "uses generator, which no cell up to there"),
    "name in a function": ("secret = g.sum(axis=0)", "secret = hidden(g)", "uses hidden, which no cell"),
    "python": (CHECK_LINE, CHECK_LINE + "(", "is not Python"),
    "later": ('lessons: ["00"]', 'lessons: ["91"]', "it needs lesson 91, which does not come before it"),
    "block": ("# ## Experiment", "# ## Play", "no heading matches 'experiment'"),
    "notes": (' tags=["instructor"]', "", "there are no instructor notes"),
    "twice": ('"grade_id": "90.shape.check"', '"grade_id": "90.shape"', "the id 90-shape occurs 2 times"),
    "budget": ("budget: 20", "budget: 100", "the budget is 100 s, wanted at most 60"),
    "minutes": ("exercises: 6", "exercises: 0", "wanted minutes to read and minutes for exercises"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule(source, rule):
    old, new, says = BROKEN[rule]
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new, 1) if rule != "picture" else text.replace(old, new))
    assert says in problems()


def test_too_few_cells_and_too_few_wrong_answers(source, probe_course):
    path = probe_course / "exercises" / "lesson_90.py"
    path.write_text(path.read_text().replace('            Wrong("negates"', "            # ("))
    assert "90.sums has 2 planted wrong answers, wanted at least 3" in problems()
    text = source.read_text()
    source.write_text(text[: text.index("# %% [markdown]\n# ## Break")])
    assert "wanted 20 to 60 cells, got 8" in problems()


def test_every_rule_is_tested():
    assert len(lint.RULES) <= len(BROKEN)


def test_what_is_no_fault(source):
    text = source.read_text()
    more = (
        "# %%\n"
        "import math as m\n"
        "for i, (j, k) in enumerate([(1, 2)]):\n"
        "    total = [i + j + k + m.pi for n in range(3) if n]\n"
        "class Box:\n"
        "    size = 3\n"
        "    def area(self, by=total):\n"
        "        return self.size * later(by)\n"
        "def later(by): return len(by) + (found := 1)\n"
        "with open(__file__) as file, numpy.errstate(): pass\n"
        "try: pass\n"
        "except ValueError as error: print(error)\n"
        "numpy.random.default_rng(3)\n\n"
    )
    source.write_text(text.replace("# %% [markdown]\n# ## Break", more + "# %% [markdown]\n# ## Break"))
    assert problems() == ""
