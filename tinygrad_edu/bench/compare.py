"""Our time beside a peer's: each library in its own process, taking turns, so that a slow moment is slow for both.

    compare("lstm", ["tinygrad_edu", "torch"], rounds=7) -> Result

For: `tinygrad-edu bench`. Not for: the workloads themselves, or for printing.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

TURN = 0.25  # seconds: about as long as each library works in one round
OURS = "tinygrad_edu"


@dataclass
class Result:
    """What one workload took: seconds of one step, the median over rounds of each round's median.

    A library that does not have the workload is in none of the tables.
    """

    workload: str
    seconds: dict[str, float] = field(default_factory=dict)  # library -> seconds of one step
    ratio: dict[str, float] = field(default_factory=dict)  # peer -> median over rounds of our time / its time
    spread: dict[str, tuple[float, float]] = field(default_factory=dict)  # peer -> the least and the greatest ratio
    memory: dict[str, int] = field(default_factory=dict)  # library -> the most bytes its process has held
    idle: dict[str, int] = field(default_factory=dict)  # library -> the most bytes before the workload was prepared
    about: dict[str, Any] = field(default_factory=dict)  # library -> version, BLAS, threads


class Process:
    """One library at work: `with Process("torch", environment) as process: process.ask("lstm")`."""

    def __init__(self, library: str, environment: Mapping[str, str]) -> None:
        self.library = library
        command = [sys.executable, "-m", "tinygrad_edu.bench.worker", library]
        pipe = subprocess.PIPE
        self.child = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=dict(environment))
        self.about = self.answer()

    def ask(self, order: str | int) -> Any:
        """Send one order and wait for its answer."""
        if self.child.stdin is not None:
            self.child.stdin.write(f"{order}\n")
            self.child.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """The next line it says."""
        line = self.child.stdout.readline() if self.child.stdout is not None else ""
        if not line:
            raise RuntimeError(
                f"the process that measures {self.library} ended with status {self.child.wait()}: its error is above"
            )
        return json.loads(line)

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe is not None:
                pipe.close()
        self.child.wait()


def environment(threads: int | None, free_blas: bool) -> dict[str, str]:
    """The variables of the processes: a number of threads if one is asked for, and OpenBLAS free to choose its kernel.

    Some environments set OPENBLAS_CORETYPE to a processor that all their machines have, which halves the speed of
    NumPy's matrix products on newer ones; `free_blas` takes that away.
    """
    variables = dict(os.environ)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        if threads is not None:
            variables[name] = str(threads)
        else:
            variables.pop(name, None)
    if free_blas:
        variables.pop("OPENBLAS_CORETYPE", None)
    return variables


def compare(workload: str, libraries: Sequence[str], rounds: int, variables: Mapping[str, str]) -> Result:
    """Run one workload on every library in turns, first one library first, then the other."""
    result = Result(workload)
    processes: dict[str, Process] = {}
    try:
        for name in libraries:
            process = processes[name] = Process(name, variables)
            result.about[name], found = process.about, process.ask(workload)
            if found is not None:
                result.idle[name], result.memory[name] = found["memory_before"], found["memory_peak"]
                result.seconds[name] = found["step"]
        having = list(result.seconds)
        steps = {name: max(1, round(TURN / seconds)) for name, seconds in result.seconds.items()}
        medians: dict[str, list[float]] = {name: [] for name in having}
        for turn in range(rounds):
            for name in having[:: 1 if turn % 2 else -1]:
                medians[name].append(statistics.median(processes[name].ask(steps[name])))
    finally:
        for process in processes.values():
            process.__exit__(None, None, None)
    result.seconds = {name: statistics.median(values) for name, values in medians.items()}
    for name in having:
        if name != OURS:
            ratios = [own / other for own, other in zip(medians[OURS], medians[name], strict=True)]
            result.ratio[name] = statistics.median(ratios)
            result.spread[name] = (min(ratios), max(ratios))
    return result
