"""The memory that a step frees stays at hand: counted in pages that the system had to clear anew."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the thresholds are those of glibc's heap")

PAGES = """
import resource
import numpy

def pages_cleared():
    "Pages that the system clears while ten arrays of 8 MB come and go."
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        arrays = [numpy.ones(1_000_000) for _ in range(4)]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""
AS_IT_IS = 4_000  # at least so many where nobody asked: the heap gives back what lies on top of it


def cleared(prepare: str, **variables: str) -> int:
    """How many pages after `prepare` and a first round that takes the memory."""
    script = f"{PAGES}\n{prepare}\npages_cleared()\nprint(pages_cleared())"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")} | variables
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout)


def test_the_first_optimizer_asks_for_it() -> None:
    train = "import tinygrad_edu as te; te.optim.SGD([te.ones(2, requires_grad=True)], lr=0.1)"
    assert cleared(train) < 100


def test_importing_alone_changes_nothing() -> None:
    assert cleared("import tinygrad_edu") > AS_IT_IS


def test_whoever_has_decided_is_not_overruled() -> None:
    asked = "from tinygrad_edu.backend import keep_freed_memory; assert not keep_freed_memory()"
    assert cleared(asked, MALLOC_TRIM_THRESHOLD_="131072") > AS_IT_IS
    assert cleared(asked, MALLOC_MMAP_THRESHOLD_="131072") > AS_IT_IS


def test_where_there_is_no_such_heap_nothing_happens() -> None:
    script = """
import ctypes
def no_library(name):
    raise OSError("no such library")
ctypes.CDLL = no_library
from tinygrad_edu.backend import keep_freed_memory
assert keep_freed_memory() is False
"""
    assert cleared(script) > AS_IT_IS
