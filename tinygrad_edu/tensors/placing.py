"""Reading and writing by tensors of positions: take, scatter, index_add, masked_select, nonzero and their relatives.

For: the methods that give a new tensor; those that end in _ and write into their own are in `overwriting`. Not for:
t[key], gather and scatter_add, which are in `indexing`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import namespace, to_host
from tinygrad_edu.engine import result
from tinygrad_edu.ops import indexing, scattering, shaping
from tinygrad_edu.tensors.axes import axis_of, check_index
from tinygrad_edu.tensors.indexing import along_axis
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


class Placing(Part):
    __slots__ = ()

    # ----------------------------------------------------------------------------------------------------- reading
    def select(input: Any, dim: int, index: int) -> Tensor:
        """The slice at `index` along `dim`, without that dimension"""
        if not input.ndim:
            raise IndexError("select() cannot be applied to a 0-dim tensor: it has no dimension to select along")
        axis = axis_of(dim, input.ndim)
        if not -input.shape[axis] <= index < input.shape[axis]:
            raise IndexError(f"select wanted an index into the {input.shape[axis]} slices of dim {dim}, got {index}")
        return input[(slice(None),) * axis + (index,)]

    def take(input: Any, index: Any) -> Tensor:
        """The elements of the flattened input that `index` names, in the shape of `index`"""
        return input.reshape(-1)[index]

    def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Tensor:
        """Like gather, but sizes of 1 are broadcast; without a dim, from the flattened input"""
        if dim is None:
            return Placing.take(input, indices.reshape(-1))
        axis = axis_of(dim, input.ndim)
        if indices.ndim != input.ndim:
            raise ValueError(
                f"take_along_dim wanted indices of {input.ndim} dimensions like the input, got shape {indices.shape}"
            )
        common = numpy.broadcast_shapes(_with_one(input.shape, axis), _with_one(indices.shape, axis))
        sizes = [(*common[:axis], tensor.shape[axis], *common[axis + 1 :]) for tensor in (input, indices)]
        return input.expand(sizes[0]).gather(axis, indices.expand(sizes[1]))

    def masked_select(input: Any, mask: Any) -> Tensor:
        """The elements where the mask holds, in a row. Waits for a GPU, because their number is not known"""
        if mask.dtype.kind != "b":
            raise TypeError(f"masked_select wanted a mask of dtype bool, got {mask.dtype}: compare first, x == 0")
        common = numpy.broadcast_shapes(input.shape, mask.shape)
        return input.expand(common)[mask.expand(common)]

    def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
        """Where it is not 0: one row for each place, or with as_tuple one tensor for each dimension. Waits for a GPU"""
        array = input.array if input.ndim else input.array.reshape(1)
        library = namespace(array)
        places = library.nonzero(array)
        if as_tuple:
            return tuple(map(result, places))
        if not input.ndim:  # a single number has no position: rows of nothing
            return result(places[0].reshape(-1, 1)[:, :0])
        return result(library.stack(places, 1))

    def argwhere(input: Any) -> Tensor:
        """Where it is not 0: one row for each place"""
        return Placing.nonzero(input)

    def repeat_interleave(input: Any, repeats: Any, dim: int | None = None) -> Tensor:
        """Each slice along `dim` `repeats` times in a row, a number or one for each; without a dim, each element"""
        if dim is None or not input.ndim:
            input, dim = input.flatten(), 0
        axis = axis_of(dim, input.ndim)
        size = input.shape[axis]
        if isinstance(repeats, Part) and repeats.numel() != 1:
            if repeats.shape != (size,):
                raise ValueError(f"repeat_interleave wanted {size} repeats for dim {dim}, got shape {repeats.shape}")
            order = numpy.repeat(numpy.arange(size), to_host(repeats.array))  # the sizes of the result: waits for a GPU
            return input[(slice(None),) * axis + (order,)]
        if (count := int(repeats)) < 0:
            raise ValueError(f"repeat_interleave wanted repeats of 0 or more, got {count}")
        wide = input.unsqueeze(axis + 1).expand(*input.shape[: axis + 1], count, *input.shape[axis + 1 :])
        return wide.reshape(*input.shape[:axis], size * count, *input.shape[axis + 1 :])

    # ----------------------------------------------------------------------------------------------------- writing
    def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None) -> Tensor:
        """A copy of input with src[i, j] (or one number) at [index[i, j], j] for dim 0, [i, index[i, j]] for dim 1, …

        Of several sent to one place any may win: scatter_add and scatter_reduce combine them.
        """
        source = value if src is None else src
        axis = along_axis("scatter", input, dim, index, source if isinstance(source, Part) else None)
        if isinstance(source, Part) and source.dtype != input.dtype:
            raise TypeError(
                f"scatter wanted src in the dtype of input, {input.dtype}, got {source.dtype}: use .to(...)"
            )
        line, index, source = _as_lines(input, index, source)
        return shaping.reshape(scattering.scatter(line, index.array, source, axis=axis), shape=input.shape)

    def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Tensor:
        """A copy of input with all src[i, j] that are sent to one place, and what is there (unless not include_self),
        reduced to their "sum", "mean", "amax" or "amin" """
        axis = along_axis("scatter_reduce", input, dim, index, src)
        if reduce not in ("sum", "mean", "amax", "amin"):
            raise ValueError(f"scatter_reduce wanted reduce as 'sum', 'mean', 'amax' or 'amin', got {reduce!r}")
        line, index, src = _as_lines(input, index, src)
        index = index.array
        if not include_self:
            least, most = _range(line.dtype)
            neutral = {"amax": least, "amin": most}.get(reduce, 0)
            line = scattering.scatter(line, index, neutral, axis=axis)  # then what is sent there counts alone
        if reduce == "sum":
            out = indexing.scatter_add(line, index, src, axis=axis)
        elif reduce == "mean":
            out = scattering.scatter_mean(line, index, src, axis=axis, include_self=include_self)
        else:
            out = scattering.scatter_extreme(line, index, src, axis=axis, largest=reduce == "amax")
        return shaping.reshape(out, shape=input.shape)

    def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
        """A copy of input with alpha times the slices of `source` added to those that `index` names; repeats add up"""
        key = _slices("index_add", input, dim, index, source)
        scaled = source if alpha == 1 else source * alpha
        return input + indexing.put(scaled, key=key, shape=input.shape, unique=False)

    def index_copy(input: Any, dim: int, index: Any, source: Any) -> Tensor:
        """A copy of input with the slices of `source` in place of those that `index` names"""
        return indexing.set_at(input, source, first=(...,), key=_slices("index_copy", input, dim, index, source))

    def index_fill(input: Any, dim: int, index: Any, value: Any) -> Tensor:
        """A copy of input with `value` everywhere in the slices that `index` names"""
        return indexing.set_at(input, value, first=(...,), key=_slices("index_fill", input, dim, index))


def _range(dtype: Any) -> tuple[Any, Any]:
    """The least and the greatest number of a dtype."""
    return (-math.inf, math.inf) if dtype.kind == "f" else (numpy.iinfo(dtype).min, numpy.iinfo(dtype).max)


def _with_one(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], 1, *shape[axis + 1 :])


def _as_lines(input: Any, index: Any, source: Any) -> tuple[Any, Any, Any]:
    """A single number as a line of one: 0-d tensors have no axis to count along."""
    if input.ndim:
        return input, index, source
    line = source.reshape(1) if hasattr(source, "reshape") else source
    return input.reshape(1), index.reshape(1), line


def _slices(name: str, input: Any, dim: int, index: Any, source: Any = None) -> tuple[Any, ...]:
    """The key of whole slices along `dim`."""
    axis = axis_of(dim, input.ndim)
    size = input.shape[axis] if input.ndim else 1
    if index.ndim > 1 or index.dtype.kind not in "iu":
        raise ValueError(f"{name} wanted a vector of integers as index, got shape {index.shape} of {index.dtype}")
    wanted = (*input.shape[:axis], index.numel(), *input.shape[axis + 1 :]) if input.ndim else ()
    if source is not None and source.shape != wanted:
        raise ValueError(f"{name} wanted a source of shape {wanted}, got {source.shape}")
    check_index(index.array, size, name)
    return (*(slice(None),) * axis, index.array.reshape(-1), ...) if input.ndim else (...,)
