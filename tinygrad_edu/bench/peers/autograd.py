"""The workloads in autograd (HIPS): functions of NumPy arrays, differentiated by tracing them at every step.

It has no layers. Convolution is a matrix product over patches, which are a primitive with a gradient of its own, as its
tutorial shows: gathering them by index would be ten times slower. The GELU's erf is SciPy's, by autograd.scipy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.extend import defvjp, primitive
from autograd.scipy.special import erf, logsumexp

from tinygrad_edu.bench import networks
from tinygrad_edu.bench.peers.common import GPT, Array, InNumPy, adam, sgd, start, start_gpt, start_lstm
from tinygrad_edu.bench.workloads import Step, next_tokens, normal, whole

Weights = dict[str, Any]


def training_step(weights: Weights, optimizer: Any, loss_of: Callable[[Weights], Any]) -> Step:
    """Forward, backward, update; returns the loss."""
    loss_and_gradients = value_and_grad(loss_of)

    def step() -> Array:
        loss, gradients = loss_and_gradients(weights)
        optimizer([gradients[name] for name in weights])
        return loss

    return step


def linear(w: Weights, name: str, x: Any) -> Any:
    return np.dot(x, w[f"{name}.weight"].T) + w[f"{name}.bias"]


def relu(x: Any) -> Any:
    return np.maximum(x, numpy.float32(0))


def cross_entropy(scores: Any, chosen: Array) -> Any:
    """Mean of ln Σ e^score - score of the right class; `chosen` has a 1 there."""
    return np.mean(logsumexp(scores, axis=1) - np.sum(scores * chosen, axis=1))


def one_hot(labels: Array, classes: int) -> Array:
    return numpy.eye(classes, dtype=numpy.float32)[labels]


# ------------------------------------------------------------------------------------------------- MLP and CNN
def mlp() -> Step:
    w, x, labels = start(networks.mlp), normal(InNumPy, 64, 784), one_hot(whole(InNumPy, 10, 64), 10)
    optimizer = sgd(list(w.values()), lr=0.01, momentum=0.9)

    def loss(w: Weights) -> Any:
        return cross_entropy(linear(w, "4", relu(linear(w, "2", relu(linear(w, "0", x))))), labels)

    return training_step(w, optimizer, loss)


@primitive
def patches(x: Any, size: int) -> Any:
    """(N, C, H, W) -> (N H' W', C size size): what a kernel of this size sees, a row for each place"""
    windows = numpy.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * size * size)


def added_back(g: Array, shape: tuple[int, ...], size: int) -> Array:
    """The transpose of `patches`: each number is added where it was read."""
    batch, channels, height, width = shape
    high, wide = height - size + 1, width - size + 1
    windows = g.reshape(batch, high, wide, channels, size, size).transpose(0, 3, 1, 2, 4, 5)
    out = numpy.zeros(shape, g.dtype)
    for i in range(size):
        for j in range(size):
            out[:, :, i : i + high, j : j + wide] += windows[..., i, j]
    return out


defvjp(patches, lambda ans, x, size: lambda g: added_back(g, x.shape, size), argnums=(0,))


def convolution(w: Weights, name: str, x: Any) -> Any:
    """5 x 5 convolution, ReLU, 2 x 2 pooling"""
    weight = w[f"{name}.weight"]
    channels, side = weight.shape[0], x.shape[2] - 4
    rows = np.dot(patches(x, 5), np.reshape(weight, (channels, -1)).T) + w[f"{name}.bias"]
    pairs = np.reshape(relu(rows), (-1, side // 2, 2, side // 2, 2, channels))
    return np.transpose(np.max(pairs, axis=(2, 4)), (0, 3, 1, 2))


def cnn(batch: int) -> Callable[[], Step]:
    def prepare() -> Step:
        w, x = start(networks.reference_cnn), normal(InNumPy, batch, 3, 32, 32)
        labels = one_hot(whole(InNumPy, 10, batch), 10)
        optimizer = sgd(list(w.values()), lr=0.001, momentum=0.9)

        def loss(w: Weights) -> Any:
            pictures = convolution(w, "conv2", convolution(w, "conv1", x))
            hidden = relu(linear(w, "fc1", np.reshape(pictures, (batch, -1))))
            return cross_entropy(linear(w, "fc3", relu(linear(w, "fc2", hidden))), labels)

        return training_step(w, optimizer, loss)

    return prepare


# -------------------------------------------------------------------------------------------------------- LSTM
def sigmoid(x: Any) -> Any:
    return 0.5 * np.tanh(0.5 * x) + 0.5


def lstm() -> Step:
    w, x, labels = start_lstm(), normal(InNumPy, 64, 32, 64), one_hot(whole(InNumPy, 10, 32), 10)
    optimizer = adam(list(w.values()), lr=0.001)

    def loss(w: Weights) -> Any:
        h = c = numpy.zeros((32, 128), numpy.float32)
        into = {gate: (w[f"weight_ih_{gate}"].T, w[f"weight_hh_{gate}"].T) for gate in "ifgo"}
        bias = {gate: w[f"bias_ih_{gate}"] + w[f"bias_hh_{gate}"] for gate in "ifgo"}
        for now in x:
            i, f, g, o = (np.dot(now, of_x) + np.dot(h, of_h) + bias[gate] for gate, (of_x, of_h) in into.items())
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        return cross_entropy(linear(w, "head", h), labels)

    return training_step(w, optimizer, loss)


# --------------------------------------------------------------------------------------------------------- GPT
def layer_norm(w: Weights, name: str, x: Any) -> Any:
    centered = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centered * centered, axis=-1, keepdims=True)
    return centered / np.sqrt(variance + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + erf(x * 0.5**0.5))


def softmax(x: Any) -> Any:
    raised = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return raised / np.sum(raised, axis=-1, keepdims=True)


def attention(w: Weights, name: str, x: Any, future: Array) -> Any:
    heads, length, width = GPT["heads"], GPT["context"], GPT["width"]
    q, k, v = (
        np.transpose(np.reshape(linear(w, f"{name}.{part}", x), (-1, length, heads, width // heads)), (0, 2, 1, 3))
        for part in "qkv"
    )
    scores = np.matmul(q, np.transpose(k, (0, 1, 3, 2))) * (width // heads) ** -0.5 + future
    mixed = np.matmul(softmax(scores), v)
    return linear(w, f"{name}.project", np.reshape(np.transpose(mixed, (0, 2, 1, 3)), (-1, width)))


def gpt() -> Step:
    """All tokens of a batch are rows of one matrix, (N T, width): products of such are faster than of batches."""
    w, vocabulary, length, width = start_gpt(), GPT["vocabulary"], GPT["context"], GPT["width"]
    tokens, labels = next_tokens(InNumPy, vocabulary, 16, length)
    chosen = one_hot(labels, vocabulary)
    future = numpy.triu(numpy.full((length, length), -1e9, numpy.float32), 1)
    optimizer = adam(list(w.values()), lr=0.001)

    def loss(w: Weights) -> Any:
        x = np.reshape(w["tokens.weight"][tokens] + w["positions.weight"], (-1, width))
        for layer in range(GPT["layers"]):
            name = f"blocks.{layer}"
            x = x + attention(w, name, layer_norm(w, f"{name}.norm1", x), future)
            x = x + linear(w, f"{name}.narrow", gelu(linear(w, f"{name}.widen", layer_norm(w, f"{name}.norm2", x))))
        return cross_entropy(np.dot(layer_norm(w, "norm", x), w["tokens.weight"].T), chosen)

    return training_step(w, optimizer, loss)


PREPARE: dict[str, Callable[[], Step]] = {
    "mlp": mlp,
    "cnn4": cnn(4),
    "cnn32": cnn(32),
    "cnn128": cnn(128),
    "lstm": lstm,
    "gpt": gpt,
}
