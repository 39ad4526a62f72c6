"""03.embedding: reading row 3 twice uses it twice, so its gradient arrives twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from tinygrad_edu.course.exercise import Exercise, Wrong

Array = numpy.ndarray


def embedding_backward(g: Array, tokens: Array, rows: int) -> Array:
    """Oᵀ G, with a one in row t of O at the token of place t."""
    chosen = numpy.eye(rows)[tokens.reshape(-1)]
    return chosen.T @ g.reshape(-1, g.shape[-1])


def some_tokens(rng: numpy.random.Generator) -> Iterable[tuple[Any, ...]]:
    yield rng.normal(size=(3, 5)), numpy.array([2, 0, 6]), 7  # none twice
    yield rng.normal(size=(5, 3)), numpy.array([4, 1, 4, 4, 0]), 7
    yield rng.normal(size=(2, 3, 5)), numpy.array([[1, 1, 0], [6, 1, 3]]), 11  # a batch of two sequences


def slip(inputs: tuple[Any, ...], want: Any, got: Any) -> str | None:
    """Known ways to lose a repetition."""
    g, tokens, rows = inputs
    got = numpy.asarray(got)
    if got.shape != want.shape:
        if got.shape == g.shape and numpy.allclose(got, g):
            return "your answer has a row for each token; the gradient belongs to the table, with a row for each letter"
        if got.ndim == 2 and got.shape[0] < rows:
            return f"got {got.shape[0]} rows for a table of {rows}: one that was never read has the gradient 0"
        return None
    counts = numpy.bincount(tokens.reshape(-1), minlength=rows)[:, None]
    if counts.max() > 1 and numpy.allclose(got, want / numpy.maximum(counts, 1)):
        return "that is the mean over the places where a row was read: gradients that meet add up"
    if tokens.ndim > 1 and numpy.allclose(got, by_rows(g, tokens, rows)):
        return "lost: a repetition within one sequence. Flatten the tokens first, or use add.at"
    return None


def fancy(g: Array, tokens: Array, rows: int) -> Array:
    table = numpy.zeros((rows, g.shape[-1]))
    table[tokens] += g
    return table


def by_rows(g: Array, tokens: Array, rows: int) -> Array:
    table = numpy.zeros((rows, g.shape[-1]))
    for place, token in enumerate(tokens):
        table[token] += g[place]
    return table


def means(g: Array, tokens: Array, rows: int) -> Array:
    counts = numpy.bincount(tokens.reshape(-1), minlength=rows)[:, None]
    return embedding_backward(g, tokens, rows) / numpy.maximum(counts, 1)


EXERCISE = Exercise(
    "03.embedding",
    "Rows that are read twice",
    embedding_backward,
    some_tokens,
    slips=(slip,),
    wrong=(
        Wrong("adds by index", fancy, "+= on a list of rows adds once only"),
        Wrong("loops over sequences instead of tokens", by_rows, "a repetition within one sequence"),
        Wrong("takes the mean of repetitions", means, "gradients that meet add up"),
        Wrong("returns g itself", lambda g, tokens, rows: g, "has a row for each token"),
        Wrong(
            "forgets the rows that were not read",
            lambda g, tokens, rows: embedding_backward(g, tokens, rows)[numpy.unique(tokens)],
            "one that was never read has the gradient 0",
        ),
    ),
    minutes=10,
    difficulty=3,
    points=2,
)
