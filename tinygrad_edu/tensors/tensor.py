"""The Tensor: an array, and the node that remembers how it was computed. Every method is one op of floor 2.

The methods are in the parts it is made of, listed in `parts`; here is what a tensor is: its number type, its place, its
gradient, and the ways in and out of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy
from numpy import ndarray

from tinygrad_edu.backend import device, dtypes, is_array, namespace, to_device, to_host
from tinygrad_edu.engine import Leaf, is_grad_enabled, result, results_are
from tinygrad_edu.ops import casting, shaping
from tinygrad_edu.tensors import gradients
from tinygrad_edu.tensors.handle import RemovableHandle
from tinygrad_edu.tensors.parts import Parts
from tinygrad_edu.tensors.printing import describe


class Tensor(Parts):
    """A multi-dimensional array that can be differentiated. Make one with `tensor(...)`, `zeros(...)`, `randn(...)`.

    `t.array` is the NumPy or CuPy array itself, not a copy. `t.grad` collects the gradient, in the shape of t.
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that numpy_array * tensor asks the tensor

    def __init__(self, array: Any, node: Any = None) -> None:
        self.array = array if type(array) is ndarray else _only_array(array)
        self.node = node

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __repr__(self) -> str:
        return describe(self)

    def __format__(self, spec: str) -> str:
        return str(self) if self.ndim else format(self.item(), spec)  # a loss prints as a number, as in PyTorch

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if isinstance(self.node, Leaf) or self.node is None:
            twin = type(self).__new__(type(self))
            twin.array, twin.node = self.array.copy(), None if self.node is None else Leaf()
            if twin.node is not None and self.grad is not None:
                twin.node.grad = result(self.grad.array.copy())
            memo[id(self)] = twin
            return twin
        raise RuntimeError("wanted to copy a tensor that is a result of a computation: detach() it first")

    # -------------------------------------------------------------------------------------------- its gradient
    @property
    def requires_grad(self) -> bool:
        """True when operations on it are recorded, so that its gradient can be asked for."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for a gradient from here on (or no longer). Only floating-point tensors have one."""
        if requires_grad and self.array.dtype.kind != "f":
            raise TypeError(f"only floating-point tensors can require a gradient, got {self.dtype}: use .float() first")
        if not requires_grad and not self.is_leaf:
            raise RuntimeError("a computed tensor always carries its history: use detach() for one without")
        if requires_grad and self.node is None:
            self.node = Leaf()
        elif not requires_grad:
            self.node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """True when no recorded operation made it."""
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def grad_fn(self) -> Any:
        """The node of the operation that made it; None for a leaf."""
        return None if self.is_leaf else self.node

    @property
    def grad(self) -> Any:
        """What backward() has collected here: a tensor of the same shape, or None. For leaves and retain_grad()."""
        return None if self.node is None else self.node.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and (not isinstance(value, Tensor) or value.shape != self.shape):
            raise ValueError(f"wanted a gradient of shape {self.shape}, got {getattr(value, 'shape', value)}")
        if self.node is None:
            if value is None:
                return
            raise RuntimeError("wanted to set the gradient of a tensor that has none: call requires_grad_() first")
        self.node.grad = value

    def retain_grad(self) -> None:
        """Keep the gradient of a computed tensor in `.grad` too."""
        if self.node is None:
            raise RuntimeError("retain_grad() wanted a tensor that requires a gradient")
        if not self.is_leaf:
            node = weakref.ref(self.node)  # the hook must not keep its own node alive

            def keep(gradient: Tensor) -> None:
                if (alive := node()) is not None:
                    alive.grad = gradient if alive.grad is None else alive.grad + gradient

            self.register_hook(keep)

    def register_hook(self, hook: Callable[[Tensor], Any]) -> Any:
        """Call hook(gradient) when this tensor's gradient is complete; a tensor it returns takes its place."""
        if self.node is None:
            raise RuntimeError("register_hook() wanted a tensor that requires a gradient: call requires_grad_() first")
        if self.node.hooks is None:
            self.node.hooks = []
        self.node.hooks.append(hook)
        return RemovableHandle(self.node.hooks, hook)

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Sequence[Any] | None = None,
    ) -> None:
        """Add d(self · gradient)/dx to x.grad for every leaf x that self depends on (or only for `inputs`).

        `gradient` (the shape of self) may be left out for a single number. The graph is freed on the way, unless
        retain_graph; create_graph records the backward itself, so that it can be differentiated again.
        """
        gradients.backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """The same numbers, in the same memory, without a history."""
        return result(self.array)

    def detach_(self) -> Tensor:
        """Forget the history, in place."""
        self.node = None
        return self

    @property
    def data(self) -> Tensor:
        """The same as detach(); assigning replaces the numbers."""
        return result(self.array)

    @data.setter
    def data(self, value: Tensor) -> None:
        self.array = value.array

    # ------------------------------------------------------------------------------------------ types and places
    def to(
        self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, non_blocking: bool = False
    ) -> Tensor:
        """The tensor in another dtype and/or on another device: to("cuda"), to(float64), to(other)"""
        for arg in args:
            if isinstance(arg, Tensor):
                device, dtype = arg.device, arg.dtype
            elif isinstance(arg, numpy.dtype) or (isinstance(arg, type) and issubclass(arg, numpy.generic)):
                dtype = arg
            elif arg is not None and not isinstance(arg, bool):
                device = arg
        out = self if device is None else moved(self, device)
        if dtype is not None and numpy.dtype(dtype) != out.dtype:
            source = out if numpy.dtype(dtype).kind == "f" else out.detach()
            out = casting.cast(source, dtype=numpy.dtype(dtype))
        return out.clone() if copy and out is self else out

    def type(self, dtype: Any) -> Tensor:
        """The tensor in another dtype."""
        return self.to(dtype)

    def float(self) -> Tensor:
        """The tensor as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Tensor:
        """The tensor as float64."""
        return self.to(dtypes.float64)

    def half(self) -> Tensor:
        """The tensor as float16."""
        return self.to(dtypes.float16)

    def long(self) -> Tensor:
        """The tensor as int64, rounded towards 0."""
        return self.to(dtypes.int64)

    def int(self) -> Tensor:
        """The tensor as int32, rounded towards 0."""
        return self.to(dtypes.int32)

    def bool(self) -> Tensor:
        """True where it is not 0."""
        return self.to(dtypes.bool)

    def cpu(self) -> Tensor:
        """The tensor in the host's memory."""
        return moved(self, "cpu")

    def cuda(self, device: Any = None) -> Tensor:
        """The tensor on a GPU (an error that says what is missing if there is none)."""
        return moved(self, "cuda" if device is None else device)

    def clone(self) -> Tensor:
        """A copy with memory of its own, through which gradients flow."""
        return shaping.clone.run(self)

    def contiguous(self) -> Tensor:
        """The tensor itself if its memory is in row-major order, else a copy that is."""
        return self if self.is_contiguous() else shaping.contiguous.run(self)

    # ------------------------------------------------------------------------------------------------- ways out
    def item(self) -> Any:
        """The one number it holds, as a Python number. On a GPU this waits for it."""
        if self.array.size != 1:
            raise ValueError(
                f"a Tensor with {self.array.size} elements cannot be converted to a number: index it first"
            )
        return self.array.item()

    def tolist(self) -> Any:
        """Its numbers as nested Python lists."""
        return to_host(self.array).tolist()

    def __float__(self) -> Any:
        return float(self.item())

    def __int__(self) -> Any:
        return int(self.item())

    def __index__(self) -> Any:
        if self.array.dtype.kind not in "iub":
            raise TypeError(f"only integer tensors can be an index, got {self.dtype}")
        return int(self.item())

    def __bool__(self) -> Any:
        if self.array.size != 1:
            raise ValueError("the truth value of a Tensor with several elements is ambiguous: use .any() or .all()")
        return bool(self.item())

    def __contains__(self, value: Any) -> Any:
        return bool((self == value).any())

    def numpy(self) -> Any:
        """Its memory as a NumPy array, for host tensors. Read-only when the tensor is on a graph, which needs it."""
        if namespace(self.array) is not numpy:
            raise TypeError(f"can't convert a {self.device} tensor to NumPy: copy it to the host with .cpu() first")
        view = self.array.view()
        if self.node is not None:
            view.flags.writeable = False
        return view

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        if self.node is not None:
            raise BufferError("can't export a tensor that requires a gradient: use tensor.detach()")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def _only_array(array: Any) -> Any:
    """What a Tensor may hold: an array; NumPy's scalars are made one."""
    if is_array(array) or isinstance(array, numpy.generic):
        return numpy.asarray(array) if isinstance(array, numpy.generic) else array
    raise TypeError(f"Tensor(...) wraps an array, got {type(array).__name__}: use tensor(...) for lists and numbers")


def moved(input: Tensor, target: Any) -> Tensor:
    """The tensor on another device; its gradient travels back."""
    if input.device == device(target):
        return input
    if input.node is None or not is_grad_enabled():
        return result(to_device(input.array, target))
    return shaping.transfer.run(input, target=device(target), home=input.device)


results_are(Tensor)
