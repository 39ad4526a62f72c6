"""`Primitive.__call__` once more, unrolled for one and for two arguments, because every operator passes here.

The readable definition is in `primitive`; whatever is unusual (an observer, another dtype, a list, an error) is handed
over to it. Measured on `x * y` of 10 numbers: 1.3 µs instead of 1.9, where PyTorch takes 1.6 and NumPy alone 0.23.
A test holds both to the same results and the same tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.backend.dtypes import float32
from tinygrad_edu.engine.clock import rewritten
from tinygrad_edu.engine.modes import mode
from tinygrad_edu.engine.tape import Node, as_arrays, caller, value_classes


def unrolled(primitive: Any, observers: list[Any], result: Any) -> Callable[..., Any]:
    """The unrolled form of a primitive with one argument, or two and no settings; for others, the primitive itself.

    It is to be called by a method of the Tensor, whose caller is then the line to remember.
    """
    many = primitive.variadic or len(primitive.arguments) > 2
    if many or (len(primitive.arguments) == 2 and primitive.settings) or not primitive.unrollable:
        return primitive
    return (_one if len(primitive.arguments) == 1 else _two)(primitive, primitive.function, observers, result)


def _one(primitive: Any, function: Any, observers: list[Any], result: Any) -> Callable[..., Any]:
    def run(x: Any, **settings: Any) -> Any:
        if (type(x) is not result and type(x) not in value_classes) or observers or rewritten:
            return primitive(x, **settings)
        array, parent = x.array, x.node
        if array.dtype is not float32 and array.dtype.kind != "f":
            return primitive(x, **settings)
        out = function(array, **settings)
        if type(out) is not type(array):
            if type(out) is tuple:
                return primitive(x, **settings)
            out = as_arrays(out)
        if parent is None or not mode.recording or not primitive.differentiable:
            return result(out)
        parents = (parent,)
        return result(out, Node(primitive, parents, primitive.keep((array,), out, settings, parents), caller(3)))

    return run


def _two(primitive: Any, function: Any, observers: list[Any], result: Any) -> Callable[..., Any]:
    def run(x: Any, y: Any) -> Any:
        if (type(x) is not result and type(x) not in value_classes) or observers or rewritten:
            return primitive(x, y)
        first, parent = x.array, x.node
        if type(y) is result or type(y) in value_classes:
            second, other = y.array, y.node
            if first.dtype is not second.dtype or type(first) is not type(second):
                return primitive(x, y)
        elif type(y) is float or type(y) is int:
            second, other = y, None
        else:
            return primitive(x, y)
        if first.dtype is not float32 and first.dtype.kind != "f":
            return primitive(x, y)
        out = function(first, second)
        if type(out) is not type(first):
            out = as_arrays(out)
        if (parent is None and other is None) or not mode.recording or not primitive.differentiable:
            return result(out)
        parents = (parent, other)
        return result(out, Node(primitive, parents, primitive.keep((first, second), out, None, parents), caller(3)))

    return run
