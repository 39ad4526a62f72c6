"""What all tests share: the plug-in's fixtures, also when the package is not installed; and one thread for linear algebra."""

from __future__ import annotations

import os

import pytest

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # small matrices: threads would only get in each other's way


def pytest_configure(config: pytest.Config) -> None:
    """An installed package brings its plug-in by its entry point; without it, load the plug-in from here."""
    if not config.pluginmanager.has_plugin("tinygrad_edu"):
        config.pluginmanager.import_plugin("tinygrad_edu.pytest_plugin")
