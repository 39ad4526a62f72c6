"""ONNX operators that rearrange, cut, join, fill, read and write by position, in functions of ours."""

from __future__ import annotations

import itertools
from typing import Any

import tinygrad_edu as te
from tinygrad_edu.nn import functional as F


def numbers(tensor: Any) -> list[int]:
    """A tensor of sizes or axes as Python numbers."""
    return tensor.reshape(-1).tolist()


# -------------------------------------------------------------------------------------------------------------- shapes
def reshape(x: Any, shape: Any, *, allowzero: int = 0) -> Any:
    """A 0 keeps the size that is there, unless allowzero."""
    sizes = [x.shape[i] if n == 0 and not allowzero else n for i, n in enumerate(numbers(shape))]
    return te.reshape(x, sizes)


def flatten(x: Any, *, axis: int = 1) -> Any:
    axis = axis + x.ndim if axis < 0 else axis
    rows = 1
    for size in x.shape[:axis]:
        rows *= size
    return te.reshape(x, (rows, -1)) if x.numel() else te.reshape(x, (rows, x.numel() // max(rows, 1)))


def transpose(x: Any, *, perm: Any = None) -> Any:
    return te.permute(x, perm or tuple(range(x.ndim))[::-1])


def squeeze(x: Any, axes: Any = None) -> Any:
    return te.squeeze(x) if axes is None else te.squeeze(x, tuple(numbers(axes)))


def unsqueeze(x: Any, axes: Any) -> Any:
    rank = x.ndim + axes.numel()
    for axis in sorted(axis % rank for axis in numbers(axes)):
        x = te.unsqueeze(x, axis)
    return x


def expand(x: Any, shape: Any) -> Any:
    return te.broadcast_to(x, te.broadcast_shapes(x.shape, tuple(numbers(shape))))


def tile(x: Any, repeats: Any) -> Any:
    return te.tile(x, numbers(repeats))


def concat(*xs: Any, axis: int) -> Any:
    return te.cat(xs, axis)


def split(x: Any, sizes: Any = None, *, axis: int = 0, num_outputs: int = 0, outputs: int) -> Any:
    return te.split(x, -(-x.shape[axis] // outputs) if sizes is None else numbers(sizes), axis)


def slice_(x: Any, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> Any:
    """Python's slices; one that steps backwards reads a flipped tensor."""
    places = range(len(starts)) if axes is None else numbers(axes)
    jumps = [1] * len(starts) if steps is None else numbers(steps)
    for axis, start, end, step in zip(places, numbers(starts), numbers(ends), jumps, strict=True):
        chosen = te.tensor(list(range(x.shape[axis]))[slice(start, end, step)], dtype=te.int64)
        x = te.index_select(x, axis, chosen)
    return x


def depth_to_space(x: Any, *, blocksize: int, mode: str = "DCR") -> Any:
    inner = x.shape[1] // blocksize**2
    if mode == "DCR":  # the blocks come first; for CRD, as in PyTorch, the channels do
        x = te.flatten(te.transpose(te.unflatten(x, 1, (blocksize**2, inner)), 1, 2), 1, 2)
    return F.pixel_shuffle(x, blocksize)


def space_to_depth(x: Any, *, blocksize: int, mode: str = "DCR") -> Any:
    channels, x = x.shape[1], F.pixel_unshuffle(x, blocksize)
    if mode == "CRD":
        return x
    return te.flatten(te.transpose(te.unflatten(x, 1, (channels, blocksize**2)), 1, 2), 1, 2)


def shape(x: Any, *, start: int = 0, end: int | None = None) -> Any:
    return te.tensor(list(x.shape[start:end]), dtype=te.int64)


def trilu(x: Any, k: Any = None, *, upper: int = 1) -> Any:
    return (te.triu if upper else te.tril)(x, 0 if k is None else k.item())


def pad(x: Any, pads: Any, value: Any = None, axes: Any = None, *, mode: str = "constant") -> Any:
    """Margins along any axes; what is read there is found by its position."""
    places = list(range(x.ndim)) if axes is None else numbers(axes)
    before, after = (numbers(part) for part in te.chunk(pads, 2))
    if mode == "constant":
        margins = {axis % x.ndim: (b, a) for axis, b, a in zip(places, before, after, strict=True)}
        flat = [n for axis in reversed(range(x.ndim)) for n in margins.get(axis, (0, 0))]
        return F.pad(x, flat, value=0 if value is None else value.item())
    for axis, b, a in zip(places, before, after, strict=True):
        size = x.shape[axis]
        steps = te.arange(-b, size + a)
        if mode == "edge":
            steps = te.clamp(steps, 0, size - 1)
        elif mode == "wrap":
            steps = te.remainder(steps, size)
        else:
            steps = te.abs(te.remainder(steps + size - 1, 2 * size - 2) - (size - 1)) if size > 1 else steps * 0
        x = te.index_select(x, axis, steps)
    return x


def center_crop_pad(x: Any, sizes: Any, *, axes: Any = None) -> Any:
    for axis, size in zip(axes or range(x.ndim), numbers(sizes), strict=True):
        have = x.shape[axis]
        if have >= size:
            x = te.narrow(x, axis, (have - size) // 2, size)
        else:
            margin = [0, 0] * (x.ndim - axis % x.ndim - 1) + [(size - have) // 2, size - have - (size - have) // 2]
            x = F.pad(x, margin)
    return x


# ---------------------------------------------------------------------------------------------------------- positions
def positive(indices: Any, size: int) -> Any:
    """Positions counted from the front."""
    return te.where(indices < 0, indices + size, indices)


def gather(x: Any, indices: Any, *, axis: int = 0) -> Any:
    axis %= x.ndim
    found = te.index_select(x, axis, positive(indices, x.shape[axis]).reshape(-1))
    return te.reshape(found, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def gather_elements(x: Any, indices: Any, *, axis: int = 0) -> Any:
    return te.gather(x, axis, positive(indices, x.shape[axis]))


def gather_nd(x: Any, indices: Any, *, batch_dims: int = 0) -> Any:
    grids = te.meshgrid(*[te.arange(n) for n in x.shape[:batch_dims]], indexing="ij") if batch_dims else ()
    wide = indices.shape[:-1]
    leading = [te.reshape(grid, (*grid.shape, *[1] * (len(wide) - batch_dims))) for grid in grids]
    return x[(*leading, *te.unbind(indices, -1))]


def scatter_elements(x: Any, indices: Any, updates: Any, *, axis: int = 0, reduction: str = "none") -> Any:
    indices = positive(indices, x.shape[axis])
    if reduction == "none":
        return te.scatter(x, axis, indices, updates)
    if reduction == "mul":  # one after the other
        out = te.clone(x)
        for place in itertools.product(*map(range, indices.shape)):
            key = tuple(indices[place].item() if i == axis % x.ndim else n for i, n in enumerate(place))
            out[key] *= updates[place]
        return out
    return te.scatter_reduce(x, axis, indices, updates, {"add": "sum", "max": "amax", "min": "amin"}[reduction])


def scatter_nd(x: Any, indices: Any, updates: Any, *, reduction: str = "none") -> Any:
    """One write after the other, so that repeated positions are combined in order."""
    combine = {"none": lambda a, b: b, "add": te.add, "mul": te.mul, "max": te.maximum, "min": te.minimum}[reduction]
    out = te.clone(x)
    for place in itertools.product(*map(range, indices.shape[:-1])):
        key = tuple(numbers(indices[place]))
        out[key] = combine(out[key], updates[place])
    return out


def one_hot(indices: Any, depth: Any, values: Any, *, axis: int = -1) -> Any:
    """Positions beyond either end, and fractions, have nothing set."""
    size, (off, on) = int(depth.reshape(()).item()), values
    axis = axis + indices.ndim + 1 if axis < 0 else axis
    classes = te.arange(size)
    hits = te.unsqueeze(positive(indices.long(), size), -1) == classes
    return te.where(te.movedim(hits, -1, axis), on, off)


def compress(x: Any, condition: Any, *, axis: int | None = None) -> Any:
    (places,) = te.nonzero(condition, as_tuple=True)
    return te.index_select(te.flatten(x) if axis is None else x, axis or 0, places)


def reverse_sequence(x: Any, lengths: Any, *, batch_axis: int = 1, time_axis: int = 0) -> Any:
    x = te.movedim(x, (batch_axis, time_axis), (0, 1))
    rows = [te.cat([te.flip(row[:n], (0,)), row[n:]]) for row, n in zip(x, numbers(lengths), strict=True)]
    return te.movedim(te.stack(rows), (0, 1), (batch_axis, time_axis))


def tensor_scatter(past: Any, update: Any, places: Any = None, *, axis: int = -2, mode: str = "linear") -> Any:
    """New entries into a cache, row by row, each from its own place on; a circular one begins anew at its end."""
    rows = []
    starts = [0] * len(past) if places is None else numbers(places)
    for row, new, start in zip(past, update, starts, strict=True):
        along = axis - 1 if axis > 0 else axis
        index = te.arange(start, start + new.shape[along])
        index = te.remainder(index, row.shape[along]) if mode == "circular" else index
        rows.append(te.index_copy(row, along, index, new))
    return te.stack(rows)


def top_k(x: Any, k: Any, *, axis: int = -1, largest: int = 1, sorted: int = 1) -> Any:
    return te.topk(x, k.item(), axis, bool(largest))


def unique(x: Any, *, axis: int | None = None, sorted: int = 1) -> Any:
    """(values, where each first occurs, which value each is, how often); unsorted: in order of first occurrence"""
    values, inverse, counts = te.unique(x, return_inverse=True, return_counts=True, dim=axis)
    flat = te.flatten(inverse)
    first = te.tensor([flat.tolist().index(i) for i in range(len(counts))], dtype=te.int64)
    if not sorted:
        order = te.argsort(first)
        values, first, counts = te.index_select(values, axis or 0, order), first[order], counts[order]
        flat = te.argsort(order)[flat]
    return values, first, flat, counts


# ----------------------------------------------------------------------------------------------------------- filled
def constant_of_shape(shape: Any, *, value: Any = None) -> Any:
    value = te.tensor([0.0]) if value is None else value
    return te.full(numbers(shape), value.item(), dtype=value.dtype)


def constant(*, value: Any = None, value_float: float | None = None, value_int: int | None = None,
             value_floats: Any = None, value_ints: Any = None) -> Any:  # fmt: skip
    if value is not None:
        return value
    if value_int is not None or value_ints is not None:
        return te.tensor(value_int if value_ints is None else list(value_ints), dtype=te.int64)
    return te.tensor(value_float if value_floats is None else list(value_floats), dtype=te.float32)


def eye_like(x: Any, *, dtype: Any = None, k: int = 0) -> Any:
    rows, columns = x.shape
    return (te.arange(columns) - te.unsqueeze(te.arange(rows), 1) == k).to(dtype or x.dtype)


def range_(start: Any, limit: Any, delta: Any) -> Any:
    values = start.item(), limit.item(), delta.item()
    if (values[1] - values[0]) * values[2] < 0:
        return te.zeros(0, dtype=start.dtype)
    return te.arange(*values, dtype=start.dtype)


OPERATORS = {
    "CenterCropPad": center_crop_pad, "Compress": compress, "Concat": concat, "Constant": constant,
    "ConstantOfShape": constant_of_shape, "DepthToSpace": depth_to_space, "Expand": expand, "EyeLike": eye_like,
    "Flatten": flatten, "Gather": gather, "GatherElements": gather_elements, "GatherND": gather_nd,
    "NonZero": lambda x: te.transpose(te.nonzero(x), 0, 1), "OneHot": one_hot, "Pad": pad, "Range": range_,
    "Reshape": reshape, "ReverseSequence": reverse_sequence, "Scatter": scatter_elements,
    "ScatterElements": scatter_elements, "ScatterND": scatter_nd, "Shape": shape,
    "Size": lambda x: te.tensor(te.numel(x)), "Slice": slice_, "SpaceToDepth": space_to_depth, "Split": split,
    "Squeeze": squeeze, "TensorScatter": tensor_scatter, "Tile": tile, "TopK": top_k, "Transpose": transpose,
    "Trilu": trilu, "Unique": unique, "Unsqueeze": unsqueeze,
}  # fmt: skip
