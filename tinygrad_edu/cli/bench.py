"""Measure whole training steps and single operations beside other libraries, in turns and in the same run.

    tinygrad-edu bench --against torch          all workloads, with their goals
    tinygrad-edu bench lstm gru --rounds 15     some of them, alone
    tinygrad-edu bench cnn32 lstm gpt --against torch,mygrad,autograd    beside other libraries over NumPy, too
    tinygrad-edu bench overhead --against torch what the engine adds to each operation, measured on 10 numbers
    tinygrad-edu bench growth                   time against batch, width, depth and length: with which power it grows

Each library works in a process of its own, and they take turns. Measure on a quiet machine: with two busy processes on
two cores, threads wait for each other.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import sys

from tinygrad_edu.bench import WORKLOADS, Result, compare, environment, run_growth, run_overhead, table
from tinygrad_edu.bench.chart import draw_ratios
from tinygrad_edu.bench.peers import PEERS

OVERHEAD, GROWTH = "overhead", "growth"
TORCH = "torch"
AGAINST = (TORCH, *PEERS)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu bench`."""
    names = ", ".join([*WORKLOADS, OVERHEAD, GROWTH])
    add = parser.add_argument
    add("workloads", nargs="*", metavar="WORKLOAD", help=f"{names} (default: all but the last two)")
    add("--against", metavar=",".join(AGAINST), default="", help="other libraries to measure, those of them you name")
    add("--rounds", type=int, default=7, help="rounds, in each of which every library has its turn (default: 7)")
    add("--threads", type=int, help="threads for linear algebra (default: as many as the library takes)")
    add("--free-blas", action="store_true", help="let OpenBLAS choose its kernel even where OPENBLAS_CORETYPE is set")
    add("--json", action="store_true", help="print JSON instead of a table")
    add("--chart", metavar="FILE", type=pathlib.Path, help="draw the ratios as a bar chart (.svg or .png)")


def run(options: argparse.Namespace) -> int:
    """Run the workloads one after the other."""
    peers = [name for name in options.against.split(",") if name]
    known = [*WORKLOADS, OVERHEAD, GROWTH]
    if unknown := [name for name in options.workloads if name not in known]:
        raise ValueError(f"wanted a workload out of {', '.join(known)}, got {', '.join(unknown)}")
    if unknown := [name for name in peers if name not in AGAINST]:
        raise ValueError(f"wanted --against {' or '.join(AGAINST)}, got {', '.join(unknown)}")
    for option, value in (("--rounds", options.rounds), ("--threads", options.threads)):
        if value is not None and value < 1:
            raise ValueError(f"wanted {option} of 1 or more, got {value}")
    if OVERHEAD in options.workloads:
        run_overhead([name for name in peers if name == TORCH], options.rounds, options.json)
    if GROWTH in options.workloads:
        run_growth()
    names = [name for name in options.workloads or WORKLOADS if name in WORKLOADS]
    if names:
        run_workloads(names, peers, options)
    return 0


def run_workloads(names: list[str], peers: list[str], options: argparse.Namespace) -> list[Result]:
    """Measure, print each row as soon as it is known, and draw."""
    missing = [name for name in peers if importlib.util.find_spec(name) is None]
    libraries = ["tinygrad_edu", *(name for name in peers if name not in missing)]
    say = (lambda text: print(text, file=sys.stderr)) if options.json else print
    for name in missing:
        say(f"{name} is not installed, so it is left out: pip install {name}")
    variables = environment(options.threads, options.free_blas)
    results = []
    for name in names:
        results.append(compare(name, libraries, options.rounds, variables))
        if len(results) == 1:
            say("\n".join(table.machine(results[0])))
            say(f"Medians of {options.rounds} rounds\n\n{table.heading(libraries)}")
        say(table.row(results[-1], libraries))
    say("\n" + "\n".join(table.summary(results)))
    if options.json:
        print(table.as_json(results))
    if options.chart is not None:
        draw_ratios(results, options.chart)
        say(f"Chart      {options.chart}")
    return results
