"""Rows of the table: convolution, its transpose, unfold and fold, interpolation."""

from __future__ import annotations

from tinygrad_edu.testing.cases.table import normal
from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = [
    LayerCase(
        "Conv2d", "padding and stride", lambda nn: nn.Conv2d(2, 2, 2, padding=1, stride=2), (normal(1, 2, 3, 3),)
    ),
    LayerCase("Conv2d", "groups", lambda nn: nn.Conv2d(2, 4, 2, groups=2, bias=False), (normal(1, 2, 3, 3),)),
]
