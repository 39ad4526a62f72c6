"""Shapes, orders and pieces of a Tensor: PyTorch's signatures over the ops of floor 2."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy import ndarray

from tinygrad_edu.backend import namespace, owner
from tinygrad_edu.ops import broadcasting, linalg, shaping
from tinygrad_edu.tensors.axes import axes_of, axis_of, flat_sizes
from tinygrad_edu.tensors.part import Part

if TYPE_CHECKING:
    from tinygrad_edu.tensors.tensor import Tensor


def _complete(shape: tuple[int, ...], size: int, old: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its one -1 worked out, checked against the number of elements."""
    if -1 not in shape and math.prod(shape) == size:
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
        sizes = flat_sizes(shape)
        try:
            out = shaping.reshape.run(input, shape=sizes)
        except (TypeError, ValueError):  # the library refuses it: so do we, in our words
            _complete(tuple(map(operator.index, sizes)), input.array.size, input.shape)
            raise
        if out.array.shape != sizes:  # a -1, or what the library takes for one
            _complete(tuple(map(operator.index, sizes)), input.array.size, input.shape)
        return out

    def view(input: Any, *shape: Any) -> Tensor:
        """Like reshape, but never a copy: for tensors whose memory is in order; see contiguous()"""
        memory = owner(input.array)
        if memory is input.array and not input.is_contiguous():
            # A result, in whatever order its kernel found fastest; nobody else has its memory. Now in row-major order.
            input.array = namespace(memory).ascontiguousarray(memory)
            return Rearranging.reshape(input, *shape)
        out = Rearranging.reshape(input, *shape)
        if input.is_contiguous() or owner(out.array) is memory:
            return out
        if type(memory) is not ndarray or memory.flags.c_contiguous:
            raise ValueError(
                f"view wanted a tensor whose memory is in row-major order, got one of shape {input.shape} that is a "
                "transpose or a slice: use reshape(...), which copies when it must"
            )
        out.array.flags.writeable = False  # of a part of such a result: what is written to it would not arrive there
        return out

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

    def ravel(input: Any) -> Tensor:
        """All dimensions as one"""
        return Rearranging.reshape(input, -1)

    def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Tensor:
        """Dimension `dim` split into several"""
        axis = axis_of(dim, input.ndim)
        parts = _complete(tuple(sizes), input.shape[axis], input.shape)
        return shaping.reshape.run(input, shape=input.shape[:axis] + parts + input.shape[axis + 1 :])

    def squeeze(input: Any, dim: Any = None) -> Tensor:
        """Without the dimensions of size 1 (all of them, or those in `dim`)"""
        axes = () if dim == () else axes_of(dim, input.ndim)
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
        if any(n < (-1 if i >= new else 0) for i, n in enumerate(shape)):
            raise ValueError(f"expand wanted sizes of 0 or more, or -1 for a dimension that exists, got {shape}")
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
        if any(count < 0 for count in counts):
            raise ValueError(f"repeat wanted numbers of 0 or more, got {counts}")
        shape = (1,) * (len(counts) - input.ndim) + input.shape
        paired = shaping.reshape.run(input, shape=tuple(n for size in shape for n in (1, size)))
        copies = tuple(n for pair in zip(counts, shape, strict=True) for n in pair)
        sizes = tuple(count * size for count, size in zip(counts, shape, strict=True))
        return shaping.reshape.run(broadcasting.broadcast.run(paired, shape=copies), shape=sizes)

    def tile(input: Any, *dims: Any) -> Tensor:
        """Like repeat, but numbers that are missing in front are 1"""
        counts = flat_sizes(dims)
        return Rearranging.repeat(input, (1,) * (input.ndim - len(counts)) + tuple(counts))

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
        if not input.ndim:
            return input
        order = [i for i in range(input.ndim) if i not in start]
        for place, axis in sorted(zip(end, start, strict=True)):
            order.insert(place, axis)
        return shaping.permute.run(input, axes=tuple(order))

    def flip(input: Any, *dims: Any) -> Tensor:
        """Read backwards along the given dimensions"""
        dims = flat_sizes(dims)
        return shaping.flip.run(input, axes=axes_of(dims, input.array.ndim)) if dims else input

    def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
        """Shifted around along `dims`; without dims, in the flattened tensor"""
        moves = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
        if dims is None and len(moves) == 1:
            flat = shaping.roll.run(shaping.reshape.run(input, shape=(input.array.size,)), shifts=moves, axes=(0,))
            return shaping.reshape.run(flat, shape=input.shape)
        axes = tuple(
            axis_of(d, input.ndim) for d in (dims if isinstance(dims, Sequence) else () if dims is None else [dims])
        )
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

    def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """The elements whose positions along dim1 and dim2 are i and i + offset, as a new last dimension"""
        _matrices("diagonal", input)
        first, second = axis_of(dim1, input.ndim), axis_of(dim2, input.ndim)
        if first == second:
            raise ValueError(f"diagonal wanted two different dimensions, got {dim1} and {dim2}")
        rest = tuple(i for i in range(input.ndim) if i not in (first, second))
        matrices = shaping.permute(input, axes=(*rest, first, second))[..., max(-offset, 0) :, max(offset, 0) :]
        size = min(matrices.shape[-2:])
        return linalg.diagonal(matrices[..., :size, :size])

    # --------------------------------------------------------------------------------------------------- pieces
    def unbind(input: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """The slices along `dim`, without it"""
        axis = axis_of(dim, input.ndim)
        pieces = shaping.split.run(input, sizes=(1,) * input.shape[axis], axis=axis)
        shape = input.shape[:axis] + input.shape[axis + 1 :]
        return tuple(shaping.reshape.run(piece, shape=shape) for piece in pieces)

    def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Pieces along `dim`: all of one size (the last may be smaller), or of the given sizes"""
        axis = axis_of(dim, input.ndim)
        total, sizes = input.shape[axis], split_size_or_sections
        if isinstance(sizes, int):
            if sizes < 0 or (sizes == 0 and total):
                raise ValueError(f"split wanted a piece size above 0, got {sizes}")
            sizes = [min(sizes, total - start) for start in range(0, total, sizes or 1)] or [0]
        if sum(sizes) != total or any(n < 0 for n in sizes):
            raise ValueError(
                f"split wanted sizes of 0 or more that add up to {total}, the size of dim {dim}, got {list(sizes)}"
            )
        return shaping.split.run(input, sizes=tuple(sizes), axis=axis)

    def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` pieces of equal size along `dim` (the last may be smaller)"""
        if chunks <= 0:
            raise ValueError(f"chunk wanted a number above 0, got {chunks}")
        size = input.size(dim)
        return Rearranging.split(input, -(-size // chunks) if size else [0] * chunks, dim)

    def narrow(input: Any, dim: int, start: int, length: int) -> Tensor:
        """`length` elements along `dim`, beginning at `start`"""
        axis = axis_of(dim, input.ndim)
        size = input.shape[axis]
        first = start + size if start < 0 else start
        if not 0 <= first <= first + length <= size:
            raise IndexError(f"narrow wanted a piece inside the {size} elements of dim {dim}, got {start} and {length}")
        return input[(slice(None),) * axis + (slice(first, first + length),)]


def _matrices(name: str, input: Any) -> None:
    if input.ndim < 2:
        raise ValueError(f"{name} wanted a matrix or a batch of them, got shape {input.shape}")
