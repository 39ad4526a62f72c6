"""`save_checkpoint` and `load_checkpoint`: a training's whole state in one file, so that it goes on as if it had
never stopped.

The next step of a training depends on the weights, on what the optimizer remembers of each of them, on the schedule
and on every stream of random numbers. All of it is in one file, because two files can be of different moments. The
weights keep their PyTorch names, so the file serves as a model too (`load`).

For: stopping and continuing. Not for: deciding when to save, which is the training loop's.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from tinygrad_edu.backend import Array, Generator, default_generator
from tinygrad_edu.checkpoint.files import read_file, write_file
from tinygrad_edu.checkpoint.tree import put_together, take_apart
from tinygrad_edu.checkpoint.weights import TRAINING, flat_arrays, weights_of
from tinygrad_edu.nn import Module
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.tensors import Tensor


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """What `load_checkpoint` returns beside the objects that it filled."""

    weights: dict[str, Tensor]  # the model's state_dict
    epoch: int  # epochs that are done
    step: int  # steps that are done
    history: Any  # whatever was given to save_checkpoint
    metadata: dict[str, Any]  # the same


def save_checkpoint(
    path: str | os.PathLike[str],
    model: Module,
    optimizer: Optimizer | None = None,
    *,
    schedule: Any = None,
    generators: Mapping[str, Generator] | None = None,
    epoch: int = 0,
    step: int = 0,
    history: Any = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write all that is needed to continue after `epoch` epochs and `step` steps, in one file, in one step.

    schedule: anything with state_dict() and load_state_dict(), such as a learning rate schedule.
    generators: the random streams that the training draws from, by name; the default one is always kept.
    history, metadata: plain values, lists and dictionaries of your own: the losses, the class names, the settings.
    Errors: OSError when the file cannot be written (the old one is still there); TypeError for what cannot be saved
        without pickle.
    """
    arrays = flat_arrays(model.state_dict())
    streams = {"default": default_generator, **(generators or {})}
    state = {
        "epoch": epoch,
        "step": step,
        "history": history,
        "optimizer": None if optimizer is None else _named_state(model, optimizer),
        "schedule": None if schedule is None else schedule.state_dict(),
        "generators": {name: generator.get_state() for name, generator in streams.items()},
    }
    parts: dict[str, Array] = {}
    tree = take_apart(state, "", parts)
    arrays |= {TRAINING + name: array for name, array in parts.items()}
    write_file(path, arrays, {"training": tree, "metadata": dict(metadata or {})})


def load_checkpoint(
    path: str | os.PathLike[str],
    model: Module | None = None,
    optimizer: Optimizer | None = None,
    *,
    schedule: Any = None,
    generators: Mapping[str, Generator] | None = None,
    strict: bool = True,
) -> Checkpoint:
    """Fill what is given with what `save_checkpoint` wrote, and return the rest.

    Give everything that was saved to continue bit for bit: the random streams, the default one included, are then
    where they were. Without an optimizer (to predict, say) only the weights are filled and no random stream is
    touched.
    Errors: FileNotFoundError; ValueError, naming the file, if it is cut short, of another format, of another model
        (with a list of what is missing, unexpected or of another shape; `strict=False` lets names be missing) or of
        another kind of optimizer. Nothing is filled then.
    """
    if optimizer is not None and model is None:
        raise ValueError("wanted the model beside the optimizer, whose state is kept by the model's parameter names")
    arrays, facts = read_file(path)
    if "training" not in facts:
        raise ValueError(
            f"{path} holds weights only, wanted a checkpoint written by save_checkpoint: fill the model by "
            "model.load_state_dict(load(path)), and start the training anew"
        )
    parts = {name.removeprefix(TRAINING): array for name, array in arrays.items() if name.startswith(TRAINING)}
    state: dict[str, Any] = put_together(facts["training"], parts)
    weights = weights_of(arrays)
    streams = {**({} if optimizer is None else {"default": default_generator}), **(generators or {})}
    try:  # first all that can be wrong, then the filling: what does not fit leaves everything as it was
        _check_present(state, schedule, streams)
        if model is not None and optimizer is not None:
            numbered = _numbered_state(model, optimizer, state["optimizer"])
        if model is not None:
            model.load_state_dict(weights, strict=strict)
        if optimizer is not None:
            optimizer.load_state_dict(numbered)
        if schedule is not None:
            schedule.load_state_dict(state["schedule"])
    except ValueError as error:
        raise ValueError(f"{path} does not fit: {error}") from error
    for name, generator in streams.items():
        generator.set_state(state["generators"][name])
    return Checkpoint(weights, state["epoch"], state["step"], state["history"], facts["metadata"])


def _check_present(state: dict[str, Any], schedule: Any, streams: Mapping[str, Generator]) -> None:
    if schedule is not None and state["schedule"] is None:
        raise ValueError("it was saved without a schedule: load it without one, and set the learning rate yourself")
    if absent := [name for name in streams if name not in state["generators"]]:
        raise ValueError(
            f"wanted random generators called {', '.join(absent)}, it has {', '.join(state['generators'])}: use the "
            "names that were given to save_checkpoint"
        )


def _group_names(model: Module, optimizer: Optimizer) -> list[list[str]]:
    """For each of the optimizer's groups, the names that its parameters have in the model."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [[names.get(id(parameter), "") for parameter in group["params"]] for group in optimizer.param_groups]
    if any("" in group for group in groups):
        raise ValueError(
            "the optimizer has a parameter that is not the model's: give the model that the optimizer was made for"
        )
    return groups


def _named_state(model: Module, optimizer: Optimizer) -> dict[str, Any]:
    """The optimizer's state_dict with parameters by name, not by number: it is then clear what belongs to what."""
    groups, saved = _group_names(model, optimizer), optimizer.state_dict()
    names = [name for group in groups for name in group]
    return {
        "kind": type(optimizer).__name__,
        "state": {names[number]: kept for number, kept in saved["state"].items()},
        "param_groups": [{**group, "params": own} for group, own in zip(saved["param_groups"], groups, strict=True)],
    }


def _numbered_state(model: Module, optimizer: Optimizer, saved: dict[str, Any] | None) -> dict[str, Any]:
    """The inverse of `_named_state` for this optimizer, after a check that it belongs to it."""
    kind = type(optimizer).__name__
    if saved is None or saved["kind"] != kind:
        found = "no optimizer" if saved is None else saved["kind"]
        raise ValueError(f"wanted the state of {kind}, it has that of {found}: continue with the same optimizer")
    groups = _group_names(model, optimizer)
    saved_groups = [group["params"] for group in saved["param_groups"]]
    if [set(group) for group in groups] != [set(group) for group in saved_groups]:
        own, other = ({name for group in each for name in group} for each in (groups, saved_groups))
        raise ValueError(
            f"the optimizer's parameters differ: missing in the file: {sorted(own - other) or 'none'}; only in the "
            f"file: {sorted(other - own) or 'none'}; groups of {[len(group) for group in groups]} here and "
            f"{[len(group) for group in saved_groups]} there. Was it saved for another model?"
        )
    numbers = {name: number for number, name in enumerate(name for group in groups for name in group)}
    return {
        "state": {numbers[name]: kept for name, kept in saved["state"].items()},
        "param_groups": [
            {**group, "params": [numbers[name] for name in own]}
            for group, own in zip(saved["param_groups"], groups, strict=True)
        ],
    }
