"""`save` and `load`: a state_dict in a safetensors file, under PyTorch's names.

    save(model.state_dict(), "model.safetensors")
    model.load_state_dict(load("model.safetensors"))

Such a file can be read by `safetensors.torch.load_file` and the other way round. For: weights, and PyTorch's habit of
putting several state_dicts into one dictionary. Not for: stopping and continuing a training (`training.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import Array
from tinygrad_edu.checkpoint.files import read_file, write_file
from tinygrad_edu.checkpoint.tree import put_together, take_apart
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor

TRAINING = "training:"  # begins the names of arrays that belong to a training's state, not to the model


def save(obj: Mapping[str, Any], f: str | os.PathLike[str], *, metadata: Mapping[str, Any] | None = None) -> None:
    """Write a state_dict, {name: tensor}, or nested dictionaries of such things and of plain values, to the file `f`.

    Tensors may be on any device and of any layout. One that occurs under two names (tied weights) is stored once.
    `metadata` is kept beside it and comes back from `read_metadata`. The file is replaced in one step: a failure
    leaves the old one.
    Errors: TypeError for what is neither numbers nor text (PyTorch would pickle it), OSError when the file cannot be
        written.
    """
    if not isinstance(obj, Mapping):
        raise TypeError(
            f"wanted a dictionary such as model.state_dict(), got {type(obj).__name__}: whole objects would have to "
            "be pickled"
        )
    facts: dict[str, Any] = {"metadata": dict(metadata or {})}
    arrays: dict[str, Array] = {}
    if all(isinstance(name, str) and isinstance(value, (Tensor, numpy.ndarray)) for name, value in obj.items()):
        arrays = flat_arrays(obj)
    else:
        facts["tree"] = take_apart(obj, "", arrays)
    write_file(f, arrays, facts)


def load(f: str | os.PathLike[str], map_location: Any = None, *, weights_only: bool = True) -> dict[str, Any]:
    """What `save` wrote to the file `f`, or the {name: tensor} of any safetensors file; of a checkpoint, the model's
    weights.

    The tensors are new, on the host or on the device `map_location`. Names that were tied share one tensor again.
    `weights_only` is PyTorch's promise not to unpickle, which is always kept here.
    Errors: FileNotFoundError; ValueError, naming the file, if it is cut short, damaged or of another format.
    """
    if not weights_only:
        raise ValueError("wanted weights_only=True: only numbers and text are read here, never pickled objects")
    arrays, facts = read_file(f)
    if "tree" in facts:
        tree: dict[str, Any] = put_together(facts["tree"], arrays)
        return tree if map_location is None else _moved(tree, map_location)
    return weights_of(arrays, map_location)


def read_metadata(f: str | os.PathLike[str]) -> dict[str, Any]:
    """The `metadata` that was given to `save` or `save_checkpoint`; empty for a file from elsewhere."""
    metadata: dict[str, Any] = read_file(f)[1].get("metadata", {})
    return metadata


def flat_arrays(state: Mapping[str, Any]) -> dict[str, Array]:
    """{name: array} of a state_dict."""
    for name in state:
        if name.startswith(TRAINING) or name == "__metadata__":
            raise ValueError(f"cannot save a tensor called {name!r}, which has a meaning in the file: rename it")
    return {name: value.array if isinstance(value, Tensor) else value for name, value in state.items()}


def weights_of(arrays: Mapping[str, numpy.ndarray], device: Any = None) -> dict[str, Tensor]:
    """{name: tensor} of the arrays that belong to a model; the same array under two names is one tensor."""
    made: dict[int, Tensor] = {}
    weights = {}
    for name, array in arrays.items():
        if not name.startswith(TRAINING):
            if id(array) not in made:
                made[id(array)] = tensor(array, device=device)
            weights[name] = made[id(array)]
    return weights


def _moved(tree: Any, device: Any) -> Any:
    if isinstance(tree, Tensor):
        return tree.to(device)
    if isinstance(tree, dict):
        return {key: _moved(part, device) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(_moved(item, device) for item in tree)
    return tree
