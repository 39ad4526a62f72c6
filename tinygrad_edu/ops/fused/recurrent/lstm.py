"""The LSTM over a whole sequence as one node: a product and eleven small passes a step, and the slopes block by block."""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.fused.recurrent.steps import (
    BIG, blocks_of,
    of_weights,
    rows_in_turn,
    side_by_side,
    stacked,
    to_begin_with,
)
from tinygrad_edu.ops.recurrent import lstm_definition


@kernel(lstm_definition)
def lstm(
    x: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    *,
    batch_sizes: Any,
    reverse: bool = False,
    keep: bool,
) -> Any:
    """i, f, g, o = W_ih x + b_ih + W_hh h + b_hh        c' = σ(f) c + σ(i) tanh(g)        h' = σ(o) tanh(c')"""
    (rows, _), (batch, size), dtype = x.shape, h0.shape, x.dtype
    half = numpy.array([0.5, 0.5, 1, 0.5], dtype).reshape(4, 1, 1)  # σ(x) = ½ tanh(½ x) + ½: one tanh for all gates
    shift = numpy.array([0.5, 0.5, 0, 0.5], dtype).reshape(4, 1, 1)
    inputs, weights = side_by_side(x, size), stacked(w_ih, w_hh, (b_ih, b_hh), half)
    out, h, c = numpy.empty((rows, size), dtype), h0.copy(), c0.copy()
    blocks = blocks_of(rows_in_turn(batch_sizes, reverse), size if keep else BIG)
    work = numpy.empty((7, max([stop - start for start, stop, _ in blocks]), size), dtype)
    slopes = numpy.empty((6, rows, size), dtype) if keep else None
    for first, last, turns in blocks:
        for start, stop in turns:
            part = work[:, start - first : stop - first]
            gates, (i, f, g, o, new, old, bent) = part[:4], part
            state, cell = h[: stop - start], c[: stop - start]
            inputs[start:stop, :size] = state
            numpy.matmul(inputs[start:stop], weights, out=gates)
            numpy.tanh(gates, out=gates)
            gates *= half
            gates += shift
            numpy.multiply(i, g, out=new)
            numpy.multiply(f, cell, out=old)
            numpy.add(new, old, out=cell)
            numpy.tanh(cell, out=bent)
            numpy.multiply(o, bent, out=state)
            out[start:stop] = state
        if keep:
            _slopes(work[:, : last - first], out[first:last], slopes[:, first:last])
    return (out, h, c), (slopes, inputs, h0, w_ih, w_hh) if keep else None


def _slopes(work: Any, h: Any, slopes: Any) -> None:
    """
    """
    i, f, g, o, new, old, bent = work
    of_i, of_f, of_g, of_o, of_h, of_c = slopes
    numpy.multiply(new, g, out=of_g)
    numpy.subtract(i, of_g, out=of_g)
    numpy.multiply(new, i, out=of_i)
    numpy.subtract(new, of_i, out=of_i)
    numpy.multiply(old, f, out=of_f)
    numpy.subtract(old, of_f, out=of_f)
    numpy.multiply(h, o, out=of_o)
    numpy.subtract(h, of_o, out=of_o)
    numpy.multiply(h, bent, out=of_h)
    numpy.subtract(o, of_h, out=of_h)
    of_c[:] = f


@lstm.backward
def lstm_back(g: Any, kept: Any, wanted: Any, *, batch_sizes: Any, reverse: bool = False) -> Any:
    """"""
    g_out, g_h, g_c = g
    slopes, inputs, h0, w_ih, w_hh = kept
    size = h0.shape[1]
    dh, dc, spare = to_begin_with(g_h, h0), to_begin_with(g_c, h0), numpy.empty_like(h0)
    dgates = numpy.empty((inputs.shape[0], 4 * size), h0.dtype)
    by_gate = dgates.reshape(-1, 4, size).transpose(1, 0, 2)
    for start, stop in reversed(rows_in_turn(batch_sizes, reverse)):
        dstate, dcell, more = dh[: stop - start], dc[: stop - start], spare[: stop - start]
        part, dpart = slopes[:, start:stop], by_gate[:, start:stop]
        if g_out is not None:
            dstate += g_out[start:stop]
        numpy.multiply(dstate, part[4], out=more)
        dcell += more
        numpy.multiply(dcell, part[:3], out=dpart[:3])
        numpy.multiply(dstate, part[3], out=dpart[3])
        dcell *= part[5]
        numpy.matmul(dgates[start:stop], w_hh, out=dstate)
    dx = dgates @ w_ih if wanted[0] else None
    return dx, dh, dc, *of_weights(dgates, inputs, size, wanted[3:])
