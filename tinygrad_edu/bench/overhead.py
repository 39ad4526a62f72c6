"""Overhead per operation: what an engine adds around the arithmetic, measured where there is next to no arithmetic.

Each operation is applied 100 times in a row to 10 float32 numbers: forward without recording, and forward with
recording followed by one backward through all 100. The time divided by 100 is what one operation costs. The libraries
take turns in every round, so that a machine that is slower for a while is slower for all; the medians over the rounds
are shown.

For: the cost of small operations. Not for: large arrays, where the arithmetic decides.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy

SIZE, LENGTH = 10, 100
OURS = "tinygrad_edu"

# x: (10,), a: (10,) about 1, m: (10, 10) a rotation, so that 100 in a row stay finite. t: the library.
OPERATIONS: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "x + a": lambda t, x, a, m: x + a,
    "x + 1.0": lambda t, x, a, m: x + 1.0,
    "x - a": lambda t, x, a, m: x - a,
    "x * a": lambda t, x, a, m: x * a,
    "x / a": lambda t, x, a, m: x / a,
    "-x": lambda t, x, a, m: -x,
    "x.tanh()": lambda t, x, a, m: x.tanh(),
    "x.sigmoid()": lambda t, x, a, m: x.sigmoid(),
    "x.relu()": lambda t, x, a, m: x.relu(),
    "x.cos()": lambda t, x, a, m: x.cos(),
    "maximum(x, a)": lambda t, x, a, m: t.maximum(x, a),
    "x.softmax(0)": lambda t, x, a, m: x.softmax(0),
    "x.reshape(10)": lambda t, x, a, m: x.reshape(SIZE),
    "x.flip(0)": lambda t, x, a, m: x.flip(0),
    "m @ x": lambda t, x, a, m: m @ x,
}
ZERO, ONE, LARGEST = (numpy.array(value, numpy.float32) for value in (0, 1, 88))
# The fewest calls of NumPy that compute the same: below their time no engine on NumPy can be.
ALONE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "x + a": lambda x, a, m: x + a,
    "x + 1.0": lambda x, a, m: x + 1.0,
    "x - a": lambda x, a, m: x - a,
    "x * a": lambda x, a, m: x * a,
    "x / a": lambda x, a, m: x / a,
    "-x": lambda x, a, m: -x,
    "x.tanh()": lambda x, a, m: numpy.tanh(x),
    "x.sigmoid()": lambda x, a, m: ONE / (numpy.exp(numpy.minimum(-x, LARGEST)) + ONE),
    "x.relu()": lambda x, a, m: numpy.maximum(x, ZERO),
    "x.cos()": lambda x, a, m: numpy.cos(x),
    "maximum(x, a)": lambda x, a, m: numpy.maximum(x, a),
    "x.softmax(0)": lambda x, a, m: divided_by_its_sum(numpy.exp(x - numpy.maximum.reduce(x))),
    "x.reshape(10)": lambda x, a, m: x.reshape(SIZE),
    "x.flip(0)": lambda x, a, m: x[::-1],
    "m @ x": lambda x, a, m: m.dot(x),
}
WHOLE = (
    "((x * a + b).tanh()).sum()"  # one small loss as a learner writes it, with its backward; not divided by anything
)


def divided_by_its_sum(x: numpy.ndarray) -> numpy.ndarray:
    """x / Σ x"""
    return x / numpy.add.reduce(x)


class Library:
    """One library under its PyTorch-like module, with the arguments of the operations."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.module = importlib.import_module(name)
        random = numpy.random.default_rng(0)
        rotation = numpy.linalg.qr(random.standard_normal((SIZE, SIZE)))[0]
        arrays = random.uniform(0.1, 0.9, SIZE), random.uniform(0.99, 1.01, SIZE), rotation
        self.x, self.a, self.m = (self.module.from_numpy(array.astype(numpy.float32)) for array in arrays)
        self.one = self.module.ones(SIZE)

    def forward(self, operation: Callable[..., Any]) -> float:
        """Seconds for one of LENGTH applications in a row, unrecorded."""
        t, x, a, m = self.module, self.x, self.a, self.m
        start = time.perf_counter()
        for _ in range(LENGTH):
            x = operation(t, x, a, m)
        return (time.perf_counter() - start) / LENGTH

    def forward_backward(self, operation: Callable[..., Any]) -> float:
        """Seconds for one of LENGTH applications in a row, recorded, and its share of one backward through all."""
        t, a, m = self.module, self.a, self.m
        leaf = self.x.clone().requires_grad_()
        start = time.perf_counter()
        x = leaf
        for _ in range(LENGTH):
            x = operation(t, x, a, m)
        x.backward(self.one)
        return (time.perf_counter() - start) / LENGTH

    def alone(self, operation: Callable[..., Any]) -> float:
        """Seconds for one of LENGTH applications in a row by bare calls of NumPy; ours alone is asked."""
        x, a, m = self.x.numpy(), self.a.numpy(), self.m.numpy()
        start = time.perf_counter()
        for _ in range(LENGTH):
            x = operation(x, a, m)
        return (time.perf_counter() - start) / LENGTH

    def whole_forward(self, _: Any = None) -> float:
        """Seconds for the small loss, unrecorded."""
        x, a, b = self.x, self.a, self.one
        start = time.perf_counter()
        for _ in range(LENGTH):
            ((x * a + b).tanh()).sum()
        return (time.perf_counter() - start) / LENGTH

    def whole_forward_backward(self, _: Any = None) -> float:
        """Seconds for the small loss and its gradient."""
        x, a, b = self.x.clone().requires_grad_(), self.a, self.one
        start = time.perf_counter()
        for _ in range(LENGTH):
            ((x * a + b).tanh()).sum().backward()
        return (time.perf_counter() - start) / LENGTH


