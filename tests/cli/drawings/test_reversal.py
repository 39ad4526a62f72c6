"""The picture of a reversal: attention with its letters, mistakes first, and what would have been right."""

from __future__ import annotations

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.cli.drawings.reversal import MISTAKES, ROWS, draw_answers, draw_attention, draw_reversal
from tinygrad_edu.datasets import Reversal
from tinygrad_edu.datasets.reversal import VOCABULARY, as_batch
from tinygrad_edu.models import SequenceToSequence
from tinygrad_edu.training import History

figures = pytest.importorskip("matplotlib.figure", reason="draws the picture")


@pytest.fixture
def axes():
    return figures.Figure().subplots()


@pytest.fixture
def model():
    te.manual_seed(0)
    return SequenceToSequence(VOCABULARY, 8, width=8, heads=2)


def test_attention_has_a_row_for_each_letter_written_and_a_column_for_each_read(axes, model):
    draw_attention(axes, model, "robot", 7)
    weights = model.attention(as_batch(["robot"], 7)[0]).numpy()[0]
    numpy.testing.assert_allclose(axes.images[0].get_array(), weights[:6, :5])
    assert [label.get_text() for label in axes.get_xticklabels()] == list("robot")
    assert [label.get_text() for label in axes.get_yticklabels()] == [*"tobor", "end"]


def test_mistakes_come_first_with_what_would_have_been_right(axes):
    words = [f"{letter}xy" for letter in "abcdefghijklmno"]
    said = [word[::-1] for word in words]
    for index in range(5, 11):
        said[index] = "oh"
    draw_answers(axes, words, said)
    shown = [text.get_text() for text in axes.texts]
    assert axes.get_title(loc="left") == "6 mistakes in 15 words"
    assert shown.count("✗") == MISTAKES
    assert shown.count("✓") == ROWS - MISTAKES
    assert shown[:4] == ["✗", "fxy", "oh", "is yxf"]


def test_nothing_right_at_all(axes):
    draw_answers(axes, ["abc"] * 20, ["abc"] * 20)
    assert [text.get_text() for text in axes.texts].count("✗") == ROWS


def test_the_whole_picture(tmp_path, model):
    held_out = Reversal(False, longest=7, count=12)
    history = History({"loss": [2.0], "accuracy": [0.5], "validation_loss": [3.0], "validation_accuracy": [0.25]})
    draw_reversal(history, model, held_out, held_out.words, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
