"""Averages of weights: `AveragedModel` follows a model through its training and is often the better of the two.

    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.999))
    for inputs, targets in loader:
        ...
        optimizer.step()
        averaged.update_parameters(model)
    evaluate(averaged, ...)

The last weights of a training dance around a good place, as every batch pulls them elsewhere; their mean lies in the
middle. For: means of weights, their learning rate (`SWALR`) and their batch statistics (`update_bn`). Not for: training
the mean; it is evaluated only. Sources: EMA: Polyak, Juditsky 1992, "Acceleration of stochastic approximation by
averaging"; SWA: Izmailov, Podoprikhin, Garipov, Vetrov, Wilson 2018, "Averaging weights leads to wider optima".
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_edu.backend import dtypes
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn import BatchNorm1d, BatchNorm2d, Module
from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, check_count, check_optimizer, numbers_each
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.tensors.functions import where

AverageOne = Callable[[Tensor, Tensor, Tensor], Tensor]  # (average so far, the model's, how many it is of) -> average
AverageMany = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor], None]  # the same for lists, in place


def get_ema_avg_fn(decay: float = 0.999) -> AverageOne:
    """a ← decay · a + (1 - decay) · w: an exponential moving average, of about the last 1 / (1 - decay) updates"""
    _check_decay(decay)
    return lambda averaged, current, number: decay * averaged + (1 - decay) * current


def get_swa_avg_fn() -> AverageOne:
    """a ← a + (w - a) / (n + 1): the mean of all, n being how many it has been of"""
    return lambda averaged, current, number: averaged + (current - averaged) / (number + 1)


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageMany:
    """`get_ema_avg_fn` for lists of tensors, in place."""
    return _for_lists(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> AverageMany:
    """`get_swa_avg_fn` for lists of tensors, in place."""
    return _for_lists(get_swa_avg_fn())


def _for_lists(average: AverageOne) -> AverageMany:
    def average_lists(averaged: Sequence[Tensor], current: Sequence[Tensor], number: Tensor) -> None:
        with no_grad():
            for mean, new in zip(averaged, current, strict=True):
                mean.copy_(average(mean, new, number))

    return average_lists


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided: wanted a value in the range from 0 to 1")


class AveragedModel(Module):
    """A copy of `model` whose weights are means of those that `update_parameters(model)` has been shown

    The first update takes the model's weights as they are. Then avg_fn(average, current, n) gives the new average of
    each parameter, or multi_avg_fn does so for the whole list in place; the mean of all unless one is given. Buffers
    are averaged too with `use_buffers`, else copied. `module` is the copy, `n_averaged` the number of updates.
    Nothing here waits for the device. Errors: ValueError for both functions, or a model with other parameters.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: AverageOne | None = None,
        multi_avg_fn: AverageMany | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("Only one of avg_fn and multi_avg_fn should be provided, got both")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        place = next((parameter.device for parameter in self.module.parameters()), None)
        self.register_buffer("n_averaged", tensor(0, dtype=dtypes.int64, device=place))
        self.multi_avg_fn = multi_avg_fn or _for_lists(avg_fn or get_swa_avg_fn())
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the present weights of `model` into the average. Call it after `optimizer.step()`."""
        pairs = self._pairs(self.module.parameters(), model.parameters())
        buffers = self._pairs(self.module.buffers(), model.buffers())
        pairs, copied = (pairs + buffers, []) if self.use_buffers else (pairs, buffers)
        means, news = [mean for mean, _ in pairs], [new for _, new in pairs]
        self.multi_avg_fn(means, news, self.n_averaged.maximum(1))
        for mean, new in pairs:  # the first time there was nothing to average with; asking `if` would wait for a GPU
            mean.copy_(where(self.n_averaged == 0, new, mean))
        for own, new in copied:
            own.copy_(new)
        self.n_averaged.add_(1)

    def _pairs(self, own: Iterable[Tensor], models: Iterable[Tensor]) -> list[tuple[Tensor, Tensor]]:
        means, news = list(own), [new.detach() for new in models]
        if [mean.shape for mean in means] != [new.shape for new in news]:
            raise ValueError(
                f"wanted the model that was averaged from the beginning, with {len(means)} tensors of shapes "
                f"{[tuple(mean.shape) for mean in means]}, got {[tuple(new.shape) for new in news]}"
            )
        return [(mean.detach(), new.to(device=mean.device)) for mean, new in zip(means, news, strict=True)]


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Run `model` over all of `loader`, so that its batch norms know the statistics that go with averaged weights.

    A batch is the input, or a tuple or list that begins with it. Afterwards the model is in the mode it was in before.
    """
    norms = [module for module in model.modules() if isinstance(module, (BatchNorm1d, BatchNorm2d))]
    if not norms:
        return
    was_training, momenta = model.training, [module.momentum for module in norms]
    for module in norms:
        module.reset_running_stats()
        module.momentum = None  # equal weights for all batches
    model.train()
    for batch in loader:
        inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(inputs if device is None else inputs.to(device))
    for module, momentum in zip(norms, momenta, strict=True):
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """lr(t) = (1 - α) · initial_lr + α · swa_lr,    α = t / anneal_epochs, at most 1 ("linear"), or ½ (1 - cos(π α))

    From the rate of the training to the constant, rather high one at which averaging works, and there it stays.
    anneal_epochs = 0 goes there at once.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = numbers_each("swa_lr", swa_lr, check_optimizer(optimizer))
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}")
        check_count("anneal_epochs", anneal_epochs, least=0)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        self.anneal_epochs = anneal_epochs
        self._anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """What is left of the way to swa_lr shrinks by (1 - α(t)) / (1 - α(t - 1)): chained schedules go along."""
        left, before = 1 - self._part(self.last_epoch), 1 - self._part(self.last_epoch - 1)
        change = left / before if before else 0.0
        return [group["swa_lr"] + (group["lr"] - group["swa_lr"]) * change for group in self.optimizer.param_groups]

    def _part(self, epoch: int) -> float:
        """How much of the way is done."""
        if epoch < 0 or epoch >= self.anneal_epochs:
            return float(epoch >= 0)
        part = epoch / self.anneal_epochs
        return part if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * part)) / 2
