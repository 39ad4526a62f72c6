"""weight_norm: a weight as a length times a direction, w = g · v / ‖v‖, each of them trained by itself.

For: a layer whose weight is to be learned that way; a forward pre-hook computes the weight before every call. Not for:
normalizing what flows through a layer (`nn/normalization.py`).
"""

from __future__ import annotations

from typing import TypeVar

from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor

Layer = TypeVar("Layer", bound=Module)


class WeightNorm:
    """The hook that sets module.weight = g · v / ‖v‖ from module.weight_g and module.weight_v."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = dim

    def length(self, v: Tensor) -> Tensor:
        """‖v‖ over all axes but `dim`, which are kept with size 1; over all of them where dim is None."""
        if self.dim is None:
            return v.norm()
        kept = self.dim % v.ndim
        return v.norm(dim=[axis for axis in range(v.ndim) if axis != kept], keepdim=True) if v.ndim > 1 else v.abs()

    def weight(self, module: Module) -> Tensor:
        """g · v / ‖v‖, on the graph: gradients flow to both."""
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        return v * (g / self.length(v))

    def __call__(self, module: Module, inputs: tuple[object, ...]) -> None:
        setattr(module, self.name, self.weight(module))


def weight_norm(module: Layer, name: str = "weight", dim: int | None = 0) -> Layer:
    """Replace the parameter `name` of `module` by `name_g` (lengths) and `name_v` (directions); return the module.

        w = g · v / ‖v‖

    The norm is taken over all axes but `dim`: with dim=0 each output of a Linear or Conv layer has a length of its
    own, and g has shape (out, 1, ...); with dim=None there is one length for all, and g has shape (). The layer
    computes what it did before, but a step in v is now always at right angles to v, so length and direction no longer
    interfere. Names and shapes are those of PyTorch's torch.nn.utils.weight_norm. Make the optimizer afterwards: the
    parameters are new.

    Source: Salimans, Kingma 2016, "Weight normalization".
    """
    if _hooks_of(module, name):
        raise RuntimeError(
            f"Cannot register two weight_norm hooks on the same parameter {name}: it has one; see remove_weight_norm"
        )
    weight = getattr(module, name)
    if not isinstance(weight, Parameter):
        raise TypeError(f"weight_norm wanted the name of a parameter, got {name!r}, a {type(weight).__name__}")
    if dim is not None and not -weight.ndim <= dim < weight.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-weight.ndim}, {weight.ndim - 1}], but got {dim}): "
            f"{name} has shape {tuple(weight.shape)}"
        )
    hook = WeightNorm(name, None if dim == -1 else dim)  # PyTorch takes -1 for None here
    delattr(module, name)
    v = weight.detach()
    module.register_parameter(f"{name}_g", Parameter(hook.length(v).clone()))
    module.register_parameter(f"{name}_v", Parameter(v))
    setattr(module, name, hook.weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Layer, name: str = "weight") -> Layer:
    """Put the plain parameter `name` back, with the numbers that it has now; return the module."""
    found = _hooks_of(module, name)
    if not found:
        raise ValueError(f"weight_norm of {name!r} not found in {module}: nothing to remove")
    ((number, hook),) = found.items()
    del module._forward_pre_hooks[number]
    weight = hook.weight(module).detach()
    for attribute in (name, f"{name}_g", f"{name}_v"):
        delattr(module, attribute)
    module.register_parameter(name, Parameter(weight))
    return module


def _hooks_of(module: Module, name: str) -> dict[int, WeightNorm]:
    """The weight_norm of `name` among the module's hooks, by its number there: one, or none."""
    hooks = module._forward_pre_hooks.items()
    return {number: hook for number, hook in hooks if isinstance(hook, WeightNorm) and hook.name == name}
