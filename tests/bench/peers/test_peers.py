"""The peers do the same: from the same weights the same loss, and after an update of all weights again."""

from __future__ import annotations

import importlib
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu.bench.peers import PEERS
from tinygrad_edu.bench.peers.common import InNumPy, adam, sgd, start
from tinygrad_edu.bench.workloads import WORKLOADS, normal, whole

WORKLOADS_OF_PEERS = ("mlp", "cnn4", "cnn32", "cnn128", "lstm", "gpt")
# MyGrad has no erf: its GELU is the one with tanh, which differs in the fourth digit
TOLERANCE = {("mygrad", "gpt"): 1e-3}
STEPS = {"cnn128": 1, "cnn32": 2, "gpt": 2}


def peer(name: str) -> Any:
    pytest.importorskip(name, reason="the peer to measure against")
    if name == "autograd":
        pytest.importorskip("scipy", reason="has the erf that autograd differentiates")
    return importlib.import_module(f"tinygrad_edu.bench.peers.{name}")


@pytest.mark.parametrize("workload", WORKLOADS_OF_PEERS)
@pytest.mark.parametrize("name", PEERS)
def test_losses_are_ours(name: str, workload: str) -> None:
    library = peer(name)
    theirs = library.PREPARE[workload]()
    tinygrad_edu.manual_seed(0)
    ours = WORKLOADS[workload].prepare(tinygrad_edu)
    found = []
    for _ in range(STEPS.get(workload, 3)):
        expected, got = ours().item(), theirs()
        assert got.dtype == numpy.float32
        assert float(got) == pytest.approx(expected, rel=TOLERANCE.get((name, workload), 1e-5))
        found.append(expected)
    assert len(set(found)) == len(found)  # the weights have moved


@pytest.mark.parametrize("name", PEERS)
def test_both_have_the_same_workloads(name: str) -> None:
    assert tuple(peer(name).PREPARE) == WORKLOADS_OF_PEERS


def test_weights_are_the_same_each_time_and_nobody_elses() -> None:
    def network(t: Any) -> Any:
        return t.nn.Linear(3, 2)

    first, again = start(network), start(network)
    first["weight"] += 1
    assert list(again) == ["weight", "bias"]
    assert numpy.array_equal(start(network)["weight"], again["weight"])


def test_data_is_the_same() -> None:
    for make in (lambda t: normal(t, 2, 3), lambda t: whole(t, 10, 5)):
        assert make(InNumPy).tolist() == make(tinygrad_edu).tolist()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda p: tinygrad_edu.optim.SGD(p, lr=0.1, momentum=0.9), lambda p: sgd(p, lr=0.1, momentum=0.9)),
        (lambda p: tinygrad_edu.optim.Adam(p, lr=0.1), lambda p: adam(p, lr=0.1)),
    ],
)
def test_their_optimizers_are_ours(ours: Any, theirs: Any) -> None:
    random = numpy.random.default_rng(0)
    values = [random.standard_normal(4), random.standard_normal((2, 3))]
    parameters = [tinygrad_edu.tensor(value, requires_grad=True) for value in values]
    optimizer, update = ours(parameters), theirs(values)
    for _ in range(5):
        gradients = [random.standard_normal(value.shape) for value in values]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = tinygrad_edu.tensor(gradient)
        optimizer.step()
        update(gradients)
    for parameter, value in zip(parameters, values, strict=True):
        assert numpy.allclose(parameter.detach().numpy(), value, rtol=1e-10)
