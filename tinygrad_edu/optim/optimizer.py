"""Optimizer: what all update rules share, that is groups of parameters, the state of each parameter, saving both.

For: subclasses, which add `update`: the formula for one parameter. Not for: a formula of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any

import numpy

from tinygrad_edu.backend import keep_freed_memory
from tinygrad_edu.engine import enable_grad, no_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor

Group = dict[str, Any]
State = dict[str, Any]


class Optimizer:
    """Changes parameters so that a loss gets smaller: `optimizer.zero_grad(); loss.backward(); optimizer.step()`.

    `param_groups` is a list of dictionaries: the parameters under "params", and their settings (lr, ...), which may be
    changed at any time. `state[parameter]` is what a rule remembers about a parameter between steps.
    """

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        keep_freed_memory()  # training begins: every step will ask for the same memory again
        check_settings(defaults)
        self.defaults = defaults
        self.state: dict[Tensor, State] = {}
        self.param_groups: list[Group] = []
        self.has_stepped = False  # learning rate schedules ask, to notice when they are stepped too early
        for group in as_groups(params):
            self.add_param_group(group)

    def update(self, parameter: Tensor, gradient: Tensor, state: State, group: Group) -> None:
        """Change one parameter in place; nothing here is recorded. Each subclass writes its own."""
        raise NotImplementedError(f"{type(self).__name__} is missing the required method update")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        `closure`, if given, computes the loss and its gradients anew; its result is returned.
        """
        self.has_stepped = True
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        gradient = -parameter.grad if group.get("maximize") else parameter.grad
                        self.update(parameter, gradient, self.state.setdefault(parameter, {}), group)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients (None is cheapest, and the next backward need not add), or fill them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none or parameter.grad is None:
                    parameter.grad = None
                else:
                    parameter.grad = parameter.grad.detach().zero_()

    def add_param_group(self, param_group: Group) -> None:
        """Take on more parameters: {"params": [...], "lr": 0.01}. Settings that are not given are the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        if "params" not in param_group:
            raise ValueError(f"wanted a group with its parameters under 'params', got only {', '.join(param_group)}")
        params = param_group["params"]
        group = {**self.defaults, **param_group, "params": [params] if isinstance(params, Tensor) else list(params)}
        check_settings(group)
        known = {id(parameter) for group in self.param_groups for parameter in group["params"]}
        for parameter in group["params"]:
            check_parameter(parameter)
            if id(parameter) in known:
                raise ValueError(
                    "some parameters appear in more than one parameter group, or twice in one: list each once"
                )
            known.add(id(parameter))
        self.param_groups.append(group)

    def state_dict(self) -> dict[str, Any]:
        """{"state": {number: ...}, "param_groups": [...]}: parameters as numbers, counted through the groups.

        The tensors in it are the optimizer's own, not copies: save them, or clone them, before the next step.
        """
        numbers = {id(parameter): number for number, parameter in enumerate(self._parameters())}
        groups = [{**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups]
        state = {numbers[id(parameter)]: dict(kept) for parameter, kept in self.state.items() if kept}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from `state_dict`: one of `state_dict()`, or a PyTorch optimizer's of the same kind.

        Everything is checked first: after an error the optimizer is as it was. The tensors are copied, to each
        parameter's dtype and device.
        """
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise ValueError(
                "wanted a dictionary with 'state' and 'param_groups', as Optimizer.state_dict() returns it"
            )
        saved_groups = state_dict["param_groups"]
        self._check_groups(saved_groups)
        numbers = [number for saved in saved_groups for number in saved["params"]]
        by_number = dict(zip(numbers, self._parameters(), strict=True))
        if unknown := [number for number in state_dict["state"] if number not in by_number]:
            raise ValueError(f"loaded state dict has state for parameters that are in none of its groups: {unknown}")
        state = {
            by_number[number]: {name: restored(name, value, by_number[number]) for name, value in kept.items()}
            for number, kept in state_dict["state"].items()
        }
        self.state = state
        for own, saved in zip(self.param_groups, saved_groups, strict=True):
            own.update({name: value for name, value in saved.items() if name != "params"})

    def _check_groups(self, saved_groups: list[Group]) -> None:
        """Raise ValueError unless `saved_groups` could be this optimizer's own."""
        if len(saved_groups) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: wanted {len(self.param_groups)}, got "
                f"{len(saved_groups)}"
            )
        for own, saved in zip(self.param_groups, saved_groups, strict=True):
            if len(own["params"]) != len(saved["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"wanted {len(own['params'])} parameters, got {len(saved['params'])}: was it another model's?"
                )
            if missing := [name for name in self.defaults if name not in saved]:
                raise ValueError(
                    f"loaded state dict has no {', '.join(missing)}: it was saved by another kind of optimizer than "
                    f"{type(self).__name__}"
                )
            check_settings(saved)

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def __repr__(self) -> str:
        lines = []
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


def as_groups(params: Iterable[Any]) -> list[Group]:
    """What was given as `params`, tensors or dictionaries of them, as a list of groups."""
    if isinstance(params, Tensor):
        raise TypeError(
            "params argument given to the optimizer should be an iterable of Tensors or dicts, but got one Tensor: "
            "write [tensor]"
        )
    if isinstance(params, (set, frozenset)):
        raise TypeError("optimizer parameters need to be organized in ordered collections: give a list, not a set")
    given = list(params)
    if not given:
        raise ValueError("optimizer got an empty parameter list: does the model own its layers as attributes?")
    return given if isinstance(given[0], dict) else [{"params": given}]


def check_parameter(parameter: Any) -> None:
    """Raise unless `parameter` can be trained: a leaf tensor of floating-point numbers."""
    if not isinstance(parameter, Tensor):
        raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(parameter).__name__}")
    if not parameter.is_leaf:
        raise ValueError("can't optimize a non-leaf Tensor: it is computed from others, so optimize those instead")
    if parameter.dtype.kind != "f":
        raise TypeError(
            f"optimizer wants floating-point parameters, but one of the params is of dtype {parameter.dtype}"
        )


