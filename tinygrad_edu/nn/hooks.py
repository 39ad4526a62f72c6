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
    def forward(ctx: Any, on_gradients: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.on_gradients = on_gradients
        return tuple(tensor.detach() for tensor in tensors)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Any, ...]:
        return None, *ctx.on_gradients(grad_outputs)


class Crossing:
    """One call of a module with backward hooks: a Boundary before `forward` and one after it.

    Backward meets the boundary after the module first, and keeps what it sees as `grad_output`; at the boundary before
    it the gradients of all inputs are there, so the hooks run, once. With no input that needs a gradient (the first
    layer), backward never gets that far, and the hooks run at the first boundary with `grad_input` all None.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_input: list[Tensor | None] = []
        self.grad_output: list[Tensor | None] = []
        self.inputs: list[int] = []  # which of the arguments, and which of the outputs, can have a gradient
        self.outputs: list[int] = []
        self.inputs_need_gradients = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with their tensors led through a boundary."""
        self.inputs, self.grad_input = differentiable(args), [None] * len(args)
        self.inputs_need_gradients = any(args[position].requires_grad for position in self.inputs)
        return through(self.at_inputs, args, self.inputs) if self.inputs_need_gradients else args

    def leave(self, result: Any) -> Any:
        """The result (a tensor or a tuple of tensors) led through a boundary."""
        parts = result if isinstance(result, tuple) else (result,)
        if not all(isinstance(part, Tensor) for part in parts):
            raise TypeError(
                f"a full backward hook needs forward to return a tensor or a tuple of tensors, got "
                f"{type(result).__name__} from {type(self.module).__name__}"
            )
        self.outputs, self.grad_output = differentiable(parts), [None] * len(parts)
        left = through(self.at_outputs, parts, self.outputs)
        return left if isinstance(result, tuple) else left[0]

    def at_outputs(self, gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        for position, gradient in zip(self.outputs, gradients, strict=True):
            self.grad_output[position] = gradient
        if not self.inputs_need_gradients:
            self.run_hooks(tuple(self.grad_input))
        return gradients

    def at_inputs(self, gradients: tuple[Tensor, ...]) -> tuple[Any, ...]:
        for position, gradient in zip(self.inputs, gradients, strict=True):
            self.grad_input[position] = gradient
        replaced = self.run_hooks(tuple(self.grad_input))
        return tuple(replaced[position] for position in self.inputs)

    def run_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in tuple(self.module._backward_hooks.values()):
            replacement = hook(self.module, grad_input, tuple(self.grad_output))
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


def differentiable(values: tuple[Any, ...]) -> list[int]:
    """The positions of the tensors of floating-point numbers: integers, such as tokens, have no gradient."""
    return [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.is_floating_point()]


def through(on_gradients: Callable[..., Any], values: tuple[Any, ...], positions: list[int]) -> tuple[Any, ...]:
    """The values, unchanged, with `on_gradients` waiting for the gradients of those at `positions`."""
    crossed = list(values)
    for position, tensor in zip(
        positions, Boundary.apply(on_gradients, *map(values.__getitem__, positions)), strict=True
    ):
        crossed[position] = tensor
    return tuple(crossed)
