"""Attention in tiles, some queries and some keys at a time: the scores of all pairs never stand in memory at once.

What a query finds among some of the keys is known by three things: its highest score, the sum of the weights
e^(score - highest), and the sum of the values so weighted. Two such finds are `merged` into one. The way back makes
each tile of weights anew from queries, keys, highest and sum, so that memory grows with T, not with T²: forward and
backward of one head, T = 4096, E = 64, take 6 MiB at the peak, the definition 322.

For: NumPy. The definition is in `ops/attention.py`. Sources: Dao, Fu, Ermon, Rudra, Ré 2022, "FlashAttention";
Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".

Measured, forward and backward on one thread, milliseconds (PyTorch's in brackets): 16 samples, 4 heads, T 64, E 32,
causal: 1.75 (2.67); T 256, 4 samples, E 64: 8.3 (12.6); T 4096, 1 sample, 2 heads: 174 (204). What was tried:
- Tables lie with the keys along the rows, (…, S, L), as a sum over rows is faster than along them: maxima 118 µs
  instead of 288 for 64 tables of 64 × 64. Sums by a product with ones: 14 µs instead of 65.
- Side of a tile: large ones waste less of NumPy's time, small ones leave out more of what is later: see `_sides`.
- Weights that are one tile wide anyway are kept for the way back: 1.8 instead of 2.2 ms at T 64.
- Did not pay: leaving out the maxima where Cauchy and Schwarz show that no score is large (5 %, twice the cases).
"""

from __future__ import annotations

import math

import numpy

from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.attention import attention_definition
from tinygrad_edu.ops.fused.tiles import ALL, add_to, cut, part, places, with_leading_ones

SMALLEST, LARGEST = 64, 256  # sides of a tile
SCORES = 1 << 18  # about so many at a time: tiles of several heads and samples, if one has less


@kernel(attention_definition)
def attention(query, key, value, mask, *, scale, causal, keep):
    """out = softmax(scale · q kᵀ + mask) v, laid out in memory like the query."""
    batch = numpy.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    L, S = query.shape[-2], key.shape[-2]
    q, k, v, m = with_leading_ones(len(batch) + 2, query, key, value, mask)
    out = numpy.empty_like(query, shape=(*batch, L, value.shape[-1]))
    highest, total = numpy.empty((2, *batch, 1, L), query.dtype)
    kept_weights = []
    for place, rows in _rows(batch, L, S, causal):
        queries, found = part(q, *place, rows) * query.dtype.type(scale), None
        for columns in _columns(L, S, causal, rows):
            weights = part(k, *place, columns) @ queries.mT
            _add_mask(weights, m, place, rows, columns, causal)
            best = weights.max(-2, keepdims=True, initial=numpy.finfo(weights.dtype).min / 2)  # not -∞: -∞ + ∞ is NaN
            weights -= best
            numpy.exp(weights, out=weights)
            sums = numpy.ones((1, weights.shape[-2]), weights.dtype) @ weights
            fresh = best, sums, weights.mT @ part(v, *place, columns)
            found = fresh if found is None else merged(found, fresh)
        if keep and columns == slice(0, S):
            kept_weights.append(weights)
        best, sums, taken = found
        sums[sums == 0] = 1  # no key to look at: 0 / 1
        numpy.divide(taken, sums.mT, out=out[(*place, rows)])
        highest[(*place, ALL, rows)], total[(*place, ALL, rows)] = best, sums
    return out, (query, key, value, mask, out, highest, total, kept_weights)


def merged(one, other):
    """(highest score, Σ e^(score - highest), Σ e^(score - highest) value) over two sets of keys as over one."""
    best = numpy.maximum(one[0], other[0])
    first, second = numpy.exp(one[0] - best), numpy.exp(other[0] - best)
    return best, one[1] * first + other[1] * second, one[2] * first.mT + other[2] * second.mT


