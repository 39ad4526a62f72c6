"""Rows of the table: normalization, regularization and embeddings."""

from __future__ import annotations

from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = []
