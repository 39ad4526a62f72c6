"""Recurrent networks: the step of each cell, written once, and the loop that repeats it through time.

    tanh_step, relu_step, lstm_step, gru_step    one step: the formulas of the papers, shared by cells and layers
    over_time                                    a step repeated over a batch of sequences, forward or backward in time
    rnn_tanh_definition, rnn_relu_definition, lstm_definition, gru_definition
                                                 a whole sequence, for one layer and one direction

For: what RNN, LSTM and GRU compute with the weights that they own, on bare arrays as well as on Tensors. The layers run
the kernels in `fused/recurrent`, which stand for the definitions here and are held equal to them. Not for: stacking
layers and directions (`nn/recurrent.py`), nor for packing sequences (`nn/utils/rnn.py`).

Every function here takes its sequences packed: x (Σ batch_sizes, input_size) holds the rows of time 0, then those of
time 1, and so on; batch_sizes[t] is how many sequences are still running at time t. The sequences are ordered from the
longest to the shortest, so these are always the first ones. N sequences of T steps each have batch_sizes = (N,) * T.

Weights are PyTorch's: w_ih (gates · H, input_size), w_hh (gates · H, H), b_ih and b_hh (gates · H) or None, where the
gates lie below each other: i, f, g, o for the LSTM, r, z, n for the GRU. One of the two biases would be enough (except
for the GRU's n); there are two because PyTorch has two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tinygrad_edu.ops.activations import relu
from tinygrad_edu.ops.elementwise import sigmoid, tanh
from tinygrad_edu.ops.linalg import linear
from tinygrad_edu.ops.shaping import cat, split

State = tuple[Any, ...]  # (h,), or (h, c) for the LSTM


# ------------------------------------------------------------------------------------------------------- one step
# `projected` is W_ih x + b_ih, of shape (…, gates · H): it does not depend on the state, so a layer computes it for all
# times in one product. A step returns the new state, whose first part is also the output.
def tanh_step(projected: Any, h: Any, w_hh: Any, b_hh: Any = None) -> State:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh)        Source: Elman 1990, "Finding structure in time"."""
    return (tanh(projected + linear(h, w_hh, b_hh)),)


def relu_step(projected: Any, h: Any, w_hh: Any, b_hh: Any = None) -> State:
    """h' = max(W_ih x + b_ih + W_hh h + b_hh, 0)        Source: Le, Jaitly, Hinton 2015."""
    return (relu(projected + linear(h, w_hh, b_hh)),)


def lstm_step(projected: Any, h: Any, c: Any, w_hh: Any, b_hh: Any = None) -> State:
    """i, f, g, o = W_ih x + b_ih + W_hh h + b_hh        c' = σ(f) c + σ(i) tanh(g)        h' = σ(o) tanh(c')

    The cell c is only scaled and added to, so its gradient goes back through time without passing a weight.
    Source: Hochreiter, Schmidhuber 1997, "Long short-term memory"; the forget gate f: Gers, Schmidhuber, Cummins 2000.
    """
    i, f, g, o = _gates(projected + linear(h, w_hh, b_hh), 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_step(projected: Any, h: Any, w_hh: Any, b_hh: Any = None) -> State:
    """r = σ(x_r + h_r)        z = σ(x_z + h_z)        n = tanh(x_n + r h_n)        h' = (1 - z) n + z h

    where x_r, x_z, x_n = W_ih x + b_ih and h_r, h_z, h_n = W_hh h + b_hh. The paper takes the matrix product of r h; as
    in PyTorch, r comes after the product and its bias here, so that one product serves all three gates.
    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
    """
    x_r, x_z, x_n = _gates(projected, 3)
    h_r, h_z, h_n = _gates(linear(h, w_hh, b_hh), 3)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = tanh(x_n + r * h_n)
    return ((1 - z) * n + z * h,)


def _gates(joined: Any, count: int) -> tuple[Any, ...]:
    """(…, count · H) -> `count` pieces of (…, H)"""
    return split(joined, sizes=(joined.shape[-1] // count,) * count, axis=joined.ndim - 1)


# ---------------------------------------------------------------------------------------------------- through time
def over_time(
    step: Callable[..., State], projected: Any, initial: State, batch_sizes: Sequence[int], reverse: bool
) -> State:
    """state_t = step(projected_t, *state_{t-1});  returns (the first parts of all states, *the last state)

    Row j of a state belongs to sequence j. Forward in time a sequence that has ended leaves, and the last state it had
    is put aside; backward in time (`reverse`: state_t comes from state_{t+1}) it joins when its last element is
    reached, with its initial state. So no sequence ever meets padding.
    """
    pieces = split(projected, sizes=tuple(batch_sizes), axis=0)
    times = range(len(pieces))
    outputs: list[Any] = [None] * len(pieces)
    left: list[State] = []
    state = tuple(part[: batch_sizes[-1 if reverse else 0]] for part in initial)
    for t in reversed(times) if reverse else times:
        running, wanted = state[0].shape[0], batch_sizes[t]
        if wanted > running:  # only backward in time
            joining = (part[running:wanted] for part in initial)
            state = tuple(cat(part, more, axis=0) for part, more in zip(state, joining, strict=True))
        elif wanted < running:  # only forward in time
            cuts = [split(part, sizes=(wanted, running - wanted), axis=0) for part in state]
            state = tuple(stays for stays, _ in cuts)
            left.append(tuple(leaves for _, leaves in cuts))
        state = step(pieces[t], *state)
        outputs[t] = state[0]
    last = (cat(*parts, axis=0) for parts in zip(state, *reversed(left), strict=True))  # the longest sequence first
    return cat(*outputs, axis=0), *last


def lstm_definition(
    x: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    *,
    batch_sizes: Sequence[int],
    reverse: bool = False,
) -> State:
    """(outputs, h, c): `lstm_step` from h0, c0 (N, H) over x (Σ batch_sizes, input_size), outputs (Σ batch_sizes, H)"""
    step = partial(lstm_step, w_hh=w_hh, b_hh=b_hh)
    return over_time(step, linear(x, w_ih, b_ih), (h0, c0), batch_sizes, reverse)


def gru_definition(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    *,
    batch_sizes: Sequence[int],
    reverse: bool = False,
) -> State:
    """(outputs, h): `gru_step` from h0 (N, H) over x (Σ batch_sizes, input_size), outputs (Σ batch_sizes, H)"""
    step = partial(gru_step, w_hh=w_hh, b_hh=b_hh)
    return over_time(step, linear(x, w_ih, b_ih), (h0,), batch_sizes, reverse)


def rnn_tanh_definition(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    *,
    batch_sizes: Sequence[int],
    reverse: bool = False,
) -> State:
    """(outputs, h): `tanh_step` from h0 (N, H) over x (Σ batch_sizes, input_size), outputs (Σ batch_sizes, H)"""
    step = partial(tanh_step, w_hh=w_hh, b_hh=b_hh)
    return over_time(step, linear(x, w_ih, b_ih), (h0,), batch_sizes, reverse)


def rnn_relu_definition(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    *,
    batch_sizes: Sequence[int],
    reverse: bool = False,
) -> State:
    """(outputs, h): `relu_step` from h0 (N, H) over x (Σ batch_sizes, input_size), outputs (Σ batch_sizes, H)"""
    step = partial(relu_step, w_hh=w_hh, b_hh=b_hh)
    return over_time(step, linear(x, w_ih, b_ih), (h0,), batch_sizes, reverse)
