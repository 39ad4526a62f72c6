"""How time grows with size: batch, width, depth, length of a sequence, each over two decades.

The mathematics of each series says with which power the work of a large one grows, time ~ size^p. What is fitted here
is the slope of log time against log size over the upper decade; below it fixed costs count too (a small network waits
for Python, not for arithmetic), and the slope over both decades is smaller. A slope well above p would be a term that
nobody asked for: a graph that is walked twice, a gradient of full size for each step of a sequence.

For: `tinygrad-edu bench growth`. Not for: comparing with other libraries.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from tinygrad_edu.bench import networks
from tinygrad_edu.bench.workloads import Step, normal, training_step, whole

LIBRARY: Any = importlib.import_module("tinygrad_edu")  # as a user's program imports it
LEAST = 0.8  # seconds of steps for each point: half a minute in all
SLACK = 0.25  # how much above p a slope may be before it is called steeper: a cache that overflows, a noisy machine


@dataclass(frozen=True)
class Series:
    """One quantity that grows while everything else stays: `prepare(size)` returns the step to be timed."""

    title: str
    power: float  # with which the work grows, in the end
    why: str
    sizes: Sequence[int]
    prepare: Callable[[int], Step]


@dataclass(frozen=True)
class Fit:
    """What was measured: seconds of a step at each size, and the slopes of their logarithms."""

    series: Series
    seconds: list[float]

    @property
    def slope(self) -> float:
        """Over both decades."""
        return slope(self.series.sizes, self.seconds)

    @property
    def upper(self) -> float:
        """Over the upper decade, where fixed costs count least."""
        large = [i for i, size in enumerate(self.series.sizes) if 10 * size >= self.series.sizes[-1]]
        return slope([self.series.sizes[i] for i in large], [self.seconds[i] for i in large])

    @property
    def is_steeper(self) -> bool:
        """Whether time grows faster than the mathematics asks."""
        return self.upper > self.series.power + SLACK


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The p of time ~ size^p, by least squares on the logarithms."""
    return float(numpy.polyfit(numpy.log(sizes), numpy.log(seconds), 1)[0])


# ------------------------------------------------------------------------------------------------------ what grows
def cnn_batch(batch: int) -> Step:
    model = networks.reference_cnn(LIBRARY)
    optimizer = LIBRARY.optim.SGD(model.parameters(), lr=0.001)
    return training_step(LIBRARY, model, optimizer, normal(LIBRARY, batch, 3, 32, 32), whole(LIBRARY, 10, batch))


def mlp_width(width: int) -> Step:
    nn = LIBRARY.nn
    model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    optimizer = LIBRARY.optim.SGD(model.parameters(), lr=0.001)
    return training_step(LIBRARY, model, optimizer, normal(LIBRARY, 64, width), whole(LIBRARY, 10, 64))


def chain_depth(depth: int) -> Step:
    x, a = normal(LIBRARY, 10).requires_grad_(), normal(LIBRARY, 10)

    def step() -> None:
        y = x
        for _ in range(depth):
            y = y + a
        y.sum().backward()

    return step


def lstm_length(length: int) -> Step:
    model = networks.recurrent(LIBRARY, "LSTM")
    optimizer = LIBRARY.optim.SGD(model.parameters(), lr=0.001)
    return training_step(LIBRARY, model, optimizer, normal(LIBRARY, length, 8, 64), whole(LIBRARY, 10, 8))


def attention_length(length: int) -> Step:
    attend = LIBRARY.nn.functional.scaled_dot_product_attention
    q, k, v = (normal(LIBRARY, 1, 2, length, 32).requires_grad_() for _ in range(3))
    g = normal(LIBRARY, 1, 2, length, 32)

    def step() -> None:
        q.grad = k.grad = v.grad = None
        attend(q, k, v, is_causal=True).backward(g)

    return step


SERIES = (
    Series("reference CNN: batch", 1, "each picture by itself", (4, 8, 16, 40, 80, 160, 400), cnn_batch),
    Series("MLP: width", 2, "weights in all", (16, 32, 64, 160, 320, 640, 1600), mlp_width),
    Series("chain of additions: depth", 1, "each addition once", (1000, 3000, 10_000, 30_000, 100_000), chain_depth),
    Series("LSTM: length", 1, "each step once", (5, 10, 20, 50, 100, 200, 500), lstm_length),
    Series("attention: length", 2, "every pair of places", (20, 40, 80, 200, 400, 800, 2000), attention_length),
)


# -------------------------------------------------------------------------------------------------------- measuring
def measure(series: Series, least: float = LEAST) -> Fit:
    """The shortest time of a step at each size. Sizes take turns, so that a slow moment is slow for all of them."""
    steps = [series.prepare(size) for size in series.sizes]
    seconds: list[list[float]] = [[] for _ in steps]
    for step in steps:  # the first warms up
        step()
    while any(sum(found) < least or len(found) < 3 for found in seconds):
        for step, found in zip(steps, seconds, strict=True):
            if sum(found) < least or len(found) < 3:
                start = time.perf_counter()
                step()
                found.append(time.perf_counter() - start)
    return Fit(series, [min(found) for found in seconds])


def run_growth(least: float = LEAST, series: Sequence[Series] = SERIES) -> list[Fit]:
    """Measure every series and print a line for each: the times, the slopes, and what the mathematics asks."""
    print(f"{'time of a step ~ size^p':28}{'sizes':>14}{'ms':>18}{'p':>8}{'upper p':>9}{'asked':>7}")
    fits = []
    for one in series:
        fit = measure(one, least)
        sizes, ms = f"{one.sizes[0]} - {one.sizes[-1]}", f"{1e3 * fit.seconds[0]:.2f} - {1e3 * fit.seconds[-1]:.1f}"
        verdict = "STEEPER" if fit.is_steeper else ""
        print(
            f"{one.title:28}{sizes:>14}{ms:>18}{fit.slope:8.2f}{fit.upper:9.2f}{one.power:7.0f}  {one.why}  {verdict}",
            flush=True,
        )
        fits.append(fit)
    steeper = [fit.series.title for fit in fits if fit.is_steeper]
    print(f"steeper than asked: {', '.join(steeper)}" if steeper else "no series is steeper than the mathematics asks")
    return fits
