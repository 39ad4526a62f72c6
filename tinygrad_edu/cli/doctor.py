"""Is everything here that the package and its lessons need? Versions, devices, optional libraries, folders.

Exit status 1 if a lesson could not run.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import sys
import tempfile
from pathlib import Path

import numpy

from tinygrad_edu.backend import cuda_problem
from tinygrad_edu.course.lesson import folder, lessons

# extra -> {distribution, as pip calls it: module, as Python calls it}; each brings those above it too, but cuda
EXTRAS = {
    "io": {"pillow": "PIL", "safetensors": "safetensors"},
    "train": {"matplotlib": "matplotlib", "scikit-learn": "sklearn", "threadpoolctl": "threadpoolctl", "tqdm": "tqdm"},
    "lessons": {
        "ipykernel": "ipykernel",
        "jupyterlab": "jupyterlab",
        "jupytext": "jupytext",
        "nbclient": "nbclient",
        "nbconvert": "nbconvert",
        "nbformat": "nbformat",
        "pyyaml": "yaml",
    },
}
NEEDED = ("io", "train", "lessons")  # by the lessons


def add_options(parser: argparse.ArgumentParser) -> None:
    """`tinygrad-edu doctor` has no options of its own."""


def run(options: argparse.Namespace) -> int:
    """Print a line for each thing looked at, ✓ or ✗ with the remedy; 0 if the lessons can run."""
    checks = [*versions(), *extras(), *places()]
    for good, text in checks:
        print("✓" if good else "✗", text)
    for text in devices():
        print("·", text)
    if all(good for good, _ in checks):
        print("All well: tinygrad-edu lessons opens the first lesson.")
        return 0
    print("Not everything is here yet: see the lines with ✗.")
    return 1


def versions() -> list[tuple[bool, str]]:
    """Python, NumPy and this package, and whether they are new enough."""
    enough = sys.version_info >= (3, 11)
    remedy = "" if enough else ": wanted 3.11 or newer"
    new = tuple(int(part) for part in numpy.__version__.split(".")[:2]) >= (2, 1)
    return [
        (True, f"tinygrad_edu {version('tinygrad_edu')} in {Path(__file__).resolve().parents[1]}"),
        (enough, f"Python {platform.python_version()} on {platform.system()}{remedy}"),
        (new, f"NumPy {numpy.__version__}" + ("" if new else ": wanted 2.1 or newer, pip install -U numpy")),
    ]


def version(distribution: str) -> str:
    """What is installed, or a word about it."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def extras() -> list[tuple[bool, str]]:
    """The optional libraries, by the extra that brings them."""
    found = []
    for extra in NEEDED:
        missing = [name for name, module in EXTRAS[extra].items() if importlib.util.find_spec(module) is None]
        there = ", ".join(f"{name} {version(name)}" for name in EXTRAS[extra] if name not in missing)
        remedy = f'missing {", ".join(missing)}: pip install "tinygrad_edu[{extra}]"' if missing else there
        found.append((not missing, f"[{extra}] {remedy}"))
    return found


def places() -> list[tuple[bool, str]]:
    """The lessons, and the folders that are written to."""
    found = []
    if all(importlib.util.find_spec(module) is not None for module in ("jupytext", "yaml")):
        try:
            found.append((True, f"{len(lessons())} lessons in {folder()}"))
        except (FileNotFoundError, ValueError) as error:
            found.append((False, str(error)))
    for place, use in ((Path.cwd(), "your copies of the lessons"), (Path(tempfile.gettempdir()), "temporary files")):
        good = os.access(place, os.W_OK)
        found.append((good, f"{place} for {use}" + ("" if good else ": it cannot be written to, go to another folder")))
    return found


def devices() -> list[str]:
    """Where one can compute. No GPU is no fault."""
    problem = cuda_problem()
    return [
        f"device cpu: {os.cpu_count()} cores",
        "device cuda: ready" if problem is None else f"device cuda: {problem}",
    ]
