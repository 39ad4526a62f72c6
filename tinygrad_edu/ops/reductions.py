"""Many numbers to one: means, extremes, products, norms. (`sum` itself is in `broadcasting`.)

Axes come as a tuple, never None or negative. A rule puts the lost axes back as axes of size 1 and lets broadcasting
copy.
"""

from __future__ import annotations

import math

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import broadcast, spread, sum
from tinygrad_edu.ops.casting import cast, to_floating
from tinygrad_edu.ops.elementwise import exp, power, square
from tinygrad_edu.ops.kinks import abs_, where
from tinygrad_edu.ops.shaping import flip, permute, reshape, swap, tril, triu, zeros_like


def count(shape, axis):
    """How many numbers meet in one result."""
    return math.prod(shape[i] for i in axis)


@primitive
def mean(x, *, axis, keepdims):
    """out = (1/n) Σ x over `axis`; nothing has no mean, so n = 0 gives NaN"""
    n = count(x.shape, axis)
    total = namespace(x).add.reduce(x, axis=axis, keepdims=keepdims)
    return total / n if n else total * math.nan


mean.defvjp(x=lambda g, x_shape, axis: broadcast(spread(g / (count(x_shape, axis) or 1), x_shape, axis), shape=x_shape))
mean.deflatex(r"\frac{1}{n} \sum_{\mathrm{axis}} x", x=r"\frac{1}{n} \operatorname{copy}_{\mathrm{axis}}(g)")
mean.defcost(lambda x: x.size, x=lambda out: out.size)


def var(x, *, axis, keepdims, correction):
    """Σ (x - mean)² / (n - correction)"""
    centered = x - mean(x, axis=axis, keepdims=True)
    degrees = max(count(x.shape, axis) - correction, 0)
    total = sum(square(centered), axis=axis, keepdims=keepdims)
    return total / degrees if degrees else total * math.nan


def std(x, *, axis, keepdims, correction):
    """√var, as a norm: where nothing varies, the slope of the root is infinite and the gradient is taken as 0"""
    centered = x - mean(x, axis=axis, keepdims=True)
    degrees = max(count(x.shape, axis) - correction, 0)
    length = euclidean(centered, axis=axis, keepdims=keepdims)
    return length / math.sqrt(degrees) if degrees else length * math.nan


# ------------------------------------------------------------------------------------------------------- extremes
def share(g, x, out, axis):
    """The gradient of an extreme, shared equally among the elements that attain it."""
    chosen = cast(x == spread(out, x.shape, axis), dtype=x.dtype)
    return spread(g, x.shape, axis) / sum(chosen, axis=axis, keepdims=True) * chosen


@primitive
def amax(x, *, axis, keepdims):
    """The largest along `axis`; equal largest elements share the gradient."""
    return x.max(axis=axis, keepdims=keepdims)


amax.defvjp(x=lambda g, x, out, axis: share(g, x, out, axis))
amax.deflatex(
    r"\max_{\mathrm{axis}} x",
    x=r"g \odot \frac{[x = \mathrm{out}]}{\sum_{\mathrm{axis}} [x = \mathrm{out}]}",
)


@primitive
def amin(x, *, axis, keepdims):
    """The smallest along `axis`; equal smallest elements share the gradient."""
    return x.min(axis=axis, keepdims=keepdims)


amin.defvjp(x=lambda g, x, out, axis: share(g, x, out, axis))
amin.deflatex(
    r"\min_{\mathrm{axis}} x",
    x=r"g \odot \frac{[x = \mathrm{out}]}{\sum_{\mathrm{axis}} [x = \mathrm{out}]}",
)


@primitive
def argmax(x, *, axis):
    """Where the largest is, the first of equals."""
    return namespace(x).argmax(x, axis=axis)


@primitive
def argmin(x, *, axis):
    """Where the smallest is, the first of equals."""
    return namespace(x).argmin(x, axis=axis)


@primitive
def argsort(x, *, axis):
    """The order that sorts x, smallest first; equal elements keep their order."""
    return namespace(x).argsort(x, axis=axis, kind="stable")


for _op in (argmax, argmin, argsort):
    _op.notdifferentiable()
for _op in (amax, amin, argmax, argmin):
    _op.defcost(lambda x: x.size)
argsort.defcost(lambda x, axis: x.size * x.shape[axis].bit_length())  # n ⌈log₂ n⌉ comparisons


# -------------------------------------------------------------------------------------------- running sums, products
@primitive
def cumsum(x, *, axis):
    """out_i = x_0 + … + x_i. Each x_j is in every later sum, so its gradient is the sum of the later ones."""
    return namespace(x).cumsum(x, axis)


cumsum.defvjp(x=lambda g, axis: flip(cumsum(flip(g, axes=(axis,)), axis=axis), axes=(axis,)))
cumsum.deflatex(
    r"\operatorname{cumsum}_{\mathrm{axis}}(x)",
    x=r"\operatorname{flip}_{\mathrm{axis}}(\operatorname{cumsum}_{\mathrm{axis}}(\operatorname{flip}_{\mathrm{axis}}(g)))",
)


@primitive
def cumprod(x, *, axis):
    """out_i = x_0 · … · x_i. Each x_j is a factor of every later product, which moves by the product of the others."""
    return namespace(x).cumprod(x, axis)


