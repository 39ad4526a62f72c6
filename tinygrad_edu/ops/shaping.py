"""Rearranging: the same numbers in another shape or order. The gradient is rearranged back.

Reshape, transpose, flip, roll, pad, cat, the triangles. Broadcasting, which copies, is in `broadcasting`.
"""

from __future__ import annotations

from itertools import accumulate

from tinygrad_edu.backend import namespace, to_device
from tinygrad_edu.engine import primitive


@primitive
def reshape(x, *, shape):
    """The same numbers in row-major order, in another shape; a view where the memory allows."""
    return x.reshape(shape)


reshape.defvjp(x=lambda g, x_shape: reshape(g, shape=x_shape))
reshape.deflatex(r"\operatorname{reshape}(x, \mathrm{shape})", x=r"\operatorname{reshape}(g, \operatorname{shape}(x))")


@primitive
def permute(x, *, axes):
    """out[i_axes[0], i_axes[1], …] = x[i_0, i_1, …]: the axes in another order; a view."""
    return x.transpose(axes)


permute.defvjp(x=lambda g, axes: permute(g, axes=inverse(axes)))
permute.deflatex(r"\operatorname{permute}(x, \mathrm{axes})", x=r"\operatorname{permute}(g, \mathrm{axes}^{-1})")


def inverse(axes):
    """The order of axes that undoes `axes`."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def swap(x, first, second):
    """x with two axes exchanged."""
    axes = list(range(x.ndim))
    axes[first], axes[second] = axes[second], axes[first]
    return permute(x, axes=tuple(axes))


_FORWARDS, _BACKWARDS = slice(None), slice(None, None, -1)


@primitive
def flip(x, *, axes):
    """x read backwards along `axes`. A flip undoes itself, so the gradient is flipped too."""
    return x[tuple([_BACKWARDS if axis in axes else _FORWARDS for axis in range(x.ndim)])]


flip.defvjp(x=lambda g, axes: flip(g, axes=axes))
flip.deflatex(r"\operatorname{flip}_{\mathrm{axes}}(x)", x=r"\operatorname{flip}_{\mathrm{axes}}(g)")


@primitive
def roll(x, *, shifts, axes):
    """Shifted around: what leaves one end comes in at the other. The gradient rolls back."""
    return namespace(x).roll(x, shifts, axes)


roll.defvjp(x=lambda g, shifts, axes: roll(g, shifts=tuple(-shift for shift in shifts), axes=axes))
roll.deflatex(
    r"\operatorname{roll}_{\mathrm{axes}}(x, \mathrm{shifts})",
    x=r"\operatorname{roll}_{\mathrm{axes}}(g, -\mathrm{shifts})",
)


@primitive
def pad(x, *, widths, value):
    """x with a margin of `value`: widths[axis] = (before, after). The margin's gradient goes nowhere."""
    return namespace(x).pad(x, widths, mode="constant", constant_values=value)


pad.defvjp(x=lambda g, x_shape, widths: crop(g, shape=x_shape, widths=widths))
pad.deflatex(r"\operatorname{pad}(x, \mathrm{widths}, \mathrm{value})", x=r"\operatorname{crop}(g, \mathrm{widths})")


@primitive
def crop(x, *, shape, widths):
    """The inside of a padded array: the transpose of `pad`."""
    return x[tuple(slice(before, before + size) for size, (before, _) in zip(shape, widths, strict=True))]


crop.defvjp(x=lambda g, widths: pad(g, widths=widths, value=0))
crop.deflatex(r"\operatorname{crop}(x, \mathrm{widths})", x=r"\operatorname{pad}(g, \mathrm{widths}, 0)")


@primitive
def cat(*xs, axis):
    """Joined end to end along `axis`. Each argument's gradient is its own piece of g."""
    return namespace(xs[0]).concatenate(xs, axis)


cat.defvjp(xs=lambda g, xs_shape, axis, i: piece(g, xs_shape, axis, i))
cat.deflatex(r"\operatorname{cat}_{\mathrm{axis}}(\mathrm{xs})", xs=r"\operatorname{piece}_{i}(g)")


def piece(g, shapes, axis, i):
    """The part of a concatenation that came from argument `i`."""
    before = list(accumulate((shape[axis] for shape in shapes), initial=0))
    widths = [(0, 0)] * len(g.shape)
    widths[axis] = (before[i], before[-1] - before[i + 1])
    return crop(g, shape=shapes[i], widths=tuple(widths))


@primitive
def split(x, *, sizes, axis):
    """Cut along `axis` into pieces of these sizes, which are views: the transpose of `cat`.

    The gradients of all pieces are joined once. Each by itself, as x[:3], would bring home a gradient of x's full size:
    n pieces would take n times as long.
    """
    before = (slice(None),) * axis
    return tuple([x[(*before, slice(end - size, end))] for size, end in zip(sizes, accumulate(sizes), strict=True)])


split.defvjp(x=lambda g, axis: cat(*g, axis=axis))
split.deflatex(r"\operatorname{split}_{\mathrm{axis}}(x, \mathrm{sizes})", x=r"\operatorname{cat}_{\mathrm{axis}}(g)")


@primitive
def tril(x, *, diagonal):
    """The lower triangle, zeros above `diagonal`."""
    return namespace(x).tril(x, diagonal)


tril.defvjp(x=lambda g, diagonal: tril(g, diagonal=diagonal))
tril.deflatex(r"\operatorname{tril}(x, \mathrm{diagonal})", x=r"\operatorname{tril}(g, \mathrm{diagonal})")


@primitive
def triu(x, *, diagonal):
    """The upper triangle, zeros below `diagonal`."""
    return namespace(x).triu(x, diagonal)


triu.defvjp(x=lambda g, diagonal: triu(g, diagonal=diagonal))
triu.deflatex(r"\operatorname{triu}(x, \mathrm{diagonal})", x=r"\operatorname{triu}(g, \mathrm{diagonal})")


@primitive
def contiguous(x):
    """The same numbers, laid out row by row in memory."""
    return namespace(x).ascontiguousarray(x)


contiguous.defvjp(x=lambda g: g)
contiguous.deflatex("x", x="g")


@primitive
def clone(x):
    """A copy with memory of its own."""
    return x.copy()


clone.defvjp(x=lambda g: g)
clone.deflatex("x", x="g")


@primitive
def transfer(x, *, target, home):
    """The same numbers on the device `target`. The gradient travels home."""
    return to_device(x, target)


transfer.defvjp(x=lambda g, target, home: transfer(g, target=home, home=target))
transfer.deflatex("x", x="g")


@primitive
def zeros_like(x):
    """Zeros in the shape and dtype of x: the gradient of a step function."""
    return namespace(x).zeros_like(x)


zeros_like.notdifferentiable()

for _op in (
    reshape, permute, flip, roll, pad, crop, cat, split, tril, triu, contiguous, clone, transfer, zeros_like,
):  # fmt: skip
    _op.defcost(0)  # to move numbers is not to calculate
