"""A wheel brings the lessons and their pictures: installed without a clone, the course is there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def run(*command: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_wheel_brings_the_course(tmp_path: Path) -> None:
    pytest.importorskip("jupytext", reason="reads lessons")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    for source in (*ROOT.glob("lessons/[0-9]*.*"), *ROOT.glob("figures/[0-9]*.*")):
        assert f"tinygrad_edu/{source.relative_to(ROOT).as_posix()}" in names
    assert not any("checkpoint" in name and "ipynb" in name for name in names)
    assert not any(name.startswith("tests") for name in names)
    ask = "from tinygrad_edu.course.lesson import figures, folder, lessons; print(folder(), figures(), len(lessons()))"
    folder, figures, count = run(sys.executable, "-P", "-c", ask, PYTHONPATH=str(tmp_path / "installed")).split()
    assert Path(folder) == tmp_path / "installed" / "tinygrad_edu" / "lessons"
    assert Path(figures) == tmp_path / "installed" / "tinygrad_edu" / "figures"
    assert int(count) == len(list(ROOT.glob("lessons/[0-9][0-9]_*.py")))
