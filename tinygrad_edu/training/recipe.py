"""A recipe: how batches become steps of the optimizer, beyond "one batch, one step".

    the loss of a batch, divided by `accumulate`, goes backward; gradients add up in `.grad`
    after `accumulate` batches: the gradients are clipped to `clip_norm`, and the optimizer makes its step
    after the step: each function of `after_step` is called

A mean over N samples is the mean of the means over k equal parts, so k batches of N/k samples make the step of one
batch of N, with the memory of one of N/k. For: `fit`, and the watch, which repeats its steps. Not for: the loop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from tinygrad_edu.nn import Module
from tinygrad_edu.nn.utils import clip_grad_norm_
from tinygrad_edu.nn.utils.clip_grad import check_limit
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.tensors import Tensor

Loss = Callable[[Any, Any], Tensor]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The loss of a batch, how many batches make a step, how large its gradients may be, and what comes after it."""

    loss_function: Loss
    accumulate: int = 1
    clip_norm: float | None = None
    after_step: tuple[Callable[[Any], None], ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.accumulate, bool) or not isinstance(self.accumulate, int):
            raise TypeError(f"wanted accumulate to be an integer, got {type(self.accumulate).__name__}")
        if self.accumulate < 1:
            raise ValueError(f"wanted accumulate to be 1 or more batches for each step, got {self.accumulate}")
        if self.clip_norm is not None:
            check_limit("clip_norm", self.clip_norm)

    def backward(self, loss: Tensor) -> None:
        """Add this batch's part of the step's gradients."""
        (loss / self.accumulate if self.accumulate > 1 else loss).backward()

    def step(self, model: Module, optimizer: Optimizer) -> None:
        """One step with the gradients that have been added."""
        if self.clip_norm is not None:
            clip_grad_norm_(model.parameters(), self.clip_norm)
        optimizer.step()
