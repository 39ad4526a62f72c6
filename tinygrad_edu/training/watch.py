"""The watch: notices a loss that is no number any more, and finds the operation that began it.

A NaN spreads: one bad step and every weight is NaN, so by the time anybody looks, the cause is gone. The watch
therefore remembers the weights, the optimizer and the random stream as they were when it last looked, and the batches
since. When a loss is not finite it goes back there and repeats the same steps under `autograd.detect_anomaly`, which
stops at the first operation, forward or backward, that makes a number that is none. Looking costs one wait for the GPU
every 20 steps.

For: `fit`. Not for: curing it; the message says what usually helps.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.autograd import detect_anomaly
from tinygrad_edu.backend import default_generator
from tinygrad_edu.nn import Module
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.training.recipe import Recipe


class Watch:
    """`remember(inputs, targets)` before each step; `check(losses)` when the losses since the last check are known."""

    def __init__(self, model: Module, optimizer: Optimizer, recipe: Recipe, epoch: int) -> None:
        self.model = model
        self.optimizer = optimizer
        self.recipe = recipe
        self.epoch = epoch
        self.seen = 0  # batches of this epoch that have been checked
        self.batches: list[tuple[Tensor, Tensor, list[Any]]] = []

    def remember(self, inputs: Tensor, targets: Tensor) -> None:
        """Keep this batch; before the first one after a check, also everything that a step changes."""
        if not self.batches:
            self.weights = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
            self.memory = _copied(self.optimizer.state_dict())
            self.random = default_generator.get_state()
        settings = [{name: group[name] for name in group if name != "params"} for group in self.optimizer.param_groups]
        self.batches.append((inputs, targets, settings))  # a schedule may change the settings with each step

    def check(self, losses: numpy.ndarray) -> None:
        """Raise FloatingPointError, naming the first operation at fault, if a loss is not finite; else look ahead.

        losses: those since the last check, which is to be made before a batch that begins a new step.
        """
        if not numpy.isfinite(losses).all():
            step = int(numpy.argmin(numpy.isfinite(losses)))
            raise FloatingPointError(
                f"the loss became {losses[step]} at step {self.seen + step + 1} of epoch {self.epoch}. "
                f"{self._cause(step)} Try a lower learning rate than {self.optimizer.param_groups[0]['lr']:g}, and "
                "check the data for numbers that are not finite. To look at it yourself, run this batch under "
                "autograd.detect_anomaly()"
            )
        self.seen += len(losses)
        self.batches.clear()

    def _cause(self, failing: int) -> str:
        """Repeat the steps up to the failing one under detect_anomaly; a sentence about what it stopped at."""
        self.model.load_state_dict(self.weights)
        self.optimizer.load_state_dict(self.memory)
        default_generator.set_state(self.random)
        for number, (inputs, targets, settings) in enumerate(self.batches[: failing + 1]):
            if inputs.is_floating_point() and not inputs.isfinite().all():
                return "The inputs of that batch hold numbers that are not finite."
            for group, remembered in zip(self.optimizer.param_groups, settings, strict=True):
                group.update(remembered)
            if number % self.recipe.accumulate == 0:
                self.optimizer.zero_grad()
            try:
                with detect_anomaly():
                    self.recipe.backward(self.recipe.loss_function(self.model(inputs), targets))
            except RuntimeError as anomaly:
                return f"{anomaly}."
            if (number + 1) % self.recipe.accumulate == 0:
                self.recipe.step(self.model, self.optimizer)
        return "No operation made NaN out of numbers, so something grew until it overflowed to infinity."


def _copied(value: Any) -> Any:
    """A nested state with tensors of its own, so that later steps leave it as it is."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_copied, value))
    return value
