"""The training loop: for each epoch, for each batch, five lines.

    optimizer.zero_grad()
    outputs = model(inputs)
    loss = loss_function(outputs, targets)
    loss.backward()
    optimizer.step()

For: `fit`, which puts a progress bar, metrics, validation and callbacks around these lines, and `evaluate`. Not for:
loops of another shape (two models, several losses): copy the lines above, and use the parts that fit.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn import Module
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.training.history import VALIDATION, History
from tinygrad_edu.training.meter import Meter
from tinygrad_edu.training.metrics import accuracy
from tinygrad_edu.training.recipe import Loss, Recipe
from tinygrad_edu.training.watch import Watch

Metrics = Mapping[str, Callable[[Any, Any], Any]]


@dataclasses.dataclass
class State:
    """What a callback sees. To end the training after this epoch, it sets `stop` to the reason, a sentence."""

    model: Module
    optimizer: Optimizer
    history: History
    epochs: int  # how many there shall be
    epoch: int = 0  # how many are done
    step: int = 0  # batches trained on, over all epochs
    stop: str | None = None


Callback = Callable[[State], None]


def fit(
    model: Module,
    loss_function: Loss,
    optimizer: Optimizer,
    train_loader: Iterable[Any],
    *,
    validation_loader: Iterable[Any] | None = None,
    epochs: int,
    metrics: Metrics | None = None,
    callbacks: Iterable[Callback] = (),
    after_step: Iterable[Callback] = (),
    accumulate: int = 1,
    clip_norm: float | None = None,
    progress: bool = True,
    start_epoch: int = 0,
    history: History | None = None,
) -> History:
    """Train `model` until `epochs` epochs are done; return the history, one row for each of them.

    loss_function(outputs, targets) -> a tensor of one number, the mean over the batch.
    train_loader, validation_loader: give batches (inputs, targets), which are moved to the device of the model.
    metrics: {name: function(outputs, targets)}; {"accuracy": accuracy} unless given.
    callbacks: functions that are called with a `State` after each epoch, in order (`early_stopping`, `checkpointing`,
    …). after_step: functions that are called with a `State` after each step of the optimizer (`scheduling` with a
    schedule that counts batches; an average of the weights); they must not wait for the device.
    accumulate: how many batches make one step, their gradients averaged. What is left of an epoch in the end makes a
    step of its own, as if the missing batches had gradient 0. clip_norm: shorten the gradient of a step, as one vector
    of all weights, to this length where it is longer, as recurrent networks need it.
    progress: a bar while an epoch runs, and a line when it is done (needs tqdm, the extra "train"). start_epoch,
    history: where a resumed training goes on.

    The model is in training mode afterwards. Equal seeds give equal numbers, bit for bit. Errors: FloatingPointError
    when the loss is not finite any more, naming the operation that made it so.
    """
    metrics = {"accuracy": accuracy} if metrics is None else metrics
    recipe = Recipe(loss_function, accumulate, clip_norm, tuple(after_step))
    state = State(model, optimizer, History() if history is None else history, epochs, start_epoch)
    state.step = start_epoch * _length(train_loader)
    while state.epoch < epochs and state.stop is None:
        started = time.perf_counter()
        row = train_epoch(state, recipe, train_loader, metrics, progress)
        if validation_loader is not None:
            validation = evaluate(model, loss_function, validation_loader, metrics=metrics)
            row |= {VALIDATION + name: value for name, value in validation.items()}
            model.train()
        state.epoch += 1
        state.history.append(row)
        if progress:
            _bar_library().write(describe(row, state.epoch, epochs, time.perf_counter() - started))
        for callback in callbacks:
            callback(state)
    if state.stop is not None and progress:
        _bar_library().write(state.stop)
    return state.history


def train_epoch(
    state: State, recipe: Recipe, loader: Iterable[Any], metrics: Metrics, progress: bool
) -> dict[str, float]:
    """One pass over the data; returns the means of the loss and the metrics over it. No step waits for the device."""
    model, optimizer = state.model, state.optimizer
    model.train()
    place, meter, watch = device_of_model(model), Meter(), Watch(model, optimizer, recipe, state.epoch + 1)
    waiting = 0  # batches whose gradients wait for the optimizer's step

    def step() -> None:
        recipe.step(model, optimizer)
        for callback in recipe.after_step:
            callback(state)

    # The watch looks for what is not finite; NumPy's warnings would say so less clearly, and on the host only.
    with _bar(loader, f"epoch {state.epoch + 1}/{state.epochs}", progress) as batches, numpy.errstate(all="ignore"):
        for inputs, targets in batches:
            inputs, targets = inputs.to(place), targets.to(place)
            watch.remember(inputs, targets)

            if not waiting:
                optimizer.zero_grad()
            outputs = model(inputs)
            loss = recipe.loss_function(outputs, targets)
            recipe.backward(loss)
            state.step, waiting = state.step + 1, (waiting + 1) % recipe.accumulate
            if not waiting:
                step()

            meter.add(len(targets), {"loss": loss, **measure(metrics, outputs, targets)})
            if meter.is_full and not waiting:
                watch.check(meter.fetch()["loss"])
                if progress:
                    batches.set_postfix(loss=f"{meter.totals['loss'] / meter.count:.4f}", refresh=False)
        if waiting:
            step()
        watch.check(meter.fetch().get("loss", numpy.zeros(0)))
    if not meter.count:
        raise ValueError("the training data gave no batch: wanted at least one sample. Check the path and the loader")
    return meter.means()


@no_grad()
def evaluate(
    model: Module, loss_function: Loss, loader: Iterable[Any], *, metrics: Metrics | None = None
) -> dict[str, float]:
    """The means of the loss and the metrics over `loader`, in evaluation mode and without recording gradients.

    The model is in the mode that it was in before afterwards.
    """
    metrics = {"accuracy": accuracy} if metrics is None else metrics
    was_training, place, meter = model.training, device_of_model(model), Meter()
    model.eval()
    try:
        for inputs, targets in loader:
            inputs, targets = inputs.to(place), targets.to(place)
            outputs = model(inputs)
            meter.add(len(targets), {"loss": loss_function(outputs, targets), **measure(metrics, outputs, targets)})
            if meter.is_full:
                meter.fetch()
    finally:
        model.train(was_training)
    return meter.means()


@no_grad()
def measure(metrics: Metrics, outputs: Any, targets: Any) -> dict[str, Any]:
    """{name: value} of every metric, not recorded."""
    return {name: metric(outputs, targets) for name, metric in metrics.items()}


def device_of_model(model: Module) -> Any:
    """Where the model's weights are; the host for a model without any."""
    return next((parameter.device for parameter in model.parameters()), "cpu")


