"""Module: a function that owns the parameters it is trained by, and other modules.

For: finding every parameter of a model by name, moving it, switching it between training and evaluation, hooks,
printing. Not for: mathematics, which is in `nn/functional`, nor for reading and writing a state (`nn/state.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy

from tinygrad_edu.backend import device as Device
from tinygrad_edu.engine import no_grad
from tinygrad_edu.nn.hooks import Hook, RemovableHandle, call_with_hooks
from tinygrad_edu.nn.ownership import Owner
from tinygrad_edu.nn.state import LoadReport, load_state, state_of
from tinygrad_edu.tensors import Tensor


class Module(Owner):
    """A layer or a whole model: `forward` says what it computes, its attributes say what it owns.

    class Net(Module):
        def __init__(self):
            super().__init__()                     # first, always
            self.hidden = Linear(64, 32)           # a Module among the attributes is a child
            self.scale = Parameter(ones(10))       # a Parameter among the attributes is trained
        def forward(self, x):                      # called by net(x), which runs the hooks as well
            return self.hidden(x) * self.scale

    Parameters and children are found by walking the attributes (`nn/ownership.py`).
    """

    training: bool

    def __init__(self) -> None:
        super().__init__()
        self.training = True
        self._forward_pre_hooks: dict[int, Hook] = {}
        self._forward_hooks: dict[int, Hook] = {}
        self._backward_hooks: dict[int, Hook] = {}

    # -- calling -------------------------------------------------------------------------------------------------

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes: each subclass writes its own."""
        raise NotImplementedError(f'{type(self).__name__} is missing the required "forward" method')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._forward_pre_hooks or self._forward_hooks or self._backward_hooks:
                return call_with_hooks(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            # The traceback then names the layers, the innermost first.
            error.add_note(f"in {self._signature()}, called with {', '.join(map(_describe, args)) or 'no argument'}")
            raise

    def register_forward_pre_hook(self, hook: Hook, *, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, args) before each forward; what it returns, unless None, replaces the arguments."""
        return RemovableHandle(self._forward_pre_hooks, hook, prepend)

    def register_forward_hook(self, hook: Hook, *, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, args, output) after each forward; what it returns, unless None, replaces the output."""
        return RemovableHandle(self._forward_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) in backward; what it returns, unless None, replaces grad_input.

        Both are tuples with one entry for each argument of forward and for each output; None where no gradient flows.
        """
        return RemovableHandle(self._backward_hooks, hook, prepend)

    # -- changing everything at once -----------------------------------------------------------------------------

    def apply(self, function: Callable[[Module], Any]) -> Module:
        """Call function(module) for everything below, then for this module: to initialize weights by kind of layer."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Set `training`, which layers such as Dropout ask, here and below."""
        if not isinstance(mode, bool):
            raise ValueError(
                f"training mode is expected to be boolean: wanted train(True) or train(False), got {mode!r}"
            )
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """train(False): for validation and prediction."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Freeze every parameter (False) or thaw it (True)."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, so that the next backward does not add to them."""
        clear_gradients(self.parameters(), set_to_none)

    def to(
        self, *args: Any, device: Device | str | None = None, dtype: Any = None, non_blocking: bool = False
    ) -> Module:
        """Move to a device, change the floating-point dtype, or both, in place: to("cuda"), to(float64), to(tensor).

        Integer and boolean buffers are moved but keep their dtype. The parameters stay the same objects, so an
        optimizer made before still updates them. `non_blocking` is accepted as PyTorch's and changes nothing.
        """
        for wanted in args:
            if isinstance(wanted, Tensor):
                device, dtype = wanted.device, wanted.dtype
            elif isinstance(wanted, (str, Device)):
                device = wanted
            elif wanted is not None:
                dtype = wanted
        if dtype is not None and numpy.dtype(dtype).kind != "f":
            raise TypeError(f"Module.to only accepts floating point dtypes: wanted float32 or float64, got {dtype}")

        def convert(tensor: Tensor) -> Tensor:
            return tensor.to(device=device, dtype=dtype if tensor.dtype.kind == "f" else None)

        with no_grad():
            for member in (*self.parameters(), *self.buffers()):
                gradient = member.grad
                member.data = convert(member.detach())
                member.grad = None if gradient is None else convert(gradient)
        return self

    def cpu(self) -> Module:
        """to("cpu")"""
        return self.to("cpu")

    def cuda(self, device: int | None = None) -> Module:
        """to("cuda"), or to("cuda:1")"""
        return self.to("cuda" if device is None else f"cuda:{device}")

    def float(self) -> Module:
        """to(float32)"""
        return self.to(dtype=numpy.dtype("float32"))

    def double(self) -> Module:
        """to(float64)"""
        return self.to(dtype=numpy.dtype("float64"))

    def half(self) -> Module:
        """to(float16)"""
        return self.to(dtype=numpy.dtype("float16"))

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """{name: tensor} of all parameters and persistent buffers, sharing their memory; see `nn/state.py`."""
        return state_of(self, prefix, keep_vars)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadReport:
        """Copy the numbers in `state_dict` into this module's parameters and buffers; see `nn/state.py`."""
        return load_state(self, state_dict, strict)

    # -- printing ------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What print shows between the parentheses, beside the children: each layer writes its settings."""
        return ""

    def _signature(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def __repr__(self) -> str:
        children = [(f"({name}): ", repr(child)) for name, child in self._modules.items()]
        return format_tree(type(self).__name__, self.extra_repr(), children)


def format_tree(name: str, extra: str, children: list[tuple[str, str]]) -> str:
    """Name(extra), with one indented line or block for each (label, text) of `children`."""
    if not children:
        return f"{name}({extra})"
    lines = extra.split("\n") if extra else []
    lines += [label + text.replace("\n", "\n  ") for label, text in children]
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def clear_gradients(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Forget the gradients (None costs nothing, and the next backward need not add), or fill them with zeros."""
    for parameter in parameters:
        if set_to_none or parameter.grad is None:
            parameter.grad = None
        else:
            parameter.grad.zero_()


def _describe(argument: object) -> str:
    if isinstance(argument, Tensor):
        return f"a {argument.dtype} tensor of shape {tuple(argument.shape)}"
    return type(argument).__name__
