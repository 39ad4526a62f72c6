"""Rows of the table: losses and distances, with every reduction and option."""

from __future__ import annotations

from tinygrad_edu.testing.cases.table import between, integers, normal
from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = [
    LayerCase("MSELoss", "plain", lambda nn: nn.MSELoss(), (normal(2, 3), normal(2, 3))),
    LayerCase("NLLLoss", "plain", lambda nn: nn.NLLLoss(), (normal(4, 3), integers(3, 4))),
    LayerCase("CrossEntropyLoss", "labels", lambda nn: nn.CrossEntropyLoss(), (normal(4, 3), integers(3, 4))),
    LayerCase(
        "CrossEntropyLoss",
        "probabilities",
        lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1),
        (normal(2, 3), between(0, 1, 2, 3)),
    ),
]
