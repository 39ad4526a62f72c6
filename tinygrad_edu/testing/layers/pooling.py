"""Rows of the table: pooling, of every kind and option."""

from __future__ import annotations

from tinygrad_edu.testing.cases.table import distinct, normal
from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = [
    LayerCase("MaxPool2d", "plain", lambda nn: nn.MaxPool2d(2), (distinct(1, 2, 4, 4),)),
    LayerCase("AvgPool2d", "padding", lambda nn: nn.AvgPool2d(2, padding=1), (normal(1, 1, 4, 4),)),
]
