"""Text whose best possible prediction is known: letters drawn by Shannon's book game from a small story.

**The game** (Shannon 1948, "A mathematical theory of communication", section 3). To write the next letter, look at the
last k letters written, go to a random place in the story where the same k letters stand, and copy the letter after
them. The story is read in a circle, so there always is one. That is a Markov source of order k; k = 3 writes

    and a time the robot, and then them said it had of the echo. i read there the world, says to the echo lost come in

**What its letters are like.** Say the story has N letters, n(c) is how often the letters c stand in it, and H_m the
entropy of its blocks of m letters, H_m = -Σ_b n(b)/N · ln n(b)/N. After the context c the source writes x with
probability p(x | c) = n(cx) / n(c).

1. *The contexts c are as frequent in the generated text as in the story:* π(c) = n(c)/N is stationary. To be at the
   context d after one step, the source must have been at some a + d without its last letter, and written that letter:
   Σ_a n(a d)/N = n(d)/N, since exactly one letter stands before each place of a circle. No other distribution is
   stationary, because the circle leads from every context to every other.
2. *So are all blocks of up to k + 1 letters:* π(c) p(x | c) = n(cx)/N.
3. *The entropy rate*, the mean surprise -ln p of the next letter for one who knows the source, is therefore
   h = Σ_c π(c) Σ_x -p(x | c) ln p(x | c) = H_{k+1} - H_k, in nats per letter.
4. *Who knows or uses only the last j < k letters* cannot get below H_{j+1} - H_j: 2.73 with none, 1.90 with one, 1.05
   with two, and h = 0.53 with the three that there is to know.

No model's expected loss on such text is below h (Gibbs' inequality); a model that reaches it has found the source.

For: LetterSource and GeneratedText, on which a language model shows whether it learns all there is to learn. Not for:
text of your own, whose entropy rate nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import Dataset

STORY = """
once upon a time a small robot lived on the dark side of the moon. it had one wheel, two eyes and a heart of tin. at
night it counted the stars, and in the morning it lost count. on the third day it heard a voice in the well. who is
there, said the robot. i am the echo, said the echo, and i learn what you say. then i shall teach you, said the robot,
and it told the echo about the wind, the rain and the sea, and how the snow falls on the hills. the echo said it all
back, and each time it was a little less wrong. some words it said too loud, and some too soft, and the robot showed it
where. after a hundred days the echo told a story of its own. it told of a child that made a lamp out of a shell, and of
a whale that sang to the lamp. the child and the whale sailed to the end of the world, and there they found a stone with
a hole in it. when they looked into the hole they saw a small robot on the moon, and it had one wheel, two eyes and a
heart of tin. that is me, said the robot. that is you, said the echo. and who told you, said the robot. nobody did, said
the echo. i read the story so far, and i asked what comes next. then the robot laughed until its wheel fell off, and the
echo laughed too, and the hills of the moon heard them both. since then they sit at the well and tell what they know to
whoever has ears to hear, and at the end of each tale one of them says, and what do you think comes next.
"""
IGNORED = -100  # a target that does not count: cross_entropy's ignore_index
TRAINING, HELD_OUT = 72_000, 1_000  # windows
LONGEST_ORDER = 8  # blocks of up to 9 letters have a number below 2⁶³


class LetterSource:
    """p(x | last `order` letters) = n(letters, then x) / n(letters), counted in `story`, which is read in a circle.

    alphabet is the string of its letters, spaces and punctuation; token i is alphabet[i]. See the top of this file.
    """

    def __init__(self, order: int = 3, story: str = STORY) -> None:
        words = " ".join(story.split()) + " "
        if not 1 <= order <= LONGEST_ORDER or len(words) < 2:
            raise ValueError(
                f"wanted an order from 1 to {LONGEST_ORDER} and a story, got order {order} and {len(words)} letters"
            )
        self.order = order
        self.alphabet = "".join(sorted(set(words)))
        self.story = self.encode(words)
        self.contexts, self._context, self._in_context = numpy.unique(
            self._blocks(order), return_inverse=True, return_counts=True
        )  # the contexts as numbers; which of them begins at each place; how often each occurs
        self._places = numpy.argsort(self._context, kind="stable")  # those of context 0, then those of context 1, …
        self._first = numpy.cumsum(self._in_context) - self._in_context  # where in _places each context begins

    def encode(self, text: str) -> numpy.ndarray:
        """Letters -> tokens (len(text),)"""
        if unknown := sorted(set(text) - set(self.alphabet)):
            raise ValueError(f"wanted letters out of {self.alphabet!r}, got {''.join(unknown)!r}")
        return numpy.array([self.alphabet.index(letter) for letter in text], dtype=numpy.int64)

    def decode(self, tokens: Sequence[int] | numpy.ndarray) -> str:
        """Tokens -> letters"""
        return "".join(self.alphabet[token] for token in tokens)

    def entropy_rate(self, known: int | None = None) -> float:
        """H_{j+1} - H_j nats per letter: the least possible mean loss of who uses the last j = `known` letters.

        Without `known` all that matter, `order`: the entropy rate of the source.
        """
        known = self.order if known is None else known
        if not 0 <= known <= self.order:
            raise ValueError(f"wanted known letters from 0 to the order, {self.order}, got {known}")
        return self._block_entropy(known + 1) - self._block_entropy(known)

    def next_letter(self, context: str) -> numpy.ndarray:
        """(len(alphabet),): the probability of each letter after `context`, of which the last `order` letters count."""
        last = self.encode(context[-self.order :])
        if len(last) < self.order:
            raise ValueError(f"wanted a context of {self.order} letters or more, got {context!r}")
        after = numpy.flatnonzero(self._blocks(self.order) == self._numbers(last, self.order)) + self.order
        if not len(after):
            raise ValueError(f"{context[-self.order :]!r} stands nowhere in the story, so nothing comes after it")
        counts = numpy.bincount(self.story[after % len(self.story)], minlength=len(self.alphabet))
        return counts / counts.sum()

    def surprise(self, tokens: numpy.ndarray) -> numpy.ndarray:
        """(N, T) -> (N, T - order): -ln p of each letter given those before it.

        ∞ for a letter that the source never writes there; NaN after letters that never stand together in the story.
        """
        wholes, in_whole = numpy.unique(self._blocks(self.order + 1), return_counts=True)
        n_context = _count(self._numbers(tokens, self.order)[..., :-1], self.contexts, self._in_context)
        n_whole = _count(self._numbers(tokens, self.order + 1), wholes, in_whole)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            return -numpy.log(n_whole / n_context)

    def draw(self, count: int, length: int, random: numpy.random.Generator) -> numpy.ndarray:
        """(count, length) tokens: that many texts, each begun at a random place of the story, so each stationary."""
        if count < 1 or length <= self.order:
            raise ValueError(f"wanted 1 text or more, longer than the order {self.order}, got {count} of {length}")
        size, place = len(self.story), random.integers(len(self.story), size=count)
        tokens = numpy.empty((count, length), dtype=numpy.int64)
        tokens[:, : self.order] = self.story[(place[:, None] + numpy.arange(self.order)) % size]
        for t in range(self.order, length):
            context = self._context[place]
            chosen = self._first[context] + random.integers(self._in_context[context])
            place = (self._places[chosen] + 1) % size  # where the last `order` letters of the text stand now
            tokens[:, t] = self.story[(place + self.order - 1) % size]
        return tokens

    def _numbers(self, tokens: numpy.ndarray, size: int) -> numpy.ndarray:
        """(…, T) -> (…, T - size + 1): each block of `size` letters as one number, its letters being the digits."""
        blocks = numpy.lib.stride_tricks.sliding_window_view(tokens, size, axis=-1)
        return blocks @ len(self.alphabet) ** numpy.arange(size)

    def _blocks(self, size: int) -> numpy.ndarray:
        """(N,): the number of the block that begins at each place of the circle."""
        return self._numbers(numpy.resize(self.story, len(self.story) + size - 1), size)

    def _block_entropy(self, size: int) -> float:
        """H_size = -Σ_b n(b)/N · ln n(b)/N"""
        if size == 0:
            return 0.0
        share = numpy.unique(self._blocks(size), return_counts=True)[1] / len(self.story)
        return float(-(share * numpy.log(share)).sum())


class GeneratedText(Dataset):
    """sample i = (letters (T,), next letters (T,)), int64: a text of T + 1 letters, and the same text one letter later.

    The first order - 1 targets are IGNORED: they come after fewer letters than the source looks at. All the others have
    the same expected loss, at best the entropy rate, `source.entropy_rate()`.

    train: windows to learn from, or held out ones from the same source, drawn anew.
    length: T.    order: how many letters the source looks at.    windows: how many; 72,000, or 1,000 held out.
    seed: decides the letters. Equal seeds give equal texts.
    """

    def __init__(
        self, train: bool = True, *, length: int = 32, order: int = 3, windows: int | None = None, seed: int = 0
    ) -> None:
        windows = (TRAINING if train else HELD_OUT) if windows is None else windows
        self.source = LetterSource(order)
        random = numpy.random.default_rng([seed, int(train)])  # other texts on the two sides
        self.tokens = self.source.draw(windows, length + 1, random)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        letters, targets = self.take([index])
        return letters[0], targets[0]

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, indices: Sequence[int]) -> list[Tensor]:
        """[letters (n, T), next letters (n, T)] of the windows at `indices`."""
        tokens = self.tokens[numpy.asarray(indices, dtype=numpy.int64)]
        targets = tokens[:, 1:].copy()
        targets[:, : self.source.order - 1] = IGNORED
        return [tensor(tokens[:, :-1]), tensor(targets)]

    def __repr__(self) -> str:
        return f"GeneratedText({len(self)} windows of {self.tokens.shape[1] - 1} letters, order {self.source.order})"


def _count(numbers: numpy.ndarray, known: numpy.ndarray, counts: numpy.ndarray) -> numpy.ndarray:
    """How often each of `numbers` occurs, looked up among the `known` ones, which are sorted; 0 for the others."""
    place = numpy.minimum(numpy.searchsorted(known, numbers), len(known) - 1)
    return numpy.where(known[place] == numbers, counts[place], 0)
