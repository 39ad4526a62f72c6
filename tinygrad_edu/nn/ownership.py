"""Ownership: how a module knows its parameters, its buffers and the modules below it.

For: the attributes of a Module and the walks over them; nothing here computes. Not for: what a module does when it is
called, moved or printed (`nn/module.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor

if TYPE_CHECKING:
    from tinygrad_edu.nn.module import Module

Member = TypeVar("Member", bound=Tensor)


class Owner:
    """What Module inherits: attributes that are found again.

    There is no registry on the side. The parameters are the attributes that hold a Parameter, the children the
    attributes that hold a Module, always in the order in which they were assigned; buffers are tensors that were named
    with `register_buffer`. A parameter that is reachable by two names is reported once, under the first.
    """

    def __init__(self) -> None:
        self._persistence: dict[str, bool] = {}  # name of each buffer: is it part of state_dict()?

    # -- what it owns --------------------------------------------------------------------------------------------

    @property
    def _parameters(self) -> dict[str, Parameter]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Parameter)}

    @property
    def _buffers(self) -> dict[str, Tensor]:
        present = {name: vars(self).get(name) for name in self._persistence}
        return {name: value for name, value in present.items() if isinstance(value, Tensor)}

    @property
    def _modules(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Owner)}

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """self.name = param, for a name that is computed; None says that the parameter was left out on purpose."""
        self._register("parameter", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """self.name = tensor: moved and saved with the module, but not trained; saved only if `persistent`."""
        self._register("buffer", name, tensor)
        self._persistence[name] = persistent

    def add_module(self, name: str, module: Module | None) -> None:
        """self.name = module, for a name that is computed."""
        self._register("module", name, module)

    register_module = add_module

    def _register(self, kind: str, name: str, value: object) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError(f"wanted a {kind} name that is a string, not empty and without a dot, got {name!r}")
        if value is not None and _kind_of(value) != kind:
            raise TypeError(f"wanted a {kind} or None to register as {name!r}, got {type(value).__name__}")
        present = vars(self).get(name)
        if hasattr(type(self), name) or (present is not None and _kind_of(present) != kind):
            raise KeyError(f"attribute {name!r} already exists in {type(self).__name__}: choose another name")
        setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = vars(self)
        if isinstance(value, (Parameter, Owner)):
            if "_persistence" not in attributes:
                raise AttributeError(
                    f"cannot assign {name!r} before Module.__init__() call: write super().__init__() as the first line "
                    f"of {type(self).__name__}.__init__"
                )
            self._persistence.pop(name, None)
        elif value is not None and name in attributes:
            self._check_replacement(name, attributes[name], value)
        super().__setattr__(name, value)

    def _check_replacement(self, name: str, present: object, value: object) -> None:
        """A parameter, a module or a buffer is not lost by assigning something else over it by mistake."""
        kind = "buffer" if name in self._persistence else _kind_of(present)
        is_owned = kind in ("parameter", "module") or name in self._persistence
        if is_owned and _kind_of(value) != kind:
            raise TypeError(
                f"cannot assign {type(value).__name__!r} as {kind} {name!r} of {type(self).__name__}: wanted a {kind} "
                f"or None. To change the numbers in a tensor, write `with no_grad(): module.{name}.copy_(...)`; to use "
                f"the name for something else, `del module.{name}` first"
            )

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._persistence.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        """Only asked when there is no such attribute: say so, and what there is."""
        kind = type(self).__name__
        if "_persistence" not in vars(self):
            hint = f"write super().__init__() as the first line of {kind}.__init__"
        else:
            owned = [*self._parameters, *self._buffers, *self._modules]
            hint = f"it owns {', '.join(owned)}" if owned else "it owns no parameter, buffer or module"
        raise AttributeError(f"{kind!r} object has no attribute {name!r}: {hint}", name=name, obj=self)

    # -- walking -------------------------------------------------------------------------------------------------

    def named_modules(
        self, memo: dict[int, Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(name, module) for this module, named "", and for everything below it: parents before children."""
        seen: dict[int, Any] = {} if memo is None else memo
        if remove_duplicate and id(self) in seen:
            return
        seen[id(self)] = self
        yield prefix, cast("Module", self)
        for name, child in self._modules.items():
            yield from child.named_modules(seen, _join(prefix, name), remove_duplicate)

    def _named_members(
        self, members: Callable[[Owner], dict[str, Member]], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Member]]:
        owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        seen: dict[int, Member] = {}  # by identity: `==` compares the numbers of tensors, not the tensors
        for path, owner in owners:
            for name, member in members(owner).items():
                if not (remove_duplicate and id(member) in seen):
                    seen[id(member)] = member
                    yield _join(path, name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter), each parameter once: this module's own, then its children's as "child.name"."""
        return self._named_members(lambda module: module._parameters, prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(name, buffer), each buffer once."""
        return self._named_members(lambda module: module._buffers, prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for the modules directly below this one, each once."""
        seen: dict[int, Module] = {}
        for name, child in self._modules.items():
            if id(child) not in seen:
                seen[id(child)] = child
                yield name, child

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Each parameter once: what an optimizer wants."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Each buffer once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def modules(self) -> Iterator[Module]:
        """This module and everything below it, each once."""
        return (module for _, module in self.named_modules())

    def children(self) -> Iterator[Module]:
        """The modules directly below this one, each once."""
        return (child for _, child in self.named_children())

    def get_submodule(self, target: str) -> Module:
        """The module called "block.conv1" from here; "" is this one."""
        found: Any = self
        for name in target.split(".") if target else []:
            found = None if found is None else found._modules.get(name)
        if found is None:
            names = ", ".join(name for name, _ in self.named_modules() if name) or "none"
            raise AttributeError(f"{type(self).__name__} has no module called {target!r}; it has: {names}")
        return found


def _kind_of(value: object) -> str:
    """What a module takes an attribute for: "parameter", "module", "buffer" (any other tensor), or "value"."""
    if isinstance(value, Parameter):
        return "parameter"
    if isinstance(value, Owner):
        return "module"
    return "buffer" if isinstance(value, Tensor) else "value"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
