"""Text: which letter comes next? LSTM, GPT, GRU and RNN on letters from a source whose entropy rate is known exactly.

The loss is in nats per letter, so it has a floor that is known before training begins. How far a model stays above it
is what it has not learned.
"""

from __future__ import annotations

import argparse
import functools
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy

from tinygrad_edu.backend import Generator
from tinygrad_edu.cli.drawings.text import draw_text
from tinygrad_edu.cli.tasks.base import Answer, Candidate, Task, number_after
from tinygrad_edu.datasets.text import GeneratedText, LetterSource
from tinygrad_edu.generation import evaluating, greedy, sample
from tinygrad_edu.models import CausalLanguageModel, RecurrentLanguageModel
from tinygrad_edu.nn import Module
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.training import History
from tinygrad_edu.training.loop import device_of_model

PROMPT = "once upon a time "
LENGTH = 32  # letters in a window, and the context of the GPT


# Learning rates for batches of 32 windows, of the recurrent models and of the GPT.
RECURRENT_RATES = {"adam": 0.01, "sgd": 0.5, "adamw": 0.01, "adagrad": 0.05, "rmsprop": 0.003}
GPT_RATES = {"adam": 0.005, "sgd": 0.1, "adamw": 0.005, "adagrad": 0.05, "rmsprop": 0.003}


def model_of(kind: str, facts: Mapping[str, Any]) -> Module:
    """A recurrent model with a state of 96 numbers, or a GPT of 2 blocks of width 48 with rotary positions."""
    vocabulary = len(LetterSource(facts["order"]).alphabet)
    if kind == "gpt":
        return CausalLanguageModel(vocabulary, LENGTH, width=48, heads=4, layers=2, positions="rotary")
    return RecurrentLanguageModel(vocabulary, kind=kind, hidden=96)


def candidate(kind: str) -> Candidate:
    """The same for every model but the learning rates, so that they can be compared."""
    return Candidate(
        build=functools.partial(model_of, kind),
        epochs=20,
        batch_size=32,
        rates=GPT_RATES if kind == "gpt" else RECURRENT_RATES,
        folder=f"text-{kind}",
        clip=1.0,
        epoch_size=3600,
    )


class Text(Task):
    """Letters (T,) -> the letters that follow them (T,), by cross-entropy in nats per letter."""

    data = ("text",)
    samples = "windows"
    models: ClassVar = {
        "lstm": candidate("lstm"),
        "gpt": candidate("gpt"),
        "gru": candidate("gru"),
        "rnn": candidate("rnn"),
    }

    def load(self, data: str) -> tuple[GeneratedText, GeneratedText]:
        order = number_after(data, 3, "how many letters the source looks at")
        return GeneratedText(True, length=LENGTH, order=order), GeneratedText(False, length=LENGTH, order=order)

    def facts(self, learned: GeneratedText) -> dict[str, Any]:
        return {"order": learned.source.order}

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs.flatten(0, 1), targets.flatten())

    def result(self, model: Module, held_out: GeneratedText, found: Mapping[str, float]) -> str:
        floor = held_out.source.entropy_rate()
        return f"loss {found['loss']:.4f} nats per letter, entropy rate {floor:.4f}, ratio {found['loss'] / floor:.3f}"

    def draw(self, history: History, model: Module, held_out: GeneratedText, path: pathlib.Path) -> None:
        written = continue_text(model, held_out.source, PROMPT, 560, Generator().manual_seed(0))
        draw_text(history, model, held_out, written, path)

    def try_it(self, held_out: GeneratedText, output: pathlib.Path) -> str:
        return f'"{PROMPT.strip()}"'

    def answer(self, model: Module, about: Mapping[str, Any], question: str, options: argparse.Namespace) -> Answer:
        source = LetterSource(about["order"])
        random = Generator().manual_seed(options.seed)
        written = continue_text(model, source, question, options.length, random, options.temperature)
        return Answer({"prompt": question, "continuation": written[len(question) :]}, written)


def continue_text(
    model: Module, source: LetterSource, prompt: str, count: int, random: Generator, temperature: float = 1.0
) -> str:
    """`prompt` and `count` more letters, drawn one after the other; at temperature 0 always the likeliest."""
    if not prompt:
        raise ValueError("wanted the beginning of a text, one letter or more, got none")
    tokens = tensor(source.encode(prompt)[None], device=device_of_model(model))
    reader: Any = model
    if isinstance(model, CausalLanguageModel):  # it reads so many letters at most: the last ones

        def reader(tokens: Tensor) -> Tensor:
            return model(tokens[:, -model.context :])

    with evaluating(model):
        if temperature == 0:
            written = greedy(reader, tokens, count)
        else:
            written = sample(reader, tokens, count, temperature=temperature, generator=random)
    return source.decode(numpy.asarray(written[0].tolist()))
