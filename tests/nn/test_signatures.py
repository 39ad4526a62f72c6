"""Whoever learned PyTorch's signatures can use them here: names, order and defaults of all arguments are the same."""

import inspect
import typing

import pytest

from tinygrad_edu import nn, optim
from tinygrad_edu.nn import functional, init, utils
from tinygrad_edu.nn.utils import rnn
from tinygrad_edu.optim import lr_scheduler, swa_utils

OURS_ALONE = {"generator"}  # what is drawn comes from a stream that can be named
# written in C++ there, or behind a switch, so there is no signature to read: what its documentation says
BUILT_IN = {
    "avg_pool2d": {
        "stride": None,
        "padding": 0,
        "ceil_mode": False,
        "count_include_pad": True,
        "divisor_override": None,
    },
    "adaptive_avg_pool1d": {},
    "adaptive_max_pool1d": {"return_indices": False},
    "adaptive_max_pool2d": {"return_indices": False},
    "avg_pool1d": {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True},
    "bilinear": {"bias": None},
    "conv1d": {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    "conv2d": {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    "conv_transpose1d": {
        "bias": None,
        "stride": 1,
        "padding": 0,
        "output_padding": 0,
        "groups": 1,
        "dilation": 1,
    },
    "conv_transpose2d": {
        "bias": None,
        "stride": 1,
        "padding": 0,
        "output_padding": 0,
        "groups": 1,
        "dilation": 1,
    },
    "cosine_similarity": {"dim": 1, "eps": 1e-8},
    "gelu": {"approximate": "none"},
    "hardshrink": {"lambd": 0.5},
    "linear": {"bias": None},
    "logsigmoid": {},
    "max_pool1d": {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False},
    "max_pool2d": {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False},
    "one_hot": {"num_classes": -1},
    "pad": {"mode": "constant", "value": None},
    "pairwise_distance": {"p": 2.0, "eps": 1e-6, "keepdim": False},
    "pixel_shuffle": {},
    "pixel_unshuffle": {},
    "prelu": {},
    "scaled_dot_product_attention": {
        "attn_mask": None,
        "dropout_p": 0.0,
        "is_causal": False,
        "scale": None,
        "enable_gqa": False,
    },
    "softplus": {"beta": 1.0, "threshold": 20.0},
    "softshrink": {"lambd": 0.5},
}
FUNCTIONS = [
    *((nn, name) for name in nn.__all__ if isinstance(getattr(nn, name), type) and name not in ("Module", "Parameter")),
    *((functional, name) for name in functional.__all__ if name not in BUILT_IN),
    *((init, name) for name in vars(init) if name.endswith("_") and not name.startswith("_")),
    *((optim, name) for name in optim.__all__ if isinstance(getattr(optim, name), type) and name != "Optimizer"),
    *((utils, name) for name in utils.__all__ if name != "rnn"),
    *((lr_scheduler, name) for name in lr_scheduler.__all__),
    *((swa_utils, name) for name in ("AveragedModel", "SWALR", "get_ema_avg_fn", "get_ema_multi_avg_fn", "update_bn")),
    *((rnn, name) for name in rnn.__all__ if name != "PackedSequence"),
]


def arguments(function):
    constructor = function.__init__ if isinstance(function, type) else function
    for overload in typing.get_overloads(constructor)[:1]:  # RNN, LSTM, GRU there: the readable one of two
        return {name: p for name, p in inspect.signature(overload).parameters.items() if name != "self"}
    parameters = inspect.signature(function).parameters.values()
    return {
        p.name: p for p in parameters if p.name not in OURS_ALONE and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_arguments_and_defaults_are_pytorchs(module, name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    there = {nn: torch.nn, functional: torch.nn.functional, init: torch.nn.init, optim: torch.optim}
    there[rnn] = torch.nn.utils.rnn
    there |= {utils: torch.nn.utils, lr_scheduler: torch.optim.lr_scheduler, swa_utils: torch.optim.swa_utils}
    ours, theirs = arguments(getattr(module, name)), arguments(getattr(there[module], name))
    theirs = {"inplace" if key == "_inplace" else key: value for key, value in theirs.items()}
    for key, parameter in ours.items():
        assert key in theirs
        if callable(parameter.default) and not isinstance(parameter.default, type):  # each has a relu of its own
            assert parameter.default.__name__ == theirs[key].default.__name__, key
        else:
            assert parameter.default == theirs[key].default, key
    positional = [key for key, parameter in ours.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    assert positional == [key for key in theirs if key != "_stacklevel"][: len(positional)]


@pytest.mark.parametrize("name", BUILT_IN)
def test_defaults_of_built_in_functions_are_those_of_their_documentation(name):
    ours = {key: p.default for key, p in arguments(getattr(functional, name)).items() if p.default is not p.empty}
    assert ours == BUILT_IN[name]


def test_every_layer_is_a_module_and_every_name_is_there():
    for module in (nn, functional, optim):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []
        assert list(module.__all__) == sorted(module.__all__)
    for module, name in FUNCTIONS:
        assert module is not nn or issubclass(getattr(nn, name), nn.Module), name


# modules of layers that PyTorch leaves to its users: their names are ours, so they are not among those of `nn`
OURS = {"positions": ["LearnedPositions", "RotaryPositions", "SinusoidalPositions"]}


def test_what_pytorch_does_not_have_stands_apart():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for module, names in OURS.items():
        assert not hasattr(torch.nn, module)
        for name in names:
            assert issubclass(getattr(getattr(nn, module), name), nn.Module)
            assert not hasattr(nn, name)
