"""The error function, which NumPy lacks: erf(x) = (2/√π) ∫₀ˣ e^(-t²) dt, from two smooth functions.

Near 0, erf(x)/x is a smooth function of u = x². Further out, erf(x) = 1 - e^(-x²) q, where q = e^(x²) erfc(x) falls
slowly and is a smooth function of t = (x - c) / (x + c), which stays in [-1, 1]. Each is taken for a polynomial, fitted
once to the standard library's `math.erf` and `math.erfc`. The error of q is multiplied by e^(-x²), so the fit is
weighted with just that: degree 5 is enough for float32, where a fit without weights wants 14.
Sources: L. N. Trefethen, Approximation Theory and Approximation Practice, chapters 3 and 8; the change of variable is
J. L. Schonfelder's (Mathematics of Computation 32, 1978).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy
from numpy.polynomial import chebyshev

from tinygrad_edu.backend import namespace, number

FAR = 40.0  # from here on e^(-x²) is 0 in every dtype
CENTER = 1.5  # the c of t: of all, the one with the smallest error
_DEGREES = {"float64": (14, 16), "float32": (6, 5), "float16": (4, 4)}  # near 0 and far out; rounding error ends them


@cache
def near_coefficients(dtype: str) -> list[float]:
    """a_0, a_1, … with erf(x) / x = Σ a_k u^k for u = x² in [0, 1]; largest error 2e-16 or, in float32, 2e-9."""
    degree = _DEGREES[dtype][0]
    t = chebyshev.chebpts1(4 * degree)
    roots = numpy.sqrt((t + 1) / 2)
    ratios = numpy.array([math.erf(x) / x for x in roots])
    fitted = numpy.polynomial.Chebyshev.fit(roots * roots, ratios, degree, domain=[0, 1])
    return fitted.convert(kind=numpy.polynomial.Polynomial).coef.tolist()


@cache
def far_coefficients(dtype: str) -> list[float]:
    """a_0, a_1, … with erfc(x) = e^(-x²) Σ a_k t^k for x ≥ 0; largest error 2e-15 or, in float32, 1e-7."""
    degree = _DEGREES[dtype][1]
    t = chebyshev.chebpts1(16 * (degree + 1))
    x = CENTER * (1 + t) / (1 - t)
    t, x = t[x < 26], x[x < 26]  # beyond, the weight is 0 and nothing is asked of the fit
    wanted = numpy.array([math.erfc(point) for point in x])
    powers = chebyshev.chebvander(t, degree) * numpy.exp(-x * x)[:, None]
    return chebyshev.cheb2poly(numpy.linalg.lstsq(powers, wanted)[0]).tolist()


def polynomial(coefficients: list[float], t: Any, out: Any = None) -> Any:
    """Σ a_k t^k by Horner's rule, in one array: ((a_n t + a_(n-1)) t + …) t + a_0"""
    library = namespace(t)
    *lower, highest = coefficients
    out = library.multiply(t, number(highest, t), out=out)
    for coefficient in lower[:0:-1]:
        out += number(coefficient, t)
        out *= t
    out += number(coefficients[0], t)
    return out


def error_function(x: Any) -> Any:
    """erf of an array of floats. The relative error is below 5e-15 in float64 and 3e-7 in float32."""
    library, dtype = namespace(x), str(x.dtype)
    size = library.clip(library.abs(x), 0, FAR)
    small = library.clip(size, 0, 1)
    inner = polynomial(near_coefficients(dtype), small * small) * small
    outer = 1 - library.exp(-size * size) * polynomial(far_coefficients(dtype), 1 - 2 * CENTER / (size + CENTER))
    inner *= size < 1  # both are finite, so that multiplying selects, at a fraction of the time of where
    outer *= size >= 1
    return library.copysign(inner + outer, x)