@attention.backward
def attention_back(g, kept, wanted, *, scale, causal):
    """dv = wᵀ g,  ds = w ⊙ (g vᵀ - Σ g ⊙ out),  dq = scale · ds k,  dk = scale · dsᵀ q,  dmask = ds"""
    query, key, value, mask, out, highest, total, kept_weights = kept
    L, S, scale = out.shape[-2], key.shape[-2], query.dtype.type(scale)
    q, k, v, m = with_leading_ones(out.ndim, query, key, value, mask)
    gradients = [numpy.zeros_like(x) if w else None for x, w in zip((query, key, value, mask), wanted, strict=True)]
    dq, dk, dv, dm = with_leading_ones(out.ndim, *gradients)
    for n, (place, rows) in enumerate(_rows(out.shape[:-2], L, S, causal)):
        line = (*place, ALL, rows)
        queries, gradient = part(q, *place, rows) * scale, g[(*place, rows)] / total[line].mT
        mean = numpy.vecdot(gradient, out[(*place, rows)])[..., None, :]
        for columns in _columns(L, S, causal, rows):
            keys = part(k, *place, columns)
            weights = kept_weights[n] if kept_weights else keys @ queries.mT
            if not kept_weights:
                _add_mask(weights, m, place, rows, columns, causal)
                weights -= highest[line]
                numpy.exp(weights, out=weights)
            if wanted[2]:
                add_to(dv, weights @ gradient, *place, columns)
            if wanted[0] or wanted[1] or wanted[3]:
                slopes = part(v, *place, columns) @ gradient.mT
                slopes -= mean
                slopes *= weights
            if wanted[0]:
                add_to(dq, slopes.mT @ keys, *place, rows)
            if wanted[1]:
                add_to(dk, slopes @ queries, *place, columns)
            if wanted[3]:
                add_to(dm, slopes.mT, *place, rows, columns)
    if wanted[0]:
        dq *= scale
    return gradients


_weights = r"\operatorname{softmax}(\mathrm{scale} \, \mathrm{query} \, \mathrm{key}^{\top} + \mathrm{mask})"
_slopes = r"w \odot (g \, \mathrm{value}^{\top} - \sum_{\mathrm{axis}} g \odot \mathrm{out})"  # of the scores
attention.deflatex(
    rf"{_weights} \, \mathrm{{value}}",
    query=rf"\mathrm{{scale}} \, ({_slopes}) \, \mathrm{{key}}",
    key=rf"\mathrm{{scale}} \, ({_slopes})^{{\top}} \, \mathrm{{query}}",
    value=r"w^{\top} g",
    mask=_slopes,
)


def _add_mask(scores, mask, place, rows, columns, causal):
    """The mask, as numbers, added to a tile of scores, keys along its rows."""
    nothing, forbidden = scores.dtype.type(0), scores.dtype.type(-math.inf)
    if mask is not None:
        here = numpy.ascontiguousarray(part(mask, *place, rows, columns).mT)  # read once for each head: 29 µs, not 70
        scores += numpy.where(here, nothing, forbidden) if here.dtype.kind == "b" else here
    if causal and columns.stop > rows.start + 1:
        later = numpy.arange(columns.start, columns.stop)[:, None] > numpy.arange(rows.start, rows.stop)
        scores += numpy.where(later, forbidden, nothing)


def _sides(L, causal):
    """Queries and keys of a tile. Of a causal table about half can be left out, and more of it in small tiles."""
    side = min(max(L // 4, SMALLEST), LARGEST) if causal else LARGEST
    queries = max(1, min(L, side))
    return queries, side * side // queries


def _rows(batch, L, S, causal):
    """The pieces that are finished one after the other: (place in the batch, queries)."""
    queries, keys = _sides(L, causal)
    most = SCORES // (queries * max(1, min(S, keys)))
    return [(place, rows) for place in places(batch, most) for rows in cut(L, queries)]


def _columns(L, S, causal, rows):
    """The keys that some of these queries may look at, tile by tile; one empty tile where there are none."""
    return cut(min(S, rows.stop) if causal else S, _sides(L, causal)[1]) or [slice(0, 0)]
