"""Freed memory stays at hand: a loop that makes and frees the same arrays asks the system for no new pages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from tinygrad_edu.backend import heap

LOOP = """
import resource
import numpy
import tinygrad_edu

def step():
    arrays = [numpy.ones(300_000, "float32") for _ in range(8)]

for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_asked_for(**variables: str) -> int:
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", LOOP], env={**cleared, **variables}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is one of glibc")
def test_a_loop_asks_for_no_new_pages() -> None:
    assert pages_asked_for() < 100
    decided = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
    assert pages_asked_for(**decided) > 10 * 8 * 200  # 300,000 numbers are 293 pages


def test_a_decision_in_the_environment_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "131072")
            assert not heap.keep_freed_memory()


def test_a_library_without_the_setting_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())
    assert not heap.keep_freed_memory()
