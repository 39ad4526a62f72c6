"""Windows that slide over an image, and overlap-add, their transpose. Convolution and pooling are algebra over the two.

`windows` shows every patch that a kernel will see, as a view; `overlap_add` adds patches back where they came from.
Each is the other's derivative, so convolution, transposed convolution, pooling and all their higher derivatives need no
calculus of their own.
"""

from __future__ import annotations

from itertools import product

from tinygrad_edu.backend import namespace, strided_view
from tinygrad_edu.engine import primitive


def window_count(length, size, stride, dilation):
    """How many windows fit: ⌊(length - dilation (size - 1) - 1) / stride⌋ + 1"""
    return (length - dilation * (size - 1) - 1) // stride + 1


@primitive
def windows(x, *, size, stride, dilation):
    """(N, C, H, W) -> (N, C, H', W', kh, kw): every patch the kernel will see, a view.

    out[…, p, q, i, j] = x[…, p·stride + i·dilation, q·stride + j·dilation]; for any number of trailing axes.
    """
    kept = x.ndim - len(size)
    lengths, steps = x.shape[kept:], x.strides[kept:]
    counts = tuple(map(window_count, lengths, size, stride, dilation))
    moves = tuple(step * s for step, s in zip(steps, stride, strict=True))
    taps = tuple(step * d for step, d in zip(steps, dilation, strict=True))
    return strided_view(x, (*x.shape[:kept], *counts, *size), (*x.strides[:kept], *moves, *taps))


windows.defvjp(
    x=lambda g, x_shape, size, stride, dilation: overlap_add(
        g, shape=x_shape, size=size, stride=stride, dilation=dilation
    )
)
windows.deflatex(r"\operatorname{windows}(x)", x=r"\operatorname{overlapadd}(g)")
windows.defcost(0, x=lambda out: out.size)


@primitive
def overlap_add(x, *, shape, size, stride, dilation):
    """(N, C, H', W', kh, kw) -> (N, C, H, W): each patch added where `windows` took it from."""
    out = namespace(x).zeros(shape, x.dtype)
    counts = x.shape[-2 * len(size) : -len(size)]
    for tap in product(*map(range, size)):
        places = tuple(
            slice(i * d, i * d + (n - 1) * s + 1, s) for i, n, s, d in zip(tap, counts, stride, dilation, strict=True)
        )
        out[(..., *places)] += x[(..., *tap)]
    return out


overlap_add.defvjp(x=lambda g, size, stride, dilation: windows(g, size=size, stride=stride, dilation=dilation))
overlap_add.deflatex(r"\operatorname{overlapadd}(x)", x=r"\operatorname{windows}(g)")
overlap_add.defcost(lambda x: x.size, x=0)
