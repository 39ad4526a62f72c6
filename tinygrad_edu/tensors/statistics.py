"""What many numbers have in common: medians, quantiles, counts, the distinct ones, and sums that pass over NaN.

For: the reductions that `reducing` leaves over. Not for: sorted sequences as such (`bucketize`), which are in `grids`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import constant, dtypes, namespace, to_host
from tinygrad_edu.engine import result
from tinygrad_edu.ops import casting, kinks, reductions
from tinygrad_edu.tensors.axes import axis_of
from tinygrad_edu.tensors.part import Part
from tinygrad_edu.tensors.reducing import Reducing, ValuesAndIndices

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Statistics(Part):
    __slots__ = ()

    def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Tensor:
        """out_i = input_0 · … · input_i along `dim`"""
        if dtype is None and input.dtype.kind != "f":
            dtype = dtypes.int64
        input = input if dtype is None else input.to(dtype)
        axis = axis_of(dim, input.ndim)
        return reductions.cumprod(input, axis=axis) if input.ndim else input

    def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """Σ input over `dim`, NaN counted as 0"""
        return kinks.where(input.isnan(), 0, input).sum(dim, keepdim, dtype=dtype)

    def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over `dim` of what is not NaN"""
        total = Statistics.nansum(input, dim, keepdim, dtype=dtype)
        return total / input.isnan().logical_not().sum(dim, keepdim)

    def var_mean(
        input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """(var, mean) over `dim`"""
        dim, unbiased = (None, dim) if isinstance(dim, bool) else (dim, unbiased)
        return input.var(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)

    def std_mean(
        input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """(std, mean) over `dim`"""
        dim, unbiased = (None, dim) if isinstance(dim, bool) else (dim, unbiased)
        return input.std(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)

    def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
        """(amin, amax) over `dim`"""
        return input.amin(dim, keepdim), input.amax(dim, keepdim)

    def count_nonzero(input: Any, dim: Any = None) -> Tensor:
        """How many are not 0, over `dim`"""
        return (input != 0).sum(dim)

    # ------------------------------------------------------------------------------------------------ order statistics
    def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
        """(the k-th smallest along `dim`, counted from 1, where it is)"""
        axis = axis_of(dim, input.ndim)
        line = input if input.ndim else input.reshape(1)
        if not 1 <= k <= line.shape[axis]:
            raise ValueError(f"kthvalue wanted k from 1 to {line.shape[axis]}, the size of dim {dim}, got {k}")
        return _ranked(line, axis, k - 1, keepdim and input.ndim > 0)

    def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        """The middle one (of an even number the lower middle one); with a dim, (values, indices) along it

        NaN if there is one among them.
        """
        line = input.reshape(-1) if dim is None or not input.ndim else input
        axis = axis_of(0 if dim is None else dim, line.ndim)
        if not line.shape[axis]:
            raise IndexError(f"median wanted at least one element to choose from, got a tensor of shape {input.shape}")
        last = line.shape[axis] - 1  # NaN sorts behind everything else, to the last place
        rank = kinks.where(line.detach().isnan().any(axis, True), last, last // 2)
        found = _ranked(line, axis, rank, keepdim and input.ndim > 0)
        return found.values if dim is None else found

    def quantile(
        input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        """The value below which a part q of the numbers lies, over `dim`; of several q, one each, in a new first
        dimension. Between two numbers: "linear", "lower", "higher", "midpoint" or "nearest"."""
        line: Any = input.reshape(-1) if dim is None or not input.ndim else input
        axis = axis_of(0 if dim is None else dim, line.ndim)
        parts = to_host(q.array) if isinstance(q, Part) else numpy.asarray(q)
        if parts.ndim > 1 or ((parts < 0) | (parts > 1)).any():
            raise ValueError(f"quantile wanted q as a number or a vector of numbers from 0 to 1, got {q}")
        if not line.shape[axis]:
            raise ValueError(f"quantile() input tensor must be non-empty, got shape {input.shape}")
        places = parts.reshape(-1) * (line.shape[axis] - 1)
        lower, upper, weights = _neighbors(places, interpolation)
        ordered = line.sort(axis).values.movedim(axis, 0)
        weights = constant(weights.astype(line.dtype), like=line.array).reshape(-1, *(1,) * (ordered.ndim - 1))
        out = ordered[lower] + (ordered[upper] - ordered[lower]) * result(weights)
        nothing = line.isnan().any(axis).unsqueeze(0)
        out = kinks.where(nothing, math.nan, out)
        if keepdim:
            out = out.reshape(len(places), *(1,) * input.ndim) if dim is None else out.unsqueeze(axis + 1)
        return out if parts.ndim else out[0]

    # --------------------------------------------------------------------------------------------------------- counts
    def unique(
        input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
        dim: int | None = None,
    ) -> Any:  # fmt: skip
        """The distinct numbers (or slices along `dim`), sorted; then, if asked, where each went, and how often each is

        Waits for a GPU, because their number is not known.
        """
        axis = None if dim is None else axis_of(dim, input.ndim)
        found = namespace(input.array).unique(input.array, False, True, True, axis)
        values, inverse, counts = map(result, found)
        shape = input.shape if axis is None else (input.shape[axis],)
        asked = [values, *[inverse.reshape(shape)] * return_inverse, *[counts] * return_counts]
        return tuple(asked) if len(asked) > 1 else values

    def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Tensor:
        """out_n = how often n occurs in a vector of integers of 0 or more (or the sum of its weights there)"""
        if input.ndim != 1 or input.dtype.kind not in "iu":
            raise ValueError(f"bincount wanted a vector of integers of 0 or more, got {input.shape} of {input.dtype}")
        heavy = None if weights is None else weights.array
        counts = result(namespace(input.array).bincount(input.array, heavy, minlength))
        return (
            counts if weights is None or weights.dtype != dtypes.float32 else casting.cast(counts, dtype=weights.dtype)
        )

    def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
        """How many numbers fall into each of `bins` equal intervals from min to max (by default of the numbers)"""
        line = input.detach().reshape(-1)
        low, high = (min, max) if min != max else (line.amin().item(), line.amax().item())
        low, high = (low - 1, high + 1) if low == high else (low, high)
        inside = line[(line >= low) & (line <= high)]
        places = ((inside - low) * (bins / (high - low))).long().clamp(max=bins - 1)  # the last includes its end
        return Statistics.bincount(places, minlength=bins).to(input.dtype)


def _ranked(line: Any, axis: int, rank: Any, keepdim: bool) -> ValuesAndIndices:
    """The elements of this rank along an axis, and where they are."""
    order = Reducing.argsort(line, axis)
    if not isinstance(rank, Part):
        rank = order.narrow(axis, 0, 1) * 0 + rank
    places = order.gather(axis, rank)
    values = line.gather(axis, places)
    return ValuesAndIndices(values, places) if keepdim else ValuesAndIndices(values.squeeze(axis), places.squeeze(axis))


def _neighbors(places: numpy.ndarray, interpolation: str) -> tuple[Any, Any, numpy.ndarray]:
    """The two ranks beside each place, and how far between them to go."""
    lower, upper = numpy.floor(places).astype(numpy.int64), numpy.ceil(places).astype(numpy.int64)
    weights = {
        "linear": places - lower,
        "lower": places * 0,
        "higher": places * 0 + 1,
        "midpoint": places * 0 + 0.5,
        "nearest": numpy.rint(places) - lower,
    }
    if interpolation not in weights:
        raise ValueError(f"quantile wanted interpolation as one of {list(weights)}, got {interpolation!r}")
    return lower, upper, weights[interpolation]
