"""What all tests share: the plug-in's fixtures, installed or not; and one thread for linear algebra."""

from __future__ import annotations

import importlib
import importlib.util
import os

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
