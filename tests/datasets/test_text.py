"""Generated text: its entropy rate is exact, the text has it, and a perfect predictor gets it as its loss."""

from __future__ import annotations

import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tinygrad_edu.datasets import GeneratedText, LetterSource
from tinygrad_edu.datasets.text import IGNORED
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import default_collate

stories = some.text(alphabet="ab c", min_size=6, max_size=40).filter(lambda story: story.strip())


def chain(source: LetterSource) -> tuple[list[str], numpy.ndarray, numpy.ndarray]:
    """(contexts, P (C, C), p (C, letters)): the Markov chain of contexts, built letter by letter from p."""
    letters = source.decode(source.story)
    circle = letters + letters[: source.order]
    contexts = sorted({circle[i : i + source.order] for i in range(len(letters))})
    number = {context: i for i, context in enumerate(contexts)}
    p = numpy.array([source.next_letter(context) for context in contexts])
    moves = numpy.zeros((len(contexts), len(contexts)))
    for context in contexts:
        for letter, share in zip(source.alphabet, p[number[context]], strict=True):
            if share:
                moves[number[context], number[(context + letter)[1:]]] += share
    return contexts, moves, p


def stationary(moves: numpy.ndarray) -> numpy.ndarray:
    """π with π P = π and Σ π = 1, by least squares; unique if the rank says so."""
    size = len(moves)
    equations = numpy.concatenate([moves.T - numpy.eye(size), numpy.ones((1, size))])
    assert numpy.linalg.matrix_rank(equations) == size
    solution, *_ = numpy.linalg.lstsq(equations, numpy.append(numpy.zeros(size), 1), rcond=None)
    return solution


def entropy(p: numpy.ndarray) -> numpy.ndarray:
    return -(p * numpy.log(numpy.where(p > 0, p, 1))).sum(-1)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_entropy_rate_is_that_of_the_stationary_chain(order):
    source = LetterSource(order)
    contexts, moves, p = chain(source)
    numpy.testing.assert_allclose(p.sum(1), 1)
    pi = stationary(moves)
    letters = source.decode(source.story)
    circle = letters + letters[:order]
    counts = [sum(circle.startswith(context, i) for i in range(len(letters))) for context in contexts]
    numpy.testing.assert_allclose(pi, numpy.array(counts) / len(letters), atol=1e-12)  # π(c) = n(c)/N
    assert source.entropy_rate() == pytest.approx(pi @ entropy(p), rel=1e-9)


@pytest.mark.parametrize("known", [0, 1, 2])
def test_the_floor_of_who_knows_fewer_letters(known):
    source = LetterSource(3)
    contexts, moves, p = chain(source)
    pi = stationary(moves)
    groups: dict[str, numpy.ndarray] = {}
    for context, weight, row in zip(contexts, pi, p, strict=True):
        seen = context[len(context) - known :]
        groups[seen] = groups.get(seen, 0) + weight * row
    floor = sum(joint.sum() * entropy(joint / joint.sum()) for joint in groups.values())
    assert source.entropy_rate(known) == pytest.approx(floor, rel=1e-9)


def test_the_numbers_that_the_docstring_gives():
    assert [round(LetterSource(3).entropy_rate(known), 2) for known in range(4)] == [2.73, 1.90, 1.05, 0.53]


@settings(max_examples=30, deadline=None)
@given(story=stories, order=some.integers(1, 3))
def test_knowing_more_letters_never_hurts(story, order):
    source = LetterSource(order, story)
    floors = [source.entropy_rate(known) for known in range(order + 1)]
    assert floors == sorted(floors, reverse=True) or numpy.diff(floors).max() < 1e-12
    assert floors[-1] > -1e-12
    assert floors[0] <= math.log(len(source.alphabet)) + 1e-12


@settings(max_examples=30, deadline=None)
@given(story=stories, order=some.integers(1, 3), seed=some.integers(0, 99))
def test_only_what_the_story_has_is_drawn(story, order, seed):
    source = LetterSource(order, story)
    letters = source.decode(source.story)
    circle = letters * (2 + order)
    for row in source.draw(3, order + 12, numpy.random.default_rng(seed)):
        text = source.decode(row)
        assert all(text[i : i + order + 1] in circle for i in range(len(text) - order))


def test_a_long_text_has_the_entropy_rate():
    source = LetterSource(3)
    tokens = source.draw(400, 1003, numpy.random.default_rng(0))  # 400,000 letters
    surprise = source.surprise(tokens)
    per_text = surprise.mean(1)
    assert abs(surprise.mean() - source.entropy_rate()) < 4 * per_text.std() / math.sqrt(len(per_text))
    blocks = [numpy.unique(source._numbers(tokens, size), return_counts=True)[1] for size in (3, 4)]
    shorter, longer = (entropy(counts / counts.sum()) for counts in blocks)
    assert longer - shorter == pytest.approx(source.entropy_rate(), rel=0.02)  # H₄ - H₃, which knows nothing of p


