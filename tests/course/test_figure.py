"""show_figure: the picture has words, and its file is the same each time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tinygrad_edu.course import show_figure
from tinygrad_edu.course.figure import FOLDER

ALT = "A line that rises from 0 to 2 without a bend"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="3"/></svg>'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "figures"))
    return tmp_path / "figures"


def line():
    figure = pytest.importorskip("matplotlib.figure", reason="draws the pictures").Figure(figsize=(2, 1))
    figure.subplots().plot([0, 2])
    return figure


def test_words_are_needed():
    with pytest.raises(ValueError, match="at least 20 characters, got 'A line'"):
        show_figure(None, name="x", alt="A line")


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    show_figure(SimpleNamespace(_repr_svg_=lambda: SVG), name="90-drawing", alt=ALT)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == f"Figure 90-drawing: {ALT}\n"


def test_the_files_are_the_same_each_time(folder):
    show_figure(line(), name="90-line", alt=ALT)
    first = (folder / "90-line.png").read_bytes()
    show_figure(line(), name="90-line", alt=ALT)
    assert (folder / "90-line.png").read_bytes() == first
    assert first.startswith(b"\x89PNG")
    assert (folder / "90-line.alt.txt").read_text() == ALT + "\n"


def test_drawings(folder):
    show_figure(SimpleNamespace(_repr_svg_=lambda: SVG), name="90-drawing", alt=ALT)
    assert (folder / "90-drawing.svg").read_text() == SVG


def test_animations(folder):
    pytest.importorskip("matplotlib", reason="draws the pictures")
    pytest.importorskip("PIL", reason="writes animations")
    from matplotlib.animation import FuncAnimation

    figure = line()
    (curve,) = figure.axes[0].lines
    show_figure(FuncAnimation(figure, lambda i: curve.set_ydata([0, i]), frames=3, blit=False), name="90-move", alt=ALT)
    assert (folder / "90-move.gif").read_bytes().startswith(b"GIF8")


def test_a_figure_of_pyplot_is_closed():
    pytest.importorskip("matplotlib", reason="draws the pictures")
    import matplotlib.pyplot

    figure = matplotlib.pyplot.figure()
    show_figure(figure, name="90-line", alt=ALT)
    assert matplotlib.pyplot.get_fignums() == []