cumprod.defvjp(x=lambda g, x, axis: later_products(g, x, axis))
cumprod.deflatex(  # where no factor is 0; the rule needs no division
    r"\operatorname{cumprod}_{\mathrm{axis}}(x)",
    x=r"\frac{\operatorname{flip}_{\mathrm{axis}}(\operatorname{cumsum}_{\mathrm{axis}}("
    r"\operatorname{flip}_{\mathrm{axis}}(g \odot \mathrm{out})))}{x}",
)
cumprod.defcost(x=lambda x, axis: 3 * x.size * x.shape[axis])


def later_products(g, x, axis):
    """Σ_(i ≥ j) g_i Π_(k ≤ i, k ≠ j) x_k: row j holds the running products with the j-th factor left out."""
    last = x.ndim - 1
    g, x = swap(g, axis, last), swap(x, axis, last)
    rows = triu(cumprod(others(x), axis=last + 1), diagonal=0)
    slopes = sum(rows * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1])), axis=(last + 1,), keepdims=False)
    return swap(slopes, axis, last)


@primitive
def product(x):
    """Π x over the last axis. The gradient of a factor is the product of the others."""
    return x.prod(axis=-1)


product.defvjp(x=lambda g, x: reshape(g, shape=(*g.shape, 1)) * product(others(x)))
product.deflatex(r"\prod_{i} x_{i}", x=r"g \odot \prod_{j \ne i} x_{j}")
product.defcost(lambda x: x.size, x=lambda x: x.size * x.shape[-1])


def others(x):
    """(…, n) -> (…, n, n): row i holds all the factors but the i-th, which is 1. No division: a factor may be 0."""
    n = x.shape[-1]
    rows = broadcast(reshape(x, shape=(*x.shape[:-1], 1, n)), shape=(*x.shape[:-1], n, n))
    one = zeros_like(rows) + 1
    diagonal = tril(one, diagonal=0) - tril(one, diagonal=-1)
    return where(diagonal == 1, one, rows)


def prod(x, *, axis, keepdims):
    """Π x over `axis`"""
    kept = tuple(i for i in range(x.ndim) if i not in axis)
    last = permute(x, axes=kept + tuple(axis))
    out = product(reshape(last, shape=(*last.shape[: len(kept)], count(x.shape, axis))))
    return reshape(out, shape=tuple(1 if i in axis else n for i, n in enumerate(x.shape))) if keepdims else out


# ------------------------------------------------------------------------------------------------ logarithms, norms
@primitive(prepare=to_floating)
def logsumexp(x, *, axis, keepdims):
    """ln Σ e^x, with the largest taken out first so that nothing overflows. The gradient is a softmax."""
    library = namespace(x)
    lost = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    largest = x.max(axis=axis, keepdims=True) if x.size else library.zeros(lost, x.dtype)
    largest = library.where(library.isinf(largest), library.zeros_like(largest), largest)
    total = library.exp(x - largest).sum(axis=axis, keepdims=True)
    nothing = total == 0  # only e^-∞ was added: the logarithm is -∞, said without a warning
    out = library.where(nothing, library.full_like(total, -math.inf), library.log(total + nothing) + largest)
    return out if keepdims else out.reshape([n for i, n in enumerate(x.shape) if i not in axis])


logsumexp.defvjp(x=lambda g, x, out, axis: spread(g, x.shape, axis) * weights(x, spread(out, x.shape, axis)))
logsumexp.deflatex(r"\ln \sum_{\mathrm{axis}} e^{x}", x=r"g \odot e^{x - \mathrm{out}}")
logsumexp.defcost(lambda x: 2 * x.size)


def weights(x, total):
    """e^(x - total); where the total is -∞ there is nothing to weigh, and every weight is 0 instead of NaN."""
    return exp(x - where(total == -math.inf, zeros_like(total), total))


@primitive
def euclidean(x, *, axis, keepdims):
    """√Σ x². At the origin, where the slope is undefined, the gradient is taken as 0."""
    return namespace(x).sqrt((x * x).sum(axis=axis, keepdims=keepdims))


euclidean.defvjp(x=lambda g, x, out, axis: x * spread(g / (out + (out == 0)), x.shape, axis))
euclidean.deflatex(r"\sqrt{\sum_{\mathrm{axis}} x^{2}}", x=r"g \odot \frac{x}{\mathrm{out}}")
euclidean.defcost(lambda x: 2 * x.size, x=lambda x: x.size)


def norm(x, *, order, axis, keepdims):
    """(Σ |x|^p)^(1/p); order ∞ and -∞ are the largest and the smallest |x|, order 0 counts what is not 0"""
    if order == 2:
        return euclidean(x, axis=axis, keepdims=keepdims)
    if order in (math.inf, -math.inf):
        return (amax if order > 0 else amin)(abs_(x), axis=axis, keepdims=keepdims)
    if order == 0:
        return sum((x != 0) * (zeros_like(x) + 1), axis=axis, keepdims=keepdims)
    if order == 1:
        return sum(abs_(x), axis=axis, keepdims=keepdims)
    zero = x == 0  # where the slopes of the powers below may be infinite, 1 takes the place of 0
    powers = where(zero, 0.0 if order > 0 else math.inf, power(abs_(where(zero, 1.0, x)), exponent=order))
    total = sum(powers, axis=axis, keepdims=keepdims)
    return where(total == 0, 0.0, power(where(total == 0, 1.0, total), exponent=1 / order))


def sorted_by(x, *, axis, descending):
    """The order that sorts x along `axis`; for descending, equal elements keep their order too."""
    if not descending:
        return argsort(x, axis=axis)
    backwards = argsort(flip(x, axes=(axis,)), axis=axis)
    return flip(x.shape[axis] - 1 - backwards, axes=(axis,))
