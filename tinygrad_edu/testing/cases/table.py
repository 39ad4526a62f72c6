"""What a row of the table is, and the inputs that rows are made of.

    rows("add", lambda t, x, y: t.add(x, y), {"same": (normal(2, 3), normal(2, 3)), "broadcast": …})

`t` is the library: tinygrad_edu or torch. Their names are the same, so one text asks both the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

Maker = Callable[[numpy.random.Generator], numpy.ndarray]


@dataclass(frozen=True)
class Case:
    """One op on one kind of input."""

    name: str  # the op
    variant: str  # what is special about these inputs
    call: Callable[..., Any]  # call(library, *tensors) -> a tensor or a tuple of tensors
    makers: tuple[Maker, ...]
    reference: Callable[..., Any] | None  # the same in torch, where torch spells it otherwise
    orders: int  # how many derivatives it has

    @property
    def id(self) -> str:
        """How tests and the table call it: "add-broadcast"."""
        return f"{self.name}-{self.variant}"

    def arrays(self, seed: int = 0) -> list[numpy.ndarray]:
        """Its inputs: float64, integers or truth values; the same for the same seed."""
        rng = numpy.random.default_rng(seed)
        return [maker(rng) for maker in self.makers]

    def asks_torch(self, torch: Any, *tensors: Any) -> Any:
        """What PyTorch says."""
        return (self.reference or self.call)(torch, *tensors)


def rows(
    name: str,
    call: Callable[..., Any],
    variants: Mapping[str, tuple[Maker, ...]],
    *,
    reference: Callable[..., Any] | None = None,
    orders: int = 2,
) -> list[Case]:
    """One row for each kind of input."""
    return [Case(name, variant, call, makers, reference, orders) for variant, makers in variants.items()]


# ---------------------------------------------------------------------------------------------------------- inputs
def normal(*shape: int) -> Maker:
    """Numbers around 0, of either sign."""
    return lambda rng: numpy.asarray(rng.standard_normal(shape))


def between(low: float, high: float, *shape: int) -> Maker:
    """Numbers from an interval, for functions that are not defined or not smooth outside."""
    return lambda rng: numpy.asarray(rng.uniform(low, high, shape))


def positive(*shape: int) -> Maker:
    """Numbers from 0.5 to 2."""
    return between(0.5, 2.0, *shape)


def nonzero(*shape: int) -> Maker:
    """Numbers of either sign and at least 0.2 from 0, where |x| and relu have their kinks; at most 0.9, below 1."""
    return lambda rng: numpy.asarray(rng.uniform(0.2, 0.9, shape) * rng.choice([-1.0, 1.0], shape))


def distinct(*shape: int) -> Maker:
    """Numbers at least 0.2 from each other and 0.1 from 0: no step of a difference changes their order or sign."""

    def make(rng: numpy.random.Generator) -> numpy.ndarray:
        size = int(numpy.prod(shape))
        return (rng.permutation(size) - size // 2 + 0.5).reshape(shape) / 5

    return make


def integers(high: int, *shape: int) -> Maker:
    """Whole numbers from 0 to high - 1, with repetitions."""
    return lambda rng: numpy.asarray(rng.integers(0, high, shape))


def truth(*shape: int) -> Maker:
    """Truth values."""
    return lambda rng: numpy.asarray(rng.random(shape) < 0.5)


def exactly(values: Any, dtype: str = "float64") -> Maker:
    """These numbers."""
    return lambda rng: numpy.asarray(values, dtype)


# --------------------------------------------------------------------------------------------- kinds of input together
def single(maker: Callable[..., Maker]) -> dict[str, tuple[Maker, ...]]:
    """For an op on one tensor: a matrix, one number, nothing."""
    return {"matrix": (maker(2, 3),), "0-d": (maker(),), "empty": (maker(0, 3),)}


def double(first: Callable[..., Maker], second: Callable[..., Maker] | None = None) -> dict[str, tuple[Maker, ...]]:
    """For an op on two: of equal shape, broadcast in every way, one number, nothing."""
    second = second or first
    return {
        "same": (first(2, 3), second(2, 3)),
        "new-axis": (first(2, 3), second(3)),
        "size-1": (first(3, 1), second(2, 1, 4)),
        "0-d": (first(), second(2, 2)),
        "empty": (first(0, 3), second(1, 3)),
    }
