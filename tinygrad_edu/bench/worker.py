"""One library in a process of its own, timing steps as it is told: `python -m tinygrad_edu.bench.worker NAME`.

It prints one line about itself, then reads lines from standard input: a workload's name prepares it and answers with
the warmed-up time of one step, or with null if the library does not have it; a number of steps times that many and
answers with the seconds of each. Every answer is one line of JSON. Not for: people; `tinygrad-edu bench` talks to it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from tinygrad_edu.backend import keep_freed_memory, require
from tinygrad_edu.bench.compare import OURS
from tinygrad_edu.bench.peers import PEERS
from tinygrad_edu.bench.workloads import WORKLOADS, Step

WARM_UP = 0.3  # seconds: libraries choose their kernels and fill their caches in the first steps


def timed(step: Step, times: int) -> list[float]:
    """The seconds of each of `times` steps."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        step()
        found.append(time.perf_counter() - start)
    return found


def warmed(step: Step) -> float:
    """The shortest of as many steps as fit into WARM_UP seconds, at least three."""
    best, start, count = float("inf"), time.perf_counter(), 0
    while count < 3 or time.perf_counter() - start < WARM_UP:
        best = min(best, *timed(step, 1))
        count += 1
    return best


def about(name: str, library: Any) -> dict[str, Any]:
    """The library's version, and what multiplies its matrices: which BLAS, for which processor, on how many threads."""
    pools_of = require("threadpoolctl", extra="train", purpose="say which linear algebra is measured").threadpool_info
    pools = [
        {key: pool.get(key) for key in ("internal_api", "version", "architecture", "num_threads")}
        for pool in pools_of()
        if pool.get("user_api") == "blas" or name == "torch"
    ]
    if name == "torch":
        pools.append({"internal_api": "mkldnn", "num_threads": library.get_num_threads()})
    version = getattr(library, "__version__", None) or importlib.metadata.version(name)
    return {"library": name, "version": version, "python": platform.python_version(), "pools": pools}


def peak_memory() -> int:
    """The most memory this process has held so far, in bytes (Linux counts in KiB, macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def preparations(name: str, library: Any) -> dict[str, Callable[[], Step]]:
    """{workload: a function that sets it up and returns the step} for all that the library has."""
    if name in PEERS:
        has: dict[str, Callable[[], Step]] = importlib.import_module(f"tinygrad_edu.bench.peers.{name}").PREPARE
        return has

    def prepare(workload: str) -> Step:
        if name == OURS:  # the workloads that have no optimizer train as well
            keep_freed_memory()
        library.manual_seed(0)
        return WORKLOADS[workload].prepare(library)

    return {workload: functools.partial(prepare, workload) for workload in WORKLOADS}


def serve(name: str, orders: TextIO, answers: TextIO) -> None:
    """Answer every line of `orders` with one line of JSON until there are no more."""

    def say(answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    library = importlib.import_module(name)
    prepare = preparations(name, library)
    say(about(name, library))
    step: Step | None = None
    for line in orders:
        order = line.strip()
        if order in WORKLOADS and order not in prepare:
            say(None)
        elif order in WORKLOADS:
            before = peak_memory()
            step = prepare[order]()
            seconds = warmed(step)
            say({"step": seconds, "memory_before": before, "memory_peak": peak_memory()})
        elif step is not None:
            say(timed(step, int(order)))


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin, sys.stdout)
