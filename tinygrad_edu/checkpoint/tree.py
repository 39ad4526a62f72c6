"""Trees: nested dictionaries and lists with tensors at some leaves, taken apart into JSON and named arrays, and back.

For: an optimizer's state, a schedule, a history, all of which PyTorch gives as plain nested values. Not for: objects
of classes; saving those takes pickle.

What JSON has no word for becomes a dictionary with one key that begins with "$": {"$tensor": name}, {"$array": name},
{"$tuple": […]}, {"$dict": [[key, value], …]} for keys that are not plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import Array
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor


def take_apart(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    """`value` as JSON; its tensors and arrays are put into `arrays`, under `name` and their place in the tree."""
    if isinstance(value, (Tensor, numpy.ndarray)):
        while name in arrays:  # {"a.b": …, "a": {"b": …}} makes one name twice
            name += "'"
        arrays[name] = value.array if isinstance(value, Tensor) else value
        return {"$tensor" if isinstance(value, Tensor) else "$array": name}
    if isinstance(value, numpy.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        parts = {key: take_apart(part, _join(name, key), arrays) for key, part in value.items()}
        is_plain = all(isinstance(key, str) and not key.startswith("$") for key in parts)
        return parts if is_plain else {"$dict": [[key, part] for key, part in parts.items()]}
    if isinstance(value, (list, tuple)):
        items = [take_apart(item, _join(name, number), arrays) for number, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    raise TypeError(
        f"cannot save {name or 'this'}: wanted tensors, arrays, numbers, text, None, and dictionaries, lists and "
        "tuples of them, "
        f"got {type(value).__name__}. Of a module, an optimizer or a schedule, save its state_dict()"
    )


def put_together(tree: Any, arrays: Mapping[str, numpy.ndarray]) -> Any:
    """The inverse of `take_apart`: equal values, in new memory on the host."""
    if isinstance(tree, list):
        return [put_together(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "$tensor" in tree:
        return tensor(arrays[tree["$tensor"]])
    if "$array" in tree:
        return arrays[tree["$array"]].copy()
    if "$tuple" in tree:
        return tuple(put_together(item, arrays) for item in tree["$tuple"])
    if "$dict" in tree:
        return {key: put_together(part, arrays) for key, part in tree["$dict"]}
    return {key: put_together(part, arrays) for key, part in tree.items()}


def _join(name: str, part: object) -> str:
    return f"{name}.{part}" if name else str(part)
