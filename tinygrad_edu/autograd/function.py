"""`Function`: an operation of your own, forward and backward written as two static methods.

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * x * g

    y = Cube.apply(x)

For: a learner's own op under PyTorch's interface, with several results and settings of any kind. It can be differentiated
twice when its backward is written in differentiable operations. Not for: the engine's own ops; those are primitives.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import Node, Parts, Pick, Value, caller, is_grad_enabled, no_grad, result


class Context:
    """What a Function's forward leaves for its backward. Any attribute may be set: `ctx.axis = 1`."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.to_save: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()
        self._node: FunctionNode | None = None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep these tensors (or None). Arguments and results belong here: it is what makes in-place writes noticed."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Value):
                raise TypeError(f"save_for_backward wanted tensors, got {type(tensor).__name__}: set an attribute of ctx")
        self.to_save = tensors

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say that no gradient flows through these results, for example indices."""
        self._constant = outputs

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept."""
        return self.to_save if self._node is None else self._node.saved_tensors()


class FunctionNode(Node):
    """The node of one call of a Function."""

    __slots__ = ("_revive_saved", "_sources", "context", "function", "outputs")

    def __init__(self, function: type[Function], parents: tuple[Any, ...], context: Context) -> None:
        super().__init__(SimpleNamespace(name=function.__name__, arguments=()), parents, (), caller(3))
        self.function, self.context = function, context
        self._revive_saved = False

    def keep(self, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Keep the arrays that were saved, and for each where it comes from: nodes point at nodes, never at tensors."""
        saved = self.context.to_save
        self._sources = [_source(tensor, inputs, outputs) for tensor in saved]
        self.saved = (tuple(None if tensor is None else tensor.array for tensor in saved),)
        self.outputs = [(namespace(out.array), out.shape, out.dtype) for out in outputs]
        self.context.to_save = ()
        self.context._constant = ()

    def saved_tensors(self) -> tuple[Any, ...]:
        return tuple(
            None if array is None else result(array, self._maker(source) if self._revive_saved else None)
            for array, source in zip(self.saved[0], self._sources, strict=True)
        )

    def _maker(self, source: Any) -> Any:
        kind, position = source
        if kind == "input":
            return self.parents[position]
        if kind == "output":
            return Pick(self, position) if len(self.outputs) > 1 else self
        return None

    def revived(self, kind: Any) -> Any:
        return self.saved

    def pull(self, gradient: Any, saved: Any, asked: set[int] | None) -> list[Any]:
        parts = gradient if isinstance(gradient, Parts) else {0: gradient}
        higher = any(isinstance(part, Value) for part in parts.values())
        gradients = [
            part if isinstance(part, Value) else result(library.asarray(part))
            for part, library in (
                (parts.get(i, library.zeros(shape, dtype)), library)
                for i, (library, shape, dtype) in enumerate(self.outputs)
            )
        ]
        self._revive_saved, self.context._node = higher, self
        try:
            answers = self.function.backward(self.context, *gradients)
        finally:
            self.context._node = None
        answers = answers if isinstance(answers, tuple) else (answers,)
        return [
            _checked(self.name, i, parent, answer, higher)
            for i, (parent, answer) in enumerate(zip(self.parents, self._one_each(answers), strict=True))
        ]

    def _one_each(self, answers: tuple[Any, ...]) -> tuple[Any, ...]:
        count = len(self.parents)
        if len(answers) < count or any(answer is not None for answer in answers[count:]):
            raise RuntimeError(
                f"{self.name}.backward wanted one gradient for each of the {count} arguments of forward (None for those "
                f"that need none), got {len(answers)}"
            )
        return answers[:count]


def _source(tensor: Any, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> tuple[str, int]:
    for kind, candidates in (("input", inputs), ("output", outputs)):
        for position, candidate in enumerate(candidates):
            if tensor is candidate:
                return kind, position
    return "constant", 0


def _checked(name: str, position: int, parent: Any, answer: Any, higher: bool) -> Any:
    if parent is None or answer is None:
        return None
    if not isinstance(answer, Value):
        raise TypeError(f"{name}.backward wanted tensors or None, got {type(answer).__name__} for argument {position}")
    return answer if higher else answer.array


class Function:
    """Derive from this, write forward(ctx, …) and backward(ctx, …) as static methods, call `YourFunction.apply(…)`."""

    @staticmethod
    def forward(ctx: Context, *args: Any) -> Any:
        """The result (a tensor or a tuple of them) from the arguments; runs without recording."""
        raise NotImplementedError("a Function wanted a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Context, *grad_outputs: Any) -> Any:
        """One gradient for each argument of forward, from one gradient for each of its results."""
        raise NotImplementedError("a Function wanted a static method backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call forward, and record so that backward will be called."""
        parents = tuple(arg.node if isinstance(arg, Value) else None for arg in args)
        context = Context(tuple(parent is not None for parent in parents))
        with no_grad():
            returned = cls.forward(context, *args)
        several = isinstance(returned, tuple)
        outputs = returned if several else (returned,)
        if not is_grad_enabled() or not any(parents):
            return returned
        node = FunctionNode(cls, parents, context)
        constant = context._constant
        node.keep(args, outputs)
        answers = tuple(
            out if any(out is fixed for fixed in constant) else result(out.array, Pick(node, i) if len(outputs) > 1 else node)
            for i, out in enumerate(outputs)
        )
        return answers if several else answers[0]