def describe(row: Mapping[str, float], epoch: int, epochs: int, seconds: float) -> str:
    """epoch  3/10   loss 0.2127   accuracy 93.4 %   validation: loss 0.1802   accuracy 95.1 %   2.4 s"""
    own = [show(name, value) for name, value in row.items() if not name.startswith(VALIDATION)]
    held = [show(name.removeprefix(VALIDATION), value) for name, value in row.items() if name.startswith(VALIDATION)]
    validation = [f"validation: {held[0]}", *held[1:]] if held else []
    return "   ".join([f"epoch {epoch:{len(str(epochs))}}/{epochs}", *own, *validation, f"{seconds:.1f} s"])


def show(name: str, value: float) -> str:
    """A number as people read it: an accuracy in percent, anything else with four digits."""
    return f"{name} {100 * value:5.1f} %" if name == "accuracy" else f"{name} {value:.4f}"


def _bar_library() -> Any:
    return require("tqdm.auto", extra="train", purpose="show a progress bar (or pass progress=False)").tqdm


def _bar(loader: Iterable[Any], title: str, progress: bool) -> Any:
    """The loader's batches behind a progress bar that vanishes when they are done, or the loader as it is."""
    return _bar_library()(loader, desc=title, unit="batch", leave=False) if progress else nullcontext(loader)


def _length(loader: Any) -> int:
    return len(loader) if hasattr(loader, "__len__") else 0
