"""Measure, beside other libraries in the same run.

overhead    time that the engine adds to each operation, measured on 10 numbers, where computing takes next to none
"""

from __future__ import annotations

import argparse

from tinygrad_edu.bench import WORKLOADS

PEERS = ("torch",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu bench`."""
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"{', '.join(WORKLOADS)} (default: all)")
    parser.add_argument(
        "--against", metavar="torch", default="", help="other libraries to measure, separated by commas"
    )
    parser.add_argument("--rounds", type=int, default=15, help="rounds, in each of which every library has its turn")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(options: argparse.Namespace) -> int:
    """Run the workloads one after the other."""
    peers = [name for name in options.against.split(",") if name]
    if unknown := [name for name in options.workloads if name not in WORKLOADS]:
        raise ValueError(f"wanted a workload out of {', '.join(WORKLOADS)}, got {', '.join(unknown)}")
    if unknown := [name for name in peers if name not in PEERS]:
        raise ValueError(f"wanted --against {' or '.join(PEERS)}, got {', '.join(unknown)}")
    if options.rounds < 1:
        raise ValueError(f"wanted --rounds of 1 or more, got {options.rounds}")
    for name in options.workloads or WORKLOADS:
        WORKLOADS[name](peers, options.rounds, options.json)
    return 0
