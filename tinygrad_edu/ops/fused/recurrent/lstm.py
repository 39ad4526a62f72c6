"""The LSTM over a whole sequence as one node: a product and a dozen small passes a step, and no array made for a step.

With σ(x) = ½ tanh(½ x) + ½, and the ½ put into the weights once, one tanh serves all gates. The slopes of a step say
how a gradient of c' or h' becomes one of each gate; they are products of what the step has at hand, computed a block of
steps at a time while that is still in the cache. They are all that is kept, beside the inputs of the products.

Measured on 64 steps of 32 sequences, 64 -> 128, in float32 on one thread, there and back: 14.4 ms, of which 9.7 are
matrix products; as a composition 24.8. Tried, each with all else at its best:
    gates of a row side by side on the way there    + 2.0 ms: NumPy then works on pieces of 128 numbers
    features by batch, gates = W @ inputs           + 0.0 ms: the product is faster, three transposing copies are not
    W_ih x + b for all times before the loop        + 0.6 ms: adding takes longer than a longer product
    slopes step by step                             + 0.0 ms, but + 30 % for one sequence of size 2
    dweights a block at a time                      + 0.0 ms
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.fused.recurrent.steps import (
    BLOCK,
    GRADIENTS,
    blocks_of,
    minus_product,
    of_weights,
    or_zeros,
    owned,
    rows_in_turn,
    side_by_side,
    stacked,
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
    rows, size = x.shape[0], h0.shape[1]
    half = numpy.array(0.5, x.dtype)
    weights = stacked(size, w_hh, or_zeros(b_ih, w_ih) + or_zeros(b_hh, w_hh), w_ih)
    for gate in (0, 1, 3):  # g is a tanh itself
        weights[gate] *= half
    inputs, out, h, c = side_by_side(x, size), numpy.empty((rows, size), x.dtype), h0.copy(), c0.copy()
    slopes: Any = numpy.empty((6, rows, size), x.dtype) if keep else None
    blocks = blocks_of(rows_in_turn(batch_sizes, reverse), BLOCK // size if keep else 1)
    work = numpy.empty((7, max(sum(stop - start for start, stop in block) for block in blocks), size), x.dtype)
    for block in blocks:
        first, last = min(block)[0], max(block)[1]
        for start, stop in block:
            state, here = h[: stop - start], work[:, start - first : stop - first]
            inputs[start:stop, :size] = state
            numpy.matmul(inputs[start:stop], weights, out=here[:4])
            _step(here, half, state, c[: stop - start])
            out[start:stop] = state
        if keep:
            _slopes(work[:, : last - first], out[first:last], slopes[:, first:last])
    return (out, h, c), (slopes, inputs, h0, w_ih, w_hh) if keep else None


def _step(work: Any, half: Any, h: Any, c: Any) -> None:
    """From half the gates in `work`, and c, to the new h and c in place"""
    gates, (i, f, g, o, new, old, bent) = work[:4], work
    numpy.tanh(gates, out=gates)
    for sigmas in (work[:2], o):
        sigmas *= half
        sigmas += half
    numpy.multiply(i, g, out=new)
    numpy.multiply(f, c, out=old)
    numpy.add(new, old, out=c)
    numpy.tanh(c, out=bent)
    numpy.multiply(o, bent, out=h)


def _slopes(work: Any, h: Any, slopes: Any) -> None:
    """dc'/di = g i (1 - i)        dc'/df = c f (1 - f)        dc'/dg = i (1 - g²)        dc'/dc = f
    dh'/do = tanh(c') o (1 - o)        dh'/dc' = o (1 - tanh²(c'))

    where i, f, g, o are what `work` has, on the left before σ and tanh and on the right after.
    """
    i, f, g, o, new, old, bent = work
    of_i, of_f, of_g, of_o, of_h, of_c = slopes
    minus_product(new, new, i, out=of_i)
    minus_product(old, old, f, out=of_f)
    minus_product(i, new, g, out=of_g)
    minus_product(h, h, o, out=of_o)
    minus_product(o, h, bent, out=of_h)
    of_c[:] = f


@lstm.backward
def lstm_back(g: Any, kept: Any, wanted: Any, *, batch_sizes: Any, reverse: bool = False) -> Any:
    """From the last step to the first: dc' += dh' · dh'/dc', then the gates by their slopes, and dc = dc' f

    Inside the loop g_t has been added to dh'. All gates of one row lie side by side in dgates, as in the weights.
    """
    (g_out, g_h, g_c), (slopes, inputs, h0, w_ih, w_hh) = g, kept
    size = h0.shape[1]
    dh, dc, spare = owned(g_h, h0), owned(g_c, h0), numpy.empty_like(h0, order="C")
    dgates = numpy.empty((inputs.shape[0], 4 * size), h0.dtype)
    by_gate = dgates.reshape(-1, 4, size).transpose(1, 0, 2)
    for start, stop in reversed(rows_in_turn(batch_sizes, reverse)):
        dstate, dcell, more = dh[: stop - start], dc[: stop - start], spare[: stop - start]
        slope, dgate = slopes[:, start:stop], by_gate[:, start:stop]
        if g_out is not None:
            dstate += g_out[start:stop]
        numpy.multiply(dstate, slope[4], out=more)
        dcell += more
        numpy.multiply(dcell, slope[:3], out=dgate[:3])
        numpy.multiply(dstate, slope[3], out=dgate[3])
        dcell *= slope[5]
        numpy.matmul(dgates[start:stop], w_hh, out=dstate)
    dx = dgates @ w_ih if wanted[0] else None
    dh0, dc0 = dh if wanted[1] else None, dc if wanted[2] else None
    return dx, dh0, dc0, *of_weights(dgates, inputs, size, wanted[3:])


lstm.deflatex(
    r"h_{t} = \sigma(o_{t}) \odot \tanh(c_{t}), \; "
    r"c_{t} = \sigma(f_{t}) \odot c_{t-1} + \sigma(i_{t}) \odot \tanh(g_{t}), \; "
    r"(i_{t}, f_{t}, g_{t}, o_{t}) = \mathrm{w_ih} \, x_{t} + \mathrm{b_ih} + \mathrm{w_hh} \, h_{t-1} + \mathrm{b_hh}",
    c0=r"\sigma(f_{1}) \odot \gamma_{1}",
    **GRADIENTS,
)
