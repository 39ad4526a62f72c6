"""Reading elements by position, and its transpose: adding them back where they came from.

Reading one element twice uses it twice, so its gradient arrives twice and the two add up: x[[0, 0, 1]] has the
gradient [2, 1, 0]. This is how an embedding learns from a repeated token.
"""

from __future__ import annotations

from tinygrad_edu.backend import add_at, is_array, namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.casting import to_common


@primitive
def getitem(x, *, key, unique):
    """x[key]. `unique` promises that the key names no element twice, so that the gradient may be assigned."""
    return x[key]


getitem.defvjp(x=lambda g, x_shape, key, unique: put(g, key=key, shape=x_shape, unique=unique))
getitem.deflatex(r"x_{\mathrm{key}}", x=r"\operatorname{put}(g, \mathrm{key})")
getitem.defcost(0, x=lambda out, unique: 0 if unique else out.size)


@primitive
def put(x, *, key, shape, unique):
    """Zeros of `shape` with x added at `key`: the transpose of getitem."""
    out = namespace(x).zeros(shape, x.dtype)
    if unique or not any(is_array(part) for part in key):
        out[key] = x
    else:
        add_at(out, key, x, fresh=True)
    return out


put.defvjp(x=lambda g, key, unique: getitem(g, key=key, unique=unique))
put.deflatex(r"\operatorname{put}(x, \mathrm{key})", x=r"g_{\mathrm{key}}")
put.defcost(lambda x, unique: 0 if unique else x.size, x=0)


@primitive(prepare=to_common)
def set_at(x, value, *, first, key):
    """A copy of x with x[first][key] = value, where x[first] is a view. What is overwritten loses its gradient."""
    out = namespace(x).array(x)
    out[first][key] = value
    return out


set_at.defvjp(
    x=lambda g, first, key: set_at(g, 0, first=first, key=key),
    value=lambda g, first, key, value_shape: unbroadcast(
        getitem(getitem(g, key=first, unique=True), key=key, unique=False), value_shape
    ),
)
set_at.deflatex(
    r"\operatorname{set}(x, \mathrm{key}, \mathrm{value})",
    x=r"\operatorname{set}(g, \mathrm{key}, 0)",
    value=r"g_{\mathrm{key}}",
)
set_at.defcost(0)


def along(index, shape, axis):
    """The key that reads, at every position of `index`, the element that `index` names along `axis`."""
    library = namespace(index)
    key = []
    for i, size in enumerate(index.shape):
        steps = library.arange(size).reshape([size if j == i else 1 for j in range(len(shape))])
        key.append(index if i == axis else steps)
    return tuple(key)


def gather(x, index, *, axis, unique=False):
    """out[i, j, k] = x[index[i, j, k], j, k] for axis 0, and likewise for the others. `index` is an array."""
    return getitem(x, key=along(index, x.shape, axis), unique=unique)


def scatter_add(x, index, source, *, axis):
    """x with source[i, j, k] added at x[index[i, j, k], j, k] for axis 0, and likewise for the others."""
    source = getitem(source, key=tuple(slice(size) for size in index.shape), unique=True)
    return x + put(source, key=along(index, x.shape, axis), shape=x.shape, unique=False)
