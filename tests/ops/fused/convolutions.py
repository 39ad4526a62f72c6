"""Convolutions that hypothesis draws: arrays and settings that fit one another, for lines and images."""

from __future__ import annotations

from typing import Any

import numpy
from hypothesis import strategies as st


def _several(draw: Any, axes: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(draw(st.integers(low, high)) for _ in range(axes))


def _weights(draw: Any, axes: int) -> tuple[Any, int, int, int, tuple[int, ...]]:
    """(random numbers, groups, channels of a group on either side, size)"""
    random = numpy.random.default_rng(draw(st.integers(0, 99)))
    groups, inner, outer = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 4]))
    return random, groups, inner, outer, _several(draw, axes, 1, 4)


@st.composite
def cases(draw: Any) -> tuple[list[Any], dict[str, Any]]:
    """([x, weight, bias or None], settings) of a convolution."""
    axes = draw(st.integers(1, 2))
    random, groups, inner, outer, size = _weights(draw, axes)
    stride, dilation = _several(draw, axes, 1, 3), _several(draw, axes, 1, 3)
    padding = tuple(zip(_several(draw, axes, 0, 3), _several(draw, axes, 0, 3), strict=True))
    span = [d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)]
    least = [max(1, cells - sum(margins)) for cells, margins in zip(span, padding, strict=True)]
    lengths = [n + more for n, more in zip(least, _several(draw, axes, 0, 6), strict=True)]
    x = random.normal(size=(draw(st.integers(1, 5)), groups * inner, *lengths))
    bias = random.normal(size=groups * outer) if draw(st.booleans()) else None
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return [x, random.normal(size=(groups * outer, inner, *size)), bias], settings


@st.composite
def transposed_cases(draw: Any) -> tuple[list[Any], dict[str, Any]]:
    """([x, weight, bias or None], settings) of a transposed convolution."""
    axes = draw(st.integers(1, 2))
    random, groups, inner, outer, size = _weights(draw, axes)
    stride, dilation = _several(draw, axes, 1, 3), _several(draw, axes, 1, 3)
    places = _several(draw, axes, 1, 5)
    whole = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in zip(places, stride, dilation, size, strict=True)]
    cut = tuple(draw(st.integers(0, (n - 1) // 2)) for n in whole)
    extra = [draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)]
    lengths = tuple(n - 2 * c + more for n, c, more in zip(whole, cut, extra, strict=True))
    x = random.normal(size=(draw(st.integers(1, 5)), groups * inner, *places))
    bias = random.normal(size=groups * outer) if draw(st.booleans()) else None
    settings = {"stride": stride, "dilation": dilation, "groups": groups, "cut": cut, "lengths": lengths}
    return [x, random.normal(size=(groups * inner, outer, *size)), bias], settings