def test_every_place_of_a_window_is_stationary():
    source = LetterSource(3)
    tokens = source.draw(40_000, 20, numpy.random.default_rng(1))
    wanted = numpy.bincount(source.story, minlength=len(source.alphabet)) / len(source.story)
    for column in tokens.T:
        found = numpy.bincount(column, minlength=len(source.alphabet)) / len(column)
        assert numpy.abs(found - wanted).max() < 5 * math.sqrt(0.25 / len(column))


def test_surprise_is_minus_the_logarithm_of_p():
    source = LetterSource(3)
    tokens = source.draw(2, 10, numpy.random.default_rng(0))
    found = source.surprise(tokens)
    assert found.shape == (2, 7)
    for row, values in zip(tokens, found, strict=True):
        for place, value in enumerate(values):
            p = source.next_letter(source.decode(row[place : place + 3]))[row[place + 3]]
            assert value == pytest.approx(-math.log(p))


def test_surprise_at_what_is_never_written():
    source = LetterSource(3)
    impossible, unknown = source.surprise(source.encode("the oxx")[None])[0][[2, 3]]
    assert impossible == math.inf  # "e ox": the story has "e o", never followed by x
    assert math.isnan(unknown)  # " ox" stands nowhere, so nothing can be said of what follows


def test_a_perfect_predictor_has_the_entropy_rate_as_its_loss():
    data = GeneratedText(False, windows=300)
    letters, targets = (part.numpy() for part in data.take(range(len(data))))
    logits = numpy.zeros((*letters.shape, len(data.source.alphabet)))
    for row in range(300):
        for t in range(data.source.order - 1, letters.shape[1]):
            p = data.source.next_letter(data.source.decode(letters[row, t - data.source.order + 1 : t + 1]))
            logits[row, t] = numpy.log(numpy.maximum(p, 1e-30))
    loss = F.cross_entropy(tensor(logits).flatten(0, 1), tensor(targets).flatten()).item()
    fair = data.source.surprise(data.tokens).mean()
    assert loss == pytest.approx(fair, rel=1e-6)
    assert fair == pytest.approx(data.source.entropy_rate(), rel=0.03)


def test_targets_are_the_letters_one_later():
    data = GeneratedText(windows=5, length=8, order=3)
    letters, targets = data[2]
    numpy.testing.assert_array_equal(letters.numpy(), data.tokens[2, :8])
    numpy.testing.assert_array_equal(targets.numpy()[2:], data.tokens[2, 3:])
    assert targets.tolist()[:2] == [IGNORED, IGNORED]
    assert GeneratedText(windows=1, order=1)[0][1].tolist()[0] != IGNORED  # one letter is all there is to know


def test_take_is_the_samples_together():
    data = GeneratedText(windows=9)
    for together, one_by_one in zip(data.take([4, 0, 4]), default_collate([data[4], data[0], data[4]]), strict=True):
        numpy.testing.assert_array_equal(together.numpy(), one_by_one.numpy())


def test_equal_seeds_equal_texts_and_other_texts_are_held_out():
    first, again, other, held_out = (
        GeneratedText(windows=20, seed=1).tokens,
        GeneratedText(windows=20, seed=1).tokens,
        GeneratedText(windows=20, seed=2).tokens,
        GeneratedText(False, windows=20, seed=1).tokens,
    )
    numpy.testing.assert_array_equal(first, again)
    assert not numpy.array_equal(first, other)
    assert not numpy.array_equal(first, held_out)


def test_letters_and_tokens():
    source = LetterSource(2, "a bab")
    assert source.alphabet == " ab"
    assert source.decode(source.encode("ab ba")) == "ab ba"
    numpy.testing.assert_allclose(source.next_letter("ba"), [0, 0, 1])  # "a bab " in a circle
    numpy.testing.assert_allclose(source.next_letter("ab"), [1, 0, 0])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: LetterSource(0), "wanted an order from 1 to 8"),
        (lambda: LetterSource(9), "wanted an order from 1 to 8"),
        (lambda: LetterSource(2, "   "), "a story, got order 2 and 1 letters"),
        (lambda: LetterSource().encode("Moon!"), "got '!M'"),
        (lambda: LetterSource().next_letter("th"), "wanted a context of 3 letters or more, got 'th'"),
        (lambda: LetterSource().next_letter("xxx"), "'xxx' stands nowhere in the story"),
        (lambda: LetterSource().entropy_rate(4), "from 0 to the order, 3, got 4"),
        (lambda: GeneratedText(windows=0), "wanted 1 text or more"),
        (lambda: GeneratedText(length=2), "longer than the order 3, got"),
    ],
)
def test_what_cannot_be_done(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_its_name():
    assert repr(GeneratedText(windows=3, length=5, order=2)) == "GeneratedText(3 windows of 5 letters, order 2)"
