"""What the workloads of the peers share: the weights to start from, the data, and the optimizers, all in NumPy.

Neither library has optimizers for all that is measured, so both get these, which work in place as fast as NumPy does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.bench import networks

Array = Any  # a NumPy array
Arrays = dict[str, Array]  # by the names that PyTorch gives them

GPT = {"layers": 4, "width": 128, "heads": 4, "context": 64, "vocabulary": 65}


def start(network: Callable[[Any], Any]) -> Arrays:
    """The weights that `network` begins with after manual_seed(0), as arrays of their own."""
    library = importlib.import_module("tinygrad_edu")
    library.manual_seed(0)
    state = network(library).state_dict()
    return {name: numpy.array(tensor.numpy()) for name, tensor in state.items()}


def start_gpt() -> Arrays:
    """The same for the GPT, with the joint projection to queries, keys and values as three, as the peers want it."""
    state = start(lambda t: networks.gpt(t, **GPT))
    for layer in range(GPT["layers"]):
        for kind in ("weight", "bias"):
            joint = state.pop(f"blocks.{layer}.attend.{kind}")
            for name, part in zip("qkv", numpy.split(joint, 3), strict=True):
                state[f"blocks.{layer}.{name}.{kind}"] = part.copy()
    return state


def start_lstm() -> Arrays:
    """The LSTM's, each gate's by itself (i, f, g, o): to take a joint one apart would cost the peers a copy a step."""
    state = start(lambda t: networks.recurrent(t, "LSTM"))
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        joint = state.pop(f"layer.{kind}_l0")
        for gate, part in zip("ifgo", numpy.split(joint, 4), strict=True):
            state[f"{kind}_{gate}"] = part.copy()
    return state


class InNumPy:
    """Stands in for a library where `workloads.normal` and `workloads.whole` want one: arrays stay arrays."""

    @staticmethod
    def from_numpy(array: Array) -> Array:
        return array


def sgd(parameters: Sequence[Array], lr: float, momentum: float) -> Callable[[Sequence[Array]], None]:
    """v ← momentum v + g,    θ ← θ - lr v: a function that takes the gradients and changes the parameters"""
    velocities = [numpy.zeros_like(parameter) for parameter in parameters]

    def update(gradients: Sequence[Array]) -> None:
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity *= momentum
            velocity += gradient
            parameter -= lr * velocity

    return update


def adam(parameters: Sequence[Array], lr: float) -> Callable[[Sequence[Array]], None]:
    """θ ← θ - lr m̂ / (√v̂ + 10⁻⁸), the means of g and g² over about 10 and 1000 steps: as PyTorch's Adam"""
    means = [numpy.zeros_like(parameter) for parameter in parameters]
    squares = [numpy.zeros_like(parameter) for parameter in parameters]
    steps = 0

    def update(gradients: Sequence[Array]) -> None:
        nonlocal steps
        steps += 1
        rate, root = lr / (1 - 0.9**steps), (1 - 0.999**steps) ** 0.5
        for parameter, mean, square, gradient in zip(parameters, means, squares, gradients, strict=True):
            mean *= 0.9
            mean += 0.1 * gradient
            square *= 0.999
            square += 0.001 * (gradient * gradient)
            parameter -= rate * mean / (numpy.sqrt(square) / root + 1e-8)

    return update
