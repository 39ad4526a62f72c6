"""Callbacks: plain functions of a `State`, called after each epoch, or after each step. These make such functions.

None of them remembers anything between two calls: what they need is in the state, or in a schedule, and so in the
checkpoint. A resumed training therefore stops, saves and slows down exactly when an uninterrupted one does.

For: stopping early, changing the learning rate, saving. Not for: the gradients, which are the recipe's.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

from tinygrad_edu.checkpoint import save_checkpoint
from tinygrad_edu.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from tinygrad_edu.training.loop import Callback, State


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


def scheduling(schedule: LRScheduler, name: str = "validation_loss") -> Callback:
    """schedule.step(), after each epoch (among `callbacks`) or after each step of the optimizer (`after_step`)

        schedule = OneCycleLR(optimizer, max_lr=0.1, epochs=10, steps_per_epoch=len(loader))
        fit(…, after_step=[scheduling(schedule)], callbacks=[checkpointing(path, schedule=schedule)])

    `ReduceLROnPlateau` is shown the last `history[name]`. Among the callbacks it belongs before `checkpointing`, so
    that what is saved is the rate of the next epoch.
    """

    def go_on(state: State) -> None:
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.step(state.history[name][-1])
        else:
            schedule.step()

    return go_on


def checkpointing(
    path: str | os.PathLike[str],
    *,
    schedule: LRScheduler | None = None,
    every: int = 1,
    best: str | None = None,
    largest: bool = False,
    metadata: Mapping[str, Any] | None = None,
) -> Callback:
    """Save everything needed to continue to `path` every `every` epochs and after the last.

    With `best`, a name in the history, only when its last value is the best so far (the smallest, or the `largest`).
    The file is replaced in one step: however the program ends, it holds a whole checkpoint, the new one or the one
    before. `schedule`: a learning rate schedule to be saved as well; `load_checkpoint(…, schedule=…)` continues it.
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
            schedule=schedule,
            epoch=state.epoch,
            step=state.step,
            history=state.history.to_dict(),
            metadata=metadata,
        )

    return save
