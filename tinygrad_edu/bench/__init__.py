"""Benchmarks: each workload written once, in PyTorch's API, and run on both libraries in turns.

Read in this order: `networks` and `workloads` (what is timed), `worker` and `compare` (how), `table` and `chart` (what
is shown); `peers` has the same for libraries without PyTorch's names; `overhead` is the benchmark of single operations
and `growth` that of one workload at many sizes. For: `tinygrad-edu bench`. Not for: finding out where the time goes
inside one library, which is the profiler's.
"""

from tinygrad_edu.bench.compare import Result, compare, environment
from tinygrad_edu.bench.growth import Fit, run_growth
from tinygrad_edu.bench.overhead import run_overhead
from tinygrad_edu.bench.workloads import WORKLOADS

__all__ = ["WORKLOADS", "Fit", "Result", "compare", "environment", "run_growth", "run_overhead"]
