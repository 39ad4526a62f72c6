"""The thirteen workloads: whole training steps and the small operations between them, each written once.

    WORKLOADS["lstm"].prepare(torch) -> step,    where step() is what is timed

For: `tinygrad-edu bench`, which runs each on both libraries in turns. Goal and moonshot are ratios of our time to
PyTorch's on the same machine in the same run. Not for: overhead op by op, which is in `overhead`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from tinygrad_edu.bench import networks

Step = Callable[[], Any]


@dataclass(frozen=True)
class Workload:
    """One row of the table: `prepare(t)` sets everything up in library `t` and returns the step to be timed."""

    title: str
    prepare: Callable[[Any], Step]
    goal: float
    moonshot: float


def training_step(t: Any, model: Any, optimizer: Any, inputs: Any, labels: Any) -> Step:
    """The five lines of every training loop, with cross-entropy."""
    loss_function = t.nn.CrossEntropyLoss()

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_function(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def normal(t: Any, *shape: int) -> Any:
    """Float32 numbers of mean 0 and variance 1, the same for every library."""
    return t.from_numpy(numpy.random.default_rng(0).standard_normal(shape).astype(numpy.float32))


def whole(t: Any, high: int, *shape: int) -> Any:
    """Whole numbers below `high`, the same for every library."""
    return t.from_numpy(numpy.random.default_rng(1).integers(0, high, shape))


def next_tokens(t: Any, vocabulary: int, batch: int, length: int) -> tuple[Any, Any]:
    """Random text: tokens (batch, length), and as labels (batch · length) the tokens that follow."""
    text = numpy.random.default_rng(1).integers(0, vocabulary, (batch, length + 1))
    return t.from_numpy(text[:, :-1].copy()), t.from_numpy(text[:, 1:].reshape(-1))


def mlp(t: Any) -> Step:
    model = networks.mlp(t)
    optimizer = t.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return training_step(t, model, optimizer, normal(t, 64, 784), whole(t, 10, 64))


def cnn(batch: int) -> Callable[[Any], Step]:
    def prepare(t: Any) -> Step:
        model = networks.reference_cnn(t)
        optimizer = t.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
        return training_step(t, model, optimizer, normal(t, batch, 3, 32, 32), whole(t, 10, batch))

    return prepare


def conv_block(t: Any) -> Step:
    model, x, g = networks.conv_block(t), normal(t, 32, 64, 16, 16).requires_grad_(), normal(t, 32, 64, 16, 16)

    def step() -> None:
        model.zero_grad()
        x.grad = None
        model(x).backward(g)

    return step


def recurrent(kind: str) -> Callable[[Any], Step]:
    def prepare(t: Any) -> Step:
        model = networks.recurrent(t, kind)
        optimizer = t.optim.Adam(model.parameters(), lr=0.001)
        return training_step(t, model, optimizer, normal(t, 64, 32, 64), whole(t, 10, 32))

    return prepare


def gpt(t: Any) -> Step:
    vocabulary, length = 65, 64
    model = networks.gpt(t, layers=4, width=128, heads=4, context=length, vocabulary=vocabulary)
    optimizer = t.optim.Adam(model.parameters(), lr=0.001)
    tokens, labels = next_tokens(t, vocabulary, 16, length)
    loss_function = t.nn.CrossEntropyLoss()

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_function(model(tokens).view(-1, vocabulary), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def small_loss(t: Any) -> Step:
    x, a, b = (normal(t, 10).requires_grad_() for _ in range(3))
    return lambda: ((x * a + b).tanh()).sum().backward()


def chain(t: Any) -> Step:
    x, a = normal(t, 10).requires_grad_(), normal(t, 10)

    def step() -> None:
        y = x
        for _ in range(10_000):
            y = y + a
        y.sum().backward()

    return step


def adam(t: Any) -> Step:
    parameters = [t.nn.Parameter(normal(t, 316, 316)) for _ in range(100)]
    for parameter in parameters:
        parameter.grad = normal(t, 316, 316)
    return t.optim.Adam(parameters).step


def embedding(t: Any) -> Step:
    weight, tokens, g = normal(t, 50_000, 128).requires_grad_(), whole(t, 50_000, 4096), normal(t, 4096, 128)

    def step() -> None:
        weight.grad = None
        t.nn.functional.embedding(tokens, weight).backward(g)

    return step


WORKLOADS: dict[str, Workload] = {
    "mlp": Workload("MLP 784-256-128-10, batch 64", mlp, 1.0, 0.75),
    "cnn4": Workload("reference CNN, batch 4", cnn(4), 1.0, 0.75),
    "cnn32": Workload("reference CNN, batch 32", cnn(32), 1.2, 0.8),
    "cnn128": Workload("reference CNN, batch 128", cnn(128), 1.3, 1.0),
    "conv": Workload("conv 64-64 k3, batch norm, ReLU", conv_block, 2.4, 2.0),
    "rnn": Workload("RNN tanh 64-128, T 64, batch 32", recurrent("RNN"), 0.6, 0.42),
    "lstm": Workload("LSTM, same size", recurrent("LSTM"), 1.9, 1.4),
    "gru": Workload("GRU, same size", recurrent("GRU"), 0.75, 0.6),
    "gpt": Workload("GPT 4 layers, d 128, T 64, batch 16", gpt, 1.4, 1.0),
    "small": Workload("((x*a + b).tanh()).sum() on 10 numbers", small_loss, 0.6, 0.45),
    "chain": Workload("10,000 chained additions", chain, 0.4, 0.3),
    "adam": Workload("Adam, 10 M parameters in 100 tensors", adam, 1.3, 1.1),
    "embedding": Workload("embedding gradient, 50k x 128", embedding, 1.35, 1.1),
}
