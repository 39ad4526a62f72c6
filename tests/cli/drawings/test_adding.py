"""The picture of the adding problem: slopes are derivatives, at the right steps, and baselines where they belong."""

from __future__ import annotations

import re

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.cli.drawings.adding import answers_and_slopes, draw_adding, draw_loss, draw_reach, draw_sequence
from tinygrad_edu.datasets import AddingProblem
from tinygrad_edu.training import History

figures = pytest.importorskip("matplotlib.figure", reason="draws the picture")


class Fading(nn.Module):
    """answer = Σ_t 2^(t - T) value_t marker_t: a memory that fades by half at each step, whose slopes are known."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(te.tensor(1.0))

    def forward(self, x):
        fading = te.tensor(2.0 ** (numpy.arange(x.shape[1]) - x.shape[1]).astype(numpy.float32))
        return self.scale * (x[:, :, 0] * x[:, :, 1] * fading).sum(1)


@pytest.fixture
def held_out():
    return AddingProblem(False, length=6, sequences=80)


@pytest.fixture
def axes():
    return figures.Figure().subplots()


def test_answers_and_slopes(held_out):
    model = Fading()
    said, slopes = answers_and_slopes(model, held_out)
    fading = 2.0 ** (numpy.arange(6) - 6)
    values, markers = held_out.sequences[..., 0], held_out.sequences[..., 1]
    numpy.testing.assert_allclose(said, (values * markers * fading).sum(1), rtol=1e-5)
    numpy.testing.assert_allclose(slopes, markers * fading, rtol=1e-6)
    assert model.scale.grad is None  # nothing is left behind


def test_the_reach_of_the_gradient(axes, held_out):
    _, slopes = answers_and_slopes(Fading(), held_out)
    draw_reach(axes, slopes, held_out.marked)
    marked, others = axes.lines[:2]
    numpy.testing.assert_array_equal(marked.get_xdata(), range(1, 7))
    numpy.testing.assert_allclose(marked.get_ydata(), 2.0 ** (numpy.arange(6) - 6), rtol=1e-6)
    numpy.testing.assert_allclose(others.get_ydata(), 1e-30, rtol=1e-5)  # nothing comes back from what is not marked
    assert axes.get_yscale() == "log"


def test_the_losses_of_who_remembers_nothing_or_half(axes):
    draw_loss(axes, History({"loss": [0.2, 1e-5], "validation_loss": [0.17, 2e-5]}))
    levels = {line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1}
    assert {1 / 6, 1 / 12} <= levels
    low, high = axes.get_ylim()
    assert low < 1e-5
    assert high > 0.2


def test_the_sequence(axes, held_out):
    draw_sequence(axes, held_out, 7, 0.5)
    numpy.testing.assert_allclose([bar.get_height() for bar in axes.patches], held_out.sequences[7, :, 0])
    colors = [bar.get_facecolor() for bar in axes.patches]
    assert len(set(colors)) == 2
    for t in held_out.marked[7]:
        assert colors.count(colors[t]) == 2
    first, second, total, said = map(float, re.findall(r"\d\.\d{3}", axes.get_title(loc="left")))
    numpy.testing.assert_allclose([first, second], held_out.sequences[7, held_out.marked[7], 0], atol=0.0005)
    assert (total, said) == (pytest.approx(first + second), 0.5)


def test_the_whole_picture(tmp_path, held_out):
    draw_adding(History({"loss": [0.2], "validation_loss": [0.1]}), Fading(), held_out, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
