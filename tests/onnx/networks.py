"""ONNX operators that are layers: norms, losses, recurrent networks, attention, in functions and layers of ours."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.nn import functional as F


# --------------------------------------------------------------------------------------------------------------- norms
def batch_normalization(
    x: Any, scale: Any, bias: Any, mean: Any, var: Any, *, epsilon: float = 1e-5, momentum: float = 0.9,
    training_mode: int = 0,
) -> Any:  # fmt: skip
    """The running variance of ONNX is that of the numbers themselves, not divided by n - 1 as in PyTorch."""
    out = F.batch_norm(x, mean.clone(), var.clone(), scale, bias, bool(training_mode), 1 - momentum, epsilon)
    if not training_mode:
        return out
    dims = (0, *range(2, x.ndim))
    variance, average = te.var_mean(x, dims, unbiased=False)
    return out, te.lerp(average, mean, momentum), te.lerp(variance, var, momentum)


def instance_normalization(x: Any, scale: Any, bias: Any, *, epsilon: float = 1e-5) -> Any:
    return F.instance_norm(x, None, None, scale, bias, True, 0.1, epsilon)


def group_normalization(
    x: Any, scale: Any, bias: Any, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Any:
    return F.group_norm(x, num_groups, scale, bias, epsilon)


def layer_normalization(
    x: Any, scale: Any, bias: Any = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Any:
    dims = tuple(range(axis % x.ndim, x.ndim))
    variance, mean = te.var_mean(x, dims, unbiased=False, keepdim=True)
    return F.layer_norm(x, x.shape[dims[0] :], scale, bias, epsilon), mean, te.rsqrt(variance + epsilon)


def rms_normalization(x: Any, scale: Any, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Any:
    return F.rms_norm(x, x.shape[axis % x.ndim :], scale, epsilon)


def dropout(x: Any, ratio: Any = None, training_mode: Any = None, *, seed: int = 0) -> Any:
    p = 0.5 if ratio is None else float(ratio)
    training = training_mode is not None and bool(training_mode.item())
    if training and p:
        raise NotImplementedError("random numbers: whoever draws them, a stream has its own")
    return F.dropout(x, p, training), te.ones_like(x, dtype=te.bool)


def swiglu(a: Any, b: Any, *, alpha: float = 1.0) -> Any:
    return a * te.sigmoid(a * alpha) * b


# -------------------------------------------------------------------------------------------------------------- losses
def nll_loss(x: Any, target: Any, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> Any:
    return F.nll_loss(x, target, weight, ignore_index=ignore_index, reduction=reduction)


def softmax_cross_entropy_loss(
    x: Any, target: Any, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    loss = F.cross_entropy(x, target, weight, ignore_index=ignore_index, reduction=reduction)
    return loss, te.log_softmax(x, 1)


# ----------------------------------------------------------------------------------------------------------- recurrent
def recurrent(kind: Any, order: str, ours: str) -> Any:
    """A recurrent operator from a layer. `order`: the gates as ONNX stacks them, `ours`: as PyTorch and we do."""

    def operator(
        x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None, c: Any = None, peepholes: Any = None,
        *, hidden_size: int, direction: str = "forward", layout: int = 0,
        activations: Any = None, activation_alpha: Any = None, activation_beta: Any = None, clip: float = 0.0,
        input_forget: int = 0,
    ) -> Any:  # fmt: skip
        if peepholes is not None:
            raise NotImplementedError("peepholes, which are not there (nor in PyTorch)")
        assert lengths is None
        assert h is None
        layer = kind(x.shape[-1], hidden_size, batch_first=bool(layout), bidirectional=direction == "bidirectional")
        moves = [order.index(gate) for gate in ours]
        b = te.zeros(w.shape[0], 2 * w.shape[1]) if b is None else b
        state = {}
        for number, suffix in enumerate(["", "_reverse"][: w.shape[0]]):
            halves = te.chunk(b[number], 2)
            for name, stacked in (("weight_ih", w[number]), ("weight_hh", r[number]), ("bias_ih", halves[0]),
                                  ("bias_hh", halves[1])):  # fmt: skip
                gates = te.chunk(stacked, len(order))
                state[f"{name}_l0{suffix}"] = te.cat([gates[i] for i in moves])
        layer.load_state_dict(state)
        time = 1 if layout else 0
        x = te.flip(x, (time,)) if direction == "reverse" else x
        with te.no_grad():
            out, last = layer(x)
        out = te.flip(out, (time,)) if direction == "reverse" else out
        out = te.unflatten(out, 2, (w.shape[0], hidden_size))  # (time, batch, directions, hidden)
        out = out if layout else te.transpose(out, 1, 2)
        lasts = last if isinstance(last, tuple) else (last,)
        return out, *(te.transpose(state, 0, 1) if layout else state for state in lasts)

    return operator


# ----------------------------------------------------------------------------------------------------------- attention
def heads(x: Any, number: int) -> Any:
    """(batch, length, heads · features) -> (batch, heads, length, features)"""
    return te.transpose(te.unflatten(x, 2, (number, -1)), 1, 2)


def additive(mask: Any, dtype: Any) -> Any:
    """A mask of truth values as numbers to add: 0 where one may look, -∞ elsewhere."""
    return te.where(mask, 0.0, -te.inf).to(dtype) if mask.dtype == te.bool else mask


def reachable(rows: int, columns: int, before: int, lengths: Any, left: int, right: int) -> Any:
    """Which key a query may look at: one that exists, at most `left` behind it and `right` ahead of it (-1: any)."""
    start = before if lengths is None else te.reshape(lengths - rows, (-1, 1, 1, 1))
    ahead = te.arange(columns) - (te.unsqueeze(te.arange(rows), 1) + start)
    allowed = te.ones(rows, columns, dtype=te.bool)
    if lengths is not None:
        allowed = allowed & (te.arange(columns) < te.reshape(lengths, (-1, 1, 1, 1)))
    allowed = allowed & (ahead >= -left) if left >= 0 else allowed
    return allowed & (ahead <= right) if right >= 0 else allowed


def attention(
    q: Any, k: Any, v: Any, mask: Any = None, past_key: Any = None, past_value: Any = None, lengths: Any = None,
    *, is_causal: int = 0, kv_num_heads: int = 0, q_num_heads: int = 0, qk_matmul_output_mode: int = 0,
    scale: float | None = None, softcap: float = 0.0, softmax_precision: int = 1, left_window_size: int = -1,
    right_window_size: int = -1,
) -> Any:  # fmt: skip
    """All that ONNX says about who may look where becomes one mask; the rest is scaled_dot_product_attention."""
    flat = q.ndim == 3
    if flat:
        q, k, v = heads(q, q_num_heads), heads(k, kv_num_heads), heads(v, kv_num_heads)
    before = 0 if past_key is None else past_key.shape[2]
    if past_key is not None:
        k, v = te.cat([past_key, k], 2), te.cat([past_value, v], 2)
    rows, columns = q.shape[2], k.shape[2]
    left, right = left_window_size, 0 if is_causal else right_window_size
    bias = additive(reachable(rows, columns, before, lengths, left, right), q.dtype)
    if mask is not None:
        short = columns - mask.shape[-1]
        mask = F.pad(additive(mask, q.dtype), (0, short), value=-te.inf) if short else additive(mask, q.dtype)
        bias = bias + mask
    root = math.sqrt(1 / math.sqrt(q.shape[-1]) if scale is None else scale)  # half of the scale for each factor
    wide = te.repeat_interleave(k, q.shape[1] // k.shape[1], 1)
    raw = te.matmul(q * root, wide.mT * root)
    capped = te.tanh(raw / softcap) * softcap if softcap else raw
    if softcap:
        weights = te.softmax(te.where(bias == -te.inf, -te.inf, capped + bias), -1)
        weights = te.nan_to_num(weights, 0.0)
        out = te.matmul(weights, te.repeat_interleave(v, q.shape[1] // v.shape[1], 1))
    else:
        out = F.scaled_dot_product_attention(q * root, k * root, v, bias, scale=1.0, enable_gqa=True)
    shown = [raw, capped, capped + bias, None][qk_matmul_output_mode]
    if shown is None:
        eye = te.eye(columns, dtype=q.dtype).expand(*k.shape[:2], columns, columns)
        look = F.scaled_dot_product_attention  # of the identity: the weights themselves
        shown = weights if softcap else look(q * root, k * root, eye, bias, scale=1.0, enable_gqa=True)
    out = te.flatten(te.transpose(out, 1, 2), 2) if flat else out
    return out, k, v, shown


def rotary_embedding(
    x: Any, cos: Any, sin: Any, positions: Any = None, *, interleaved: int = 0, num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Any:  # fmt: skip
    """Pairs of features turn by an angle: (a cos - b sin, a sin + b cos)."""
    flat = x.ndim == 3
    x = heads(x, num_heads) if flat else x
    cos, sin = (table if positions is None else table[positions] for table in (cos, sin))
    cos, sin = te.unsqueeze(cos, 1), te.unsqueeze(sin, 1)
    size = rotary_embedding_dim or x.shape[-1]
    turned, rest = x[..., :size], x[..., size:]
    a, b = (turned[..., 0::2], turned[..., 1::2]) if interleaved else te.chunk(turned, 2, -1)
    pair = a * cos - b * sin, a * sin + b * cos
    turned = te.flatten(te.stack(pair, -1), -2) if interleaved else te.cat(pair, -1)
    out = te.cat([turned, rest], -1)
    return te.flatten(te.transpose(out, 1, 2), 2) if flat else out


OPERATORS = {
    "Attention": attention, "BatchNormalization": batch_normalization, "Dropout": dropout,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization, "LSTM": recurrent(nn.LSTM, "iofc", "ifco"),
    "LayerNormalization": layer_normalization, "NegativeLogLikelihoodLoss": nll_loss,
    "RMSNormalization": rms_normalization, "RNN": recurrent(nn.RNN, "h", "h"), "RotaryEmbedding": rotary_embedding,
    "SoftmaxCrossEntropyLoss": softmax_cross_entropy_loss, "SwiGLU": swiglu,
}  # fmt: skip
