"""The workloads in MyGrad: tensors that record, its own convolution, pooling and cross-entropy (`mygrad.nnet`).

Its memory guard (which makes arrays read-only while a graph needs them) is off, as its documentation advises for speed.
It has no erf, so the GELU is the one with tanh. A Python number beside a float32 tensor would make everything float64,
so numbers are float32 ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mygrad
import numpy
from mygrad.nnet.activations import relu, sigmoid, softmax, tanh
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from tinygrad_edu.bench import networks
from tinygrad_edu.bench.peers.common import GPT, Array, InNumPy, adam, sgd, start, start_gpt, start_lstm
from tinygrad_edu.bench.workloads import Step, next_tokens, normal, whole

Tensors = dict[str, Any]
f32: Any = numpy.float32


def training_step(weights: Tensors, optimizer: Any, loss_of: Callable[[], Any]) -> Step:
    """Forward, backward, update; returns the loss."""

    def step() -> Array:
        loss = loss_of()
        loss.backward()
        optimizer([weight.grad for weight in weights.values()])
        return loss.data

    return step


def tensors(arrays: dict[str, Array]) -> Tensors:
    mygrad.turn_memory_guarding_off()
    return {name: mygrad.tensor(array, copy=False) for name, array in arrays.items()}


def arrays_of(weights: Tensors) -> list[Array]:
    return [weight.data for weight in weights.values()]


def linear(w: Tensors, name: str, x: Any) -> Any:
    return mygrad.matmul(x, w[f"{name}.weight"].T) + w[f"{name}.bias"]


# ------------------------------------------------------------------------------------------------- MLP and CNN
def mlp() -> Step:
    w, x, labels = tensors(start(networks.mlp)), normal(InNumPy, 64, 784), whole(InNumPy, 10, 64)
    optimizer = sgd(arrays_of(w), lr=0.01, momentum=0.9)

    def loss() -> Any:
        return softmax_crossentropy(linear(w, "4", relu(linear(w, "2", relu(linear(w, "0", x))))), labels)

    return training_step(w, optimizer, loss)


def cnn(batch: int) -> Callable[[], Step]:
    def prepare() -> Step:
        w, x = tensors(start(networks.reference_cnn)), normal(InNumPy, batch, 3, 32, 32)
        labels = whole(InNumPy, 10, batch)
        optimizer = sgd(arrays_of(w), lr=0.001, momentum=0.9)

        def convolution(name: str, x: Any) -> Any:
            bias = mygrad.reshape(w[f"{name}.bias"], (1, -1, 1, 1))
            return max_pool(relu(conv_nd(x, w[f"{name}.weight"], stride=1) + bias), (2, 2), 2)

        def loss() -> Any:
            pictures = convolution("conv2", convolution("conv1", x))
            hidden = relu(linear(w, "fc1", mygrad.reshape(pictures, (batch, -1))))
            return softmax_crossentropy(linear(w, "fc3", relu(linear(w, "fc2", hidden))), labels)

        return training_step(w, optimizer, loss)

    return prepare


# -------------------------------------------------------------------------------------------------------- LSTM
def lstm() -> Step:
    w, x, labels = tensors(start_lstm()), normal(InNumPy, 64, 32, 64), whole(InNumPy, 10, 32)
    optimizer = adam(arrays_of(w), lr=0.001)

    def loss() -> Any:
        h = c = mygrad.tensor(numpy.zeros((32, 128), f32), constant=True)
        into = {gate: (w[f"weight_ih_{gate}"].T, w[f"weight_hh_{gate}"].T) for gate in "ifgo"}
        bias = {gate: w[f"bias_ih_{gate}"] + w[f"bias_hh_{gate}"] for gate in "ifgo"}
        for now in x:
            i, f, g, o = (
                mygrad.matmul(now, of_x) + mygrad.matmul(h, of_h) + bias[gate] for gate, (of_x, of_h) in into.items()
            )
            c = sigmoid(f) * c + sigmoid(i) * tanh(g)
            h = sigmoid(o) * tanh(c)
        return softmax_crossentropy(linear(w, "head", h), labels)

    return training_step(w, optimizer, loss)


# --------------------------------------------------------------------------------------------------------- GPT
def layer_norm(w: Tensors, name: str, x: Any) -> Any:
    centered = x - mygrad.mean(x, axis=-1, keepdims=True)
    variance = mygrad.mean(mygrad.square(centered), axis=-1, keepdims=True)
    return centered / mygrad.sqrt(variance + f32(1e-5)) * w[f"{name}.weight"] + w[f"{name}.bias"]


def gelu(x: Any) -> Any:
    return f32(0.5) * x * (f32(1) + tanh(f32(math.sqrt(2 / math.pi)) * (x + f32(0.044715) * (x * x * x))))


def attention(w: Tensors, name: str, x: Any, future: Array) -> Any:
    heads, length, width = GPT["heads"], GPT["context"], GPT["width"]
    q, k, v = (
        mygrad.transpose(linear(w, f"{name}.{part}", x).reshape(-1, length, heads, width // heads), 0, 2, 1, 3)
        for part in "qkv"
    )
    scores = mygrad.matmul(q, mygrad.transpose(k, 0, 1, 3, 2)) * f32((width // heads) ** -0.5) + future
    mixed = mygrad.matmul(softmax(scores, axis=-1), v)
    return linear(w, f"{name}.project", mygrad.transpose(mixed, 0, 2, 1, 3).reshape(-1, width))


def gpt() -> Step:
    """All tokens of a batch are rows of one matrix, (N T, width): products of such are faster than of batches."""
    w, vocabulary, length, width = tensors(start_gpt()), GPT["vocabulary"], GPT["context"], GPT["width"]
    tokens, labels = next_tokens(InNumPy, vocabulary, 16, length)
    future = numpy.triu(numpy.full((length, length), -1e9, f32), 1)
    optimizer = adam(arrays_of(w), lr=0.001)

    def loss() -> Any:
        x = (w["tokens.weight"][tokens] + w["positions.weight"]).reshape(-1, width)
        for layer in range(GPT["layers"]):
            name = f"blocks.{layer}"
            x = x + attention(w, name, layer_norm(w, f"{name}.norm1", x), future)
            x = x + linear(w, f"{name}.narrow", gelu(linear(w, f"{name}.widen", layer_norm(w, f"{name}.norm2", x))))
        return softmax_crossentropy(mygrad.matmul(layer_norm(w, "norm", x), w["tokens.weight"].T), labels)

    return training_step(w, optimizer, loss)


PREPARE: dict[str, Callable[[], Step]] = {
    "mlp": mlp,
    "cnn4": cnn(4),
    "cnn32": cnn(32),
    "cnn128": cnn(128),
    "lstm": lstm,
    "gpt": gpt,
}
