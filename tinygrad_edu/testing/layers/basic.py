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
    LayerCase("Flatten", "plain", lambda nn: nn.Flatten(), (normal(2, 2, 2),)),
    LayerCase("Identity", "plain", lambda nn: nn.Identity(), (normal(2, 2),)),
    LayerCase("Dropout", "eval", lambda nn: nn.Dropout(0.5), (normal(2, 3),), training=False),
    LayerCase(
        "Sequential", "plain", lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (normal(3, 3),)
    ),
    LayerCase("ModuleList", "plain", lambda nn: _listed(nn), (normal(2, 3),)),
    LayerCase("ModuleDict", "plain", lambda nn: _named(nn), (normal(2, 3),)),
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
