"""Broadcasting copies; the gradient of a copy is a sum. And a sum's gradient is a copy: the two are transposes.

Every op with two arguments ends its rules with `unbroadcast`.
"""

from __future__ import annotations

from tinygrad_edu.backend import broadcast_view, namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.shaping import reshape


@primitive
def sum(x, *, axis, keepdims):
    """out = Σ x over `axis` (a tuple of axes). The gradient is copied back along them."""
    return namespace(x).add.reduce(x, axis=axis, keepdims=keepdims)


sum.defvjp(x=lambda g, x_shape, axis: broadcast(spread(g, x_shape, axis), shape=x_shape))
sum.deflatex(r"\sum_{\mathrm{axis}} x", x=r"\operatorname{copy}_{\mathrm{axis}}(g)")
sum.defcost(lambda x: x.size, x=0)


@primitive
def broadcast(x, *, shape):
    """x repeated along axes of size 1 and new leading axes: a view that reads one number many times."""
    return broadcast_view(x, shape)


broadcast.defvjp(x=lambda g, x_shape: unbroadcast(g, x_shape))
broadcast.deflatex(r"\operatorname{copy}(x)", x=r"\sum_{\mathrm{copies}} g")
broadcast.defcost(0, x=lambda out: out.size)


def spread(g, x_shape, axis):
    """The gradient of a reduction with its lost axes put back as axes of size 1. A single number fits as it is."""
    if not g.shape:
        return g
    return reshape(g, shape=tuple(1 if i in axis else size for i, size in enumerate(x_shape)))


def unbroadcast(g, shape):
    """Sum g over the axes along which an argument of shape `shape` was repeated."""
    if g.shape == shape:
        return g
    new = len(g.shape) - len(shape)
    repeated = tuple(i + new for i, size in enumerate(shape) if size == 1 and g.shape[i + new] != 1)
    return reshape(sum(g, axis=(*range(new), *repeated), keepdims=False), shape=shape)


def additions(g, x):
    """How many additions `unbroadcast` takes for an argument x: one for each number of g, none where nothing repeats"""
    return g.size if g.shape != x.shape else 0
