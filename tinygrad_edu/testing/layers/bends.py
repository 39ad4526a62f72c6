"""Rows of the table: activations: what bends between the affine layers.

Inputs stay off the kinks, where the slope is a convention: `tests/nn/functional/test_activations.py` is there.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.testing.cases.table import exactly, nonzero, normal
from tinygrad_edu.testing.layers.table import LayerCase

EVERYWHERE = exactly([[-7.0, -3.5, -2.0], [-0.3, 0.0, 0.4], [2.5, 3.5, 8.0]])  # on every piece of what is clipped
OFF_ZERO = exactly([[-7.0, -2.0, -0.4], [0.3, 2.5, 8.0]])


def _in_place(kind: str, **settings: Any) -> Any:
    """The layer with inplace=True behind a multiplication: the input of a model may not be written into."""

    def make(nn: Any) -> Any:
        layer = getattr(nn, kind)(inplace=True, **settings)
        return lambda x: layer(x * 1)

    return make


LAYERS: list[LayerCase] = [
    LayerCase("ReLU", "plain", lambda nn: nn.ReLU(), (nonzero(2, 3),)),
    LayerCase("ReLU", "in place", _in_place("ReLU"), (nonzero(2, 3),)),
    LayerCase("ReLU6", "plain", lambda nn: nn.ReLU6(), (OFF_ZERO,)),
    LayerCase("ReLU6", "in place", _in_place("ReLU6"), (OFF_ZERO,)),
    LayerCase("Hardtanh", "plain", lambda nn: nn.Hardtanh(), (EVERYWHERE,)),
    LayerCase("Hardtanh", "bounds", lambda nn: nn.Hardtanh(-2.5, 3.0), (EVERYWHERE,)),
    LayerCase("Hardtanh", "in place", _in_place("Hardtanh"), (EVERYWHERE,)),
    LayerCase("Hardsigmoid", "plain", lambda nn: nn.Hardsigmoid(), (EVERYWHERE,), tolerance=1e-7),  # its slope is 1/6
    LayerCase("Hardsigmoid", "in place", _in_place("Hardsigmoid"), (EVERYWHERE,), tolerance=1e-7),
    LayerCase("Hardswish", "plain", lambda nn: nn.Hardswish(), (EVERYWHERE,)),
    LayerCase("Hardswish", "in place", _in_place("Hardswish"), (EVERYWHERE,)),
    LayerCase("LeakyReLU", "plain", lambda nn: nn.LeakyReLU(), (nonzero(2, 3),)),
    LayerCase("LeakyReLU", "slope", lambda nn: nn.LeakyReLU(0.1), (nonzero(2, 3),)),
    LayerCase("LeakyReLU", "in place", _in_place("LeakyReLU", negative_slope=0.2), (nonzero(2, 3),)),
    LayerCase("PReLU", "plain", lambda nn: nn.PReLU(), (nonzero(2, 3),)),
    LayerCase("PReLU", "one number", lambda nn: nn.PReLU(), (nonzero(),)),
    LayerCase("PReLU", "channels", lambda nn: nn.PReLU(3, init=0.1), (nonzero(2, 3),)),
    LayerCase("PReLU", "channels of images", lambda nn: nn.PReLU(2), (nonzero(2, 2, 2, 2),)),
    LayerCase("ELU", "plain", lambda nn: nn.ELU(), (nonzero(2, 3),)),
    LayerCase("ELU", "alpha", lambda nn: nn.ELU(1.5), (nonzero(2, 3),)),
    LayerCase("ELU", "in place", _in_place("ELU"), (nonzero(2, 3),)),
    LayerCase("SELU", "plain", lambda nn: nn.SELU(), (nonzero(2, 3),)),
    LayerCase("SELU", "in place", _in_place("SELU"), (nonzero(2, 3),)),
    LayerCase("CELU", "plain", lambda nn: nn.CELU(), (nonzero(2, 3),)),
    LayerCase("CELU", "alpha", lambda nn: nn.CELU(0.5), (nonzero(2, 3),)),
    LayerCase("CELU", "in place", _in_place("CELU"), (nonzero(2, 3),)),
    LayerCase("GELU", "plain", lambda nn: nn.GELU(), (normal(2, 3),)),
    LayerCase("GELU", "tanh", lambda nn: nn.GELU("tanh"), (normal(2, 3),)),
    LayerCase("SiLU", "plain", lambda nn: nn.SiLU(), (normal(2, 3),)),
    LayerCase("SiLU", "in place", _in_place("SiLU"), (normal(2, 3),)),
    LayerCase("Mish", "plain", lambda nn: nn.Mish(), (normal(2, 3),)),
    LayerCase("Mish", "in place", _in_place("Mish"), (normal(2, 3),)),
    LayerCase("Sigmoid", "plain", lambda nn: nn.Sigmoid(), (normal(2, 3),)),
    LayerCase("LogSigmoid", "plain", lambda nn: nn.LogSigmoid(), (normal(2, 3),)),
    LayerCase("Tanh", "plain", lambda nn: nn.Tanh(), (normal(2, 3),)),
    LayerCase("Tanhshrink", "plain", lambda nn: nn.Tanhshrink(), (normal(2, 3),)),
    LayerCase("Softsign", "plain", lambda nn: nn.Softsign(), (nonzero(2, 3),)),
    LayerCase("Softplus", "plain", lambda nn: nn.Softplus(), (normal(2, 3),)),
    LayerCase("Softplus", "beta", lambda nn: nn.Softplus(2.0), (normal(2, 3),)),
    LayerCase("Softplus", "threshold", lambda nn: nn.Softplus(1.5, 2.0), (EVERYWHERE,)),
    LayerCase("Softshrink", "plain", lambda nn: nn.Softshrink(), (EVERYWHERE,)),
    LayerCase("Softshrink", "lambd", lambda nn: nn.Softshrink(2.2), (EVERYWHERE,)),
    LayerCase("Hardshrink", "plain", lambda nn: nn.Hardshrink(), (EVERYWHERE,)),
    LayerCase("Hardshrink", "lambd", lambda nn: nn.Hardshrink(2.2), (EVERYWHERE,)),
    LayerCase("Threshold", "plain", lambda nn: nn.Threshold(0.1, 20.0), (EVERYWHERE,)),
    LayerCase("Threshold", "in place", _in_place("Threshold", threshold=-0.1, value=2), (EVERYWHERE,)),
    LayerCase("GLU", "plain", lambda nn: nn.GLU(), (normal(2, 4),)),
    LayerCase("GLU", "dim", lambda nn: nn.GLU(1), (normal(2, 4, 3),)),
    LayerCase("Softmax", "dim", lambda nn: nn.Softmax(1), (normal(2, 3),)),
    LayerCase("Softmax", "first", lambda nn: nn.Softmax(0), (normal(3, 2, 2),)),
    LayerCase("Softmax2d", "images", lambda nn: nn.Softmax2d(), (normal(2, 3, 2, 2),)),
    LayerCase("Softmax2d", "one image", lambda nn: nn.Softmax2d(), (normal(3, 2, 2),)),
    LayerCase("Softmin", "dim", lambda nn: nn.Softmin(1), (normal(2, 3),)),
    LayerCase("LogSoftmax", "dim", lambda nn: nn.LogSoftmax(1), (normal(2, 3),)),
    LayerCase("LogSoftmax", "negative dim", lambda nn: nn.LogSoftmax(-2), (normal(3, 2),)),
]
