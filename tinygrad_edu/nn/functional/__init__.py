"""Functions without parameters, in PyTorch's signatures: what layers compute with the weights that they own.

Floor 4. Each is a composition of `ops`, so its derivatives need no rule here.
"""

from tinygrad_edu.nn.functional.activations import (
    dropout,
    elu,
    gelu,
    leaky_relu,
    linear,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tinygrad_edu.nn.functional.convolution import conv2d
from tinygrad_edu.nn.functional.losses import cross_entropy, mse_loss, nll_loss
from tinygrad_edu.nn.functional.padding import pad
from tinygrad_edu.nn.functional.pooling import avg_pool2d, max_pool2d
from tinygrad_edu.tensors.functions import one_hot

__all__ = [
    "avg_pool2d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "pad",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
