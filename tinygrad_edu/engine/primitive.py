"""A primitive: an opaque function of arrays, with its derivative written on the next line.

    @primitive
    def exp(x):
        return namespace(x).exp(x)
    exp.defvjp(x=lambda g, out: g * out)

For: running a function on bare arrays, or on Values and recording what its rules will need. Not for: calculus (the
rules are in `tinygrad_edu.ops`) or for visiting what was recorded (`walk`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.backend import device_of, is_array
from tinygrad_edu.engine import clock
from tinygrad_edu.engine.modes import mode
from tinygrad_edu.engine.tape import Node, Pick, Several, Value, as_arrays, caller, value_classes
from tinygrad_edu.engine.unrolled import unrolled

primitives: dict[str, Primitive] = {}  # every primitive by name, in the order they were written
observers: list[Callable[..., None]] = []  # called as observer(primitive, arrays, settings, out) after every op
Result: type[Value] = Value  # the class of what a primitive returns; `results_are` puts Tensor here


def results_are(kind: type[Value]) -> None:
    """From now on primitives return instances of `kind`."""
    global Result
    Result = kind
    for op in primitives.values():
        op.run = unrolled(op, observers, kind)


def result(array: Any, node: Any = None) -> Any:
    """A Value of the class that primitives return."""
    return Result(array, node)


class _Shared(dict[tuple[Any, ...], tuple[Any, ...]]):
    """What rules are given that want one shape each, by these shapes: many calls have the same, so it is kept once.

    A tape of many small tuples keeps Python's garbage collector busy. Measured on a chain of 1,000,000 additions: each
    takes 5.8 µs with tuples of their own, 3.0 with shared ones, 1.8 without a collector.
    """

    def __missing__(self, shapes: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(self) >= 10_000:  # of shapes that never come again
            self.clear()
        self[shapes] = kept = tuple([None if shape is None else (shape,) for shape in shapes])
        return kept


shared = _Shared()


class Primitive:
    """A function of arrays and its derivative rules: `exp.defvjp(x=lambda g, out: g * out)`.

    Positional parameters are arrays, keyword-only parameters are settings. A rule gets the gradient `g` of the result
    and, by name, whatever else it lists: an argument (`x`), its shape (`x_shape`) or dtype (`x_dtype`), the result
    (`out`), a setting, and for a variadic `*xs` the position `i`. It returns the gradient of its argument. What a rule
    does not list is not kept. A rule is written in operators and primitives only, so that it runs on arrays and Values.
    """

    unrollable = True  # False where calling it is more than `__call__` below: see `kernels`

    def __init__(self, function: Callable[..., Any], prepare: Callable[[Any], Any] | None, register: bool) -> None:
        parameters = inspect.signature(function).parameters.values()
        self.function = function
        self.prepare = prepare  # makes the dtypes of the arguments agree when they are not one floating-point dtype
        self.name = function.__name__.rstrip("_")
        self.arguments = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL))
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.settings = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        self.differentiable = True
        self.definition: Callable[..., Any] | None = None  # a fused primitive has one: see `fusing`
        self.rules: dict[str, Callable[..., Any]] = {}
        self.latex: dict[str, str] = {}
        self.costs: dict[str, Any] = {}
        self._compile()
        self.__doc__, self.__name__, self.__module__ = function.__doc__, function.__name__, function.__module__
        self.run = unrolled(self, observers, Result)  # the same as calling it, unrolled: for operators
        if register:
            primitives[self.name] = self

    # ------------------------------------------------------------------------------------------------ its derivative
    def defvjp(self, **rules: Callable[..., Any]) -> None:
        """Give each argument its rule (vector-Jacobian product), keyed by the argument's name."""
        unknown = sorted(set(rules) - set(self.arguments))
        if unknown:
            raise ValueError(f"{self.name} has no argument {unknown}: its arguments are {list(self.arguments)}")
        self.rules = rules
        self._compile()

    def notdifferentiable(self) -> None:
        """Declare that no gradient flows through this op: its result is an index, a truth value, a step function."""
        self.differentiable = False

    def deflatex(self, out: str, /, **rules: str) -> None:
        """The formula of the result and of each rule in LaTeX, where g is the gradient of the result."""
        self.latex = {"out": out, **rules}

    def defcost(self, out: Any = None, /, **rules: Any) -> None:
        """How many floating-point operations the result takes, and each rule: see `costs`, where the default is too.

        A number, or a function of what it names: arguments, settings, `out`. A rule takes as many as the result unless
        it is listed: `matmul.defcost(lambda out, x: 2 * out.size * x.shape[-1])`.
        """
        unknown = sorted(set(rules) - set(self.arguments))
        if unknown:
            raise ValueError(f"{self.name} has no argument {unknown}: its arguments are {list(self.arguments)}")
        self.costs = rules if out is None else {"out": out, **rules}

    def _compile(self) -> None:
        """From the signatures of the rules: what to keep at each call, and where each kept thing comes from."""
        self._rules = [self.rules.get(name, _no_rule(self.name, name)) for name in self.arguments]
        self._names = [tuple(inspect.signature(rule).parameters)[1:] for rule in self._rules]
        # `lambda g, out: …` becomes `lambda a, out, s, p: ((out,) if p[0] else None,)`, where a are the arguments, s
        # the settings and p the parents: nothing that a rule does not name can be kept by accident.
        if self.variadic:  # what the arguments share is made once: made for each of n, it would take n² of memory
            once = "".join(f"for {n} in [{self._expression(n)}] " for n in self._names[0] if n not in ("out", "i"))
            each = f"({''.join(name + ', ' for name in self._names[0])})"
            self.keep = eval(f"lambda a, out, s, p: tuple([{each} if n else None {once}for i, n in enumerate(p)])")
        else:
            own = {"out", *self.settings, *self.arguments}  # anything else is a shape or a dtype
            if all(len(names) == 1 and own.isdisjoint(names) for names in self._names):
                kept, form = [self._expression(name) for (name,) in self._names], "shared[{}]"
            else:
                kept = [f"({''.join(self._expression(name) + ', ' for name in names)})" for names in self._names]
                form = "({})"
            each = "".join(f"{text} if p[{i}] else None, " for i, text in enumerate(kept))
            self.keep = eval(f"lambda a, out, s, p: {form.format(each)}")
        self._sources = [tuple(map(self._source, names)) for names in self._names]

    def _expression(self, name: str) -> str:
        """The Python text that picks `name` from a call."""
        stem, _, attribute = name.rpartition("_")
        if name in ("out", "i"):
            return name
        if name in self.settings:
            return f"s[{name!r}]"
        if name in self.arguments:
            return "tuple(a)" if self.variadic else f"a[{self.arguments.index(name)}]"
        if attribute in ("shape", "dtype") and stem in self.arguments:
            position = f"a[{self.arguments.index(stem)}]"
            return f"tuple([x.{attribute} for x in a])" if self.variadic else f"{position}.{attribute}"
        raise ValueError(
            f"a rule of {self.name} asks for {name!r}: it may name {[*self.arguments, *self.settings]}, out, or an "
            "argument's name followed by _shape or _dtype"
        )

    def _source(self, name: str) -> Any:
        if name in self.arguments:
            return "all" if self.variadic else self.arguments.index(name)
        return "out" if name == "out" else None

    def rules_along(self, parents: tuple[Any, ...]) -> Sequence[Any]:
        """The rule for each argument of a call; a variadic primitive has one rule for all of them."""
        return self._rules * len(parents) if self.variadic else self._rules

    def sources_along(self, parents: tuple[Any, ...]) -> Sequence[Any]:
        """Where each kept value comes from: the position of an argument, "all" of them, "out", or None (no array)."""
        return self._sources * len(parents) if self.variadic else self._sources

    def __repr__(self) -> str:
        return f"<primitive {self.name}({', '.join((*self.arguments, *self.settings))})>"

    # ------------------------------------------------------------------------------------------------ running it
    def __call__(self, *args: Any, **settings: Any) -> Any:
        """Run on bare arrays and return an array; or run on Values, record, and return a Value."""
        if value_classes.isdisjoint(map(type, args)):  # how the text of a rule runs in a first-order backward
            return self.function(*args, **settings)
        arrays, parents, mixed, wanted, plain = [], [], False, False, False
        dtype: Any = None
        for arg in args:
            if type(arg) in value_classes:
                array, node = arg.array, arg.node
                wanted = wanted or node is not None
                if array.dtype is not dtype:
                    mixed, dtype = dtype is not None, array.dtype
                arrays.append(array)
                parents.append(node)
            else:
                plain = True
                arrays.append(arg)
                parents.append(None)
        if plain:
            arrays = [_constant(self.name, array) for array in arrays]
        if (mixed or dtype.kind != "f") and self.prepare is not None:
            prepared = self.prepare(args)
            if prepared is not args:
                return self(*prepared, **settings)
        try:
            out = self.function(*arrays, **settings)
        except TypeError:
            _explain_arguments(self.name, args)
            raise
        if type(out) is not type(arrays[0]):
            out = as_arrays(out)
        for observer in observers:
            observer(self, arrays, settings, out)
        if not (wanted and mode.recording and self.differentiable):
            return Result(out) if type(out) is not tuple else tuple(map(Result, out))
        if clock.rewritten:
            refuse_stale_views(self.name, args)
        node = self.record(arrays, parents, settings, out)
        return Result(out, node) if type(out) is not tuple else _several(Several(node, out), out)

    def record(self, arrays: list[Any], parents: list[Any], settings: dict[str, Any], out: Any) -> Node:
        """The node of one call: its parents, and of its arrays what the rules have named."""
        return Node(self, tuple(parents), self.keep(arrays, out, settings, parents), caller(3))


