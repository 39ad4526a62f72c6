"""The layers of `nn`, each with inputs it accepts: for the gradient table and for the tests of all layers at once.

    LAYERS: rows (name, make(nn) -> layer, inputs)

For: "is every layer differentiable, in its inputs and its parameters, to second order?" Not for: what a layer computes.
`nn` is passed in, because layers stand on a higher floor than this table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tinygrad_edu.testing.cases.table import Maker, between, distinct, integers, nonzero, normal


class LayerCase(NamedTuple):
    """One layer with one kind of input; its parameters are drawn from the default generator."""

    name: str
    make: Callable[[Any], Any]
    makers: tuple[Maker, ...]


LAYERS = [
    LayerCase("Linear", lambda nn: nn.Linear(3, 2), (normal(2, 2, 3),)),
    LayerCase("Linear", lambda nn: nn.Linear(3, 2, bias=False), (normal(4, 3),)),
    LayerCase("Conv2d", lambda nn: nn.Conv2d(2, 2, 2, padding=1, stride=2), (normal(1, 2, 3, 3),)),
    LayerCase("Conv2d", lambda nn: nn.Conv2d(2, 4, 2, groups=2, bias=False), (normal(1, 2, 3, 3),)),
    LayerCase("MaxPool2d", lambda nn: nn.MaxPool2d(2), (distinct(1, 2, 4, 4),)),
    LayerCase("AvgPool2d", lambda nn: nn.AvgPool2d(2, padding=1), (normal(1, 1, 4, 4),)),
    LayerCase("Flatten", lambda nn: nn.Flatten(), (normal(2, 2, 2),)),
    LayerCase("Identity", lambda nn: nn.Identity(), (normal(2, 2),)),
    LayerCase("Dropout", lambda nn: nn.Dropout(0.5).eval(), (normal(2, 3),)),
    LayerCase("ReLU", lambda nn: nn.ReLU(), (nonzero(2, 3),)),
    LayerCase("LeakyReLU", lambda nn: nn.LeakyReLU(0.1), (nonzero(2, 3),)),
    LayerCase("ELU", lambda nn: nn.ELU(1.5), (nonzero(2, 3),)),
    LayerCase("GELU", lambda nn: nn.GELU(), (normal(2, 3),)),
    LayerCase("GELU", lambda nn: nn.GELU("tanh"), (normal(2, 3),)),
    LayerCase("SiLU", lambda nn: nn.SiLU(), (normal(2, 3),)),
    LayerCase("Sigmoid", lambda nn: nn.Sigmoid(), (normal(2, 3),)),
    LayerCase("Tanh", lambda nn: nn.Tanh(), (normal(2, 3),)),
    LayerCase("Softplus", lambda nn: nn.Softplus(), (normal(2, 3),)),
    LayerCase("Softmax", lambda nn: nn.Softmax(1), (normal(2, 3),)),
    LayerCase("LogSoftmax", lambda nn: nn.LogSoftmax(1), (normal(2, 3),)),
    LayerCase("MSELoss", lambda nn: nn.MSELoss(), (normal(2, 3), normal(2, 3))),
    LayerCase("NLLLoss", lambda nn: nn.NLLLoss(), (normal(4, 3), integers(3, 4))),
    LayerCase("CrossEntropyLoss", lambda nn: nn.CrossEntropyLoss(), (normal(4, 3), integers(3, 4))),
    LayerCase(
        "CrossEntropyLoss", lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1), (normal(2, 3), between(0, 1, 2, 3))
    ),
    LayerCase("Sequential", lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (normal(3, 3),)),
    LayerCase("ModuleList", lambda nn: _listed(nn), (normal(2, 3),)),
    LayerCase("ModuleDict", lambda nn: _named(nn), (normal(2, 3),)),
]


def _listed(nn: Any) -> Any:
    class Chain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 2), nn.Linear(2, 2)])

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x).tanh()
            return x

    return Chain()


def _named(nn: Any) -> Any:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleDict({"left": nn.Linear(3, 2), "right": nn.Linear(3, 2)})

        def forward(self, x: Any) -> Any:
            return self.layers["left"](x) * self.layers["right"](x)

    return Pair()
