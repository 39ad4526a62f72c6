"""The README keeps its word: its tour runs and prints what it shows, its pictures are what the code draws."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.S)


def test_the_tour_prints_what_the_readme_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tour,), shown = blocks("python"), blocks("text")[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tour, "tour.py", "exec"), {"__name__": "__main__"})
    assert printed.getvalue().strip() == shown.strip()
    assert (tmp_path / "graph.svg").read_text() == (ROOT / "figures" / "graph.svg").read_text()


def test_ci_runs_the_readmes_test_command() -> None:
    commands = [block.strip() for block in blocks("bash")]
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_links_and_pictures_exist() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.S)
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        assert target.startswith("http") or (ROOT / target).is_file(), target
    for folder in re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py))`", README):
        assert (ROOT / "tinygrad_edu" / folder).exists() or (ROOT / folder).exists(), folder
