"""The adding problem: two numbers far apart in a long sequence, what is their sum? An LSTM learns it, an RNN does not.

Both have the same size, data, steps and clipping. What differs is the way back through time: an RNN's gradient passes
the same matrix and the slope of tanh at every step and is gone before it reaches the first number; an LSTM's passes
along the cell, c = f c + …, with its forget gates open.

Measured, with the defaults: at 100 steps the LSTM has a mean squared error of 0.0008 to 0.0022 (seeds 0 to 4) and the
RNN 0.1646 to 0.1657 (seeds 0 to 5; at the learning rates 0.01, 0.005 and 0.001 too), where always saying 1 has 0.1651.
At 10 steps the RNN learns too, and from 20 to 60 it takes luck: try `--data adding:20` with several seeds.
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

from tinygrad_edu.cli.drawings.adding import draw_adding
from tinygrad_edu.cli.tasks.base import Answer, Candidate, Task, number_after
from tinygrad_edu.datasets.adding import AddingProblem
from tinygrad_edu.engine import no_grad
from tinygrad_edu.models import RecurrentRegressor
from tinygrad_edu.nn import Module
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.training import History
from tinygrad_edu.training.loop import device_of_model

# At 100 steps the LSTM learns with adam, adamw and rmsprop; with sgd and adagrad it still says 1 after 20 epochs. (At
# 60 steps adagrad learns too, and sgd does not, at rates from 0.1 to 1.)
RATES = {"adam": 0.02, "sgd": 0.5, "adamw": 0.02, "adagrad": 0.1, "rmsprop": 0.01}


def candidate(kind: str) -> Candidate:
    """The same for every kind of recurrent network, so that they can be compared."""
    return Candidate(
        build=lambda facts: RecurrentRegressor(2, kind=kind, hidden=32),
        epochs=20,
        batch_size=50,
        rates=RATES,
        folder=f"adding-{kind}",
        clip=1.0,
        epoch_size=4000,
    )


class Adding(Task):
    """A sequence (T, 2) of values and markers -> the sum of the two marked values, by the squared error."""

    data = ("adding",)
    samples = "sequences"
    models: ClassVar = {kind: candidate(kind) for kind in ("lstm", "gru", "rnn")}

    def load(self, data: str) -> tuple[AddingProblem, AddingProblem]:
        length = number_after(data, 100, "how long the sequences are")
        return AddingProblem(True, length=length), AddingProblem(False, length=length)

    def facts(self, learned: AddingProblem) -> dict[str, Any]:
        return {"length": learned.sequences.shape[1]}

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(outputs, targets)

    def result(self, model: Module, held_out: AddingProblem, found: Mapping[str, float]) -> str:
        always_one = float(((held_out.sums - 1) ** 2).mean())  # 1/6 is expected, of other sequences a little else
        return f"mean squared error {found['loss']:.5f}, always saying 1 has {always_one:.5f}"

    def draw(self, history: History, model: Module, held_out: AddingProblem, path: pathlib.Path) -> None:
        draw_adding(history, model, held_out, path)

    def try_it(self, held_out: AddingProblem, output: pathlib.Path) -> str:
        return '"0.25 0.5"'

    @no_grad()
    def answer(self, model: Module, about: Mapping[str, Any], question: str, options: argparse.Namespace) -> Answer:
        first, second = read_numbers(question)
        problem = AddingProblem(False, length=about["length"], sequences=1, seed=options.seed)
        sequence, (early, late) = problem.sequences[:1], problem.marked[0].tolist()
        sequence[0, [early, late], 0] = first, second
        said = float(model(tensor(sequence, device=device_of_model(model))).item())
        steps = [early + 1, late + 1]
        facts = {"numbers": [first, second], "steps": steps, "answer": said, "sum": first + second}
        text = f"{first:g} + {second:g} = {said:.3f}, seen at the steps {steps[0]} and {steps[1]} of {about['length']}"
        return Answer(facts, text)


def read_numbers(question: str) -> tuple[float, float]:
    """ "0.25 0.5" -> (0.25, 0.5)"""
    try:
        first, second = map(float, question.split())
    except ValueError:
        first = second = -1.0
    if not (0 <= first <= 1 and 0 <= second <= 1):
        raise ValueError(f'wanted two numbers from 0 to 1, such as "0.25 0.5", got {question!r}')
    return first, second
