"""The results of the workloads as a table that people read, and as JSON.

For: `tinygrad-edu bench`. Not for: measuring.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from tinygrad_edu.bench.compare import OURS, Result
from tinygrad_edu.bench.workloads import WORKLOADS

MIB = 2**20


def heading(libraries: Sequence[str]) -> str:
    """The first line of the table."""
    times = "".join(f"{name + ' ms':>17}" for name in libraries)
    ratios = "".join(f"{'/ ' + name:>10}{'(spread)':>15}" for name in libraries if name != OURS)
    memory = "".join(f"{name + ' MiB':>17}" for name in libraries)
    return f"{'workload':42}{times}{ratios}{'goal':>7}{'moonshot':>10}{'peak:':>7}{memory}"


def row(result: Result, libraries: Sequence[str]) -> str:
    """One line: times, ratios, whether the goal is met, peak memory of the processes."""
    workload = WORKLOADS[result.workload]
    times = "".join(f"{1e3 * result.seconds[name]:17.3f}" for name in libraries)
    ratios = "".join(f"{ratio:10.2f}{spread(result.spread[name]):>15}" for name, ratio in result.ratio.items())
    memory = "".join(f"{result.memory[name] / MIB:17.0f}" for name in libraries)
    return f"{workload.title:42}{times}{ratios}{workload.goal:7.2f}{workload.moonshot:10.2f}{'':7}{memory}{met(result)}"


def spread(ratios: tuple[float, float]) -> str:
    """(0.95-1.21)"""
    return f"({ratios[0]:.2f}-{ratios[1]:.2f})"


def met(result: Result) -> str:
    """What to say behind a row: nothing where there is no PyTorch to compare with."""
    if "torch" not in result.ratio:
        return ""
    ratio, workload = result.ratio["torch"], WORKLOADS[result.workload]
    return "  moonshot" if ratio <= workload.moonshot else "  goal" if ratio <= workload.goal else "  above goal"


def summary(results: Sequence[Result]) -> list[str]:
    """How many goals were met and the median ratio, for each peer."""
    lines = []
    for name in results[0].ratio if results else ():
        ratios = [result.ratio[name] for result in results]
        lines.append(f"{statistics.median(ratios):.2f} of {name}'s time (median over {len(ratios)} workloads)")
    if results and "torch" in results[0].ratio:
        reached = [result.ratio["torch"] <= WORKLOADS[result.workload].goal for result in results]
        lines.append(f"{sum(reached)} of {len(reached)} goals met")
    return lines


def machine(result: Result) -> list[str]:
    """One line for each library: version, linear algebra, kernel, threads."""
    return [f"{name} {about['version']}: " + "; ".join(pools(about["pools"])) for name, about in result.about.items()]


def pools(found: Iterable[dict[str, Any]]) -> Iterable[str]:
    """openblas 0.3.30 for Haswell, 2 threads"""
    for pool in found:
        kernel = f" for {pool['architecture']}" if pool.get("architecture") else ""
        yield f"{pool['internal_api']} {pool.get('version') or ''}{kernel}, {pool['num_threads']} threads"


def as_json(results: Sequence[Result]) -> str:
    """Everything that was measured, with goals."""
    rows = [
        {**asdict(result), "goal": WORKLOADS[result.workload].goal, "moonshot": WORKLOADS[result.workload].moonshot}
        for result in results
    ]
    return json.dumps(rows, indent=2)
