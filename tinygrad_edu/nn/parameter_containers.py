"""ParameterList and ParameterDict: parameters that a module owns in order or by name, without a layer around each.

For: weights that are looped over or looked up; a plain Python list would hide them from `parameters()`. Not for:
modules, which ModuleList and ModuleDict hold, nor for anything that is not a tensor: keep that in a plain attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygrad_edu.nn.module import Module, format_tree
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor


class _Parameters(Module):
    """What both share: an entry is a Parameter among the attributes, so that it is found, moved and saved."""

    def _put(self, name: str, value: Tensor) -> None:
        """Own `value` under `name`; a plain tensor becomes a Parameter that shares its memory."""
        if not isinstance(value, Tensor):
            raise TypeError(f"{type(self).__name__} wanted a Parameter or a Tensor, got {type(value).__name__}")
        self.register_parameter(name, value if isinstance(value, Parameter) else Parameter(value))

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        entries = [(f"  ({name}): ", _summary(parameter)) for name, parameter in self._parameters.items()]
        return format_tree(type(self).__name__, "", entries)


class ParameterList(_Parameters):
    """[w_0, w_1, ...]: a list whose parameters are owned, under the names "0", "1", ..."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(values or [])

    def _name_at(self, index: int) -> str:
        if not isinstance(index, int):
            raise TypeError(f"ParameterList wants an integer or a slice as index, got {type(index).__name__}")
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for a ParameterList of {len(self)} parameters")
        return str(index % len(self))

    def __getitem__(self, index: Any) -> Any:
        """The parameter at an index; for a slice, a list that shares the parameters."""
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return self._parameters[self._name_at(index)]

    def __setitem__(self, index: int, value: Tensor) -> None:
        self._put(self._name_at(index), value)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def __iadd__(self, values: Iterable[Tensor]) -> ParameterList:
        return self.extend(values)

    def append(self, value: Tensor) -> ParameterList:
        """Add one at the end, and return the list."""
        self._put(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Tensor]) -> ParameterList:
        """Add several at the end, and return the list."""
        if isinstance(values, Tensor) or not isinstance(values, Iterable):
            raise TypeError(
                f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}: for one "
                f"parameter use append"
            )
        for value in list(values):
            self.append(value)
        return self


class ParameterDict(_Parameters):
    """{"name": w}: a dictionary whose parameters are owned, in the order in which they were put in.

    PyTorch sorts the names of a plain dict; here, as in ModuleDict, they stay in its order.
    """

    def __init__(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Parameter:
        if key not in self:
            raise KeyError(f"no parameter is called {key!r} here; there are: {', '.join(self.keys()) or 'none'}")
        return self._parameters[key]

    def __setitem__(self, key: str, value: Tensor) -> None:
        self._put(key, value)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Iterable[Parameter]:
        """The parameters."""
        return self._parameters.values()

    def items(self) -> Iterable[tuple[str, Parameter]]:
        """(name, parameter) pairs."""
        return self._parameters.items()

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter called `key`, or `default` when there is none."""
        return self._parameters.get(key, default)

    def update(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]) -> None:
        """Put in all of `parameters`, a dictionary or (name, parameter) pairs."""
        for name, parameter in dict(parameters).items():
            self[name] = parameter

    def pop(self, key: str) -> Parameter:
        """Take the parameter called `key` out, and return it."""
        parameter = self[key]
        delattr(self, key)
        return parameter

    def clear(self) -> None:
        """Take everything out."""
        for key in list(self):
            delattr(self, key)


def _summary(parameter: Parameter) -> str:
    size = "x".join(map(str, parameter.shape))
    place = "" if parameter.device.type == "cpu" else f" ({parameter.device})"
    return f"Parameter containing: [{parameter.dtype} of size {size}{place}]"
