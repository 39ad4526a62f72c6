"""Rows of the table: activations: what bends between the affine layers."""

from __future__ import annotations

from tinygrad_edu.testing.cases.table import nonzero, normal
from tinygrad_edu.testing.layers.table import LayerCase

LAYERS: list[LayerCase] = [
    LayerCase("ReLU", "plain", lambda nn: nn.ReLU(), (nonzero(2, 3),)),
    LayerCase("LeakyReLU", "slope", lambda nn: nn.LeakyReLU(0.1), (nonzero(2, 3),)),
    LayerCase("ELU", "alpha", lambda nn: nn.ELU(1.5), (nonzero(2, 3),)),
    LayerCase("GELU", "plain", lambda nn: nn.GELU(), (normal(2, 3),)),
    LayerCase("GELU", "tanh", lambda nn: nn.GELU("tanh"), (normal(2, 3),)),
    LayerCase("SiLU", "plain", lambda nn: nn.SiLU(), (normal(2, 3),)),
    LayerCase("Sigmoid", "plain", lambda nn: nn.Sigmoid(), (normal(2, 3),)),
    LayerCase("Tanh", "plain", lambda nn: nn.Tanh(), (normal(2, 3),)),
    LayerCase("Softplus", "plain", lambda nn: nn.Softplus(), (normal(2, 3),)),
    LayerCase("Softmax", "dim", lambda nn: nn.Softmax(1), (normal(2, 3),)),
    LayerCase("LogSoftmax", "dim", lambda nn: nn.LogSoftmax(1), (normal(2, 3),)),
]
