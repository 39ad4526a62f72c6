"""The command `tinygrad-edu`: reads the arguments, runs one command, and turns a user's mistake into one sentence.

Exit status: 0 done; 1 a check that the command made failed; 2 the request cannot be met, with the reason on standard
error; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tinygrad_edu.cli import bench, course, doctor, gradcheck, lessons, predict, train

COMMANDS = (lessons, train, predict, gradcheck, bench, course, doctor)

# What this package raises on purpose when something is wrong with what it was given, not with itself.
USER_ERRORS = (ValueError, IndexError, OSError, FloatingPointError, ModuleNotFoundError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with `arguments` (those of the process by default) and return the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt as interrupt:
        print("\n" + (str(interrupt) or "Stopped."), file=sys.stderr)
        return 130
    except USER_ERRORS as error:
        if options.traceback:
            raise
        print(f"tinygrad-edu {options.command}: {sentence(error)}", file=sys.stderr)
        return 2


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command's own below it."""
    parser = argparse.ArgumentParser(
        prog="tinygrad-edu",
        description="A deep-learning engine to learn from: train a network, ask it, check its gradients, time it.",
        epilog="tinygrad-edu COMMAND --help says what a command does and which options it has.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        summary, _, details = (command.__doc__ or "").partition("\n\n")
        formatter = argparse.RawDescriptionHelpFormatter
        one = commands.add_parser(name, help=summary, description=f"{summary}\n\n{details}", formatter_class=formatter)
        command.add_options(one)
        one.add_argument("--traceback", action="store_true", help="after an error, show where in the program it arose")
        one.set_defaults(run=command.run)
    return parser


def sentence(error: BaseException) -> str:
    """What an exception says, as a sentence without "[Errno 2]"."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}"
    return str(error)
