"""The results of the workloads as a table that people read, and as JSON.

For: `tinygrad-edu bench`. Not for: measuring.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from tinygrad_edu.bench.compare import OURS, Result
from tinygrad_edu.bench.peers import PEERS
from tinygrad_edu.bench.workloads import WORKLOADS

MIB = 2**20
NONE = "-"  # a workload that a library does not have
TIMES_AS_FAST = 4  # as the fastest peer over NumPy: the goal on CNN, LSTM and GPT


def heading(libraries: Sequence[str]) -> str:
    """The first line of the table: milliseconds, our time divided by the peers', goals, MiB of the processes."""
    names = ["ours" if name == OURS else name for name in libraries]
    times = "".join(f"{name + ' ms':>12}" for name in names)
    ratios = "".join(f"{'/ ' + name:>11} {'(spread)':<12}" for name in names[1:])
    memory = "".join(f"{name:>10}" for name in names)
    return f"{'workload':38}{times}{ratios}{'goal':>6}{'moonshot':>10}{'peak MiB:':>12}{memory}"


def row(result: Result, libraries: Sequence[str]) -> str:
    """One line: times, ratios, whether the goal is met, peak memory of the processes."""
    workload, has = WORKLOADS[result.workload], result.seconds
    times = "".join(f"{1e3 * has[name]:12.3f}" if name in has else f"{NONE:>12}" for name in libraries)
    ratios = "".join(
        f"{result.ratio[name]:11.2f} {spread(result.spread[name]):<12}" if name in has else f"{NONE:>11}{'':13}"
        for name in libraries
        if name != OURS
    )
    memory = "".join(f"{result.memory[name] / MIB:10.0f}" if name in has else f"{NONE:>10}" for name in libraries)
    return (
        f"{workload.title:38}{times}{ratios}{workload.goal:6.2f}{workload.moonshot:10.2f}{'':12}{memory}{met(result)}"
    )


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
    """The median ratio to each peer, how many goals were met, and how far the fastest peer over NumPy is behind."""
    lines = []
    for name in dict.fromkeys(name for result in results for name in result.ratio):
        ratios = [result.ratio[name] for result in results if name in result.ratio]
        lines.append(f"{statistics.median(ratios):.2f} of {name}'s time (median over {len(ratios)} workloads)")
    if results and "torch" in results[0].ratio:
        reached = [result.ratio["torch"] <= WORKLOADS[result.workload].goal for result in results]
        lines.append(f"{sum(reached)} of {len(reached)} goals met")
    for result in results:
        if over_numpy := {name: ratio for name, ratio in result.ratio.items() if name in PEERS}:
            name = max(over_numpy, key=over_numpy.__getitem__)
            lines.append(f"{result.workload}: {1 / over_numpy[name]:.1f} times as fast as {name}{_at_least(result)}")
    return lines


def _at_least(result: Result) -> str:
    """The goal beside the fastest peer over NumPy, for the workloads that have one."""
    return f" (goal: {TIMES_AS_FAST})" if result.workload in ("cnn4", "cnn32", "cnn128", "lstm", "gpt") else ""


def machine(result: Result) -> list[str]:
    """One line for each library: version, linear algebra, kernel, threads; and how busy the machine is with others."""
    lines = [f"{name} {about['version']}: " + "; ".join(pools(about["pools"])) for name, about in result.about.items()]
    return [*lines, f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"] if hasattr(os, "getloadavg") else lines


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
