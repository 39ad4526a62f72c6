"""The picture of a language model: floors where they belong, impossible letters marked, surprise as it is."""

from __future__ import annotations

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.cli.drawings.text import (
    WINDOWS,
    draw_excess,
    draw_loss,
    draw_surprise,
    draw_text,
    draw_writing,
    surprise_of,
)
from tinygrad_edu.datasets import GeneratedText
from tinygrad_edu.models import RecurrentLanguageModel
from tinygrad_edu.training import History

figures = pytest.importorskip("matplotlib.figure", reason="draws the picture")


@pytest.fixture
def held_out():
    return GeneratedText(False, windows=WINDOWS, length=9)


@pytest.fixture
def axes():
    return figures.Figure().subplots()


@pytest.fixture
def history():
    return History({"loss": [2.0, 0.6], "validation_loss": [1.0, 0.53]})


@pytest.fixture
def model(held_out):
    te.manual_seed(0)
    return RecurrentLanguageModel(len(held_out.source.alphabet), hidden=8)


def test_every_floor_is_a_line_with_its_number(axes, history, held_out):
    draw_loss(axes, history, held_out)
    levels = {line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1}
    assert {held_out.source.entropy_rate(known) for known in range(4)} <= levels
    shown = [text.get_text() for text in axes.texts]
    assert "1.90: knowing the last letter" in shown
    assert "0.534: the entropy rate, which nobody can beat" in shown


def test_the_excess_is_relative_and_never_below_what_a_logarithm_can_show(axes, history, held_out):
    draw_excess(axes, history, held_out)
    training, validation = (line.get_ydata() for line in axes.lines[:2])
    floor = held_out.source.entropy_rate()
    numpy.testing.assert_allclose(training, [2.0 / floor - 1, 0.6 / floor - 1])
    assert validation[1] == 0.001  # 0.53 is below the entropy rate, as a mean over few letters may be
    assert axes.get_ylim()[0] < 0.001


def test_impossible_letters_are_marked_and_counted(axes, held_out):
    written = "once upon a time the thxe"
    draw_writing(axes, held_out, written)
    letters = [text for text in axes.texts if len(text.get_text()) == 1]
    assert "".join(text.get_text() for text in letters) == written
    marked = [text.get_text() for text in letters if text.get_fontweight() == "bold"]
    assert marked == ["x"]  # " th" is never followed by x; what stands after "thx" cannot be judged
    assert len(axes.lines) == 1
    assert axes.texts[-1].get_text().startswith("4.0 % of the letters")


def test_lines_that_are_wrapped_lose_no_letter(axes, held_out):
    written = "the robot and the echo " * 9
    draw_writing(axes, held_out, written)
    assert "".join(text.get_text() for text in axes.texts[:-1]).replace(" ", "") == written.replace(" ", "")
    assert len({round(text.get_position()[1]) for text in axes.texts[:-1]}) > 2


def test_surprise_is_that_of_the_model_and_of_the_source(axes, model, held_out):
    paid = surprise_of(model, held_out)
    letters, _ = held_out.take(range(WINDOWS))
    wanted = -model(letters).log_softmax(-1).detach().numpy()
    for row in range(WINDOWS):
        for t in range(9):
            assert paid[row, t] == pytest.approx(wanted[row, t, held_out.tokens[row, t + 1]], rel=1e-5)
    draw_surprise(axes, model, held_out)
    heights = numpy.array([bar.get_height() for bar in axes.patches]).reshape(2, WINDOWS, 7)  # 2 of 9 do not count
    numpy.testing.assert_allclose(heights[0], paid[:, 2:], rtol=1e-6)
    numpy.testing.assert_allclose(heights[1], -held_out.source.surprise(held_out.tokens), atol=1e-12)


def test_the_whole_picture(tmp_path, history, model, held_out):
    draw_text(history, model, held_out, "once upon a time", tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
