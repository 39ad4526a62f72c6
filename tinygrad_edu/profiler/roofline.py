"""The roofline: how near each operation is to what this machine can do.

An operation that does I floating-point operations for each byte it moves cannot run faster than min(peak, I · B): B
bytes a second come from memory, and the peak is what the processor calculates. To the left of the ridge an operation
waits for memory, and only moving less (fusing) makes it faster; to the right it calculates.

Both limits are measured, not looked up: the peak from a large matrix product, B from a copy. Arrays that stay in the
processor's cache can lie above the slanted roof. Source: S. Williams, A. Waterman, D. Patterson, Roofline, 2009.
Not for: operations that only move numbers; they have no place on the horizontal axis.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.profiler.flame import operation_color
from tinygrad_edu.profiler.rows import grouped

SIZE, COPIED = 1024, 1 << 24  # of the matrices; numbers to copy, 64 MiB of them: more than caches hold
LABELS = 12  # operations that are named, those that took longest


@dataclass(frozen=True)
class Machine:
    """What the machine can do: floating-point operations and bytes a second, in billions."""

    gflops: float
    gigabytes: float

    @property
    def ridge(self) -> float:
        """FLOPs for each byte above which the processor, and no longer the memory, is the limit."""
        return self.gflops / self.gigabytes

    def roof(self, intensity: Any) -> Any:
        """The most GFLOP/s that are possible at this many FLOPs for each byte."""
        return numpy.minimum(self.gflops, numpy.multiply(intensity, self.gigabytes))


def measure_machine(size: int = SIZE, copied: int = COPIED, times: int = 5) -> Machine:
    """Measure, in float32 with the threads that NumPy uses now; the best of some runs, half a second in all."""
    x, y = (numpy.random.default_rng(seed).standard_normal((size, size), numpy.float32) for seed in (0, 1))
    out = numpy.empty_like(x)
    source, target = numpy.zeros(copied, numpy.float32), numpy.zeros(copied, numpy.float32)
    product = _shortest(lambda: numpy.matmul(x, y, out=out), times)
    copy = _shortest(lambda: numpy.copyto(target, source), times)
    return Machine(2 * size**3 / product / 1e9, 2 * source.nbytes / copy / 1e9)


def _shortest(work: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times + 1):  # the first warms up
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found[1:])


@dataclass(frozen=True)
class Point:
    """One operation in one direction."""

    name: str
    is_backward: bool
    seconds: float
    intensity: float  # FLOPs for each byte
    gflops: float  # billions of FLOPs a second


def points(profile: Any) -> list[Point]:
    """The operations that calculate, the longest first."""
    found = []
    for row in grouped(profile.rows, "op"):
        for is_backward, seconds, flops, moved in (
            (False, row.forward, row.forward_flops, row.forward_bytes),
            (True, row.backward, row.backward_flops, row.backward_bytes),
        ):
            if seconds and flops and moved:
                found.append(Point(row.name, is_backward, seconds, flops / moved, flops / seconds / 1e9))
    return sorted(found, key=lambda point: -point.seconds)


def roofline(profile: Any, machine: Machine | None = None) -> Any:
    """The operations of a profile under the roof of this machine: a matplotlib Figure.

    A dot is the way there, a ring the way back; the larger, the longer it took. machine: measured unless it is given.
    """
    figure_of = require("matplotlib.figure", extra="train", purpose="draw a roofline").Figure
    machine = measure_machine() if machine is None else machine
    found = points(profile)
    if not found:
        raise ValueError("there is nothing to draw: wanted a profile with operations that calculate, got none")
    figure = figure_of(figsize=(8.0, 5.0), layout="constrained")
    axes = figure.add_subplot()
    low = min(point.intensity for point in found) / 2
    high = max(4 * machine.ridge, *(2 * point.intensity for point in found))
    line = numpy.geomspace(low, high, 200)
    axes.loglog(line, machine.roof(line), color="black", linewidth=1.5)
    axes.axvline(machine.ridge, color="gray", linewidth=0.8, linestyle=":")
    longest = found[0].seconds
    for place, point in enumerate(found):
        color = operation_color(point.name, darker=0.25)
        axes.scatter(
            point.intensity,
            point.gflops,
            s=20 + 280 * point.seconds / longest,
            facecolors="none" if point.is_backward else [color],
            edgecolors=[color] if point.is_backward else "black",
            linewidths=2.0 if point.is_backward else 0.6,
        )
        if place < LABELS:
            name = f"{point.name} back" if point.is_backward else point.name
            axes.annotate(name, (point.intensity, point.gflops), (6, 4), textcoords="offset points", fontsize=8)
    axes.set_xlabel("FLOPs for each byte moved")
    axes.set_ylabel("GFLOP/s")
    axes.set_title(f"peak {machine.gflops:.0f} GFLOP/s, memory {machine.gigabytes:.0f} GB/s, float32", fontsize=10)
    axes.grid(which="major", color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
