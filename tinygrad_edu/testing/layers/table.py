"""What a row of the table of layers is, and how one is called.

    LayerCase("LSTM", "two layers", lambda nn: nn.LSTM(3, 2, 2), (normal(4, 1, 3),))

`nn` is the library's module of layers: tinygrad_edu.nn or torch.nn. Their names are the same, so one row asks both the
same question. Not for: what is compared with what; the tests and `testing.report` do that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from tinygrad_edu.testing.cases.table import Maker


def _plainly(nn: Any, layer: Any, *inputs: Any) -> Any:
    return layer(*inputs)


@dataclass(frozen=True)
class LayerCase:
    """One layer, or one function of nn.functional, with one choice of its options and one kind of input."""

    name: str  # the layer, or "functional.interpolate"
    variant: str  # what is special about this row; name and variant together are unique
    make: Callable[[Any], Any]  # make(nn) -> a Module, or a function of tensors
    makers: tuple[Maker, ...]  # its inputs
    call: Callable[..., Any] = _plainly  # call(nn, layer, *inputs), where inputs are not passed one after the other
    training: bool = True  # False: asked in eval()
    fixed: tuple[int, ...] = ()  # positions of inputs that get no gradient though they are floating-point numbers
    orders: int = 2  # how many derivatives finite differences can confirm; 0 for none
    tolerance: float = 1e-9  # how closely PyTorch is met; more only where PyTorch itself rounds a constant to float32

    @property
    def id(self) -> str:
        """How tests call it: "LSTM-two layers"."""
        return f"{self.name}-{self.variant}"

    def arrays(self, seed: int = 0) -> list[numpy.ndarray]:
        """Its inputs: float64, integers or truth values; the same for the same seed."""
        rng = numpy.random.default_rng(seed)
        return [maker(rng) for maker in self.makers]

    def made(self, nn: Any) -> Any:
        """The layer in float64, in training or evaluation as the row says; or the function."""
        layer = self.make(nn)
        return layer.double().train(self.training) if hasattr(layer, "parameters") else layer


def options(name: str, variants: Mapping[str, tuple[tuple[Any, ...], dict[str, Any], Maker]]) -> list[LayerCase]:
    """One row for each choice of a layer's options: {variant: (arguments, settings, input)}."""

    def chosen(arguments: tuple[Any, ...], settings: dict[str, Any]) -> Callable[[Any], Any]:
        return lambda nn: getattr(nn, name)(*arguments, **settings)

    return [LayerCase(name, variant, chosen(a, s), (maker,)) for variant, (a, s, maker) in variants.items()]


class Question:
    """A row's layer with the inputs that stay as they are: to be called with those that vary.

    Has `parameters()` and is called like a module, which is what gradcheck wants.
    """

    def __init__(self, case: LayerCase, nn: Any, layer: Any, tensors: Sequence[Any]) -> None:
        self.case, self.nn, self.layer, self.tensors = case, nn, layer, list(tensors)
        self.varied = [tensor for i, tensor in enumerate(tensors) if i not in case.fixed]

    def parameters(self) -> Iterable[Any]:
        """The layer's own; none for a function."""
        return self.layer.parameters() if hasattr(self.layer, "parameters") else ()

    def __call__(self, *varied: Any) -> tuple[Any, ...]:
        """The tensors among what the layer returns, in order."""
        remaining = iter(varied)
        inputs = [kept if i in self.case.fixed else next(remaining) for i, kept in enumerate(self.tensors)]
        return tuple(flat(self.case.call(self.nn, self.layer, *inputs)))


def flat(result: Any) -> list[Any]:
    """The tensors in nested tuples, lists and dicts, in order; None and plain numbers are left out."""
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, (tuple, list)):
        return [tensor for part in result for tensor in flat(part)]
    return [result] if hasattr(result, "shape") else []
