"""Several tensors together: side by side, in blocks, in one common shape.

For: the arrangements of `cat` and `stack`, which are in `functions`. Not for: products of them, in `products`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy

from tinygrad_edu.ops import casting
from tinygrad_edu.tensors.functions import cat, stack
from tinygrad_edu.tensors.tensor import Tensor

concat = concatenate = cat


def _each(tensors: Any, function: Any) -> list[Tensor]:
    """The function of each tensor, given one by one or in one sequence."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    return [function(tensor) for tensor in tensors]


def _one_or_each(tensors: tuple[Any, ...], function: Any) -> Any:
    single = len(tensors) == 1 and isinstance(tensors[0], Tensor)
    return function(tensors[0]) if single else tuple(_each(tensors, function))


def atleast_1d(*tensors: Any) -> Any:
    """A single number as a vector of one; others as they are"""
    return _one_or_each(tensors, lambda x: x if x.ndim else x.reshape(1))


def atleast_2d(*tensors: Any) -> Any:
    """A vector as a matrix of one row; others as they are"""
    return _one_or_each(tensors, lambda x: x if x.ndim > 1 else x.reshape(1, -1))


def atleast_3d(*tensors: Any) -> Any:
    """A vector (n) as (1, n, 1), a matrix (n, m) as (n, m, 1); others as they are"""
    return _one_or_each(tensors, lambda x: x if x.ndim > 2 else x.unsqueeze(-1) if x.ndim == 2 else x.reshape(1, -1, 1))


def hstack(tensors: Sequence[Any]) -> Tensor:
    """Side by side: matrices along their columns, vectors end to end"""
    tensors = atleast_1d(*tensors) if len(tensors) > 1 else [atleast_1d(tensors[0])]
    return cat(tensors, 0 if tensors[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Any]) -> Tensor:
    """One below the other; vectors become rows"""
    return cat(_each(tensors, atleast_2d) if len(tensors) > 1 else [atleast_2d(tensors[0])])


row_stack = vstack


def dstack(tensors: Sequence[Any]) -> Tensor:
    """One behind the other, along a third dimension"""
    return cat(_each(tensors, atleast_3d) if len(tensors) > 1 else [atleast_3d(tensors[0])], 2)


def column_stack(tensors: Sequence[Any]) -> Tensor:
    """Side by side; vectors become columns"""
    return hstack([x.reshape(-1, 1) if x.ndim < 2 else x for x in tensors])


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that tensors of these shapes take together"""
    return numpy.broadcast_shapes(*shapes)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All expanded to the shape that they take together, without copying"""
    shape = numpy.broadcast_shapes(*(tensor.shape for tensor in tensors))
    return tuple(tensor.expand(shape) for tensor in tensors)


def block_diag(*tensors: Any) -> Tensor:
    """A matrix with these matrices along its diagonal, zeros elsewhere"""
    blocks = [atleast_2d(tensor) for tensor in tensors]
    if any(block.ndim > 2 for block in blocks):
        raise ValueError(f"block_diag wanted matrices, got shapes {[block.shape for block in blocks]}")
    width, before, rows = sum(block.shape[1] for block in blocks), 0, []
    dtype = casting.result_type(*blocks)
    for block in blocks:
        left, right = (block.new_zeros(block.shape[0], n) for n in (before, width - before - block.shape[1]))
        rows.append(cat([left, block, right], 1).to(dtype))
        before += block.shape[1]
    return cat(rows)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid: out_k[i, j, …] is the k-th vector at its own index; "xy" exchanges the first two dims"""
    vectors = _each(tensors, lambda x: x.reshape(-1))
    if indexing not in (None, "ij", "xy"):
        raise ValueError(f"meshgrid wanted indexing as 'ij' or 'xy', got {indexing!r}")
    swapped = indexing == "xy" and len(vectors) > 1
    if swapped:
        vectors[:2] = vectors[1::-1]
    shape = tuple(vector.shape[0] for vector in vectors)
    grids = [
        vector.reshape([-1 if i == k else 1 for i in range(len(shape))]).expand(shape)
        for k, vector in enumerate(vectors)
    ]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> Tensor:
    """Every combination of one number from each vector, a row each"""
    if len(tensors) == 1:
        return tensors[0]
    return stack([grid.reshape(-1) for grid in meshgrid(*tensors)], 1)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut at the given indices, or into so many pieces whose sizes differ by at most 1"""
    size, cuts = input.size(dim), indices_or_sections
    if isinstance(cuts, int):
        if cuts <= 0:
            raise ValueError(f"tensor_split wanted a number of sections above 0, got {cuts}")
        small, larger = divmod(size, cuts)
        return input.split([small + 1] * larger + [small] * (cuts - larger), dim)
    edges = [0, *(slice(cut).indices(size)[1] for cut in cuts), size]
    return tuple(input.narrow(dim, a, max(b - a, 0)) for a, b in itertools.pairwise(edges))
