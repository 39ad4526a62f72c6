"""Whoever learned PyTorch's signatures can use them here: names, order and defaults of all arguments are the same."""

import inspect

import pytest

from tinygrad_edu import nn, optim
from tinygrad_edu.nn import functional, init

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
    "conv2d": {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    "gelu": {"approximate": "none"},
    "linear": {"bias": None},
    "max_pool2d": {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False},
    "one_hot": {"num_classes": -1},
    "pad": {"mode": "constant", "value": None},
    "softplus": {"beta": 1.0, "threshold": 20.0},
}
FUNCTIONS = [
    *((nn, name) for name in nn.__all__ if isinstance(getattr(nn, name), type) and name not in ("Module", "Parameter")),
    *((functional, name) for name in functional.__all__ if name not in BUILT_IN),
    *((init, name) for name in vars(init) if name.endswith("_") and not name.startswith("_")),
    *((optim, name) for name in optim.__all__ if name != "Optimizer"),
]


def arguments(function):
    parameters = inspect.signature(function).parameters.values()
    return {
        p.name: p for p in parameters if p.name not in OURS_ALONE and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_arguments_and_defaults_are_pytorchs(module, name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    there = {nn: torch.nn, functional: torch.nn.functional, init: torch.nn.init, optim: torch.optim}[module]
    ours, theirs = arguments(getattr(module, name)), arguments(getattr(there, name))
    theirs = {"inplace" if key == "_inplace" else key: value for key, value in theirs.items()}
    for key, parameter in ours.items():
        assert key in theirs
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
