"""The examples keep their promises at their real size, from the command line: minutes, so marked slow.

Time is the process's own, which another program on the machine does not lengthen: computing keeps to one thread.
"""

from __future__ import annotations

import time

import pytest

from tinygrad_edu.checkpoint import load_checkpoint
from tinygrad_edu.cli import main
from tinygrad_edu.datasets import LetterSource
from tinygrad_edu.datasets.adding import BASELINE

for module in ("safetensors", "matplotlib", "tqdm", "PIL", "threadpoolctl"):
    pytest.importorskip(module, reason="the command line needs the extra 'train'")

pytestmark = pytest.mark.slow
MOST_SECONDS = 90


def history_of(folder, *arguments):
    """The history of `tinygrad-edu train …`, which must take less than MOST_SECONDS and leave a picture."""
    started = time.process_time()
    assert main(["train", *map(str, arguments), "--output", str(folder)]) == 0
    assert time.process_time() - started < MOST_SECONDS
    assert (folder / "picture.png").stat().st_size > 50_000
    return load_checkpoint(folder / "checkpoint.safetensors").history


@pytest.mark.parametrize("model", ["lstm", "gpt"])
def test_a_character_model_comes_within_5_percent_of_the_entropy_rate(tmp_path, model):
    history = history_of(tmp_path, "--model", model)
    ratio = history["validation_loss"][-1] / LetterSource(3).entropy_rate()
    assert 0.97 < ratio < 1.05  # nobody can do better than 1, but for the luck of 30,000 held-out letters


@pytest.mark.parametrize("seed", range(3))
def test_an_lstm_learns_to_add_and_a_plain_rnn_does_not(tmp_path, seed):
    """The same size of state, data, steps, learning rate and clipping; 1/6 is what always saying 1 gets."""
    lstm = history_of(tmp_path / "lstm", "--model", "lstm", "--data", "adding", "--seed", seed)
    rnn = history_of(tmp_path / "rnn", "--model", "rnn", "--data", "adding", "--seed", seed)
    assert lstm["validation_loss"][-1] < 0.01
    assert min(rnn["validation_loss"]) > 0.9 * BASELINE


def test_a_transformer_turns_words_around(tmp_path, capsys):
    history = history_of(tmp_path, "--model", "seq2seq", "--quiet")
    assert history["validation_accuracy"][-1] >= 0.99
    said = capsys.readouterr().out  # "… 99.90 % turned around exactly (999 of 1000, greedy decoding) …"
    right, _, count = said.partition("(")[2].partition(",")[0].partition(" of ")
    assert int(right) >= 0.99 * int(count)
    assert int(count) == 1000
