"""Floor 5: layers, which own parameters, and what holds them together. The mathematics is in `nn.functional`.

Read in this order: `parameter`, `ownership`, `module`, `state`, `hooks`; `linear`, `init`; then any layer.
"""

from tinygrad_edu.nn import functional, init
from tinygrad_edu.nn.activation import ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from tinygrad_edu.nn.containers import ModuleDict, ModuleList, Sequential
from tinygrad_edu.nn.conv import Conv2d
from tinygrad_edu.nn.dropout import Dropout
from tinygrad_edu.nn.linear import Flatten, Identity, Linear
from tinygrad_edu.nn.loss import CrossEntropyLoss, MSELoss, NLLLoss
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.nn.pooling import AvgPool2d, MaxPool2d

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "ELU",
    "Flatten",
    "GELU",
    "Identity",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "functional",
    "init",
]
