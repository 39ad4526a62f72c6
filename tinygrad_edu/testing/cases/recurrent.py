"""Rows of the table: whole sequences through one recurrent layer, in one direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.ops.fused import recurrent as ops
from tinygrad_edu.testing.cases.table import Case, normal, rows

TIMES, SEQUENCES, INPUTS, HIDDEN = 3, 2, 2, 2


def _cell(name: str, gates: int, states: int) -> list[Case]:
    weights = (normal(gates * HIDDEN, INPUTS), normal(gates * HIDDEN, HIDDEN))
    biases = (normal(gates * HIDDEN), normal(gates * HIDDEN))
    makers = (normal(TIMES * SEQUENCES, INPUTS), *[normal(SEQUENCES, HIDDEN)] * states, *weights, *biases)
    return rows(
        name,
        lambda t, *xs: getattr(ops, name)(*xs, batch_sizes=(SEQUENCES,) * TIMES),
        {"sequence": makers},
        reference=_torchs(name, states),
    )


def _torchs(name: str, states: int) -> Callable[..., Any]:
    """PyTorch's own, whose states have an axis for layers in front and whose sequences are not packed."""

    def call(torch: Any, x: Any, *rest: Any) -> Any:
        initial = tuple(state[None] for state in rest[:states])
        options = (list(rest[states:]), True, 1, 0.0, False, False, False)
        found = getattr(torch, name)(
            x.reshape(TIMES, SEQUENCES, INPUTS), initial if states > 1 else initial[0], *options
        )
        return found[0].reshape(TIMES * SEQUENCES, HIDDEN), *(last[0] for last in found[1:])

    return call


CASES: list[Case] = [
    *_cell("rnn_tanh", 1, 1),
    *_cell("rnn_relu", 1, 1),
    *_cell("lstm", 4, 2),
    *_cell("gru", 3, 1),
]
