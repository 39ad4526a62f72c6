"""Rows of the table: affine maps, dropout, and what holds layers together.

For: the layers that belong to no family of their own.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.testing.cases.table import normal
from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = [
    LayerCase("Linear", "plain", lambda nn: nn.Linear(3, 2), (normal(2, 2, 3),)),
    LayerCase("Linear", "no bias", lambda nn: nn.Linear(3, 2, bias=False), (normal(4, 3),)),
    LayerCase("Bilinear", "plain", lambda nn: nn.Bilinear(3, 2, 2), (normal(2, 3), normal(2, 2))),
    LayerCase("Bilinear", "no bias", lambda nn: nn.Bilinear(2, 2, 3, bias=False), (normal(2, 2, 2), normal(2, 2, 2))),
    LayerCase("Bilinear", "vectors", lambda nn: nn.Bilinear(3, 2, 1), (normal(3), normal(2))),
    LayerCase("Flatten", "plain", lambda nn: nn.Flatten(), (normal(2, 2, 2),)),
    LayerCase("Flatten", "some", lambda nn: nn.Flatten(0, 1), (normal(2, 2, 2),)),
    LayerCase("Unflatten", "plain", lambda nn: nn.Unflatten(1, (2, 3)), (normal(2, 6),)),
    LayerCase("Unflatten", "what is left", lambda nn: nn.Unflatten(-2, [-1, 2]), (normal(4, 2),)),
    LayerCase("Identity", "plain", lambda nn: nn.Identity(), (normal(2, 2),)),
    LayerCase("Dropout", "eval", lambda nn: nn.Dropout(0.5), (normal(2, 3),), training=False),
    LayerCase(
        "Sequential", "plain", lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (normal(3, 3),)
    ),
    LayerCase("ModuleList", "plain", lambda nn: _listed(nn), (normal(2, 3),)),
    LayerCase("ModuleDict", "plain", lambda nn: _named(nn), (normal(2, 3),)),
    LayerCase("ParameterList", "plain", lambda nn: _parameters(nn, "list"), (normal(2, 3),)),
    LayerCase("ParameterDict", "plain", lambda nn: _parameters(nn, "dictionary"), (normal(2, 3),)),
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


def _parameters(nn: Any, kind: str) -> Any:
    """Weights taken from two layers, in a list or a dictionary."""

    class Product(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            first, second = nn.Linear(3, 4).weight, nn.Linear(2, 4).weight
            named = nn.ParameterDict({"first": first, "second": second})
            self.weights = nn.ParameterList([first, second]) if kind == "list" else named

        def forward(self, x: Any) -> Any:
            first, second = self.weights.values() if kind == "dictionary" else self.weights
            return x @ first.T @ second

        def __repr__(self) -> str:
            return "Product()"  # its weights print their dtype, which is called otherwise in PyTorch

    return Product()