def measure(libraries: Sequence[Library], rounds: int) -> list[dict[str, Any]]:
    """[{"operation": …, "forward": {library: µs}, "forward_backward": {library: µs}}, …], medians over the rounds."""
    work: dict[str, tuple[Any, Any, Any]] = {
        name: (Library.forward, Library.forward_backward, operation) for name, operation in OPERATIONS.items()
    }
    work[WHOLE] = (Library.whole_forward, Library.whole_forward_backward, None)
    rows = []
    for name, (forward, forward_backward, operation) in work.items():
        row: dict[str, Any] = {"operation": name}
        for kind, timer in (("forward", forward), ("forward_backward", forward_backward)):
            seconds: dict[str, list[float]] = {library.name: [] for library in libraries}
            for turn in range(rounds + 1):
                for library in libraries[:: 1 if turn % 2 else -1]:
                    seconds[library.name].append(timer(library, operation))
            row[kind] = {
                name: 1e6 * statistics.median(times[1:]) for name, times in seconds.items()
            }  # the first warms up
        if name in ALONE:
            bare = [libraries[0].alone(ALONE[name]) for _ in range(rounds + 1)]
            row["numpy_alone"] = 1e6 * statistics.median(bare[1:])
        rows.append(row)
    return rows


def run_overhead(peers: Sequence[str], rounds: int, as_json: bool) -> list[dict[str, Any]]:
    """Measure ourselves beside the `peers` that are installed, name those that are not, print, and return the rows."""
    missing = [name for name in peers if importlib.util.find_spec(name) is None]
    libraries = [Library(name) for name in [OURS, *peers] if name not in missing]
    rows = measure(libraries, rounds)
    versions = {library.name: getattr(library.module, "__version__", "") for library in libraries}
    about = {"python": platform.python_version(), "numpy": numpy.__version__, "libraries": versions, "missing": missing}
    if as_json:
        print(json.dumps({"workload": "overhead", "unit": "µs", "rounds": rounds, **about, "rows": rows}, indent=2))
        return rows
    print(f"Overhead per operation on {SIZE} numbers, in µs: median of {rounds} rounds, Python {about['python']}")
    print_table(rows, [library.name for library in libraries])
    for name in missing:
        print(f"{name} is not installed, so it is left out: pip install {name}")
    return rows


def print_table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """What NumPy alone takes forward; ours and each peer's times, with our time divided by the peer's."""
    kinds = {"forward": "forward", "forward_backward": "forward + backward"}
    columns = [OURS, *(column for name in names[1:] for column in (name, "ratio"))]
    width = 13 * len(columns)
    print(f"{'':40}" + "".join(f"{title:>{width}}" for title in kinds.values()))
    print(f"{'operation':28}{'NumPy alone':>12}" + "".join(f"{column:>13}" for column in columns) * len(kinds))
    for row in rows:
        cells = [f"{row['numpy_alone']:12.2f}" if "numpy_alone" in row else f"{'':12}"]
        for kind in kinds:
            ours = row[kind][OURS]
            cells.append(f"{ours:13.2f}")
            cells += [f"{row[kind][name]:13.2f}{ours / row[kind][name]:13.2f}" for name in names[1:]]
        print(f"{row['operation']:28}" + "".join(cells))
    for name in names[1:]:
        for kind, title in kinds.items():
            ratios = [row[kind][OURS] / row[kind][name] for row in rows]
            print(f"{title}: {statistics.median(ratios):.2f} of {name}'s time (median over the operations)")
