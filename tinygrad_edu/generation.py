"""Generation: choosing one token after the other from what a language model thinks comes next.

For: greedy, sample (temperature, top-k, top-p) and beam_search, with any model. Not for: the model itself.

A model is called in one of two ways. One that has `step(tokens, cache) -> (logits, cache)`, like CausalLanguageModel,
reads each token once: tokens (N, T) are those after what is in the cache (None at first), logits are (N, T, V), and the
cache has `index_select(0, rows)`. Any other is a function of all tokens so far, (N, T) -> logits (N, T, V); those of
the last position alone, (N, 1, V), are enough. Modules are switched to evaluation meanwhile, and nothing is recorded.

Results are (N, T + new): the prompt and what follows. Rows that have produced `end_token` go on with it until the other
ones have, too. To see that, a GPU is waited for after each token; without an end token it is not.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy

from tinygrad_edu.backend import Generator
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn import Module
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor, zeros
from tinygrad_edu.tensors.functions import cat, where

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


def greedy(model: Any, prompt: Tensor, max_new_tokens: int, *, end_token: int | None = None) -> Tensor:
    """Always the most likely token (the first of equals)."""
    return _continued(model, prompt, max_new_tokens, end_token, lambda logits: logits.argmax(-1, keepdim=True))


def sample(
    model: Any,
    prompt: Tensor,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    end_token: int | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Tokens drawn with the probabilities softmax(logits / temperature), of which top_k, then top_p leave some out.

    A temperature below 1 sharpens the choice, down to that of `greedy`; above 1 it evens it out.
    """
    if not temperature > 0:
        raise ValueError(f"wanted a temperature above 0, got {temperature}: its limit at 0 is greedy(...)")

    def draw(logits: Tensor) -> Tensor:
        logits = logits / temperature
        logits = logits if top_k is None else keep_top_k(logits, top_k)
        logits = logits if top_p is None else keep_top_p(logits, top_p)
        return logits.softmax(-1).multinomial(1, generator=generator)

    return _continued(model, prompt, max_new_tokens, end_token, draw)


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Logits (…, V) with all but the k largest at -∞. Those equal to the k-th stay: nothing tells them apart."""
    if k < 1:
        raise ValueError(f"wanted top_k of at least 1, got {k}: None keeps every token")
    smallest = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < smallest, -math.inf)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Logits (…, V) with all at -∞ but the fewest tokens whose probabilities add up to p, and those equal to the last.

    Source: Holtzman et al. 2020, "The curious case of neural text degeneration" (nucleus sampling).
    """
    if not 0 < p <= 1:
        raise ValueError(f"wanted top_p above 0 and at most 1, got {p}: 1 keeps every token, top_k=1 the most likely")
    if p == 1:
        return logits
    probabilities = logits.softmax(-1)
    ordered = probabilities.sort(-1, descending=True).values
    before = ordered.cumsum(-1) - ordered  # what the more likely ones add up to; 0 for the first, so that it stays
    smallest = where(before < p, ordered, math.inf).amin(-1, keepdim=True)
    return logits.masked_fill(probabilities < smallest, -math.inf)


def _continued(
    model: Any, prompt: Tensor, max_new_tokens: int, end_token: int | None, choose: Callable[[Tensor], Tensor]
) -> Tensor:
    """The prompt with what `choose` makes of the logits (N, V) again and again."""
    _check_request(prompt, max_new_tokens)
    step, pieces, cache = step_of(model), [prompt], None
    ended = zeros(prompt.shape[0], 1, dtype=bool, device=prompt.device)
    with evaluating(model), no_grad():
        for _ in range(max_new_tokens):
            logits, cache = step(pieces[-1], cache)
            token = choose(_last(logits, end_token)).to(dtype=prompt.dtype)  # (N, 1)
            if end_token is not None:
                token = where(ended, end_token, token)
                ended = ended | (token == end_token)
            pieces.append(token)
            if end_token is not None and bool(ended.all()):
                break
    return cat(pieces, dim=1)


# ------------------------------------------------------------------------------------------------------- beam search
class Beams(NamedTuple):
    """What beam_search returns: for each row the best continuation found, and its score."""

    tokens: Tensor  # (N, T + new)
    scores: Tensor  # (N,)


class Hypothesis(NamedTuple):
    """A finished continuation of one row."""

    score: float
    tokens: list[int]


def beam_search(
    model: Any,
    prompt: Tensor,
    max_new_tokens: int,
    *,
    beams: int = 4,
    length_penalty: float = 0.0,
    end_token: int | None = None,
) -> Beams:
    """The continuation y with the highest score found,        score(y) = log P(y | prompt) / |y|^length_penalty

    At every length the `beams` most likely continuations are kept and all their next tokens tried. |y| counts the new
    tokens, with the end token. A continuation is finished when it ends or has max_new_tokens. length_penalty 0 compares
    probabilities, which favors short ones; 1 compares the mean over the tokens. With `beams` as large as the number of
    continuations the search is exhaustive. Wu et al. 2016 divide by ((5 + |y|) / 6)^α instead.
    """
    _check_request(prompt, max_new_tokens)
    if beams < 1 or length_penalty < 0:
        raise ValueError(f"wanted beams ≥ 1 and length_penalty ≥ 0, got beams={beams}, length_penalty={length_penalty}")
    with evaluating(model), no_grad():
        best = _search(step_of(model), prompt, max_new_tokens, beams, length_penalty, end_token)
    longest = max((len(found.tokens) for found in best), default=0)
    ending = [] if end_token is None else [end_token]  # without one, all are equally long
    padded = [found.tokens + ending * (longest - len(found.tokens)) for found in best]
    new = numpy.array(padded, prompt.dtype).reshape(len(best), longest)
    scores = numpy.array([found.score for found in best])
    return Beams(cat([prompt, tensor(new, device=prompt.device)], dim=1), tensor(scores))


