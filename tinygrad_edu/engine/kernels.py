"""Kernels: a whole operation there and back in a few passes over the memory, beside the definition it stands for.

    def layer_norm_definition(x, weight, bias, *, eps): ...     # made of other operations, to be read

    @kernel(layer_norm_definition)
    def layer_norm(x, weight, bias, *, eps, keep):              # bare NumPy arrays in, (result, what to keep) out
        ...
        return out, (normal, scale)

    @layer_norm.backward
    def layer_norm_back(g, kept, wanted, *, eps):               # g: gradient of the result; wanted: of which arguments
        ...
        return dx, dweight, dbias                               # None for those that are not wanted

The definition decides what is right: it runs inside `with unfused():`, on other libraries than NumPy, where the dtypes
of the arguments differ, and for second derivatives, which are taken through it. A test holds every kernel equal to its
definition. Not for: operations whose rules can be written in operators; those are fused by `fusing`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.engine import clock
from tinygrad_edu.engine.fusing import Fused, is_unfused
from tinygrad_edu.engine.modes import mode
from tinygrad_edu.engine.primitive import observers, primitive, refuse_stale_views, result
from tinygrad_edu.engine.tape import Node, Parts, Pick, Value, caller
from tinygrad_edu.engine.walk import walk


class Kernel(Fused):
    """An operation with a kernel for each way. An argument may be None; a result may be a tuple of arrays."""

    unrollable = False

    def __init__(self, function: Callable[..., Any], definition: Callable[..., Any], register: bool) -> None:
        super().__init__(function, definition, None, register)
        self.settings = tuple(name for name in self.settings if name != "keep")
        self.keeps = "keep" in inspect.signature(function).parameters
        self.back: Callable[..., Any] | None = None

    def backward(self, back: Callable[..., Any]) -> Callable[..., Any]:
        """Give the kernel its way back: back(g, kept, wanted, **settings) -> a gradient for each argument.

        For several results g is a tuple, None for each that nobody used.
        """
        self.back = back
        return back

    def rules_along(self, parents: tuple[Any, ...]) -> Sequence[Any]:
        """One rule for each argument, for whoever looks at what is kept."""
        return [lambda g, kept, arguments: NotImplemented] * len(parents)

    def __call__(self, *args: Any, **settings: Any) -> Any:
        if is_unfused() or not self.suits(args):
            return self.definition(*args, **settings)
        arrays = tuple([arg.array if isinstance(arg, Value) else arg for arg in args])
        parents = tuple([arg.node if isinstance(arg, Value) else None for arg in args])
        recording = mode.recording and any(parent is not None for parent in parents)
        asked = {"keep": recording} if self.keeps else {}
        out, kept = self.function(*arrays, **settings, **asked)
        if not any(isinstance(arg, Value) for arg in args):  # how the text of a rule runs in a first-order backward
            return out
        for observer in observers:
            observer(self, list(arrays), settings, out)
        several = type(out) is tuple
        if not recording:
            return tuple([result(part) for part in out]) if several else result(out)
        if clock.rewritten:
            refuse_stale_views(self.name, args)
        node = KernelNode(self, parents, (kept, arrays), settings, len(out) if several else 0)
        return tuple([result(part, Pick(node, i)) for i, part in enumerate(out)]) if several else result(out, node)

    def suits(self, args: tuple[Any, ...]) -> bool:
        """True if all arrays are NumPy's and all floating-point ones of one dtype, single or double."""
        dtypes = set()
        for arg in args:
            array = arg.array if isinstance(arg, Value) else arg
            if array is None:
                continue
            if type(array) is not numpy.ndarray:
                return False
            if array.dtype.kind not in "iub":
                dtypes.add(array.dtype)
        return len(dtypes) == 1 and dtypes <= _SUITABLE


_SUITABLE = {numpy.dtype("float32"), numpy.dtype("float64")}


class KernelNode(Node):
    """The node of one call. It keeps what the way back wants and, for a second derivative, the arguments."""

    __slots__ = ("results", "settings")
    makes_fresh = True  # a way back makes its gradients itself: it returns neither g nor anything that it kept

    def __init__(
        self, made_by: Kernel, parents: tuple[Any, ...], kept: Any, settings: dict[str, Any], results: int
    ) -> None:
        super().__init__(made_by, parents, tuple([None if parent is None else kept for parent in parents]), caller(3))
        self.settings = settings
        self.results = results  # how many; 0 for one that is no tuple

    def revived(self, kind: Any) -> Any:
        return self.saved

    def pull(self, gradient: Any, saved: Any, asked: set[int] | None) -> list[Any]:
        kept, arrays = next(values for values in saved if values is not None)
        parts = gradient if isinstance(gradient, Parts) else {0: gradient}
        if any(isinstance(part, Value) for part in parts.values()):
            return self._through_definition(parts, arrays)
        wanted = tuple([p is not None and (asked is None or p.age in asked) for p in self.parents])
        if self.results:
            gradient = tuple([parts.get(i) for i in range(self.results)])
        return list(self.primitive.back(gradient, kept, wanted, **self.settings))

    def _through_definition(self, parts: dict[int, Any], arrays: tuple[Any, ...]) -> list[Any]:
        """The definition once more, recorded, and the walk back through it, recorded too."""
        inputs = [
            array if parent is None else _alias(result(array, parent))
            for array, parent in zip(arrays, self.parents, strict=True)
        ]
        out = self.primitive.definition(
            *(result(x) if isinstance(x, numpy.ndarray) else x for x in inputs), **self.settings
        )
        outs = out if isinstance(out, tuple) else (out,)
        targets = [x.node for x in inputs if isinstance(x, Value)]
        starts = [(outs[i].node, part) for i, part in parts.items() if outs[i].node is not None]
        arrived = walk(starts, retain_graph=True, create_graph=True, targets=targets)
        found = {node: gradient for node, gradient, _ in arrived}
        return [found.get(x.node) if isinstance(x, Value) else None for x in inputs]


@primitive(register=False)
def _alias(x: Any) -> Any:
    return x


_alias.defvjp(x=lambda g: g)  # its node is where the walk through a definition ends, before the rest of the graph


def kernel(definition: Callable[..., Any], *, register: bool = True) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a function of NumPy arrays a kernel that stands for `definition`: the same arguments, the same settings."""
    return lambda function: Kernel(function, definition, register)
