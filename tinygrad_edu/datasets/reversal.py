"""Reversal: turn a word around, "robot" -> "tobor". The smallest task that needs an encoder and a decoder.

Words are random letters a to z, of any length from `shortest` to `longest`, so nothing can be guessed: the next letter
is known only to who looks up the right one in the source, and where that stands depends on the length of the word. The
answer is a function of the source, so the best possible loss is 0 and the best possible accuracy 1; who cannot see the
source gets one letter in 26 right.

A batch is one tensor of pairs (N, 2, L), L = longest + 1, because a training loop hands over one tensor:

    pair[0]  r o b o t _ _ _        the source, padded with PAD
    pair[1]  > t o b o r _ _        what the decoder has written before each position: START, then the answer
    target   t o b o r < · ·        what it shall write there: the answer, then END; · is IGNORED by the loss

For: Reversal, on which a sequence-to-sequence model shows that its attention finds the way. Not for: real words.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence

import numpy

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import Dataset

LETTERS = string.ascii_lowercase
PAD, START, END = 0, 1, 2  # tokens that are no letters; "a" is token 3
FIRST_LETTER = 3
VOCABULARY = FIRST_LETTER + len(LETTERS)
IGNORED = -100  # a target that does not count: cross_entropy's ignore_index
TRAINING, HELD_OUT = 90_000, 1_000  # words


class Reversal(Dataset):
    """sample i = (pair (2, longest + 1), target (longest + 1,)), int64, as drawn at the top of this file.

    train: words to learn from, or held out ones, none of which is among the former with the same seed and lengths.
    shortest, longest: in letters.    count: how many words; 90,000, or 1,000 held out.
    seed: decides the words. Equal seeds give equal words.
    """

    def __init__(
        self, train: bool = True, *, shortest: int = 3, longest: int = 10, count: int | None = None, seed: int = 0
    ) -> None:
        count = (TRAINING if train else HELD_OUT) if count is None else count
        if not 1 <= shortest <= longest or count < 1:
            raise ValueError(
                "wanted 1 word or more, the shortest of 1 letter or more and no longer than the longest, got "
                f"{count} words of {shortest} to {longest} letters"
            )
        self.longest = longest
        self.words = draw_words(count, shortest, longest, numpy.random.default_rng([seed, int(train)]), train)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        pairs, targets = self.take([index])
        return pairs[0], targets[0]

    def __len__(self) -> int:
        return len(self.words)

    def take(self, indices: Sequence[int]) -> list[Tensor]:
        """[pairs (n, 2, longest + 1), targets (n, longest + 1)] of the words at `indices`."""
        return as_batch([self.words[index] for index in indices], self.longest)

    def __repr__(self) -> str:
        return f"Reversal({len(self)} words of up to {self.longest} letters)"


def as_batch(words: Sequence[str], longest: int) -> list[Tensor]:
    """[pairs (n, 2, longest + 1), targets (n, longest + 1)] of the words, as drawn at the top of this file."""
    answers, size = [word[::-1] for word in words], longest + 1
    before = numpy.concatenate([numpy.full((len(words), 1), START), encode(answers, longest)], axis=1)
    targets = encode(answers, size)
    lengths = numpy.array([len(word) for word in words])[:, None]
    targets[numpy.arange(size) == lengths] = END
    targets[numpy.arange(size) > lengths] = IGNORED
    return [tensor(numpy.stack([encode(words, size), before], axis=1)), tensor(targets)]


def draw_words(count: int, shortest: int, longest: int, random: numpy.random.Generator, train: bool) -> list[str]:
    """`count` words of random letters. Whether a word is for training or held out is decided by the word itself.

    So the two sides share none: every fifth of all words, by the sum of its letters, is held out.
    """
    words: list[str] = []
    while len(words) < count:
        lengths = random.integers(shortest, longest + 1, size=count)
        letters = random.integers(len(LETTERS), size=(count, longest))
        rows = zip(lengths.tolist(), letters.tolist(), strict=True)
        words += [spell(row[:length]) for length, row in rows if (sum(row[:length]) % 5 != 0) == train]
    return words[:count]


def spell(letters: Iterable[int]) -> str:
    """[17, 14, 1] -> "rob" """
    return "".join(LETTERS[letter] for letter in letters)


def encode(words: Sequence[str], size: int) -> numpy.ndarray:
    """Words -> tokens (len(words), size), each row filled up with PAD."""
    tokens = numpy.full((len(words), size), PAD, dtype=numpy.int64)
    for row, word in zip(tokens, words, strict=True):
        if len(word) > size or not set(word) <= set(LETTERS):
            raise ValueError(f"wanted words of up to {size} letters a to z, got {word!r}")
        row[: len(word)] = [FIRST_LETTER + LETTERS.index(letter) for letter in word]
    return tokens


def decode(tokens: Iterable[int]) -> str:
    """Tokens -> the letters among them up to END"""
    word = ""
    for token in tokens:
        if token == END:
            break
        word += LETTERS[token - FIRST_LETTER] if token >= FIRST_LETTER else ""
    return word
