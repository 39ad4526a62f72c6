"""SequenceToSequence: padding means nothing, the decoder does not see the future, attention is what it says."""

from __future__ import annotations

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.datasets.reversal import END, PAD, START, VOCABULARY, as_batch, encode
from tinygrad_edu.models import SequenceToSequence
from tinygrad_edu.optim import Adam

WORDS = ["robot", "echo", "a"]


@pytest.fixture
def model():
    te.manual_seed(0)
    return SequenceToSequence(VOCABULARY, 9, width=8, heads=2, layers=2).double()


def test_shapes(model):
    pairs, _ = as_batch(WORDS, 7)
    assert tuple(model(pairs).shape) == (3, 8, VOCABULARY)


def test_padding_means_nothing(model):
    short, long = (model(as_batch(WORDS, size)[0]).detach().numpy() for size in (5, 8))
    for row, word in enumerate(WORDS):
        numpy.testing.assert_allclose(short[row, : len(word)], long[row, : len(word)], atol=1e-12)


def test_the_decoder_does_not_see_the_future_and_sees_all_of_the_source(model):
    pairs, _ = as_batch(["robot"], 5)
    before = model(pairs).detach().numpy()
    for which, first in ((1, 3), (0, 0)):  # the answer so far at 3 changes from 3 on; the source changes all
        changed = pairs.clone()
        changed[0, which, 3] = 20
        same = (model(changed).detach().numpy() == before).all(axis=(0, 2))
        assert same.tolist() == [t < first for t in range(6)]


def test_the_order_of_letters_matters_on_both_sides(model):
    pairs, _ = as_batch(["robot"], 5)
    before = model(pairs).detach().numpy()
    for which in (0, 1):  # the source, the answer so far
        swapped = pairs.clone()
        swapped[0, which, 1], swapped[0, which, 2] = pairs[0, which, 2], pairs[0, which, 1]
        assert numpy.abs(model(swapped).detach().numpy() - before)[0, 3:].max() > 1e-3


def test_attention_is_a_mean_over_what_is_not_padding(model):
    pairs, _ = as_batch(WORDS, 6)
    before = model(pairs).detach().numpy()
    weights = model.attention(pairs).numpy()
    assert weights.shape == (3, 7, 7)
    numpy.testing.assert_allclose(weights.sum(2), 1, atol=1e-12)
    for row, word in enumerate(WORDS):
        assert (weights[row, :, len(word) :] == 0).all()
    assert (weights[2, :, 0] == 1).all()  # of one letter there is only one to look at
    numpy.testing.assert_array_equal(model(pairs).detach().numpy(), before)  # and no hook is left behind
    assert model.training


def test_attention_is_that_of_the_last_layer(model):
    """Without memory projections of the last layer its attention is uniform, whatever the others do."""
    pairs, _ = as_batch(["robot"], 5)
    last = model.transformer.decoder.layers[-1].multihead_attn
    with te.no_grad():
        last.in_proj_weight[: 2 * 8] = 0.0
        last.in_proj_bias[: 2 * 8] = 0.0
    numpy.testing.assert_allclose(model.attention(pairs).numpy()[0, :, :5], 0.2, atol=1e-12)


def test_the_answer_is_what_it_would_write_letter_by_letter(model):
    source = te.tensor(encode(WORDS, 8))
    found = model.answer(source, START, END).numpy()
    written = numpy.full((3, 1), START)
    for _ in range(found.shape[1]):
        pairs = te.zeros(3, 2, max(8, written.shape[1]), dtype=te.int64) + PAD
        pairs[:, 0, :8] = source
        pairs[:, 1, : written.shape[1]] = te.tensor(written)
        following = model(pairs).detach().numpy()[:, written.shape[1] - 1].argmax(1)
        ended = (written == END).any(axis=1)
        written = numpy.concatenate([written, numpy.where(ended, END, following)[:, None]], axis=1)
    numpy.testing.assert_array_equal(found, written[:, 1:])


def test_it_learns_to_turn_two_letters_around():
    te.manual_seed(0)
    model = SequenceToSequence(VOCABULARY, 3, width=16, heads=2)
    words = ["ab", "ba", "cd", "dc", "ac", "ca"]
    pairs, targets = as_batch(words, 2)
    optimizer = Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        te.nn.functional.cross_entropy(model(pairs).flatten(0, 1), targets.flatten()).backward()
        optimizer.step()
    found = model.answer(te.tensor(encode(words, 3)), START, END)
    numpy.testing.assert_array_equal(found.numpy()[:, :2], encode([word[::-1] for word in words], 2))
