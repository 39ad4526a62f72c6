"""What the kernels of all recurrent cells share: the rows of each step, inputs and weights side by side, gradients.

Side by side, what a cell multiplies by its weights is one product a step, whose bias costs nothing:

    W_hh h + b + W_ih x = (h, 1, x) @ weights        (1, H + 1 + input_size) @ (H + 1 + input_size, H), for each gate

and after the loop one product of all times gives the gradients of all weights and biases. The sequences of a batch may
differ in length. A state has one row for each of them, and a step brings the first ones up to date in place: those
which are still running or, backward in time, have begun. So what has ended keeps its last state, and what has not begun
its initial one; on the way back the same holds for the gradients. Not for: the formulas of the cells
(`ops/recurrent.py`), nor their derivatives (`rnn`, `lstm`, `gru`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy

Rows = tuple[int, int]  # those of one time in a packed array: from, to
BLOCK = 4096  # numbers worked on at a time: a dozen such arrays fit into the cache, and a call costs little beside them
# The gradients of the arguments in LaTeX, where δ_t is that of the products of step t
GRADIENTS = {
    "x": r"\mathrm{w_ih}^{\top} \delta_{t}",
    "h0": r"\mathrm{w_hh}^{\top} \delta_{1}",
    "w_ih": r"\sum_{t} \delta_{t} \, x_{t}^{\top}",
    "w_hh": r"\sum_{t} \delta_{t} \, h_{t-1}^{\top}",
    "b_ih": r"\sum_{t} \delta_{t}",
    "b_hh": r"\sum_{t} \delta_{t}",
}


def rows_in_turn(batch_sizes: Sequence[int], reverse: bool) -> list[Rows]:
    """The rows of each time in the order in which the times are run: batch_sizes (3, 2) give (0, 3), (3, 5)"""
    found = list(pairwise(accumulate(batch_sizes, initial=0)))
    return found[::-1] if reverse else found


def blocks_of(turns: list[Rows], rows: int) -> list[list[Rows]]:
    """The turns in groups of at least `rows` rows (the last may have fewer)"""
    blocks: list[list[Rows]] = [[]]
    covered = 0
    for start, stop in turns:
        if blocks[-1] and covered >= rows:
            blocks.append([])
            covered = 0
        blocks[-1].append((start, stop))
        covered += stop - start
    return blocks


def side_by_side(x: Any, size: int) -> Any:
    """(rows, H + 1 + input_size): room for the state before each step, a one, and x"""
    inputs = numpy.empty((x.shape[0], size + 1 + x.shape[1]), x.dtype)
    inputs[:, size] = 1
    inputs[:, size + 1 :] = x
    return inputs


def stacked(size: int, *parts: Any) -> Any:
    """(gates, columns of all parts, H): for each gate its H rows of every part, transposed, below each other

    The parts are matrices (gates · H, columns) and vectors (gates · H). Each gate has a matrix of its own, and so a
    contiguous block of the result, which all that follows works on.
    """
    by_gate = [part.reshape(part.shape[0] // size, size, -1).mT for part in parts]
    columns = sum(part.shape[1] for part in by_gate)
    out = numpy.empty((by_gate[0].shape[0], columns, size), parts[0].dtype)  # else NumPy leaves them as they lie
    return numpy.concatenate(by_gate, axis=1, out=out)


def minus_product(x: Any, y: Any, z: Any, *, out: Any) -> None:
    """out = x - y z"""
    numpy.multiply(y, z, out=out)
    numpy.subtract(x, out, out=out)


def or_zeros(bias: Any, weight: Any) -> Any:
    """The bias of a weight, or zeros in its place"""
    return numpy.zeros(weight.shape[0], weight.dtype) if bias is None else bias


def owned(g: Any, state: Any) -> Any:
    """The gradient of a last state as an array to be written to; zeros where nobody used that state"""
    return numpy.zeros_like(state, order="C") if g is None else numpy.array(g, order="C")


def of_weights(g: Any, inputs: Any, size: int, wanted: Sequence[bool]) -> list[Any]:
    """The gradients of w_ih, w_hh, b_ih, b_hh where g (rows, gates · H) is that of the products: gᵀ @ inputs"""
    if not any(wanted):
        return [None] * len(wanted)
    joined = g.T @ inputs
    return parted(joined[:, : size + 1], joined[:, size:], wanted)


def parted(of_state: Any, of_input: Any, wanted: Sequence[bool]) -> list[Any]:
    """The same from those of (w_hh, b_hh) and (b_ih, w_ih) side by side

    `wanted` says which of them; it ends early where no biases were given.
    """
    parts = (of_input[:, 1:], of_state[:, :-1], of_input[:, 0], of_state[:, -1])
    return [part.copy() if asked else None for part, asked in zip(parts, wanted, strict=False)]
