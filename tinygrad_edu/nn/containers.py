"""Containers: modules that hold other modules in order or by name.

For: a chain that is called as one function (Sequential), and lists and dictionaries whose modules are found by
`parameters()` (ModuleList, ModuleDict; a plain Python list would hide them). Not for: anything that computes itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygrad_edu.nn.module import Module, format_tree


class _NumberedModules(Module):
    """What Sequential and ModuleList share: children called "0", "1", "2", ... and the manners of a list."""

    def _replace_all(self, named: Mapping[str, Module]) -> None:
        for name in self._modules:
            delattr(self, name)
        for name, module in named.items():
            self.add_module(name, module)

    def _number(self, modules: Iterable[Module]) -> None:
        self._replace_all({str(position): module for position, module in enumerate(modules)})

    def _name_at(self, index: int) -> str:
        names = list(self._modules)
        if not isinstance(index, int):
            raise TypeError(f"{type(self).__name__} wants an integer or a slice as index, got {type(index).__name__}")
        if not -len(names) <= index < len(names):
            raise IndexError(f"index {index} is out of range for a {type(self).__name__} of {len(names)} modules")
        return names[index]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __contains__(self, module: object) -> bool:
        return any(module is child for child in self)

    def __getitem__(self, index: Any) -> Any:
        """The module at an index; for a slice, a container of the same kind that shares the modules."""
        if not isinstance(index, slice):
            return self._modules[self._name_at(index)]
        part = type(self)()
        part._take(dict(list(self._modules.items())[index]))
        return part

    def _take(self, named: Mapping[str, Module]) -> None:
        self._number(named.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._name_at(index)  # complains when it is out of range
        del modules[index]
        self._number(modules)

    def append(self, module: Module) -> Any:
        """Add a module at the end, and return the container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end, and return the container."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one at `index`; those after it are renumbered."""
        modules = list(self)
        modules.insert(index, module)
        self._number(modules)
        return self


class Sequential(_NumberedModules):
    """y = f_n(... f_2(f_1(x))): each module is called with what the one before it returned.

    Sequential(Linear(64, 32), ReLU(), Linear(32, 10)), or Sequential({"hidden": Linear(64, 32), ...}) for names.
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            self._replace_all(modules[0])
        else:
            self._number(modules)

    def _take(self, named: Mapping[str, Module]) -> None:
        self._replace_all(named)  # a slice of a Sequential keeps the names

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input


class ModuleList(_NumberedModules):
    """[f_1, f_2, ...]: a list whose modules are owned. `forward` is yours to write: loop over it, or index it."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self._number(modules or [])

    def __repr__(self) -> str:
        """Runs of modules that print alike are shown once: (0-5): 6 x Linear(...)."""
        runs: list[list[Any]] = []  # [first, last, text]
        for position, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = position
            else:
                runs.append([position, position, text])
        children = [
            (f"({first}): ", text) if first == last else (f"({first}-{last}): {last - first + 1} x ", text)
            for first, last, text in runs
        ]
        return format_tree(type(self).__name__, "", children)


class ModuleDict(Module):
    """{"name": module}: a dictionary whose modules are owned, in the order in which they were put in."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Module:
        if key not in self:
            raise KeyError(f"no module is called {key!r} here; there are: {', '.join(self.keys()) or 'none'}")
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """(name, module) pairs."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Put in all of `modules`, a dictionary or (name, module) pairs."""
        for name, module in dict(modules).items():
            self[name] = module

    def pop(self, key: str) -> Module:
        """Take the module called `key` out, and return it."""
        module = self[key]
        delattr(self, key)
        return module

    def clear(self) -> None:
        """Take everything out."""
        for key in self._modules:
            delattr(self, key)
