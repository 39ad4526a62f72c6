"""Attention in tiles, a few queries and a few keys at a time: the scores of all pairs never stand in memory at once.

For: NumPy; the definition is in `ops/attention.py`. The softmax of a query is put together from those over some of its
keys, each known by three numbers: its highest score, the sum of the weights e^(score - highest), and the values taken.
The way back makes each tile of weights anew from queries, keys, highest and sum, so that a sequence of length T takes
memory in proportion to T, not to T². Scores lie with the keys along the rows, (…, S, L): sums and maxima over
keys then add up whole rows, which NumPy does at full speed. Tiles that a causal mask forbids are left out.
Sources: Dao, Fu, Ermon, Rudra, Ré 2022, "FlashAttention"; Milakov and Gimelshein 2018, "Online normalizer calculation
for softmax", for the sum that grows with the keys.
"""

from __future__ import annotations

import math

import numpy

from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.attention import attention_definition

SIDE = 64, 256  # the fewest and the most queries, and keys, of a tile, unless there are fewer
SCORES = 1 << 18  # so many scores at a time, of several heads and samples if one of them has less
REMEMBERED = 128  # weights over at most so many keys are kept for the way back


@kernel(attention_definition)
def attention(query, key, value, mask, *, scale, causal, keep):
    """out = softmax(scale · q kᵀ + mask) v. The result is laid out in memory like the query."""
    batch = numpy.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    L, S = query.shape[-2], key.shape[-2]
    q, k, v, m = _with_leading_ones(len(batch) + 2, query, key, value, mask)
    out = numpy.empty_like(query, shape=(*batch, L, value.shape[-1]))
    highest, total = numpy.empty((2, *batch, 1, L), query.dtype)
    remembered = []
    for place, rows in _pieces(batch, L, S, causal):
        queries, found = _part(q, place, rows) * query.dtype.type(scale), None
        for columns in _columns(L, S, rows, causal):
            weights = _part(k, place, columns) @ queries.mT
            _add_mask(weights, m, place, rows, columns, causal)
            best = numpy.maximum(weights.max(-2, keepdims=True), numpy.finfo(weights.dtype).min / 2)
            weights -= best
            numpy.exp(weights, out=weights)
            fresh = best, numpy.ones((1, weights.shape[-2]), weights.dtype) @ weights, weights.mT @ _part(v, place, columns)
            found = fresh if found is None else _merged(found, fresh)
            if keep and S <= REMEMBERED and columns.stop == S:
                remembered.append(weights)
        best, sum_, taken = found
        sum_[sum_ == 0] = 1
        numpy.divide(taken, sum_.mT, out=out[(*place, rows)])
        highest[(*place, slice(None), rows)], total[(*place, slice(None), rows)] = best, sum_
    return out, (query, key, value, mask, out, highest, total, remembered)


def _merged(one, other):
    """Two softmaxes over different keys as one over all of them."""
    best = numpy.maximum(one[0], other[0])
    first, second = numpy.exp(one[0] - best), numpy.exp(other[0] - best)
    return best, one[1] * first + other[1] * second, one[2] * first.mT + other[2] * second.mT


@attention.backward
def attention_back(g, kept, wanted, *, scale, causal):
    query, key, value, mask, out, highest, total, remembered = kept
    batch, L, S = out.shape[:-2], out.shape[-2], key.shape[-2]
    scale = query.dtype.type(scale)
    q, k, v, m = _with_leading_ones(out.ndim, query, key, value, mask)
    grads = tuple(numpy.zeros_like(x) if w else None for x, w in zip((query, key, value, mask), wanted))
    dq, dk, dv, dm = _with_leading_ones(out.ndim, *grads)
    for n, (place, rows) in enumerate(_pieces(batch, L, S, causal)):
        line = (*place, slice(None), rows)
        queries, gradient = _part(q, place, rows) * scale, g[(*place, rows)] / total[line].mT
        slope = numpy.vecdot(gradient, out[(*place, rows)])[..., None, :]
        for columns in _columns(L, S, rows, causal):
            keys = _part(k, place, columns)
            if remembered:
                weights = remembered[n]
            else:
                weights = keys @ queries.mT
                _add_mask(weights, m, place, rows, columns, causal)
                weights -= highest[line]
                numpy.exp(weights, out=weights)
            if wanted[2]:
                _add(dv, place, columns, weights @ gradient)
            if wanted[0] or wanted[1] or wanted[3]:
                slopes = _part(v, place, columns) @ gradient.mT
                slopes -= slope
                slopes *= weights
            if wanted[0]:
                _add(dq, place, rows, slopes.mT @ keys * scale)
            if wanted[1]:
                _add(dk, place, columns, slopes @ queries)
            if wanted[3]:
                _add(dm, place, rows, slopes.mT, columns)
    return grads


def _with_leading_ones(ndim, *xs):
    return [None if x is None else x.reshape((1,) * (ndim - x.ndim) + x.shape) for x in xs]


def _cut(x, *slices):
    return tuple(slice(None) if n == 1 else s for n, s in zip(x.shape, slices))


def _part(x, place, rows, columns=slice(None)):
    return x[_cut(x, *place, rows, columns)]


def _add(total, place, rows, part, columns=slice(None)):
    cut = _cut(total, *place, rows, columns)
    axes = tuple(i for i, (n, many) in enumerate(zip(total.shape, part.shape)) if n == 1 and many != 1)
    total[cut] += part.sum(axes, keepdims=True) if axes else part


def _add_mask(scores, mask, place, rows, columns, causal):
    no, yes = scores.dtype.type(-math.inf), scores.dtype.type(0)
    if mask is not None:
        part = _part(mask, place, rows, columns).mT
        scores += part if part.dtype.kind == "f" else numpy.where(part, yes, no)
    if causal and columns.stop > rows.start + 1:
        later = numpy.arange(columns.start, columns.stop)[:, None] > numpy.arange(rows.start, rows.stop)
        scores += numpy.where(later, no, yes)


def _side(L, causal):
    return min(max(L // 8, SIDE[0]), SIDE[1]) if causal else SIDE[1]


def _columns(L, S, rows, causal):
    end = min(S, rows.stop) if causal else S
    step = _side(L, causal)
    return [slice(i, min(i + step, end)) for i in range(0, end, step)]


def _pieces(batch, L, S, causal):
    side = _side(L, causal)
    most = max(1, SCORES // (min(L, side) * min(S, side)))
    place, inner = [(slice(None),) * len(batch)], 1
    for axis in reversed(range(len(batch))):
        if inner * batch[axis] > most:
            step = max(1, most // inner)
            place = [
                (*(slice(i, i + 1) for i in outer), slice(s, s + step), *(slice(None),) * (len(batch) - axis - 1))
                for outer in numpy.ndindex(batch[:axis])
                for s in range(0, batch[axis], step)
            ]
            break
        inner *= batch[axis]
    return [(p, slice(i, min(i + side, L))) for p in place for i in range(0, L, side)]
