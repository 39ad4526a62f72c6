"""Derivatives of functions: vjp, jvp, jacobian, hessian, hvp, vhp, with PyTorch's signatures.

    J_ij = ∂y_i/∂x_j        vjp: vᵀJ, one backward        jvp: J v, two backwards        H = ∂²y/∂x²

For: mathematics on a function of tensors, without a thought about `.grad`. Not for: training, where `backward` reaches
every parameter at once. A backward gives vᵀJ. It is linear in v, so the derivative of (vᵀJ)·u with respect to v is J u:
that is how a jvp is had from reverse mode alone (J. Townsend, "A new trick for calculating Jacobian vector products",
2017). Each function is called on fresh leaves that share the numbers of `inputs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.engine import enable_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import ones_like, zeros, zeros_like
from tinygrad_edu.tensors.functions import stack
from tinygrad_edu.tensors.gradients import grad

Tensors = Any  # one tensor, or a tuple of them: what goes in as one comes out as one


def _tuple(values: Tensors, name: str) -> tuple[Tensor, ...]:
    values = tuple(values) if isinstance(values, (tuple, list)) else (values,)
    for position, value in enumerate(values):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} wanted tensors, got {type(value).__name__} at position {position}")
    return values


def _like(values: Any, pattern: Any) -> Any:
    """A tuple if the pattern is one, else its only element."""
    return tuple(values) if isinstance(pattern, (tuple, list)) else values[0]


def _call(func: Callable[..., Any], inputs: Tensors, create_graph: bool) -> tuple[tuple[Tensor, ...], Any]:
    """The inputs as leaves of a graph of their own (or, with create_graph, on the caller's), and func of them."""
    given = _tuple(inputs, "inputs")
    with enable_grad():
        joined = [create_graph and x.requires_grad for x in given]
        leaves = tuple(
            x.reshape_as(x) if j else x.detach().requires_grad_() for x, j in zip(given, joined, strict=True)
        )
        return leaves, func(*leaves)


def _weights(v: Tensors, like: tuple[Tensor, ...], name: str) -> tuple[Tensor, ...]:
    """v, checked against the shapes it weighs; 1 when it was left out and there is one number to weigh."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            shapes = [x.shape for x in like]
            raise RuntimeError(f"{name} wanted v in the shape {shapes}: only a single number needs none")
        return (ones_like(like[0]),)
    weights = _tuple(v, "v")
    if [x.shape for x in weights] != [x.shape for x in like]:
        raise RuntimeError(f"{name} wanted v of shapes {[x.shape for x in like]}, got {[x.shape for x in weights]}")
    return weights


def _gradients(outputs: Any, inputs: Any, weights: Any, create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    """grad, with zeros where nothing depends on an input, or an error there if strict."""
    pairs = [(out, w) for out, w in zip(outputs, weights, strict=True) if out.requires_grad]
    found: Any = (None,) * len(inputs)
    if pairs:
        outs, ws = ([pair[i] for pair in pairs] for i in range(2))
        found = grad(outs, inputs, ws, retain_graph=True, create_graph=create_graph, allow_unused=True)
    if strict and any(gradient is None for gradient in found):
        position = next(i for i, gradient in enumerate(found) if gradient is None)
        raise RuntimeError(f"the outputs are independent of input {position}, which strict=True does not allow")
    return tuple(zeros_like(x) if gradient is None else gradient for gradient, x in zip(found, inputs, strict=True))


def _released(values: Any, create_graph: bool) -> Any:
    return values if create_graph else tuple(value.detach() for value in values)


def vjp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensors, Tensors]:
    """(func(inputs), vᵀ J): one backward. v has the shape of the outputs; a single number needs none."""
    leaves, outputs = _call(func, inputs, create_graph)
    outs = _tuple(outputs, "the function")
    weights = _weights(v, outs, "vjp")
    found = _gradients(outs, leaves, weights, create_graph, strict)
    return _like(_released(outs, create_graph), outputs), _like(_released(found, create_graph), inputs)


def jvp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensors, Tensors]:
    """(func(inputs), J v): how the outputs move when the inputs move along v, which has the inputs' shape."""
    leaves, outputs = _call(func, inputs, create_graph)
    outs = _tuple(outputs, "the function")
    directions = _weights(v, leaves, "jvp")
    weights = tuple(zeros_like(out).requires_grad_() for out in outs)  # their value does not matter: uᵀJ is linear in u
    transposed = _gradients(outs, leaves, weights, True, strict)
    found = _gradients(transposed, weights, directions, create_graph, strict=False)
    return _like(_released(outs, create_graph), outputs), _like(_released(found, create_graph), outputs)


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """J[…, …] of shape (*output.shape, *input.shape); nested tuples [output][input] where there are several.

    One backward for each number of the outputs. `vectorize` is accepted for PyTorch's sake and changes nothing.
    """
    if strategy != "reverse-mode":
        raise ValueError(f"jacobian wanted strategy='reverse-mode', the only one here, got {strategy!r}")
    leaves, outputs = _call(func, inputs, create_graph)
    outs = _tuple(outputs, "the function")
    tables = []
    for out in outs:
        flat = out.reshape(-1)
        rows = [_gradients([flat[i]], leaves, [ones_like(flat[i])], create_graph, strict) for i in range(flat.shape[0])]
        columns = [_table([row[j] for row in rows], out, x) for j, x in enumerate(leaves)]
        tables.append(_like(_released(columns, create_graph), inputs))
    return _like(tables, outputs)


def _table(rows: list[Tensor], out: Tensor, x: Tensor) -> Tensor:
    """One gradient for each number of `out`, as one tensor."""
    shape = out.shape + x.shape
    return stack(rows).reshape(shape) if rows else zeros(shape, dtype=x.dtype, device=x.device)


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """H[…, …] = ∂²y/∂x∂x, for a func that returns a single number: the Jacobian of its gradient."""

    def gradient(*leaves: Tensor) -> Tensors:
        out = _number(func(*leaves), "hessian")
        return _like(_gradients([out], leaves, [ones_like(out)], True, strict), inputs)

    return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


def hvp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensors, Tensors]:
    """(func(inputs), H v) without ever forming H. H is symmetric, so this is vᵀH, the cheaper of the two: see `vhp`."""
    return vhp(func, inputs, v, create_graph, strict)


def vhp(
    func: Callable[..., Any], inputs: Tensors, v: Tensors = None, create_graph: bool = False, strict: bool = False
) -> tuple[Tensors, Tensors]:
    """(func(inputs), vᵀ H): the gradient of v · gradient, two backwards. v has the inputs' shape."""
    leaves, output = _call(func, inputs, create_graph)
    out = _number(output, "vhp")
    directions = _weights(v, leaves, "vhp")
    first = _gradients([out], leaves, [ones_like(out)], True, strict)
    found = _gradients(first, leaves, directions, create_graph, strict)
    return _released((out,), create_graph)[0], _like(_released(found, create_graph), inputs)


def _number(output: Any, name: str) -> Tensor:
    (out,) = _tuple(output, "the function") if not isinstance(output, (tuple, list)) or len(output) == 1 else (None,)
    if out is None or out.numel() != 1:
        raise RuntimeError(f"{name} wanted a function that returns a single number: sum() its results first")
    return out
