"""Binary cross-entropy of probabilities: the one loss whose slope cannot be left to its formula.

At x = 0 or 1 a logarithm is infinite, and where it is cut off it is flat: the most wrong of all answers would learn
nothing. Its rule is therefore written out, with a bound of its own. Not for: scores of any size (logits), which need
no cutting (`nn.functional.binary_cross_entropy_with_logits`).
"""

from __future__ import annotations

from tinygrad_edu.engine import primitive
from tinygrad_edu.ops.broadcasting import unbroadcast
from tinygrad_edu.ops.casting import to_floating
from tinygrad_edu.ops.elementwise import log, log1p
from tinygrad_edu.ops.kinks import clamp, where


@primitive(prepare=to_floating)
def binary_cross_entropy(x, y):
    """-y ln x - (1 - y) ln(1 - x), no logarithm counting as less than -100

    The slope (x - y) / (x (1 - x)) is steepest at 0 and 1, where 10⁻¹² takes the place of x (1 - x).
    """
    log_x, log_rest = logarithms(x)
    return -y * log_x - (1 - y) * log_rest


def logarithms(x):
    """ln x and ln(1 - x), at least -100"""
    log_x = where(x == 0, -100.0, clamp(log(where(x == 0, 1.0, x)), low=-100.0, high=None))
    log_rest = where(x == 1, -100.0, clamp(log1p(-where(x == 1, 0.0, x)), low=-100.0, high=None))
    return log_x, log_rest


def log_odds(x):
    """ln(x / (1 - x)) from the same logarithms"""
    log_x, log_rest = logarithms(x)
    return log_x - log_rest


binary_cross_entropy.defvjp(
    x=lambda g, x, y, x_shape: unbroadcast(g * (x - y) / clamp(x * (1 - x), low=1e-12, high=None), x_shape),
    y=lambda g, x, y_shape: unbroadcast(-g * log_odds(x), y_shape),
)
binary_cross_entropy.deflatex(
    r"-y \odot \ln x - (1 - y) \odot \ln (1 - x)",
    x=r"\frac{g \odot (x - y)}{x \odot (1 - x)}",
    y=r"-g \odot (\ln x - \ln (1 - x))",
)
