"""Writing to positions that an index names: in place of what is there, added to it, or the extreme of both.

For: `scatter`, `scatter_mean` and `scatter_extreme`, in the terms of `gather`, whose index they share. Not for: adding,
which is the transpose of reading and stands beside it, in `indexing`.
"""

from __future__ import annotations

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.casting import cast, to_common
from tinygrad_edu.ops.indexing import along, getitem, put, set_at
from tinygrad_edu.ops.shaping import zeros_like


def front(source, index):
    """The part of `source` that an index of its own size speaks about."""
    return getitem(source, key=tuple(slice(size) for size in index.shape), unique=True)


def scatter(x, index, source, *, axis):
    """x with source[i, j, k] (or one number) at x[index[i, j, k], j, k] for axis 0, and likewise for the others."""
    value = front(source, index) if hasattr(source, "shape") else source
    return set_at(x, value, first=(...,), key=along(index, x.shape, axis))


def counted(source, key, shape):
    """How many elements of `source` the key sends to each place."""
    return put(zeros_like(source) + 1, key=key, shape=shape, unique=False)


def scatter_mean(x, index, source, *, axis, include_self):
    """The mean at each place of all that is sent there, and of x itself (or, not including it, x where nothing is)"""
    source, key = front(source, index), along(index, x.shape, axis)
    total = x + put(source, key=key, shape=x.shape, unique=False)
    number = counted(source, key, x.shape)
    return total / (number + (1 if include_self else number == 0))


@primitive(prepare=to_common)
def extreme_at(x, source, *, key, largest):
    """out = max(x, every source sent to that place), or min. Equal extremes share the gradient."""
    library = namespace(x)
    out = x.copy()
    (library.maximum if largest else library.minimum).at(out, key, source)
    return out


def attained(x, source, out, key):
    """[x = out] + how many of `source` equal out at their place: among so many the gradient is shared."""
    hits = cast(source == getitem(out, key=key, unique=False), dtype=x.dtype)
    return cast(x == out, dtype=x.dtype) + put(hits, key=key, shape=x.shape, unique=False)


extreme_at.defvjp(
    x=lambda g, x, source, out, key: g / attained(x, source, out, key) * (x == out),
    source=lambda g, x, source, out, key: (
        getitem(g / attained(x, source, out, key), key=key, unique=False)
        * (source == getitem(out, key=key, unique=False))
    ),
)
extreme_at.deflatex(
    r"\operatorname{extreme}(x, \mathrm{source}, \mathrm{key}, \mathrm{largest})",
    x=r"g \odot \frac{[x = \mathrm{out}]}{[x = \mathrm{out}] + \operatorname{put}([\mathrm{source} = "
    r"\mathrm{out}_{\mathrm{key}}], \mathrm{key})}",
    source=r"(\frac{g}{[x = \mathrm{out}] + \operatorname{put}([\mathrm{source} = "
    r"\mathrm{out}_{\mathrm{key}}], \mathrm{key})})_{\mathrm{key}} "
    r"\odot [\mathrm{source} = \mathrm{out}_{\mathrm{key}}]",
)
extreme_at.defcost(lambda source: source.size, x=lambda x, source: 2 * x.size + source.size)


def scatter_extreme(x, index, source, *, axis, largest):
    """x with the largest (or smallest), of itself and of all that is sent there, at each place"""
    return extreme_at(x, front(source, index), key=along(index, x.shape, axis), largest=largest)
