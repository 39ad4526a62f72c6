"""State: a module's numbers as a flat dictionary of names, and back.

For: `state_dict` and `load_state_dict`, with keys equal to PyTorch's, so that weights travel in both directions.
Not for: files (`tinygrad_edu.save` and `load`), nor for the optimizer's state, which the optimizer keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from tinygrad_edu.engine import no_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor

if TYPE_CHECKING:
    from tinygrad_edu.nn.ownership import Owner


class LoadReport(NamedTuple):
    """What `load_state_dict(strict=False)` could not pair up."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"LoadReport(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def state_of(module: Owner, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
    """{name: tensor}: every parameter and persistent buffer, each module's own before its children's.

    The tensors share the module's memory: later training changes them too, so clone what must stay as it is. They are
    detached from the graph unless `keep_vars`. A shared parameter appears under each of its names.
    """
    state: dict[str, Tensor] = {}
    for path, owner in module.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False):
        kept = {name: buffer for name, buffer in owner._buffers.items() if owner._persistence[name]}
        for name, member in {**owner._parameters, **kept}.items():
            state[f"{path}.{name}" if path else name] = member if keep_vars else member.detach()
    return state


def load_state(module: Owner, state: Mapping[str, Any], strict: bool = True) -> LoadReport:
    """Copy `state` (tensors, NumPy arrays, or PyTorch's state_dict) into the module's own tensors.

    Everything is checked before the first number is copied: after an error the module is as it was. The error lists
    all that is wrong. `strict=False` lets keys be missing or unexpected, and reports them; a wrong shape is always an
    error. Values take on the dtype and the device of the tensors that they are copied into.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like: wanted {{name: tensor}}, got {type(state).__name__}")
    own = state_of(module)
    missing = [name for name in own if name not in state]
    unexpected = [name for name in state if name not in own]
    incoming = {name: _as_tensor(name, state[name]) for name in own if name in state}
    problems = []
    if strict and missing:
        problems.append(f"Missing key(s) in state_dict: {', '.join(map(repr, missing))}.")
    if strict and unexpected:
        problems.append(f"Unexpected key(s) in state_dict: {', '.join(map(repr, unexpected))}.")
    for name, value in incoming.items():
        if value.shape != own[name].shape:
            problems.append(
                f"size mismatch for {name}: copying a param with shape {tuple(value.shape)} from checkpoint, "
                f"the shape in current model is {tuple(own[name].shape)}."
            )
    if problems:
        raise ValueError(
            f"Error(s) in loading state_dict for {type(module).__name__} (nothing was loaded):\n\t"
            + "\n\t".join(problems)
        )
    with no_grad():
        for name, value in incoming.items():
            own[name].copy_(value)
    return LoadReport(missing, unexpected)


def _as_tensor(name: str, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if not hasattr(value, "__array__"):
        raise TypeError(f"wanted a tensor or an array for {name!r}, got {type(value).__name__}")
    return tensor(numpy.asarray(value))