def _several(node: Several, out: tuple[Any, ...]) -> tuple[Value, ...]:
    return tuple(Result(array, Pick(node, i)) for i, array in enumerate(out))


def primitive(function: Any = None, *, prepare: Callable[[Any], Any] | None = None, register: bool = True) -> Any:
    """Make a function of arrays a Primitive: `@primitive`, or `@primitive(prepare=…)` for one that promotes dtypes."""
    if function is None:
        return lambda function: Primitive(function, prepare, register)
    return Primitive(function, None, True)


def _no_rule(primitive_name: str, argument: str) -> Callable[..., Any]:
    def rule(g: Any) -> Any:
        raise NotImplementedError(
            f"wanted the gradient of {primitive_name} with respect to {argument}, but {primitive_name} has no rule for "
            f"it: add one with {primitive_name}.defvjp({argument}=lambda g, …: …), or detach() the argument"
        )

    return rule


def _constant(name: str, value: Any) -> Any:
    """What may stand beside a Value: an array, or a number; NumPy's scalars would impose their dtype on the result."""
    if isinstance(value, numpy.generic):
        return value.item()
    if is_array(value) or isinstance(value, (bool, int, float)):
        return value
    raise TypeError(f"{name} wanted tensors or numbers, got {type(value).__name__}: wrap the data with tensor(...)")


def _explain_arguments(name: str, args: tuple[Any, ...]) -> None:
    """A TypeError came out of an op: if its arguments explain it, say so in words the user knows."""
    plain = [arg.array if isinstance(arg, Value) else arg for arg in args]
    devices = dict.fromkeys(str(device_of(arg)) for arg in plain if is_array(arg))
    if len(devices) > 1:
        raise RuntimeError(
            f"{name} wanted all its tensors on one device, got {' and '.join(devices)}: move one with "
            f".to({next(iter(devices))!r})"
        )


def refuse_stale_views(name: str, args: tuple[Any, ...]) -> None:
    """An argument that is a view of memory rewritten since it was made has a value its node knows nothing about."""
    for arg in args:
        if isinstance(arg, Value) and isinstance(arg.node, Node) and clock.rewritten_since(arg.array, arg.node.age):
            raise RuntimeError(
                f"{name} got a view of a tensor that has been overwritten in place since the view was taken, so its "
                "gradient would be wrong: take the view again after the write, or clone() the tensor before writing"
            )
