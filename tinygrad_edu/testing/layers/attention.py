"""Rows of the table: attention, transformers and positions."""

from __future__ import annotations

from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = []
