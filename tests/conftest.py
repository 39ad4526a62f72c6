"""What all tests share: the plug-in's fixtures, installed or not; and one thread for linear algebra."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # small matrices: threads would only get in each other's way


def pytest_configure(config: pytest.Config) -> None:
    """An installed package brings its plug-in by its entry point; without it, load the plug-in from here."""
    if not config.pluginmanager.has_plugin("tinygrad_edu"):
        config.pluginmanager.import_plugin("tinygrad_edu.pytest_plugin")
    # An installed plug-in has loaded NumPy before this file was read: then the variables above come too late.
    if importlib.util.find_spec("threadpoolctl") is not None:
        importlib.import_module("threadpoolctl").threadpool_limits(1)


@pytest.fixture
def probe_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A course of one small lesson, 90, with lessons/, exercises/ and figures/: the course of this test."""
    course = tmp_path / "course"
    shutil.copytree(Path(__file__).parent / "course" / "probe", course)
    exercises = importlib.import_module("tinygrad_edu.course.exercises")
    monkeypatch.setenv(exercises.COURSE, str(course))
    monkeypatch.setattr(exercises, "__path__", [*exercises.__path__, str(course / "exercises")])
    monkeypatch.delitem(sys.modules, "tinygrad_edu.course.exercises.lesson_90", raising=False)
    yield course
    sys.modules.pop("tinygrad_edu.course.exercises.lesson_90", None)