def _search(
    step: Step, prompt: Tensor, most: int, beams: int, length_penalty: float, end_token: int | None
) -> list[Hypothesis]:
    """The best finished hypothesis of each row. The books are kept on the host, in float64; the model stays in place.

    scores (N, K) are the log-probabilities of the K live continuations of each row, sequences (N, K, length) their
    tokens. K is 1 at first, when all continue the prompt, and then at most `beams`.
    """
    N = prompt.shape[0]
    if not most:
        return [Hypothesis(0.0, [])] * N
    best = [Hypothesis(-math.inf, [])] * N
    scores, sequences = numpy.zeros((N, 1)), numpy.zeros((N, 1, 0), int)
    tokens, cache = prompt, None
    for length in range(1, most + 1):
        logits, cache = step(tokens, cache)
        log_p = _last(logits, end_token).log_softmax(-1).cpu().numpy()
        totals = scores[:, :, None] + log_p.reshape(N, -1, log_p.shape[-1])  # (N, K, V)
        if end_token is not None:
            _offer(best, totals[:, :, end_token], sequences, length**length_penalty, [end_token])
            totals[:, :, end_token] = -math.inf
        V, flat = totals.shape[2], totals.reshape(N, -1)
        order = numpy.argsort(-flat, axis=1, kind="stable")[:, :beams]
        scores, parents = numpy.take_along_axis(flat, order, 1), order // V
        sequences = numpy.take_along_axis(sequences, parents[:, :, None], 1)
        sequences = numpy.concatenate([sequences, order[:, :, None] % V], axis=2)
        # A live one can only lose probability: at best it keeps what it has, and is divided by the largest length.
        bounds = scores.max(1, initial=-math.inf) / most**length_penalty
        if all(bound <= found.score for bound, found in zip(bounds, best, strict=True)):
            return best
        if length < most:
            rows = tensor((numpy.arange(N)[:, None] * totals.shape[1] + parents).ravel(), device=prompt.device)
            cache = cache.index_select(0, rows)
            tokens = tensor(sequences[:, :, -1].reshape(-1, 1).astype(prompt.dtype), device=prompt.device)
    _offer(best, scores, sequences, most**length_penalty, [])
    return best


def _offer(best: list[Hypothesis], totals: Any, sequences: Any, divisor: float, ending: list[int]) -> None:
    """Row by row, replace the best hypothesis by the most likely of `totals` (N, K) if its score is higher."""
    for row, beam in enumerate(totals.argmax(1) if totals.shape[1] else []):
        score = float(totals[row, beam]) / divisor
        if score > best[row].score:
            best[row] = Hypothesis(score, sequences[row, beam].tolist() + ending)


# ------------------------------------------------------------------------------------------------- calling the model
def step_of(model: Any) -> Step:
    """How to read on with this model: its `step`, or without one, all tokens again each time, which are the cache."""
    own = getattr(model, "step", None)
    if own is not None:
        return own

    def step(tokens: Tensor, seen: Tensor | None) -> tuple[Tensor, Tensor]:
        tokens = tokens if seen is None else cat([seen, tokens], dim=1)
        return model(tokens), tokens

    return step


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Switch a Module to evaluation, and each module in it back to what it was afterwards."""
    modules = list(model.modules()) if isinstance(model, Module) else []
    before = [module.training for module in modules]
    for module in modules:
        module.training = False
    try:
        yield
    finally:
        for module, training in zip(modules, before, strict=True):
            module.training = training


def _last(logits: Any, end_token: int | None) -> Tensor:
    """(N, V): the logits of what comes next."""
    if not isinstance(logits, Tensor) or logits.ndim != 3:
        got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"wanted a model that returns logits of shape (N, T, vocabulary), got {got}")
    if end_token is not None and not 0 <= end_token < logits.shape[2]:
        raise IndexError(f"wanted an end_token from 0 to {logits.shape[2] - 1}, the vocabulary, got {end_token}")
    return logits[:, -1]


def _check_request(prompt: Tensor, max_new_tokens: int) -> None:
    if not isinstance(prompt, Tensor) or prompt.dtype.kind not in "iu":
        got = prompt.dtype if isinstance(prompt, Tensor) else type(prompt).__name__
        raise TypeError(f"wanted a prompt of integer tokens, got {got}: make it with tensor([[1, 2, 3]])")
    if prompt.ndim != 2 or not prompt.shape[1]:
        raise ValueError(
            f"wanted a prompt of shape (sequences, length), length at least 1, got {tuple(prompt.shape)}: begin with a "
            "start token; one sequence alone is prompt.unsqueeze(0)"
        )
    if max_new_tokens < 0:
        raise ValueError(f"wanted max_new_tokens of 0 or more, got {max_new_tokens}")
