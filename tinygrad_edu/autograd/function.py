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

For: a learner's own op under PyTorch's interface, with several results and settings of any kind. It can be
differentiated twice when its backward is written in differentiable operations. Not for: the engine's own ops; those are
primitives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_edu.backend import is_array, namespace
from tinygrad_edu.engine import Node, Parts, Pick, Primitive, Value, caller, is_grad_enabled, no_grad, observers, result


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
                kind = type(tensor).__name__
                raise TypeError(f"save_for_backward wanted tensors, got {kind}: set an attribute of ctx")
        self.to_save = tensors

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say that no gradient flows through these results, for example indices."""
        self._constant = outputs

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept."""
        return self.to_save if self._node is None else self._node.saved_tensors()


class FunctionOp(Primitive):
    """A Function as those see it who look at graphs and watch ops: a primitive with any number of inputs."""

    def __init__(self, function: type[Function]) -> None:
        def forward(*inputs: Any) -> Any:
            """On bare arrays."""
            with no_grad():
                out = function.apply(*(result(x) if is_array(x) else x for x in inputs))
            return tuple(part.array for part in out) if isinstance(out, tuple) else out.array

        super().__init__(forward, None, register=False)
        self.name, self.__doc__, self._own = function.__name__, function.__doc__, function

    def rules_along(self, parents: tuple[Any, ...]) -> Sequence[Any]:
        """One rule for each argument; all are the Function's backward, which reads what was saved."""
        return [lambda g, saved: NotImplemented] * len(parents)

    def __call__(self, *args: Any, **settings: Any) -> Any:
        return self._own.apply(*args)


class FunctionNode(Node):
    """The node of one call of a Function."""

    __slots__ = ("_revive_saved", "_sources", "context", "function", "outputs", "shapes")

    def __init__(self, function: type[Function], inputs: tuple[Any, ...], context: Context) -> None:
        parents = tuple(arg.node if isinstance(arg, Value) else None for arg in inputs)
        super().__init__(function.op(), parents, (), caller(3))
        self.function, self.context = function, context
        self.shapes = [arg.array.shape if isinstance(arg, Value) else None for arg in inputs]
        self._revive_saved = False

    def keep(self, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Keep the arrays that were saved, and for each where it comes from: nodes point at nodes, never at tensors."""
        saved = self.context.to_save
        self._sources = [_source(tensor, inputs, outputs) for tensor in saved]
        arrays = tuple(None if tensor is None else tensor.array for tensor in saved)
        self.saved = tuple(None if parent is None else (arrays,) for parent in self.parents)
        self.outputs = [(namespace(out.array), out.shape, out.dtype) for out in outputs]
        self.context.to_save = ()
        self.context._constant = ()

    def saved_tensors(self) -> tuple[Any, ...]:
        (arrays,) = next(values for values in self.saved if values is not None)
        return tuple(
            None if array is None else result(array, self._maker(source) if self._revive_saved else None)
            for array, source in zip(arrays, self._sources, strict=True)
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
            None if parent is None or answer is None else self._checked(i, answer, higher)
            for i, (parent, answer) in enumerate(zip(self.parents, self._one_each(answers), strict=True))
        ]

    def _one_each(self, answers: tuple[Any, ...]) -> tuple[Any, ...]:
        count = len(self.parents)
        if len(answers) < count or any(answer is not None for answer in answers[count:]):
            raise RuntimeError(
                f"{self.name}.backward wanted one gradient for each of the {count} arguments of forward (None for "
                f"those that need none), got {len(answers)}"
            )
        return answers[:count]

    def _checked(self, position: int, answer: Any, higher: bool) -> Any:
        if not isinstance(answer, Value):
            kind = type(answer).__name__
            raise TypeError(f"{self.name}.backward wanted tensors or None, got {kind} for argument {position}")
        if answer.array.shape != self.shapes[position]:
            raise RuntimeError(
                f"Function {self.name} returned an invalid gradient at index {position} - got {answer.array.shape} but "
                f"expected shape {self.shapes[position]}, that of its argument: sum it over axes that were broadcast"
            )
        return answer if higher else answer.array


def _source(tensor: Any, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> tuple[str, int]:
    for kind, candidates in (("input", inputs), ("output", outputs)):
        for position, candidate in enumerate(candidates):
            if tensor is candidate:
                return kind, position
    return "constant", 0


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

    setup_context: Callable[..., None] | None = None
    """setup_context(ctx, inputs, output): if a class has it, its forward gets no ctx, and this one fills it."""

    @classmethod
    def op(cls) -> FunctionOp:
        """This Function as a primitive: made once."""
        if "_op" not in cls.__dict__:
            cls._op = FunctionOp(cls)
        return cls._op

    _op: FunctionOp

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call forward, and record so that backward will be called."""
        needed = tuple(isinstance(arg, Value) and arg.node is not None for arg in args)
        context = Context(needed)
        with no_grad():
            returned = cls._forward(context, args)
        several = isinstance(returned, tuple)
        outputs = returned if several else (returned,)
        cls._tell_observers(args, outputs, several)
        if not is_grad_enabled() or not any(needed):
            return returned
        node = FunctionNode(cls, args, context)
        constant = context._constant
        node.keep(args, outputs)
        nodes = [Pick(node, i) if len(outputs) > 1 else node for i in range(len(outputs))]
        answers = tuple(
            out if any(out is fixed for fixed in constant) else result(out.array, nodes[i])
            for i, out in enumerate(outputs)
        )
        return answers if several else answers[0]

    @classmethod
    def _forward(cls, context: Context, args: tuple[Any, ...]) -> Any:
        if cls.setup_context is None:
            returned = cls.forward(context, *args)
        else:
            returned = cls.forward(*args)
            cls.setup_context(context, args, returned)
        for out in returned if isinstance(returned, tuple) else (returned,):
            if not isinstance(out, Value):
                raise TypeError(f"{cls.__name__}.forward wanted to return tensors, got {type(out).__name__}")
        return returned

    @classmethod
    def _tell_observers(cls, args: tuple[Any, ...], outputs: tuple[Any, ...], several: bool) -> None:
        arrays = [arg.array if isinstance(arg, Value) else arg for arg in args]
        results = tuple(out.array for out in outputs)
        for observer in observers:
            observer(cls.op(), arrays, {}, results if several else results[0])
