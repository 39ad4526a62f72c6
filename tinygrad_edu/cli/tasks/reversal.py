"""Reversal: turn words of random letters around, by a Transformer with an encoder and a decoder.

An answer counts only if every letter of it is right. In training and validation the decoder is shown the right letters
before each position; being right everywhere under this help is the same as being right without: if every next letter is
right after the right beginning, then greedy decoding never leaves it. So the accuracy of an epoch is already that of
greedy decoding, and the last line, which decodes without help, says the same once more.
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tinygrad_edu.cli.drawings.reversal import draw_reversal
from tinygrad_edu.cli.tasks.base import Answer, Candidate, Task, number_after
from tinygrad_edu.datasets.reversal import END, IGNORED, PAD, START, VOCABULARY, Reversal, decode, encode
from tinygrad_edu.models import SequenceToSequence
from tinygrad_edu.nn import Module
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.training import History
from tinygrad_edu.training.loop import device_of_model


def whole_answers(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of rows (T, vocabulary) whose largest outputs are right at every target (T,) that is not IGNORED."""
    right = (outputs.argmax(-1) == targets) | (targets == IGNORED)
    return right.all(dim=1).float().mean()


class Reversing(Task):
    """A word and its answer so far (2, L) -> the next letters (L,), by cross-entropy."""

    data = ("reversal",)
    samples = "words"
    metrics: ClassVar = {"accuracy": whole_answers}
    models: ClassVar = {
        "seq2seq": Candidate(
            build=lambda facts: SequenceToSequence(VOCABULARY, facts["longest"] + 1, pad=PAD),
            epochs=18,
            batch_size=50,
            rates={"adam": 0.003, "sgd": 0.1, "adamw": 0.003, "adagrad": 0.02, "rmsprop": 0.001},
            folder="reversal-seq2seq",
            clip=1.0,
            epoch_size=5000,
        )
    }

    def load(self, data: str) -> tuple[Reversal, Reversal]:
        longest = number_after(data, 10, "how many letters a word has at most")
        shortest = min(3, longest)
        learned, held_out = (Reversal(train, shortest=shortest, longest=longest) for train in (True, False))
        return learned, held_out

    def facts(self, learned: Reversal) -> dict[str, Any]:
        return {"longest": learned.longest}

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)

    def result(self, model: Module, held_out: Reversal, found: Mapping[str, float]) -> str:
        said = turned_around(model, held_out.words, held_out.longest)
        right = sum(answer == word[::-1] for answer, word in zip(said, held_out.words, strict=True))
        share = 100 * right / len(said)
        return (
            f"loss {found['loss']:.4f}, {share:.2f} % turned around exactly ({right} of {len(said)}, greedy decoding)"
        )

    def draw(self, history: History, model: Module, held_out: Reversal, path: pathlib.Path) -> None:
        draw_reversal(history, model, held_out, turned_around(model, held_out.words, held_out.longest), path)

    def try_it(self, held_out: Reversal, output: pathlib.Path) -> str:
        return "robot" if held_out.longest >= 5 else held_out.words[0]

    def answer(self, model: Module, about: Mapping[str, Any], question: str, options: argparse.Namespace) -> Answer:
        if not 1 <= len(question) <= about["longest"]:
            raise ValueError(f"wanted a word of 1 to {about['longest']} letters a to z, got {question!r}")
        (said,) = turned_around(model, [question], about["longest"])
        is_right = said == question[::-1]
        return Answer({"word": question, "answer": said, "right": is_right}, said if is_right else f"{said} (wrong)")


def turned_around(model: Module, words: Sequence[str], longest: int) -> list[str]:
    """What the model answers to each word by greedy decoding, shown nothing but the word."""
    source = tensor(encode(words, longest + 1), device=device_of_model(model))
    return [decode(row) for row in model.answer(source, START, END).tolist()]
