"""Two Jacobians of one function: from backward, and from finite differences. What a check compares.

For: `gradcheck` (which judges the difference) and `report` (which prints it). Not for: saying why they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from tinygrad_edu.backend import device_of, to_device
from tinygrad_edu.engine import Value, enable_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.gradients import grad
from tinygrad_edu.testing.differences import difference, held, jacobians, on_host

Call = Callable[[], list[Tensor]]


class Comparison(NamedTuple):
    """d output / d input: by finite differences (want) and by backward (got), shape (*input.shape, *output.shape).

    When `got` has not that shape, it is a single gradient that came back in another shape than its input's.
    """

    output: int
    input: int
    want: numpy.ndarray
    got: numpy.ndarray


def arrange(func: Callable[..., Any], inputs: Any) -> tuple[Call, list[Tensor], list[int]]:
    """The function as a call without arguments, the tensors to vary, and their positions among `inputs`.

    Of a plain function those vary that require a gradient. A module is called without its own parameters, which it has
    already, and all its floating-point inputs vary.
    """
    inputs = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    own: set[int] = set()
    if hasattr(func, "parameters"):
        own = {id(parameter) for parameter in func.parameters()}
        inputs = [_asking(value) if isinstance(value, Tensor) and id(value) not in own else value for value in inputs]
    positions = [i for i, value in enumerate(inputs) if isinstance(value, Tensor) and value.requires_grad]
    if not positions:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True: make one with tensor(…, dtype=float64, requires_grad=True)"
        )
    for i in positions:
        if inputs[i].array.size > 1 and 0 in inputs[i].array.strides:
            raise ValueError(
                f"The {i}th input has a dimension with stride 0: its entries share memory and can't be varied one by "
                "one; pass .clone() of it"
            )
    arguments = [value for value in inputs if id(value) not in own]

    def call() -> list[Tensor]:
        with enable_grad():
            return floating(func(*arguments))

    return call, [inputs[i] for i in positions], positions


def _asking(value: Tensor) -> Tensor:
    """The tensor itself, or if it may vary and does not say so, one in the same memory that does."""
    return value if value.requires_grad or value.dtype.kind != "f" else value.detach().requires_grad_()


def floating(outputs: Any) -> list[Tensor]:
    """The floating-point tensors among what a function returned."""
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return [out for out in outputs if isinstance(out, Tensor) and out.dtype.kind == "f"]


def values(call: Call) -> Callable[[], list[numpy.ndarray]]:
    """The call with its outputs copied to the host."""
    return lambda: [on_host(out.array).copy() for out in call()]


def beside(numbers: numpy.ndarray, like: Value) -> Tensor:
    """Host numbers as a tensor of the dtype and on the device of `like`."""
    return Tensor(to_device(numpy.asarray(numbers, like.array.dtype), device_of(like.array)))


class WrongShape(NamedTuple):
    """A gradient in another shape than its input's, from the number at `entry` of an output."""

    output: int
    input: int
    entry: tuple[int, ...]
    gradient: numpy.ndarray


def backward_tables(call: Call, tensors: Sequence[Tensor]) -> list[list[numpy.ndarray]] | WrongShape:
    """By backward, a run for each number of each output: tables[output][input], each (*input.shape, *output.shape)."""
    found: list[list[numpy.ndarray]] = []
    for out in call():
        tables = [numpy.zeros(tensor.shape + out.shape) for tensor in tensors]
        for index in numpy.ndindex(out.shape) if out.requires_grad else ():
            start = numpy.zeros(out.shape)
            start[index] = 1.0
            gradients = grad(out, tensors, beside(start, out), retain_graph=True, allow_unused=True)
            for i, gradient in enumerate(gradients):
                if gradient is None:
                    continue
                if gradient.shape != tensors[i].shape:
                    return WrongShape(len(found), i, index, on_host(gradient.array))
                tables[i][(..., *index)] = on_host(gradient.array)
        found.append(tables)
    return found


def compare(call: Call, tensors: Sequence[Tensor], eps: float) -> list[Comparison]:
    """Both Jacobians of every output with respect to every tensor."""
    outputs = values(call)
    numeric = [jacobians(outputs, tensor.array, eps) for tensor in tensors]
    tables = backward_tables(call, tensors)
    if isinstance(tables, WrongShape):
        places: Any = (..., *tables.entry)
        want = numeric[tables.input][tables.output][places]
        return [Comparison(tables.output, tables.input, want, tables.gradient)]
    return [
        Comparison(output, i, numeric[i][output], tables[output][i])
        for output in range(len(tables))
        for i in range(len(tensors))
    ]


def compare_along(call: Call, tensors: Sequence[Tensor], eps: float, rng: numpy.random.Generator) -> list[Comparison]:
    """The fast way: one number for each tensor, vᵀ J u, with a random direction u and random weights v of the outputs.

    A wrong entry hides from it only if it happens to be multiplied by almost 0, which u and v are drawn to avoid.
    """
    outs = call()
    weights = [_direction(out.shape, rng) for out in outs]
    roots = [(out, beside(v, out)) for out, v in zip(outs, weights, strict=True) if out.requires_grad]
    gradients: Sequence[Any] = [None] * len(tensors)
    if roots:
        gradients = grad([out for out, _ in roots], tensors, [v for _, v in roots], allow_unused=True)
    outputs, found = values(call), []
    for i, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        if gradient is not None and gradient.shape != tensor.shape:
            return [Comparison(0, i, numpy.zeros(tensor.shape), on_host(gradient.array))]
        step = _direction(tensor.shape, rng)
        with held(tensor.array) as start:
            changes = difference(outputs, tensor.array, start, eps * step)
        want = sum((float((v * change).sum()) for v, change in zip(weights, changes, strict=True)), start=0.0) / eps
        got = 0.0 if gradient is None else float((on_host(gradient.array) * step).sum())
        found.append(Comparison(0, i, numpy.asarray(want), numpy.asarray(got)))
    return found


def _direction(shape: tuple[int, ...], rng: numpy.random.Generator) -> numpy.ndarray:
    """Random numbers of either sign and of a size between 0.5 and 1.5."""
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def first_derivative(call: Call, tensors: Sequence[Tensor], grad_outputs: Any = None) -> tuple[Call, list[Tensor]]:
    """The gradient of Σ outputs · grad_outputs as a function to be checked in its turn, and what it depends on."""
    outs = call()
    if grad_outputs is None:
        rng = numpy.random.default_rng(0)
        given = [beside(_direction(out.shape, rng), out).requires_grad_() for out in outs]
    else:
        given = list(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else [grad_outputs]

    def gradients() -> list[Tensor]:
        with enable_grad():
            pairs = [(out, g) for out, g in zip(call(), given, strict=True) if out.requires_grad]
            if not pairs:
                return []
            found = grad(
                [out for out, _ in pairs], tensors, [g for _, g in pairs], create_graph=True, materialize_grads=True
            )
        return list(found)

    return gradients, [*tensors, *(g for g in given if g.requires_grad)]
