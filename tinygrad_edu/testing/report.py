"""The table behind `tinygrad-edu gradcheck`: every op and layer, and how far its derivatives are from the truth.

For: seeing at once that every derivative is right, and how right. Not for: finding out why one is not; `gradcheck`
says that. The judge is finite differences in float64, itself exact to about 1e-9, so errors near that mean "right".
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple, TextIO

import numpy

from tinygrad_edu import linalg, nn
from tinygrad_edu.backend import default_generator, dtypes
from tinygrad_edu.tensors import as_functions, distances, functions, joining
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.testing.cases import CASES
from tinygrad_edu.testing.jacobian import Comparison, arrange, compare, compare_along, first_derivative
from tinygrad_edu.testing.layers import LAYERS, Question

# What the rows of the table ask for: the package's public names, gathered from the floors below this file.
_modules = (as_functions, functions, joining, distances)
_names = {name: value for module in _modules for name, value in vars(module).items()}
library = SimpleNamespace(**{**_names, "tensor": tensor, "float64": dtypes.float64, "linalg": linalg, "nn": nn})
TOLERANCE = 1e-5  # a larger relative error is a wrong derivative


class Row(NamedTuple):
    """One op or layer: how many inputs it was tried on, and the worst relative error of its derivatives (NaN: none)."""

    kind: str
    name: str
    cases: int
    first: float
    second: float

    @property
    def right(self) -> bool:
        """Both derivatives are as they should be."""
        return not (self.first > TOLERANCE or self.second > TOLERANCE)


def relative_error(comparisons: Iterable[Comparison]) -> float:
    """max |got - want| / max(1, |want|) over all entries; ∞ for a wrong shape or a NaN."""
    worst = 0.0
    for comparison in comparisons:
        want, got = comparison.want, comparison.got
        if want.shape != got.shape or not numpy.isfinite(got).all():
            return math.inf
        worst = max(worst, float((numpy.abs(got - want) / numpy.maximum(1.0, numpy.abs(want))).max(initial=0.0)))
    return worst


def _errors(func: Callable[..., Any], inputs: Any, orders: int) -> tuple[float, float]:
    """The errors of the first derivative (all entries) and of the second (along random directions, which is faster)."""
    call, tensors, _ = arrange(func, inputs)
    first = relative_error(compare(call, tensors, 1e-6))
    if orders < 2:
        return first, math.nan
    gradients, varied = first_derivative(call, tensors)
    return first, relative_error(compare_along(gradients, varied, 1e-6, numpy.random.default_rng(0)))


def _op_checks(only: str | None) -> Iterator[tuple[str, float, float]]:
    for case in CASES:
        if case.orders > 0 and (only is None or only == case.name):
            tensors = [tensor(a, requires_grad=a.dtype.kind == "f") for a in case.arrays()]
            yield case.name, *_errors(lambda *xs, case=case: case.call(library, *xs), tensors, case.orders)


def _layer_checks(only: str | None) -> Iterator[tuple[str, float, float]]:
    for case in LAYERS:
        if case.orders > 0 and (only is None or only == case.name):
            question = Question(case, nn, case.made(nn), [tensor(array) for array in case.arrays()])
            yield case.name, *_errors(question, (*question.varied, *question.parameters()), case.orders)


def gradient_report(only: str | None = None) -> list[Row]:
    """A row for every op and layer (or for the one called `only`), in the order of their tables."""
    state = default_generator.get_state()
    default_generator.manual_seed(0)  # the layers' parameters: the same table every time
    try:
        rows = [
            Row(kind, name, len(found), max(e[0] for e in found), _worst(e[1] for e in found))
            for kind, checks in (("op", _op_checks(only)), ("layer", _layer_checks(only)))
            for name, found in _gathered(checks).items()
        ]
    finally:
        default_generator.set_state(state)
    if not rows:
        raise ValueError(f"no op or layer is called {only!r}: call gradient_report() for all of them")
    return rows


def _gathered(checks: Iterable[tuple[str, float, float]]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for name, first, second in checks:
        found.setdefault(name, []).append((first, second))
    return found


def _worst(errors: Iterable[float]) -> float:
    known = [error for error in errors if not math.isnan(error)]
    return max(known) if known else math.nan


def print_gradient_table(file: TextIO | None = None, only: str | None = None) -> int:
    """Print the table to `file` (standard output); 0 if every derivative is right, 1 if not, as an exit status."""
    file = file or sys.stdout
    rows = gradient_report(only)
    width = max(len(row.name) for row in rows)
    print(f"{'':5}  {'':{width}}  {'inputs':>6}  {'1st derivative':>14}  {'2nd derivative':>14}", file=file)
    for row in rows:
        mark = "" if row.right else "  WRONG"
        errors = f"{_shown(row.first)}  {_shown(row.second)}"
        print(f"{row.kind:5}  {row.name:{width}}  {row.cases:6}  {errors}{mark}", file=file)
    wrong = [row.name for row in rows if not row.right]
    verdict = f"wrong: {', '.join(wrong)}" if wrong else "all right"
    print(
        f"\n{len(rows)} ops and layers on {sum(row.cases for row in rows)} inputs: {verdict} "
        f"(worst relative errors against finite differences; up to {TOLERANCE:g} is rounding)",
        file=file,
    )
    return 1 if wrong else 0


def _shown(error: float) -> str:
    return f"{'-':>14}" if math.isnan(error) else f"{error:14.1e}"
