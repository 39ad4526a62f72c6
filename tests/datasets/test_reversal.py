"""Reversal: the pairs and targets are as drawn in the file, and held-out words are never trained on."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.datasets import Reversal
from tinygrad_edu.datasets.reversal import END, IGNORED, LETTERS, PAD, START, as_batch, decode, encode
from tinygrad_edu.utils.data import default_collate

words = some.text(alphabet=LETTERS, min_size=1, max_size=7)


def test_the_example_of_the_docstring():
    (pairs, targets), letter = as_batch(["robot"], 7), {x: token for token, x in enumerate(LETTERS, 3)}
    robot = [letter[x] for x in "robot"]
    assert pairs[0, 0].tolist() == [*robot, PAD, PAD, PAD]
    assert pairs[0, 1].tolist() == [START, *robot[::-1], PAD, PAD]
    assert targets[0].tolist() == [*robot[::-1], END, IGNORED, IGNORED]


@given(batch=some.lists(words, min_size=1, max_size=4))
def test_the_target_is_the_source_turned_around(batch):
    pairs, targets = as_batch(batch, 7)
    for word, (source, before), target in zip(batch, pairs.tolist(), targets.tolist(), strict=True):
        assert decode(source) == word
        assert decode(target) == word[::-1]
        wanted = [token for token in target if token != IGNORED]
        assert len(wanted) == len(word) + 1
        assert before[1 : len(wanted)] == wanted[:-1]  # the decoder is shown what it should have written before


def test_decode_stops_at_the_end():
    assert decode([5, START, 4, PAD, END, 6]) == "cb"


def test_no_held_out_word_is_trained_on():
    held_out = set(Reversal(False, shortest=1, longest=3, count=3000).words)
    trained = set(Reversal(True, shortest=1, longest=3, count=30_000).words)
    assert held_out.isdisjoint(trained)
    assert len(held_out | trained) > 8000  # of 18,278 there are: enough to have met


def test_lengths_and_letters_are_all_there():
    data = Reversal(shortest=2, longest=6, count=3000)
    assert {len(word) for word in data.words} == {2, 3, 4, 5, 6}
    assert set("".join(data.words)) == set(LETTERS)


def test_equal_seeds_equal_words():
    assert Reversal(count=50, seed=3).words == Reversal(count=50, seed=3).words
    assert Reversal(count=50, seed=3).words != Reversal(count=50, seed=4).words


def test_take_is_the_samples_together():
    data = Reversal(count=9)
    for together, one_by_one in zip(data.take([4, 0, 4]), default_collate([data[4], data[0], data[4]]), strict=True):
        numpy.testing.assert_array_equal(together.numpy(), one_by_one.numpy())
    assert len(data) == 9
    assert repr(data) == "Reversal(9 words of up to 10 letters)"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Reversal(count=0), "wanted 1 word or more"),
        (lambda: Reversal(shortest=0), "of 1 letter or more"),
        (lambda: Reversal(shortest=5, longest=4), "no longer than the longest, got 90000 words of 5 to 4 letters"),
        (lambda: encode(["abcde"], 4), "wanted words of up to 4 letters a to z, got 'abcde'"),
        (lambda: encode(["Robot"], 9), "wanted words of up to 9 letters a to z, got 'Robot'"),
    ],
)
def test_what_cannot_be_done(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
