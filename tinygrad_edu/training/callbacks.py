"""Callbacks: plain functions of a `State`, called after each epoch. These make such functions.

None of them remembers anything between two calls: what they need is in the state, and so in the checkpoint. A resumed
training therefore stops, saves and slows down exactly when an uninterrupted one does.

For: stopping early, lowering the learning rate, saving. Not for: what happens at every step, which belongs in the loop.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from tinygrad_edu.checkpoint import save_checkpoint
from tinygrad_edu.training.loop import State

Callback = Callable[[State], None]


def early_stopping(
    name: str = "validation_loss", *, patience: int = 5, min_delta: float = 0.0, largest: bool = False
) -> Callback:
    """Stop when `history[name]` has not improved by more than `min_delta` for `patience` epochs.

    Smaller is better, unless `largest` (for "validation_accuracy"). The model keeps the weights of the last epoch; save
    the best ones with `checkpointing(path, best=name)`. Source: Prechelt 1998, "Early stopping - but when?".
    """
    if patience < 1 or min_delta < 0:
        raise ValueError(f"wanted patience of 1 or more and min_delta of 0 or more, got {patience} and {min_delta}")

    def stop(state: State) -> None:
        best, since = math.inf, 0
        for value in state.history[name]:
            loss = -value if largest else value
            best, since = (loss, 0) if loss < best - min_delta else (best, since + 1)
        if since >= patience:
            state.stop = f"stopped after epoch {state.epoch}: {name} has not improved for {patience} epochs"

    return stop


def cosine_decay(learning_rate: float) -> Callback:
    """lr = learning_rate · ½ (1 + cos(π · epoch / epochs)): large steps first, small ones to settle at the end.

    Source: Loshchilov, Hutter 2017, "SGDR: Stochastic gradient descent with warm restarts".
    """

    def slow_down(state: State) -> None:
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate * 0.5 * (1 + math.cos(math.pi * state.epoch / state.epochs))

    return slow_down


def checkpointing(
    path: str | os.PathLike[str],
    *,
    every: int = 1,
    best: str | None = None,
    largest: bool = False,
    metadata: Mapping[str, Any] | None = None,
) -> Callback:
    """Save everything needed to continue to `path` every `every` epochs and after the last.

    With `best`, a name in the history, only when its last value is the best so far (the smallest, or the `largest`).
    The file is replaced in one step: however the program ends, it holds a whole checkpoint, the new one or the one
    before.
    """
    if every < 1:
        raise ValueError(f"wanted every to be 1 or more epochs, got {every}")

    def save(state: State) -> None:
        if state.epoch % every and state.epoch < state.epochs and state.stop is None:
            return
        if best is not None and state.history[best][-1] != (max if largest else min)(state.history[best]):
            return
        save_checkpoint(
            path,
            state.model,
            state.optimizer,
            epoch=state.epoch,
            step=state.step,
            history=state.history.to_dict(),
            metadata=metadata,
        )

    return save
