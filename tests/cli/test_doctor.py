"""`tinygrad-edu doctor`: what is here, what is missing, and how to get it."""

from __future__ import annotations

import importlib.util
import os
import tomllib
from pathlib import Path

import pytest

from tinygrad_edu.cli import doctor, main

ROOT = Path(__file__).resolve().parents[2]
ALL = [module for modules in doctor.EXTRAS.values() for module in modules.values()]


def test_all_well(capsys, probe_course, monkeypatch):
    for module in ("jupytext", "yaml"):
        pytest.importorskip(module, reason="reads lessons")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(doctor, "cuda_problem", lambda: "there is none")
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    for part in (
        "✓ tinygrad_edu 0",
        "✓ Python 3.",
        "✓ NumPy",
        "✓ [lessons] ",
        "✓ 1 lessons in ",
        "· device cuda: there is none",
    ):
        assert part in shown
    assert "✗" not in shown
    assert shown.endswith("All well: tinygrad-edu lessons opens the first lesson.\n")


def test_what_is_missing_is_named_with_its_remedy(capsys, probe_course, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name in ("nbclient", "PIL") else find_spec(name)
    )
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert '✗ [io] missing pillow: pip install "tinygrad_edu[io]"' in shown
    assert "nbclient" in shown.partition("✗ [lessons] missing ")[2].partition(":")[0]
    assert "see the lines with ✗" in shown


def test_a_folder_that_cannot_be_written_to(capsys, probe_course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor.os, "access", lambda place, mode: place != Path.cwd())
    assert main(["doctor"]) == 1
    assert f"✗ {Path.cwd()} for your copies of the lessons: it cannot be written to" in capsys.readouterr().out


def test_old_versions(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10))
    monkeypatch.setattr(doctor.numpy, "__version__", "1.26.4")
    assert [good for good, _ in doctor.versions()] == [True, False, False]
    assert doctor.version("surely-not-installed") == "(not installed)"


def test_no_lessons(monkeypatch, tmp_path):
    for module in ("jupytext", "yaml"):
        pytest.importorskip(module, reason="reads lessons")
    monkeypatch.setenv("TINYGRAD_EDU_COURSE", str(tmp_path))
    assert doctor.places()[0][0] is False


def test_the_table_is_that_of_the_package():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, modules in doctor.EXTRAS.items():
        names = [entry.partition(">")[0] for entry in declared[extra] if not entry.startswith("tinygrad_edu")]
        assert list(modules) == names


def test_devices(monkeypatch):
    monkeypatch.setattr(doctor, "cuda_problem", lambda: None)
    assert doctor.devices() == [f"device cpu: {os.cpu_count()} cores", "device cuda: ready"]
