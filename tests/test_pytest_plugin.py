"""The plug-in, in a project of somebody else's."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).resolve().parent.parent
THEIR_TESTS = """
import numpy, pytest
from tinygrad_edu import tensor
from tinygrad_edu.testing import GradcheckError

seen = []

def test_right(gradcheck, device, rng):
    x = tensor(rng.normal(size=(2, 2)), device=device, requires_grad=True)
    assert gradcheck(lambda x: (x * x).exp(), (x,))
    assert gradcheck(lambda x: x.exp(), (x,), order=1, fast_mode=True)
    seen.append((device.type, x.tolist()))

def test_wrong(gradcheck):
    x = tensor(numpy.ones(2), requires_grad=True)
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: x.detach() * x, (x,))

def test_every_device_was_here():
    assert [kind for kind, _ in seen] == ["cpu", "strict"]

@pytest.mark.gpu
def test_marker(): ...
"""


def run(folder: Path, *options: str) -> str:
    """pytest in a folder outside the repository, with nothing but the plug-in."""
    (folder / "test_theirs.py").write_text(THEIR_TESTS)
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    installed = any(entry.name == "tinygrad_edu" for entry in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "tinygrad_edu.pytest_plugin"]
    plain = ["-p", "no:cacheprovider", *plugin, "--strict-markers", "-W", "error", *options]
    command = [sys.executable, "-c", script, *plain, str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_another_project_gets_the_fixtures(tmp_path: Path) -> None:
    output = run(tmp_path, "-rs", "-m", "not gpu")
    assert "4 passed, 2 deselected" in output, output


def test_without_a_gpu_the_remedy_is_in_the_reason(tmp_path: Path) -> None:
    output = run(tmp_path, "-rs", "-k", "cuda")
    assert "1 passed" in output or ("1 skipped" in output and "tinygrad_edu[cuda12]" in output), output


def test_rng_is_the_same_in_every_run(rng: Any) -> None:
    assert rng.integers(10**6) == numpy.random.default_rng(_seed()).integers(10**6)


def _seed() -> int:
    import zlib

    return zlib.crc32(b"tests/test_pytest_plugin.py::test_rng_is_the_same_in_every_run")
