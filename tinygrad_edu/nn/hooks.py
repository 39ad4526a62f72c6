"""Hooks: functions of the user's that a Module calls before its forward, after it, and when gradients come back.

For: looking at a model (activations, gradients) and changing what flows, without editing the model. Not for: anything
the model needs to be right; that belongs in `forward`, where a reader will look for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinygrad_edu.autograd import Function
from tinygrad_edu.tensors import Tensor

if TYPE_CHECKING:
    from tinygrad_edu.nn.module import Module

Hook = Callable[..., Any]
_numbers = itertools.count()


class RemovableHandle:
    """What registering a hook returns: `handle.remove()` takes the hook away; so does the end of `with handle:`."""

    def __init__(self, hooks: dict[int, Hook], hook: Hook, prepend: bool = False) -> None:
        self.hooks = hooks
        self.number = next(_numbers)
        others = dict(hooks) if prepend else {}
        for number in others:
            del hooks[number]
        hooks[self.number] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self.hooks.pop(self.number, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Pre-hooks, then `forward`, then forward hooks; each may replace what it was shown by returning something else."""
    for hook in tuple(module._forward_pre_hooks.values()):
        replacement = hook(module, args)
        if replacement is not None:
            args = replacement if isinstance(replacement, tuple) else (replacement,)
    crossing = Crossing(module) if module._backward_hooks else None
    if crossing is not None:
        args = crossing.enter(args)
    result = module.forward(*args, **kwargs)
    for hook in tuple(module._forward_hooks.values()):
        replacement = hook(module, args, result)
        if replacement is not None:
            result = replacement
    return result if crossing is None else crossing.leave(result)


class Boundary(Function):
    """y = x for several tensors at once: a line across the graph where all their gradients can be seen together."""

    @staticmethod
    def forward(context: Any, on_gradients: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        context.on_gradients = on_gradients
        return tuple(tensor.view_as(tensor) for tensor in tensors)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Any, ...]:
        return None, *context.on_gradients(gradients)


class Crossing:
    """One call of a module with backward hooks: a Boundary before `forward` and one after it.

    Backward meets the boundary after the module first, and keeps what it sees as `grad_output`; at the boundary before
    it the gradients of all inputs are there, so the hooks run, once. With no input that needs a gradient (the first
    layer), backward never gets that far, and the hooks run at the first boundary with `grad_input` all None.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_output: tuple[Tensor | None, ...] = ()
        self.slots: list[int] = []  # which of the arguments are tensors
        self.count = 0
        self.inputs_need_gradients = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with their tensors led through a boundary."""
        self.count = len(args)
        self.slots = [position for position, argument in enumerate(args) if isinstance(argument, Tensor)]
        self.inputs_need_gradients = any(args[position].requires_grad for position in self.slots)
        if not self.inputs_need_gradients:
            return args
        entered = list(args)
        for position, tensor in zip(self.slots, through(self.at_inputs, [args[p] for p in self.slots]), strict=True):
            entered[position] = tensor
        return tuple(entered)

    def leave(self, result: Any) -> Any:
        """The result (a tensor or a tuple of tensors) led through a boundary."""
        if isinstance(result, Tensor):
            return through(self.at_outputs, [result])[0]
        if isinstance(result, tuple) and all(isinstance(part, Tensor) for part in result):
            return through(self.at_outputs, list(result))
        raise TypeError(
            f"a full backward hook needs forward to return a tensor or a tuple of tensors, got {type(result).__name__} "
            f"from {type(self.module).__name__}"
        )

    def at_outputs(self, gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.grad_output = gradients
        if not self.inputs_need_gradients:
            self.run_hooks((None,) * self.count)
        return gradients

    def at_inputs(self, gradients: tuple[Tensor, ...]) -> tuple[Any, ...]:
        grad_input: list[Tensor | None] = [None] * self.count
        for position, gradient in zip(self.slots, gradients, strict=True):
            grad_input[position] = gradient
        replaced = self.run_hooks(tuple(grad_input))
        return tuple(replaced[position] for position in self.slots)

    def run_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in tuple(self.module._backward_hooks.values()):
            replacement = hook(self.module, grad_input, self.grad_output)
            if replacement is None:
                continue
            replacement = replacement if isinstance(replacement, tuple) else (replacement,)
            if len(replacement) != len(grad_input):
                raise ValueError(
                    f"Backward hook returned an invalid number of grad_input, got {len(replacement)}, but expected "
                    f"{len(grad_input)}: return one for each argument of forward, or None to change nothing"
                )
            grad_input = replacement
        return grad_input


def through(on_gradients: Callable[..., Any], tensors: list[Tensor]) -> tuple[Tensor, ...]:
    """The tensors, unchanged, with `on_gradients` waiting for their gradients."""
    crossed = Boundary.apply(on_gradients, *tensors)
    return crossed if isinstance(crossed, tuple) else (crossed,)
