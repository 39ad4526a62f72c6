"""Which op is at fault? Run the function once, watch every primitive it calls, and check each one's rules alone.

For: the diagnosis in `gradcheck`'s message. Not for: naming the kind of mistake, which is `diagnosis`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy

from tinygrad_edu.backend import is_array, to_host
from tinygrad_edu.engine import Leaf, Primitive, caller, enable_grad, observers, place
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.testing.diagnosis import Explanation, explain_difference
from tinygrad_edu.testing.differences import on_host, one_sided
from tinygrad_edu.testing.jacobian import Call, compare, first_derivative, floating

MOST_ENTRIES = 4000  # of a Jacobian that is measured entry by entry


class Step(NamedTuple):
    """One call of a primitive, with copies of the arrays it was given and the line that led to it."""

    primitive: Primitive
    arrays: list[Any]
    settings: dict[str, Any]
    where: str


class Fault(NamedTuple):
    """A rule that is wrong by itself."""

    step: Step
    argument: str
    order: int
    explanation: Explanation


def watch(function: Callable[[], Any]) -> list[Step]:
    """The primitives that `function` calls, in order."""
    steps: list[Step] = []

    def note(primitive: Primitive, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
        copies = [array.copy() if is_array(array) else array for array in arrays]
        steps.append(Step(primitive, copies, dict(settings), place(caller())))

    observers.append(note)
    try:
        function()
    finally:
        observers.remove(note)
    return steps


def find_fault(call: Call, order: int = 1) -> tuple[Fault | None, list[str]]:
    """The first op whose rule is wrong alone (in its first derivative, then up to `order`), and the names checked."""
    checked: dict[str, None] = {}
    steps = watch(call)
    for depth in range(1, order + 1):
        for step in steps:
            if step.primitive.differentiable:
                fault = check_step(step, depth)
                if fault is not None:
                    return fault, list(checked)
                checked[step.primitive.name] = None
    return None, list(checked)


def check_step(step: Step, order: int = 1) -> Fault | None:
    """The rules of one call, each compared with finite differences of the primitive alone."""
    positions = [i for i, array in enumerate(step.arrays) if is_array(array) and array.dtype.kind == "f" and array.size]
    tensors = [Tensor(step.arrays[i].astype("float64"), Leaf()) for i in positions]
    arguments: list[Any] = [Tensor(array) if is_array(array) else array for array in step.arrays]
    for i, tensor in zip(positions, tensors, strict=True):
        arguments[i] = tensor

    def call() -> list[Tensor]:
        with enable_grad():
            return floating(step.primitive(*arguments, **step.settings))

    outs = call()
    if not tensors or sum(out.numel() for out in outs) * max(t.numel() for t in tensors) > MOST_ENTRIES:
        return None
    target, varied = (call, tensors) if order == 1 else first_derivative(call, tensors)
    try:
        found = compare(target, varied, 1e-6)
    except (ValueError, TypeError, IndexError) as error:  # a rule that cannot even run on arrays of these shapes
        return Fault(step, _argument(step, positions[0]), order, Explanation("crash", f"the rule raises {error!r}"))
    for comparison in found:
        explanation = explain(target, varied, comparison, step)
        if explanation.kind != "none":
            name = _argument(step, positions[comparison.input]) if comparison.input < len(positions) else "g"
            return Fault(step, name, order, explanation)
    return None


def _argument(step: Step, position: int) -> str:
    names = step.primitive.arguments
    return names[position] if position < len(names) and not step.primitive.variadic else f"{names[0]}[{position}]"


def explain(call: Call, tensors: list[Tensor], comparison: Any, step: Step | None = None) -> Explanation:
    """What turns the right Jacobian into this one, seen through random weights v of the output: J v against J' v."""
    tensor, want, got = tensors[comparison.input], comparison.want, comparison.got
    if want.shape != got.shape:
        return explain_difference(want, got, atol=1e-5)
    out_shape = want.shape[tensor.ndim :]
    rng = numpy.random.default_rng(1)
    weights = rng.uniform(0.5, 1.5, out_shape) * rng.choice([-1.0, 1.0], out_shape)
    contract = [numpy.tensordot(table, weights, axes=len(out_shape)) for table in (want, got)]
    if explain_difference(*contract).kind == "none":
        return Explanation("none", "the two agree")
    clues: dict[str, Any] = {
        "dtype": tensor.dtype,
        "sizes": _lengths(step, out_shape),
        "uses": _uses(want, tensor.ndim),
    }
    clues["factors"] = _candidates(step)
    if weights.shape == tensor.shape:
        clues["gradient"] = weights
    worst = explain_difference(*contract).index
    left, right = one_sided(lambda: [on_host(out.array).copy() for out in call()], tensor.array, worst, 1e-4)
    clues["slopes"] = (left[comparison.output], right[comparison.output])
    return explain_difference(*contract, **clues)


def _lengths(step: Step | None, out_shape: tuple[int, ...]) -> list[int]:
    """Numbers of elements that the op knows: of its arguments and axes, and how many inputs meet in one output."""
    arrays = [] if step is None else [array for array in step.arrays if is_array(array)]
    total = [array.size for array in arrays]
    meets = [size // max(int(numpy.prod(out_shape)), 1) for size in total]
    return sorted({n for n in (*total, *meets, *(n for array in arrays for n in array.shape)) if n > 1})


def _uses(want: numpy.ndarray, ndim: int) -> numpy.ndarray | None:
    """How many outputs read each input, for an op that only copies: the row sums of a table of zeros and ones."""
    if not numpy.isin(numpy.round(want, 6), (0.0, 1.0)).all():
        return None
    return numpy.rint(want.sum(axis=tuple(range(ndim, want.ndim))))


def _candidates(step: Step | None) -> dict[str, numpy.ndarray]:
    """What a rule has at hand, and may have left out or used once too often: the arguments and the result."""
    if step is None:
        return {}
    named = {_argument(step, i): to_host(array) for i, array in enumerate(step.arrays) if is_array(array)}
    out = step.primitive.function(*step.arrays, **step.settings)
    return named | ({} if isinstance(out, tuple) else {"out": to_host(out)})
