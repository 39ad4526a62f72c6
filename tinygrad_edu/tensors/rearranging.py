"""Shapes, pieces and positions of a Tensor: PyTorch's signatures over the ops of floor 2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy

from tinygrad_edu.backend import device_of, is_array, to_device
from tinygrad_edu.engine import Value
from tinygrad_edu.ops import broadcasting, indexing, linalg, shaping
from tinygrad_edu.tensors.axes import axes_of, axis_of, check_index, flat_sizes
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


def _complete(shape: tuple[int, ...], size: int, old: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its one -1 worked out, checked against the number of elements."""
    if min(shape, default=0) >= 0 and math.prod(shape) == size:
        return shape
    known = math.prod(n for n in shape if n != -1)
    if shape.count(-1) > 1 or any(n < -1 for n in shape):
        raise ValueError(f"wanted sizes of 0 or more and at most one -1, got {shape}")
    if -1 in shape and known and size % known == 0:
        return tuple(size // known if n == -1 else n for n in shape)
    if -1 in shape or known != size:
        raise ValueError(f"shape {shape} is invalid for input of size {size}: {old} holds {size} elements")
    return shape


class Rearranging(Part):
    __slots__ = ()

    # --------------------------------------------------------------------------------------------------- shapes
    def reshape(input: Any, *shape: Any) -> Tensor:
        """The same numbers in row-major order, in another shape; one size may be -1. A view where possible"""
        sizes = tuple(map(int, flat_sizes(shape)))
        return shaping.reshape.run(input, shape=_complete(sizes, input.array.size, input.shape))

    def view(input: Any, *shape: Any) -> Tensor:
        """Like reshape, for tensors whose memory is in order; see contiguous()"""
        if not input.is_contiguous():
            raise ValueError(
                f"view wanted a tensor whose memory is in row-major order, got one of shape {input.shape} that is a "
                "transpose or a slice: use reshape(...), which copies when it must"
            )
        return Rearranging.reshape(input, *shape)

    def view_as(input: Any, other: Tensor) -> Tensor:
        """view(other.shape)"""
        return Rearranging.view(input, other.shape)

    def reshape_as(input: Any, other: Tensor) -> Tensor:
        """reshape(other.shape)"""
        return Rearranging.reshape(input, other.shape)

    def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """The dimensions from start_dim to end_dim as one"""
        start, end = axis_of(start_dim, input.ndim), axis_of(end_dim, input.ndim)
        if start > end:
            raise ValueError(f"flatten wanted start_dim before end_dim, got {start_dim} and {end_dim}")
        shape = (*input.shape[:start], math.prod(input.shape[start : end + 1]), *input.shape[end + 1 :])
        return shaping.reshape.run(input, shape=shape)

    def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Tensor:
        """Dimension `dim` split into several"""
        axis = axis_of(dim, input.ndim)
        parts = _complete(tuple(sizes), input.shape[axis], input.shape)
        return shaping.reshape.run(input, shape=input.shape[:axis] + parts + input.shape[axis + 1 :])

    def squeeze(input: Any, dim: Any = None) -> Tensor:
        """Without the dimensions of size 1 (all of them, or those in `dim`)"""
        axes = axes_of(dim, input.ndim)
        return shaping.reshape.run(input, shape=tuple(n for i, n in enumerate(input.shape) if n != 1 or i not in axes))

    def unsqueeze(input: Any, dim: int) -> Tensor:
        """With a new dimension of size 1 at `dim`"""
        axis = axis_of(dim, input.ndim + 1)
        return shaping.reshape.run(input, shape=(*input.shape[:axis], 1, *input.shape[axis:]))

    def expand(input: Any, *sizes: Any) -> Tensor:
        """Repeated along dimensions of size 1 and new leading ones, without copying; -1 keeps a size"""
        shape = flat_sizes(sizes)
        if len(shape) < input.ndim:
            raise ValueError(f"expand wanted at least {input.ndim} sizes for shape {input.shape}, got {shape}")
        new = len(shape) - input.ndim
        full = tuple(input.shape[i - new] if n == -1 and i >= new else n for i, n in enumerate(shape))
        for old, size in zip(input.shape, full[new:], strict=True):
            if old != size and old != 1:
                raise ValueError(f"expand can repeat only sizes of 1, got {input.shape} to expand to {shape}")
        return broadcasting.broadcast.run(input, shape=full)

    def expand_as(input: Any, other: Tensor) -> Tensor:
        """expand(other.shape)"""
        return Rearranging.expand(input, other.shape)

    def broadcast_to(input: Any, shape: Sequence[int]) -> Tensor:
        """expand(shape)"""
        return Rearranging.expand(input, shape)

    def repeat(input: Any, *repeats: Any) -> Tensor:
        """Copies laid side by side, repeats[i] of them along dimension i"""
        counts = flat_sizes(repeats)
        if len(counts) < input.ndim:
            raise ValueError(f"repeat wanted at least {input.ndim} numbers for shape {input.shape}, got {counts}")
        shape = (1,) * (len(counts) - input.ndim) + input.shape
        paired = shaping.reshape.run(input, shape=tuple(n for size in shape for n in (1, size)))
        copies = tuple(n for pair in zip(counts, shape, strict=True) for n in pair)
        sizes = tuple(count * size for count, size in zip(counts, shape, strict=True))
        return shaping.reshape.run(broadcasting.broadcast.run(paired, shape=copies), shape=sizes)

    # --------------------------------------------------------------------------------------------------- orders
    def permute(input: Any, *dims: Any) -> Tensor:
        """The dimensions in another order"""
        axes = tuple(axis_of(d, input.ndim) for d in flat_sizes(dims))
        if sorted(axes) != list(range(input.ndim)):
            raise ValueError(f"permute wanted each of the {input.ndim} dimensions once, got {flat_sizes(dims)}")
        return shaping.permute.run(input, axes=axes)

    def transpose(input: Any, dim0: int, dim1: int) -> Tensor:
        """Two dimensions exchanged"""
        first, second = axis_of(dim0, input.ndim), axis_of(dim1, input.ndim)
        return shaping.swap(input, first, second) if input.ndim else input

    def t(input: Any) -> Tensor:
        """The transpose of a matrix; a vector is its own"""
        if input.ndim > 2:
            raise ValueError(f"t() wanted at most 2 dimensions, got shape {input.shape}: use .mT or transpose")
        return shaping.swap(input, 0, 1) if input.ndim == 2 else input

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order"""
        return shaping.permute.run(self, axes=tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged"""
        if self.ndim < 2:
            raise ValueError(f".mT wanted a matrix or a batch of them, got shape {self.shape}")
        return shaping.swap(self, self.ndim - 2, self.ndim - 1)

    def movedim(input: Any, source: Any, destination: Any) -> Tensor:
        """Dimensions moved to other places, the rest in their order"""
        start = [axis_of(d, input.ndim) for d in (source if isinstance(source, Sequence) else [source])]
        end = [axis_of(d, input.ndim) for d in (destination if isinstance(destination, Sequence) else [destination])]
        if len(set(start)) != len(start) or len(set(end)) != len(end) or len(start) != len(end):
            raise ValueError(f"movedim wanted equally many, distinct dimensions, got {source} and {destination}")
        order = [i for i in range(input.ndim) if i not in start]
        for place, axis in sorted(zip(end, start, strict=True)):
            order.insert(place, axis)
        return shaping.permute.run(input, axes=tuple(order))

    def flip(input: Any, *dims: Any) -> Tensor:
        """Read backwards along the given dimensions"""
        return shaping.flip.run(input, axes=axes_of(flat_sizes(dims), input.ndim)) if flat_sizes(dims) else input

    def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
        """Shifted around along `dims`; without dims, in the flattened tensor"""
        moves = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
        if dims is None:
            flat = shaping.roll.run(shaping.reshape.run(input, shape=(input.array.size,)), shifts=moves, axes=(0,))
            return shaping.reshape.run(flat, shape=input.shape)
        axes = axes_of(dims, input.ndim)
        if len(axes) != len(moves):
            raise ValueError(f"roll wanted as many shifts as dims, got {shifts} and {dims}")
        return shaping.roll.run(input, shifts=moves, axes=axes)

    def tril(input: Any, diagonal: int = 0) -> Tensor:
        """The lower triangle of each matrix, zeros elsewhere"""
        _matrices("tril", input)
        return shaping.tril.run(input, diagonal=diagonal)

    def triu(input: Any, diagonal: int = 0) -> Tensor:
        """The upper triangle of each matrix, zeros elsewhere"""
        _matrices("triu", input)
        return shaping.triu.run(input, diagonal=diagonal)

    def diagonal(input: Any) -> Tensor:
        """The diagonal of the last two dimensions, which must be equal"""
        _matrices("diagonal", input)
        return linalg.diagonal(input)

    # --------------------------------------------------------------------------------------------------- pieces
    def unbind(input: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """The slices along `dim`, without it"""
        axis = axis_of(dim, input.ndim)
        return tuple(input[(slice(None),) * axis + (i,)] for i in range(input.shape[axis]))

    def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Pieces along `dim`: all of one size (the last may be smaller), or of the given sizes"""
        axis = axis_of(dim, input.ndim)
        total, sizes = input.shape[axis], split_size_or_sections
        if isinstance(sizes, int):
            if sizes <= 0:
                raise ValueError(f"split wanted a piece size above 0, got {sizes}")
            sizes = [min(sizes, total - start) for start in range(0, total, sizes)] or [0]
        if sum(sizes) != total:
            raise ValueError(f"split wanted sizes that add up to {total}, the size of dim {dim}, got {list(sizes)}")
        ends = numpy.cumsum(sizes).tolist()
        before = (slice(None),) * axis
        return tuple(input[(*before, slice(end - n, end))] for n, end in zip(sizes, ends, strict=True))

    def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` pieces of equal size along `dim` (the last may be smaller)"""
        if chunks <= 0:
            raise ValueError(f"chunk wanted a number above 0, got {chunks}")
        return Rearranging.split(input, max(-(-input.shape[axis_of(dim, input.ndim)] // chunks), 1), dim)

    def narrow(input: Any, dim: int, start: int, length: int) -> Tensor:
        """`length` elements along `dim`, beginning at `start`"""
        return input[(slice(None),) * axis_of(dim, input.ndim) + (slice(start, start + length),)]

    # ------------------------------------------------------------------------------------------------- positions
    def __getitem__(self, key: Any) -> Tensor:
        key, unique = clean_key(key, self.array)
        return indexing.getitem.run(self, key=key, unique=unique)

    def index_select(input: Any, dim: int, index: Any) -> Tensor:
        """The slices along `dim` that a 1-d tensor of positions names"""
        axis = axis_of(dim, input.ndim)
        check_index(index.array, input.shape[axis], "index_select")
        return input[(slice(None),) * axis + (index,)]

    def gather(input: Any, dim: int, index: Any) -> Tensor:
        """out[i, j] = input[index[i, j], j] for dim 0, input[i, index[i, j]] for dim 1, and so on"""
        axis = _along("gather", input, dim, index)
        return indexing.gather(input, index.array, axis=axis)

    def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Tensor:
        """A copy of input with src[i, j] added at [index[i, j], j] for dim 0, [i, index[i, j]] for dim 1, and so on"""
        axis = _along("scatter_add", input, dim, index)
        if any(n > m for n, m in zip(index.shape, src.shape, strict=True)):
            raise ValueError(f"scatter_add wanted src at least as large as index, got {src.shape} and {index.shape}")
        return indexing.scatter_add(input, index.array, src, axis=axis)


def _matrices(name: str, input: Any) -> None:
    if input.ndim < 2:
        raise ValueError(f"{name} wanted a matrix or a batch of them, got shape {input.shape}")


def _along(name: str, input: Any, dim: int, index: Any) -> int:
    axis = axis_of(dim, input.ndim)
    if index.ndim != input.ndim:
        raise ValueError(f"{name} wanted an index of {input.ndim} dimensions like the input, got shape {index.shape}")
    if index.array.dtype.kind not in "iu":
        raise TypeError(f"{name} wanted an index of integers, got {index.array.dtype}: convert with .long()")
    for i, (n, size) in enumerate(zip(index.shape, input.shape, strict=True)):
        if i != axis and n > size:
            raise ValueError(f"{name} wanted an index no larger than the input, got {index.shape} for {input.shape}")
    check_index(index.array, input.shape[axis], name)
    return axis


def clean_key(key: Any, array: Any) -> tuple[tuple[Any, ...], bool]:
    """A key in the array library's own terms, and whether it surely names no element twice.

    It always ends in `...`, so that reading one element gives a 0-d view and not a copied number.
    """
    parts = [_clean(part, array) for part in (key if isinstance(key, tuple) else (key,))]
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    arrays = [part for part in parts if is_array(part)]
    return tuple(parts), all(part.dtype.kind == "b" for part in arrays) and len(arrays) <= 1


def _clean(part: Any, array: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, (bool, int, slice)):
        return part
    if isinstance(part, numpy.integer):
        return int(part)
    if isinstance(part, Value):
        part = part.array
    elif isinstance(part, (list, range)):
        part = numpy.asarray([p.array.item() if isinstance(p, Value) else p for p in part])
        part = part.astype(numpy.int64) if not part.size else part
    if not is_array(part):
        raise IndexError(
            f"wanted integers, slices, None, ..., lists or tensors of integers or truth values as an index, "
            f"got {type(part).__name__}"
        )
    if part.dtype.kind not in "iub":
        raise IndexError(f"wanted an index of integers or truth values, got {part.dtype}: convert with .long()")
    return to_device(part, device_of(array))
