"""Random numbers: drawn on the host and shipped once, so that CPU and GPU see the same numbers.

For: `Generator`, `manual_seed`, and the state that a checkpoint keeps. Not for: distributions on tensors, which are
`tinygrad_edu.rand` and its family.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from typing import Any

import numpy


class Generator:
    """A stream of random numbers with a state that can be saved: `Generator().manual_seed(0)`.

    `generator.numpy` is the NumPy generator (PCG64) underneath; everything random here draws from it on the host.
    """

    def __init__(self, device: object = "cpu") -> None:
        self.device = device  # accepted for PyTorch's signature; the draw is on the host whatever it says
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to `seed`; the same seed gives the same numbers."""
        if isinstance(seed, bool) or not isinstance(seed, (int, numpy.integer)):
            raise TypeError(f"wanted an integer seed, got {type(seed).__name__}")
        self._seed = int(seed)
        self.numpy = numpy.random.Generator(numpy.random.PCG64(self._seed % 2**64))
        return self

    def seed(self) -> int:
        """Start a stream nobody has seen, and return its seed so that it can be repeated."""
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def initial_seed(self) -> int:
        """The seed this stream was started with."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """Everything needed to continue the stream from here: plain strings and integers, so it fits in JSON."""
        return {"seed": self._seed, "numpy": copy.deepcopy(self.numpy.bit_generator.state)}

    def set_state(self, state: dict[str, Any]) -> Generator:
        """Continue the stream that `get_state` described."""
        if not isinstance(state, dict) or set(state) != {"seed", "numpy"}:
            raise ValueError("wanted the value of Generator.get_state(), got something else")
        self.manual_seed(state["seed"])
        self.numpy.bit_generator.state = state["numpy"]
        return self


default_generator = Generator()
draw_observers: list[Callable[[Generator], None]] = []  # called with a generator just before it is drawn from


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, which everything random uses unless it is given `generator=`."""
    return default_generator.manual_seed(seed)


def host_generator(generator: Generator | None) -> numpy.random.Generator:
    """The NumPy generator behind `generator`, or behind the default one."""
    source = default_generator if generator is None else generator
    if not isinstance(source, Generator):
        raise TypeError(f"wanted generator=Generator().manual_seed(...), got {type(source).__name__}")
    for observer in draw_observers:
        observer(source)
    return source.numpy
