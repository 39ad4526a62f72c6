"""The GRU."""

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
from tinygrad_edu.ops.recurrent import gru_definition


@kernel(gru_definition)
def gru(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    *,
    batch_sizes: Any,
    reverse: bool = False,
    keep: bool,
) -> Any:
    """"""
    (rows, _), (batch, size), dtype = x.shape, h0.shape, x.dtype
    half = numpy.array(0.5, dtype)
    inputs = side_by_side(x, size)
    gates = 2 * size
    w_rz = stacked(w_ih[:gates], w_hh[:gates], [b if b is None else b[:gates] for b in (b_ih, b_hh)], half)
    w_h = numpy.empty((size+1, size), dtype); w_h[:size] = w_hh[gates:].T; w_h[size] = 0 if b_hh is None else b_hh[gates:]
    w_x = numpy.empty((x.shape[1]+1, size), dtype); w_x[1:] = w_ih[gates:].T; w_x[0] = 0 if b_ih is None else b_ih[gates:]
    x_n = inputs[:, size:] @ w_x
    out, h = numpy.empty((rows, size), dtype), h0.copy()
    blocks = blocks_of(rows_in_turn(batch_sizes, reverse), size if keep else BIG)
    work = numpy.empty((5, max([stop - start for start, stop, _ in blocks]), size), dtype)
    slopes = numpy.empty((5, rows, size), dtype) if keep else None
    for first, last, turns in blocks:
        for start, stop in turns:
            part = work[:, start - first : stop - first]
            rz, (r, z, h_n, n, step) = part[:2], part
            state = h[: stop - start]
            inputs[start:stop, :size] = state
            numpy.matmul(inputs[start:stop], w_rz, out=rz)
            numpy.matmul(inputs[start:stop, :size+1], w_h, out=h_n)
            numpy.tanh(rz, out=rz)
            rz *= half
            rz += half
            numpy.multiply(r, h_n, out=n)
            n += x_n[start:stop]
            numpy.tanh(n, out=n)
            numpy.subtract(state, n, out=step)
            step *= z
            numpy.add(n, step, out=state)
            out[start:stop] = state
        if keep:
            _slopes(work[:, : last - first], slopes[:, first:last])
    return (out, h), (slopes, inputs, h0, w_ih, w_hh) if keep else None


def _slopes(work: Any, slopes: Any) -> None:
    """
    """
    r, z, h_n, n, step = work
    of_r, of_z, of_h, of_x, through = slopes
    numpy.multiply(n, n, out=of_x)
    numpy.subtract(1, of_x, out=of_x)
    numpy.multiply(of_x, z, out=n)
    numpy.subtract(of_x, n, out=of_x)
    numpy.multiply(of_x, r, out=of_h)
    numpy.multiply(of_h, h_n, out=h_n)
    numpy.multiply(h_n, r, out=r)
    numpy.subtract(h_n, r, out=of_r)
    numpy.multiply(step, z, out=n)
    numpy.subtract(step, n, out=of_z)
    through[:] = z


@gru.backward
def gru_back(g: Any, kept: Any, wanted: Any, *, batch_sizes: Any, reverse: bool = False) -> Any:
    """"""
    g_out, g_h = g
    slopes, inputs, h0, w_ih, w_hh = kept
    size = h0.shape[1]
    dh, spare = to_begin_with(g_h, h0), numpy.empty_like(h0)
    dgates = numpy.empty((inputs.shape[0], 4 * size), h0.dtype)
    by_gate = dgates.reshape(-1, 4, size).transpose(1, 0, 2)
    dsteps = dgates[:, :3*size]
    for start, stop in reversed(rows_in_turn(batch_sizes, reverse)):
        dstate, more = dh[: stop - start], spare[: stop - start]
        if g_out is not None:
            dstate += g_out[start:stop]
        numpy.multiply(dstate, slopes[:4, start:stop], out=by_gate[:, start:stop])
        numpy.matmul(dsteps[start:stop], w_hh, out=more)
        dstate *= slopes[4, start:stop]
        dstate += more
    gates = 2*size
    d_rz, d_h, d_x = dgates[:, :gates], dgates[:, gates:3*size], dgates[:, 3*size:]
    dx = d_rz @ w_ih[:gates] + d_x @ w_ih[gates:] if wanted[0] else None
    j, jh, jx = d_rz.T @ inputs, d_h.T @ inputs[:, :size+1], d_x.T @ inputs[:, size:]
    cat = numpy.concatenate
    return dx, dh, cat([j[:, size+1:], jx[:, 1:]]), cat([j[:, :size], jh[:, :size]]), cat([j[:, size], jx[:, 0]]), cat([j[:, size], jh[:, size]])
