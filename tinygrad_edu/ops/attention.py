"""Attention: every query looks at all keys, and takes the values of those that answer it.

For: the readable definition, which holds all scores (…, L, S) at once. Not for: PyTorch's signature and checks
(`nn/functional/attention.py`) or speed (`ops/fused/attention.py`, whose kernel stands for this definition).
"""

from __future__ import annotations

import math

from tinygrad_edu.backend import namespace
from tinygrad_edu.engine import Value
from tinygrad_edu.ops.activations import softmax
from tinygrad_edu.ops.comparing import all_
from tinygrad_edu.ops.kinks import where


def attention_definition(query, key, value, mask, *, scale, causal):
    """out = softmax(scale · q kᵀ + mask) v        q: (…, L, E)   k: (…, S, E)   v: (…, S, Ev)   out: (…, L, Ev)

    mask     None, or what broadcasts to the scores (…, L, S): truth values, True = this key takes part, or numbers to
             be added, -∞ = it does not
    causal   query i looks at the keys 0 … i only, whatever the mask says

    A query that may look at no key gets zeros. Source: Vaswani et al. 2017, "Attention is all you need".
    """
    bias = added_to_scores(mask, query, key, causal=causal)
    return attention_weights(query, key, bias, scale=scale) @ value


def attention_weights(query, key, bias=None, *, scale):
    """w = softmax(scale · q kᵀ + bias) along the keys: how much each query takes of each value. (…, L, S)"""
    scores = (query * scale) @ key.mT
    if bias is None:
        return softmax(scores, axis=scores.ndim - 1)
    # All scores of a query being -∞, the softmax would be 0 / 0. Such a row is computed without the bias, then emptied.
    nothing = all_(bias == -math.inf, axis=(bias.ndim - 1,), keepdims=True)
    weights = softmax(scores + where(nothing, 0.0, bias), axis=scores.ndim - 1)
    return where(nothing, 0.0, weights)


def added_to_scores(mask, query, key, *, causal):
    """The mask and the order of time as numbers to be added to the scores; None if every query sees every key."""
    bias = mask
    if mask is not None and mask.dtype.kind == "b":
        bias = forbidding_all_but(mask.array if isinstance(mask, Value) else mask, query.dtype)
    if not causal:
        return bias
    library = namespace(query.array if isinstance(query, Value) else query)
    past = forbidding_all_but(library.tri(query.shape[-2], key.shape[-2], dtype=bool), query.dtype)
    return past if bias is None else bias + past


def forbidding_all_but(allowed, dtype):
    """0 where a key takes part, -∞ where it does not."""
    return namespace(allowed).where(allowed, 0.0, -math.inf).astype(dtype)
