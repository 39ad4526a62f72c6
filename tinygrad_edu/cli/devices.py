"""Where to compute: the option `--device`. Not for: anything that happens there."""

from __future__ import annotations

import argparse

from tinygrad_edu.backend import cuda_problem, device


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
