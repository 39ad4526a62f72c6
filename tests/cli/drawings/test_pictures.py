"""The picture of a training: verdicts that need no color to be told apart, bars with their probabilities."""

from __future__ import annotations

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.cli.drawings.pictures import draw_bars, draw_picture, draw_training, percent, probabilities_of
from tinygrad_edu.datasets import PictureDataset
from tinygrad_edu.models import ReferenceCNN
from tinygrad_edu.training import History

figures = pytest.importorskip("matplotlib.figure", reason="draws the picture")


@pytest.fixture
def dataset():
    pictures = numpy.random.default_rng(0).integers(0, 256, (30, 3, 32, 32), dtype=numpy.uint8)
    return PictureDataset(pictures, numpy.arange(30) % 3, ["cat", "dog", "bird"])


@pytest.fixture
def axes():
    return figures.Figure().subplots()


def test_a_right_answer_has_a_check_mark_and_no_frame(dataset, axes):
    draw_picture(axes, dataset, 1, said=1)
    assert axes.get_title(loc="left") == "✓ dog"
    assert not any(spine.get_visible() for spine in axes.spines.values())
    numpy.testing.assert_array_equal(axes.images[0].get_array(), dataset.data[1].transpose(1, 2, 0))


def test_a_wrong_answer_has_a_cross_a_frame_and_another_color(dataset, axes):
    draw_picture(axes, dataset, 1, said=2)
    assert axes.get_title(loc="left") == "✗ is dog"
    assert all(spine.get_visible() for spine in axes.spines.values())
    wrong = axes._left_title.get_color()
    draw_picture(axes, dataset, 1, said=1)
    assert axes._left_title.get_color() != wrong


def test_bars(axes):
    draw_bars(axes, ["dog", "cat"], [0.75, 0.25])
    assert [bar.get_width() for bar in axes.patches] == [0.75, 0.25]
    assert [text.get_text() for text in axes.texts] == ["dog", "75.0 %", "cat", "25.0 %"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the likeliest on top


@pytest.mark.parametrize(
    ("probability", "shown"), [(1.0, "100.0 %"), (0.98213, "98.2 %"), (0.0004, "<0.1 %"), (0.0, "0.0 %")]
)
def test_percent(probability, shown):
    assert percent(probability) == shown


def test_probabilities_are_softmax_of_the_outputs(dataset):
    te.manual_seed(0)
    model = ReferenceCNN(classes=3)
    found = probabilities_of(model, dataset)
    with te.no_grad():
        wanted = model(dataset.take(range(30))[0]).softmax(1).numpy()
    numpy.testing.assert_allclose(found, wanted, atol=1e-6)
    assert model.training


def test_the_whole_picture_of_a_small_data_set(tmp_path, dataset):
    te.manual_seed(0)
    history = History({"loss": [2.0], "accuracy": [0.5], "validation_loss": [3.0], "validation_accuracy": [0.25]})
    draw_training(history, ReferenceCNN(classes=3), dataset, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
