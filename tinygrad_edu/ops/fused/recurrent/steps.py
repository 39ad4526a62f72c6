"""What the kernels of all recurrent cells share: the rows of each step, inputs and weights side by side, gradients.

A cell multiplies both its state and its input by weights and adds biases. Side by side that is one product a step:

    W_hh h + b + W_ih x = (h, 1, x) @ stacked weights

so that the bias costs nothing, and at the end one product gives the gradients of all weights and biases over all times.
Each gate has a matrix of its own in `stacked`, and so a contiguous block of every result. The sequences of a batch may
differ in length: a state has one row for each, and at every step the first ones, which are still running (backward in
time: have begun), are brought up to date in place. What has ended keeps its last state, what has not begun its first.
Not for: the formulas of the cells (`ops/recurrent.py`) or their derivatives (`rnn`, `lstm`, `gru`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy

Rows = tuple[int, int]  # of one time: from, to
BLOCK = 4096  # numbers of one kind that are worked on together: a few such arrays stay in the cache
BIG = 1 << 30


def rows_in_turn(batch_sizes: Sequence[int], reverse: bool) -> list[Rows]:
    """The rows of each time in the order in which they are run: batch_sizes (3, 2) are rows 0 to 3, then 3 to 5."""
    found = list(pairwise(accumulate(batch_sizes, initial=0)))
    return found[::-1] if reverse else found


def blocks_of(turns: list[Rows], size: int) -> list[tuple[int, int, list[Rows]]]:
    """(from, to, turns): turns in groups that have about BLOCK numbers in states of `size`, and the rows they cover."""
    blocks: list[list[Rows]] = []
    room = 0
    for start, stop in turns:
        if room <= 0:
            blocks.append([])
            room = BLOCK
        blocks[-1].append((start, stop))
        room -= max((stop - start) * size, 1)
    return [(min(block)[0], max(block)[1], block) for block in blocks]


def side_by_side(x: Any, size: int) -> Any:
    """(rows, H + 1 + input_size): room for the states, ones, and x"""
    w = size + 1 + x.shape[1]; inputs = numpy.empty((x.shape[0], (w+15)//16*16), x.dtype)[:, :w]
    inputs[:, size] = 1
    inputs[:, size + 1 :] = x
    return inputs


def stacked(w_ih: Any, w_hh: Any, biases: Sequence[Any], scale: Any = 1) -> Any:
    """(gates, H + 1 + input_size, H): for each gate W_hhᵀ, the sum of its biases and W_ihᵀ below each other

    Their products with rows come out multiplied by `scale` (gates, 1, 1).
    """
    size = w_hh.shape[1]
    gates = w_hh.shape[0] // size
    weights = numpy.empty((gates, size + 1 + w_ih.shape[1], size), w_hh.dtype)
    numpy.multiply(w_hh.reshape(gates, size, -1).mT, scale, out=weights[:, :size])
    numpy.multiply(w_ih.reshape(gates, size, -1).mT, scale, out=weights[:, size + 1 :])
    weights[:, size] = 0
    for bias in biases:
        if bias is not None:
            weights[:, size] += bias.reshape(gates, size)
    weights[:, size : size + 1] *= scale
    return weights


def to_begin_with(g: Any, like: Any) -> Any:
    """The gradient of a last state in an array of its own, to be carried back; zeros where nobody used that state."""
    return numpy.zeros(like.shape, like.dtype) if g is None else numpy.array(g, order="C")


def of_weights(g: Any, inputs: Any, size: int, wanted: Sequence[bool]) -> list[Any]:
    """The gradients of w_ih, w_hh, b_ih, b_hh, where g (rows, gates · H) is that of inputs @ stacked weights

    `wanted` says which of them; it may end after the weights.
    """
    if not any(wanted):
        return [None] * len(wanted)
    joined = g.T @ inputs
    parts = (joined[:, size + 1 :], joined[:, :size], joined[:, size], joined[:, size])
    return [part.copy() if asked else None for part, asked in zip(parts, wanted, strict=False)]
