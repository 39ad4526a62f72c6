"""Initialization: the numbers that training starts from, drawn so that signals neither die out nor blow up.

For: filling a tensor in place (names end in "_"), from the default generator or `generator=`. Not for: deciding which
layer starts how; each layer says that itself.

fan_in is how many inputs one output sums, fan_out how many outputs one input reaches. Weights of variance 1 / fan_in
keep the variance of the signal, weights of variance 1 / fan_out that of the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy

from tinygrad_edu.backend import Generator, host_generator
from tinygrad_edu.engine import no_grad
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import empty, tensor


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What to multiply the standard deviation by, to make up for what an activation takes away.

    linear, conv2d, sigmoid 1 · tanh 5/3 · relu √2 · leaky_relu √(2 / (1 + slope²)), slope = `param` or 0.01 · selu 3/4
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1.0 + slope**2))
    gains = {"linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "sigmoid": 1.0}
    gains |= {"tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75}
    if nonlinearity not in gains:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: wanted one of {', '.join([*gains, 'leaky_relu'])}")
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, kernel ...): its inner size times the size of its kernel."""
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions: wanted a weight (out, in, "
            f"...), got shape {tuple(tensor.shape)}"
        )
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """x ~ U(a, b)"""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """x ~ N(mean, std²)"""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """x = val"""
    return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """x = 0"""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """x = 1"""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """x = I: ones on the diagonal of a matrix, zeros elsewhere, so that a linear layer starts as the identity."""
    if tensor.ndim != 2:
        raise ValueError(
            f"Only tensors with 2 dimensions are supported: wanted a matrix, got shape {tuple(tensor.shape)}"
        )
    return _copy_from_host(tensor, numpy.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """w[o, i] = 1 in the middle of the kernel where o = i within a group, 0 elsewhere: a convolution that copies.

    For a weight (out, in / groups, kernel ...) with one to three kernel axes. Each group copies as many of its input
    channels as it has outputs for; outputs beyond that start as zeros.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(
            f"Only tensors with 3, 4, or 5 dimensions are supported: wanted (out, in, kernel ...), got shape "
            f"{tuple(tensor.shape)}"
        )
    outputs, inputs = tensor.shape[:2]
    if groups < 1 or outputs % groups:
        raise ValueError(f"dim 0 must be divisible by groups: got shape {tuple(tensor.shape)} and groups={groups}")
    identity = numpy.tile(numpy.eye(outputs // groups, inputs), (groups, 1))
    weight = numpy.zeros(tensor.shape)
    middle: tuple[Any, ...] = (slice(None), slice(None), *(size // 2 for size in tensor.shape[2:]))
    weight[middle] = identity
    return _copy_from_host(tensor, weight)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """x ~ N(0, std²), then in each column ⌈sparsity · rows⌉ entries, chosen at random, are 0.

    Source: Martens 2010, "Deep learning via Hessian-free optimization".
    """
    if tensor.ndim != 2:
        raise ValueError(
            f"Only tensors with 2 dimensions are supported: wanted a matrix, got shape {tuple(tensor.shape)}"
        )
    if not 0.0 <= sparsity <= 1.0:
        raise ValueError(f"wanted sparsity, the share of zeros, between 0 and 1, got {sparsity}")
    source = host_generator(generator)
    values = source.normal(0.0, std, tensor.shape)
    order = source.random(tensor.shape).argsort(axis=0)  # of each column, its rows in a random order
    values[order < math.ceil(sparsity * tensor.shape[0])] = 0.0
    return _copy_from_host(tensor, values)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """x ~ U(-b, b),  b = gain · √(6 / (fan_in + fan_out)): variance gain² · 2 / (fan_in + fan_out).

    A compromise between signal and gradient, for activations that are linear around 0. Source: Glorot, Bengio 2010,
    "Understanding the difficulty of training deep feedforward neural networks".
    """
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """x ~ N(0, s²),  s = gain · √(2 / (fan_in + fan_out)). Source: as `xavier_uniform_`."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """x ~ U(-b, b),  b = gain · √(3 / fan), where the gain is that of `nonlinearity` with slope `a`.

    mode "fan_in" keeps the size of the signal, "fan_out" that of the gradient. Source: He, Zhang, Ren, Sun 2015,
    "Delving deep into rectifiers".
    """
    bound = math.sqrt(3.0) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """x ~ N(0, s²),  s = gain / √fan. Source: as `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_deviation(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """x = gain · Q, the rows of Q orthonormal (the columns, if there are fewer): lengths are kept exactly.

    Axes after the first count as one.
    Q is that of a QR decomposition of normal numbers; making the diagonal of R positive makes every Q equally likely.
    Source: Saxe, McClelland, Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning".
    """
    if tensor.ndim < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported: got shape {tuple(tensor.shape)}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    drawn = host_generator(generator).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = numpy.linalg.qr(drawn)
    q = q * numpy.sign(numpy.diagonal(r))
    return _copy_from_host(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """x ~ N(mean, std²), given that a ≤ x ≤ b.  x = Φ⁻¹(u), u uniform between Φ(a) and Φ(b)."""
    if not (a < b and std > 0):
        raise ValueError(f"wanted a < b and std > 0, got a={a}, b={b}, std={std}")
    normal = NormalDist(mean, std)
    low, high = normal.cdf(a), normal.cdf(b)
    if not low < high:
        raise ValueError(f"wanted a and b within about 8 std of mean={mean}, got a={a}, b={b}, std={std}")
    tiny = 2.0**-60  # Φ⁻¹ is not defined at 0 and 1
    u = host_generator(generator).uniform(low, high, tensor.numel()).clip(tiny, 1.0 - 2.0**-53)
    values = numpy.array([normal.inv_cdf(number) for number in u.tolist()]).clip(a, b)
    return _copy_from_host(tensor, values.reshape(tensor.shape))


def fresh_uniform(
    shape: Sequence[int], bound: float, device: Any = None, dtype: Any = None, generator: Generator | None = None
) -> Tensor:
    """A new tensor of `shape`, x ~ U(-bound, bound): how Linear and Conv2d start, with bound = 1 / √fan_in."""
    return uniform_(empty(tuple(shape), dtype=dtype, device=device), -bound, bound, generator)


def positive(name: str, value: int) -> int:
    """Return `value`, or raise when it is not an integer of at least 1: the size of a layer."""
    if isinstance(value, bool) or not isinstance(value, (int, numpy.integer)):
        raise TypeError(f"wanted {name} to be an integer, got {type(value).__name__}: {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be a positive integer: got {value}")
    return int(value)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode!r} not supported, please use one of ['fan_in', 'fan_out']")
    fan = fans(tensor)[0 if mode == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


@no_grad()
def _copy_from_host(target: Tensor, values: numpy.ndarray) -> Tensor:
    return target.copy_(tensor(values, dtype=target.dtype, device=target.device))
