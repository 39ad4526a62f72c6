"""Benchmarks: each workload written once, in PyTorch's API, and run on both libraries in turns.

Read in this order: `networks` and `workloads` (what is timed), `worker` and `compare` (how), `table` and `chart` (what
is shown); `overhead` is the benchmark of single operations. For: `tinygrad-edu bench`. Not for: finding out where the
time goes inside one library.
"""

from tinygrad_edu.bench.compare import Result, compare, environment
from tinygrad_edu.bench.overhead import run_overhead
from tinygrad_edu.bench.workloads import WORKLOADS

__all__ = ["WORKLOADS", "Result", "compare", "environment", "run_overhead"]
