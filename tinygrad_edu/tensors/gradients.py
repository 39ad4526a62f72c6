"""Asking for gradients: `backward`, which collects them in the leaves, and `grad`, which returns them."""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import namespace, number
from tinygrad_edu.engine import collect, result, walk
from tinygrad_edu.tensors.part import Part


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _roots(tensors: Any, gradients: Any, create_graph: bool) -> list[tuple[Any, Any]]:
    """Each tensor's node with the gradient to start from: 1 for a single number, given for anything else."""
    tensors = _listed(tensors)
    gradients = [None] * len(tensors) if gradients is None else _listed(gradients)
    if len(gradients) != len(tensors):
        raise ValueError(f"wanted one gradient for each of {len(tensors)} tensors, got {len(gradients)}")
    roots = []
    for tensor, gradient in zip(tensors, gradients, strict=True):
        if not isinstance(tensor, Part):
            raise TypeError(f"backward wanted tensors, got {type(tensor).__name__}")
        if tensor.node is None:
            raise RuntimeError(
                "element 0 of tensors does not require grad and does not have a grad_fn: nothing it was computed from "
                "asked for a gradient; call requires_grad_() on the inputs, or leave no_grad()"
            )
        roots.append((tensor.node, _start(tensor, gradient, create_graph)))
    return roots


def _start(tensor: Part, gradient: Any, create_graph: bool) -> Any:
    if gradient is None:
        if tensor.array.size != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs, got shape {tensor.shape}: "
                "call .sum() or .mean() first, or pass gradient= in this shape"
            )
        array = tensor.array
        if not array.ndim and type(array) is numpy.ndarray and not create_graph:
            return number(1, array)  # a constant, made once: `ones` would take as long as two small operations
        ones = namespace(array).ones(array.shape, array.dtype)
        return result(ones) if create_graph else ones
    if not isinstance(gradient, Part):
        raise TypeError(f"wanted a tensor as gradient, got {type(gradient).__name__}")
    if gradient.shape != tensor.shape:
        raise ValueError(f"wanted a gradient of the output's shape {tensor.shape}, got {gradient.shape}")
    gradient = gradient.to(tensor.device, tensor.dtype)
    return gradient if create_graph else gradient.array


def _nodes(inputs: Any) -> list[Any]:
    for position, tensor in enumerate(inputs):
        if not isinstance(tensor, Part):
            raise TypeError(f"wanted tensors as inputs, got {type(tensor).__name__} at position {position}")
        if tensor.node is None:
            raise RuntimeError(f"input {position} does not require a gradient: call requires_grad_() before computing")
    return [tensor.node for tensor in inputs]


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of Σ tensors · grad_tensors to `.grad` of every leaf, or of `inputs` only.

    With create_graph the gradients are on a graph themselves; `.grad` then refers to the graph and the graph to the
    leaf, a cycle that Python's garbage collector frees, later than usual: `grad` has no such cycle.
    """
    retain = create_graph if retain_graph is None else retain_graph
    targets = None if inputs is None else _nodes(_listed(inputs))
    roots = _roots(tensors, grad_tensors, create_graph)
    arrived = walk(roots, retain_graph=retain, create_graph=create_graph, targets=targets)
    del roots
    while arrived:  # each is let go of before the next is copied
        collect(*arrived.pop())


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """∂(Σ outputs · grad_outputs) / ∂inputs, one for each input; `.grad` stays untouched.

    An input that the outputs do not depend on is an error, unless allow_unused (None) or materialize_grads (zeros).
    """
    retain = create_graph if retain_graph is None else retain_graph
    inputs = _listed(inputs)
    targets = _nodes(inputs)
    roots = _roots(outputs, grad_outputs, create_graph)
    arrived = {
        node.age: gradient
        for node, gradient, _ in walk(roots, retain_graph=retain, create_graph=create_graph, targets=targets)
    }
    found = []
    for position, tensor in enumerate(inputs):
        gradient = arrived.get(tensor.node.age)
        if gradient is None and materialize_grads:
            gradient = namespace(tensor.array).zeros_like(tensor.array)
        if gradient is None and not allow_unused:
            raise RuntimeError(
                f"input {position} was not used to compute the outputs: pass allow_unused=True to get None for it"
            )
        found.append(_owned(gradient))
    return tuple(found)


def _owned(gradient: Any) -> Any:
    """A gradient as a tensor with memory of its own."""
    if gradient is None or isinstance(gradient, Part):
        return gradient
    return result(namespace(gradient).array(gradient, order="C"))