# The settings that have to be numbers of at least 0, in every optimizer that has them, in searchable words.
_NOT_NEGATIVE = {
    "lr": "learning rate",
    "momentum": "momentum value",
    "weight_decay": "weight_decay value",
    "eps": "epsilon value",
    "alpha": "alpha value",
    "lr_decay": "lr_decay value",
    "momentum_decay": "momentum_decay value",
    "rho": "rho value",
    "initial_accumulator_value": "initial_accumulator_value value",
}


def check_settings(settings: Group) -> None:
    """Raise for a setting that no update rule has a use for, such as a negative learning rate."""
    for name, words in _NOT_NEGATIVE.items():
        value = settings.get(name, 0.0)
        if not isinstance(value, Real):
            raise TypeError(f"Invalid {words}: wanted {name} to be a number, got {type(value).__name__}: {value!r}")
        if not float(value) >= 0.0:  # NaN is not at least 0 either
            raise ValueError(f"Invalid {words}: {value} (wanted {name} to be a number of at least 0)")
    if settings.get("rho", 0.0) > 1.0:
        raise ValueError(f"Invalid rho value: {settings['rho']} (wanted rho to be a number from 0 to 1)")
    betas = settings.get("betas", (0.0, 0.0))
    if len(betas) != 2 or not all(0.0 <= beta < 1.0 for beta in betas):
        raise ValueError(f"Invalid beta parameters: {betas} (wanted two numbers, at least 0 and less than 1)")


_SINGLE = {"step": int, "mu_product": float}  # numbers of a state that PyTorch keeps in tensors


def restored(name: str, value: Any, parameter: Tensor) -> Any:
    """A value of a saved state, ready to be used beside `parameter`."""
    if name in _SINGLE:
        return _SINGLE[name](value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    copy = value.detach().clone() if isinstance(value, Tensor) else tensor(numpy.asarray(value))
    if copy.shape != parameter.shape:
        raise ValueError(
            f"loaded state dict has {name!r} of shape {tuple(copy.shape)} for a parameter of shape "
            f"{tuple(parameter.shape)}: was it saved for another model?"
        )
    return copy.to(device=parameter.device, dtype=parameter.dtype)
