"""Regular sets of numbers and positions in them: exponents evenly spaced, triangles of a matrix, places in an order."""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import constant, dtypes, namespace
from tinygrad_edu.engine import result
from tinygrad_edu.tensors.creation import as_tensor, linspace
from tinygrad_edu.tensors.tensor import Tensor


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """base^start … base^end: `steps` numbers whose exponents are evenly spaced"""
    exponents = linspace(start, end, steps, dtype=dtypes.float64)
    made = (base**exponents).to(dtype or dtypes.get_default_dtype()).to(device or "cpu")
    return made.requires_grad_() if requires_grad else made


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The positions of the lower triangle of a row x col matrix, in reading order: (rows; columns)"""
    places = numpy.stack(numpy.tril_indices(row, offset, col))
    return result(places.astype(dtype or dtypes.int64)).to(device or "cpu")


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The positions of the upper triangle of a row x col matrix, in reading order: (rows; columns)"""
    places = numpy.stack(numpy.triu_indices(row, offset, col))
    return result(places.astype(dtype or dtypes.int64)).to(device or "cpu")


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each number, a row each: x^(N-1), …, x, 1, or in increasing order"""
    exponents = constant(numpy.arange(len(x) if N is None else N), like=x.array)
    return x.unsqueeze(-1) ** result(exponents if increasing else exponents[::-1])


# ---------------------------------------------------------------------------------------------- places in an order
def searchsorted(sorted_sequence: Tensor, input: Any, *, right: bool = False, side: str | None = None) -> Tensor:
    """Where each number would stand in the sorted sequence: before its equals, or with right=True behind them

    A sequence of several rows is searched row by row, each for its own numbers.
    """
    side = side or ("right" if right else "left")
    values = as_tensor(input, device=sorted_sequence.device)
    library = namespace(sorted_sequence.array)
    if sorted_sequence.ndim == 1:
        return result(library.searchsorted(sorted_sequence.array, values.array.reshape(-1), side)).reshape(values.shape)
    if sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise ValueError(
            f"searchsorted wanted as many rows of numbers as of sequences, got shapes {sorted_sequence.shape} and "
            f"{values.shape}"
        )
    rows = sorted_sequence.array.reshape(-1, sorted_sequence.shape[-1])
    wanted = values.array.reshape(-1, values.shape[-1])
    found = [library.searchsorted(row, numbers, side) for row, numbers in zip(rows, wanted, strict=True)]
    return result(library.stack(found)).reshape(values.shape)


def bucketize(input: Any, boundaries: Tensor, *, right: bool = False) -> Tensor:
    """The number of the interval between `boundaries` that each number falls into; with right, [a, b) and not (a, b]"""
    return searchsorted(boundaries, input, right=right)


def isin(elements: Tensor, test_elements: Any, *, invert: bool = False) -> Tensor:
    """True where a number is among `test_elements`; with invert, where it is not"""
    among = as_tensor(test_elements, device=elements.device)
    return result(namespace(elements.array).isin(elements.array, among.array, invert=invert))
