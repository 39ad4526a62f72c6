"""Check the derivative of every operation and layer against finite differences, to second order, and print the table.

Each row is one operation: the worst relative error of its first and of its second derivative over several inputs.
Exit status 1 if any is wrong.
"""

from __future__ import annotations

import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """`tinygrad-edu gradcheck` has no options of its own."""


def run(options: argparse.Namespace) -> int:
    """Print the table; 0 when every derivative is right."""
    from tinygrad_edu.testing.report import print_gradient_table  # a case of every op, which others need not wait for

    return print_gradient_table()
