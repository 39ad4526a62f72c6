"""Dropout: in training a random part of the input is taken away, and what stays is enlarged to keep the mean.

For: single numbers (dropout), whole channels (dropout1d, dropout2d), and numbers that should keep mean and variance
(alpha_dropout). Every mask is drawn on the host in one call, from the default generator unless one is given, so that
all devices see the same draws. Not for: the layers that know whether they train (`nn/dropout.py`).
"""

from __future__ import annotations

import warnings

import numpy

from tinygrad_edu.backend import Generator, constant, host_generator
from tinygrad_edu.nn.functional.checks import check_floating, check_probability
from tinygrad_edu.nn.functional.inplace import into
from tinygrad_edu.tensors import Tensor


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """y = x · m / (1 - p), m being 0 with probability p and else 1, for each number by itself; x when not training.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, "Dropout".
    """
    check_floating("dropout", input=input)
    return _dropped(input, tuple(input.shape), p, training, inplace, generator)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """y[n, c, :] = x[n, c, :] · m[n, c] / (1 - p): a channel of (N, C, L) or (C, L) is kept or taken away as a whole.

    Neighbors in a sequence are alike, so that dropping one number alone would hide little. Source: Tompson et al. 2015,
    "Efficient object localization using convolutional networks".
    """
    check_floating("dropout1d", input=input)
    if input.ndim not in (2, 3):
        raise ValueError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input: wanted (N, C, L) or (C, L), got "
            f"{tuple(input.shape)}; use dropout2d for images, dropout for anything else"
        )
    return _dropped(input, (*input.shape[:-1], 1), p, training, inplace, generator)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """y[n, c, :, :] = x[n, c, :, :] · m[n, c] / (1 - p): each channel of (N, C, H, W) is kept or taken away as a whole.

    Three axes are taken for (N, C, L), with a warning, as in PyTorch. Source: as `dropout1d`.
    """
    check_floating("dropout2d", input=input)
    if input.ndim not in (3, 4):
        raise ValueError(
            f"dropout2d: wanted an input of shape (N, C, H, W), got {tuple(input.shape)}: use dropout, which treats "
            f"every number by itself"
        )
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L): use dropout1d, or input.unsqueeze(0) for a single image",
            stacklevel=2,
        )
    return _dropped(input, (*input.shape[:2], *[1] * (input.ndim - 2)), p, training, inplace, generator)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """y = a · (x · m + α (1 - m)) + b,    α = -λα_selu = -1.7581,  a = ((1 - p)(1 + p α²))^(-1/2),  b = -a p α

    What is taken away becomes α, the value that selu tends to at -∞. With x of mean 0 and variance 1, x · m + α (1 - m)
    has mean p α and variance (1 - p)(1 + p α²), so y has mean 0 and variance 1 again. Note that `training` is False by
    default, as in PyTorch. Source: Klambauer, Unterthiner, Mayr, Hochreiter 2017, "Self-normalizing neural networks".
    """
    check_floating("alpha_dropout", input=input)
    check_probability(p)
    if not training or p == 0.0:
        return input
    if p == 1.0:
        return into(input, input * 0.0, inplace)  # nothing is left to normalize
    lowest = -1.7580993408473766
    scale = ((1.0 - p) * (1.0 + p * lowest**2)) ** -0.5
    kept = _draw(input, tuple(input.shape), p, generator)
    return into(input, (input * kept + (1.0 - kept) * lowest) * scale - scale * p * lowest, inplace)


def _dropped(
    input: Tensor, mask_shape: tuple[int, ...], p: float, training: bool, inplace: bool, generator: Generator | None
) -> Tensor:
    """x · m / (1 - p), with one draw for each entry of `mask_shape`, which broadcasts to the input."""
    check_probability(p)
    if not training or p == 0.0:
        return input
    scale = 1.0 / (1.0 - p) if p < 1.0 else 0.0
    return into(input, input * _draw(input, mask_shape, p, generator, scale), inplace)


def _draw(input: Tensor, shape: tuple[int, ...], p: float, generator: Generator | None, scale: float = 1.0) -> Tensor:
    """0 with probability p, else `scale`: on the input's device, in its dtype."""
    kept = host_generator(generator).random(shape, dtype=numpy.float32) >= p
    return Tensor(constant(numpy.multiply(kept, scale, dtype=input.dtype), like=input.array))
