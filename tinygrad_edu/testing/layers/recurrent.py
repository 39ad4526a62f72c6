"""Rows of the table: recurrent layers and cells, and packed sequences."""

from __future__ import annotations

from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = []
