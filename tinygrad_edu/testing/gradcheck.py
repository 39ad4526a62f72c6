"""gradcheck and gradgradcheck: is what backward computes the derivative of what forward computes?

For: every op, layer and Function, as the first test it gets. Not for: whether forward computes the right thing; a
wrong function can have a perfectly right gradient. When a check fails, its message names the op at fault, the worst
entry and the likely kind of mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.gradients import grad
from tinygrad_edu.testing.differences import on_host
from tinygrad_edu.testing.jacobian import (
    Call,
    Comparison,
    arrange,
    beside,
    compare,
    compare_along,
    first_derivative,
    values,
)
from tinygrad_edu.testing.replay import explain, find_fault


class GradcheckError(RuntimeError, AssertionError):
    """A gradient differs from finite differences.

    kind  the likely kind of mistake, in a word or two        op, argument  the op whose rule is at fault, if found
    """

    def __init__(self, message: str, kind: str = "unknown", op: str | None = None, argument: str | None = None) -> None:
        super().__init__(message)
        self.kind, self.op, self.argument = kind, op, argument


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
) -> bool:
    """|backward - finite differences| ≤ atol + rtol |finite differences| for every entry of every Jacobian.

    func       returns a tensor or a tuple of tensors; or a module, whose own parameters among `inputs` are varied
               where they are instead of being passed: gradcheck(layer, (x, *layer.parameters()))
    inputs     float64 tensors that require a gradient are varied (of a module's: all floating-point ones); anything
               else is passed on
    eps        the step of the finite differences
    nondet_tol how far two runs of backward may differ
    fast_mode  compare one random projection instead of all entries: two runs of func for each input

    Returns True, or raises GradcheckError (False if not raise_exception).
    """
    call, tensors, positions = arrange(func, inputs)
    problem = _check(call, tensors, eps, atol, rtol, fast_mode, positions, order=1)
    problem = problem or _check_run(call, tensors, nondet_tol, check_grad_dtypes)
    return _answer(problem, raise_exception)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
) -> bool:
    """gradcheck of the gradient: are the second derivatives right? Arguments as in `gradcheck`.

    grad_outputs  the weights of the outputs in the first derivative; left out, random ones that are varied too
    """
    call, tensors, positions = arrange(func, inputs)
    gradients, varied = first_derivative(call, tensors, grad_outputs)
    problem = _check(gradients, varied, eps, atol, rtol, fast_mode, positions, order=2, original=call)
    problem = problem or _check_run(gradients, varied, nondet_tol, check_grad_dtypes)
    return _answer(problem, raise_exception)


def _answer(problem: GradcheckError | None, raise_exception: bool) -> bool:
    if problem is not None and raise_exception:
        raise problem
    return problem is None


def _check(
    call: Call,
    tensors: list[Tensor],
    eps: float,
    atol: float,
    rtol: float,
    fast: bool,
    positions: Sequence[int],
    order: int,
    original: Call | None = None,
) -> GradcheckError | None:
    """None, or what is wrong with the derivatives of `call`, which are themselves derivatives when order is 2."""
    forward = original or call
    try:
        found = compare_along(call, tensors, eps, numpy.random.default_rng(0)) if fast else compare(call, tensors, eps)
    except (ValueError, TypeError, IndexError):  # perhaps a rule that returned a wrong shape to the next one
        fault, _ = find_fault(forward, order)
        if fault is None:
            raise
        return GradcheckError(_describe_fault(fault), fault.explanation.kind, fault.step.primitive.name, fault.argument)
    for comparison in found:
        if comparison.want.shape != comparison.got.shape or not _close(comparison, atol, rtol):
            if fast:  # the projection says that, the entries say what
                slow = compare(call, tensors, eps)
                comparison = next(
                    (c for c in slow if c.input == comparison.input and not _close(c, atol, rtol)), comparison
                )
            return _failure(call, forward, tensors, comparison, positions, order)
    return None


def _close(comparison: Comparison, atol: float, rtol: float) -> bool:
    if comparison.want.shape != comparison.got.shape:
        return False
    return bool(numpy.all(numpy.abs(comparison.got - comparison.want) <= atol + rtol * numpy.abs(comparison.want)))


def _failure(
    call: Call, forward: Call, tensors: list[Tensor], comparison: Comparison, positions: Sequence[int], order: int
) -> GradcheckError:
    name = f"input {positions[comparison.input]}" if comparison.input < len(positions) else "the weights of the outputs"
    what = f"output {comparison.output}" if order == 1 else f"the first derivative (entry {comparison.output} of it)"
    lines = [f"the derivative of {what} with respect to {name} is wrong", f"  {_worst_entry(comparison, tensors)}"]
    unsteady = _unsteady(forward)
    if unsteady is not None:
        return GradcheckError("\n".join([*lines, f"  likely mistake: {unsteady}"]), "random")
    whole = explain(call, tensors, comparison)
    if whole.kind in ("float32", "kink"):
        return GradcheckError("\n".join([*lines, f"  likely mistake: {whole.sentence}"]), whole.kind)
    fault, right = find_fault(forward, order)
    if fault is None:
        lines.append(f"  each op's rule is right by itself: {', '.join(right) or 'no op was recorded'}")
        lines.append("  so the fault lies between them: a detach(), .data or .numpy() on the way cuts the graph")
        lines.append(f"  likely mistake: {whole.sentence}")
        return GradcheckError("\n".join(lines), whole.kind)
    lines += [f"  {line}" for line in _describe_fault(fault).splitlines()]
    lines += [f"  right by themselves: {', '.join(right)}"] if right else []
    return GradcheckError("\n".join(lines), fault.explanation.kind, fault.step.primitive.name, fault.argument)


def _worst_entry(comparison: Comparison, tensors: list[Tensor]) -> str:
    want, got = comparison.want, comparison.got
    if want.shape != got.shape:
        return f"wanted a gradient of shape {want.shape}, got one of shape {got.shape}"
    error = numpy.abs(want - got) / numpy.maximum(1.0, numpy.abs(want))
    flat = int(numpy.argmax(numpy.where(numpy.isnan(error), numpy.inf, error)))
    index = tuple(int(i) for i in numpy.unravel_index(flat, want.shape))
    ndim = tensors[comparison.input].ndim
    return (
        f"worst entry: ∂output{list(index[ndim:])}/∂input{list(index[:ndim])}: want {want[index]:.8g} "
        f"(finite differences), got {got[index]:.8g} (backward)"
    )


def _describe_fault(fault: Any) -> str:
    explanation, step = fault.explanation, fault.step
    derivative = "the rule" if fault.order == 1 else "the second derivative (the rule differentiated)"
    lines = [f"op at fault: {step.primitive.name}, argument {fault.argument}, called at {step.where}"]
    if explanation.index or not numpy.isnan(explanation.want):
        lines.append(
            f"  {derivative} alone, worst entry {list(explanation.index)}: want {explanation.want:.8g}, "
            f"got {explanation.got:.8g}"
        )
    return "\n".join([*lines, f"  likely mistake ({explanation.kind}): {explanation.sentence}"])


def _unsteady(call: Call) -> str | None:
    """Is this a function at all? It must return the same for the same."""
    first, second = values(call)(), values(call)()
    if all(numpy.array_equal(a, b, equal_nan=True) for a, b in zip(first, second, strict=True)):
        return None
    return "two runs on the same input differ: fix the random numbers (a seed, or module.eval())"


def _check_run(call: Call, tensors: list[Tensor], nondet_tol: float, check_dtypes: bool) -> GradcheckError | None:
    """The function leaves its inputs alone, two runs of backward agree, each gradient has the dtype of its input."""
    before = [on_host(tensor.array).copy() for tensor in tensors]
    outs = [out for out in call() if out.requires_grad]
    for i, (tensor, start) in enumerate(zip(tensors, before, strict=True)):
        if not numpy.array_equal(on_host(tensor.array), start, equal_nan=True):
            return GradcheckError(f"the function writes into input {i} that it was given: work on a clone()", "changed")
    if not outs:
        return None
    weights = [beside(numpy.ones(out.shape), out) for out in outs]
    first, second = (grad(outs, tensors, weights, retain_graph=True, allow_unused=True) for _ in range(2))
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        if a is None:
            continue
        if check_dtypes and a.dtype != tensors[i].dtype:
            wanted = tensors[i].dtype
            return GradcheckError(f"the gradient of input {i} is {a.dtype}, but the input is {wanted}", "dtype")
        if numpy.abs(on_host(a.array) - on_host(b.array)).max(initial=0) > nondet_tol:
            text = f"Backward is not reentrant: two runs for input {i} differ by more than {nondet_tol}"
            return GradcheckError(text, "random")
    return None
