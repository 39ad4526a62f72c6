"""Where to compute: the option `--device`, and with how many threads. Not for: anything that happens there."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from tinygrad_edu.backend import cuda_problem, device, get_num_threads, set_num_threads


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """--device auto|cpu|cuda"""
    parser.add_argument(
        "--device",
        default="auto",
        metavar="auto|cpu|cuda",
        help="where to compute; auto: on the GPU if there is one, else on the CPU (default: auto)",
    )


def choose_device(name: str) -> device:
    """The device that `--device NAME` asks for; an error that says what is missing, never another device instead."""
    if name == "auto":
        return device("cuda" if cuda_problem() is None else "cpu")
    chosen = device(name)
    problem = cuda_problem() if chosen.type == "cuda" else None
    if problem is not None:
        raise ValueError(f"wanted --device {name}, but {problem}. To compute on the CPU, use --device cpu")
    return chosen


@contextmanager
def one_thread() -> Iterator[None]:
    """`with one_thread(): …` keeps linear algebra to one thread (if threadpoolctl is there, which scikit-learn brings).

    The reference CNN multiplies small matrices: a second thread saves it 14 %, but costs it several times as much as it
    saves when another program uses the machine, because each thread then waits for the other. And equal bits want an
    equal number of threads.
    """
    if importlib.util.find_spec("threadpoolctl") is None:
        yield
        return
    before = get_num_threads()
    set_num_threads(1)
    try:
        yield
    finally:
        set_num_threads(before)
