"""Benchmarks: each workload written once, in PyTorch's API, and run on both libraries in turns.

For: `tinygrad-edu bench`. Not for: finding out where the time goes inside one library.
"""

from tinygrad_edu.bench.overhead import run_overhead

WORKLOADS = {"overhead": run_overhead}

__all__ = ["WORKLOADS", "run_overhead"]
