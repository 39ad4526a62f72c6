"""Activations in PyTorch's signatures: what bends between the layers, and what makes probabilities of scores.

For: what a model calls between and inside its layers. Not for: the rules and numerics of the curved ones, which are
ops (`ops/activations.py`), nor for those of straight pieces, which are in `clipped.py`.
`inplace=True` returns the input, which from then on holds the result, so that programs that count on that run alike.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator, constant, host_generator, namespace
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.inplace import into
from tinygrad_edu.ops import activations
from tinygrad_edu.ops.elementwise import expm1
from tinygrad_edu.ops.fused import activations as fused
from tinygrad_edu.ops.kinks import clamp, where
from tinygrad_edu.tensors import Tensor

# With these two, mean 0 and variance 1 are a fixed point of a layer: solved for in the paper that `selu` names.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934


# ---------------------------------------------------------------------------------------------- one number at a time
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); the slope at 0 is 0."""
    return into(input, activations.relu(input), inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x for x > 0, negative_slope · x otherwise. Source: Maas, Hannun, Ng 2013."""
    check_floating("leaky_relu", input=input)
    return into(input, activations.leaky_relu(input, slope=negative_slope), inplace)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x for x > 0, w · x otherwise: a leaky relu that learns its slope.

    input   (N, C, ...), or any shape if there is one slope only
    weight  (C,) one slope for each channel, or (1,) or () for all

    The slope at 0 is w. Source: He, Zhang, Ren, Sun 2015, "Delving deep into rectifiers".
    """
    check_floating("prelu", input=input, weight=weight)
    if weight.ndim > 1:
        raise ValueError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got shape {tuple(weight.shape)}")
    if weight.numel() != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.numel() != channels:
            raise ValueError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()} "
                f"and channel size = {channels}: prelu wants one slope, or one for each channel of (N, C, ...), got "
                f"an input of shape {tuple(input.shape)}"
            )
        weight = weight.reshape(-1, *[1] * (input.ndim - 2))
    elif weight.ndim > input.ndim:
        weight = weight.reshape(())
    return where(input > 0, input, input * weight)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x for x > 0, alpha · (eˣ - 1) otherwise. Source: Clevert, Unterthiner, Hochreiter 2016."""
    check_floating("elu", input=input)
    return into(input, activations.elu(input, alpha=alpha), inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale · elu(x, alpha), where alpha ≈ 1.6733 and scale ≈ 1.0507 keep mean 0 and variance 1 from layer to layer.

    Source: Klambauer, Unterthiner, Mayr, Hochreiter 2017, "Self-normalizing neural networks".
    """
    check_floating("selu", input=input)
    return into(input, activations.elu(input, alpha=SELU_ALPHA) * SELU_SCALE, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x for x > 0, alpha · (exp(x / alpha) - 1) otherwise: an elu whose slope at 0 is 1 for every alpha > 0.

    Source: Barron 2017, "Continuously differentiable exponential linear units".
    """
    check_floating("celu", input=input)
    if not alpha > 0:
        raise ValueError(f"ZeroDivisionError: alpha cannot be 0 for CELU: wanted alpha > 0, got {alpha}")
    curve = expm1(clamp(input, low=None, high=0) / alpha) * alpha  # e^x is taken of x ≤ 0 only: it can't overflow
    return into(input, where(input > 0, input, curve), inplace)


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x · Φ(x), Φ being the normal distribution function; approximate="tanh" for the older formula.

    Source: Hendrycks, Gimpel 2016, "Gaussian error linear units".
    """
    check_floating("gelu", input=input)
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate argument must be either none or tanh: got {approximate!r}")
    return fused.gelu(input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x · σ(x). Source: Elfwing, Uchibe, Doya 2018."""
    check_floating("silu", input=input)
    return into(input, fused.silu(input), inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · tanh(log(1 + eˣ)). Source: Misra 2019, "Mish: a self regularized non-monotonic activation function"."""
    check_floating("mish", input=input)
    return into(input, input * activations.softplus(input).tanh(), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta · x)) / beta, a smooth relu; x itself where beta · x > threshold, to which it is equal there."""
    check_floating("softplus", input=input)
    scaled = input if beta == 1.0 else input * beta
    curve = activations.softplus(scaled)
    return where(scaled > threshold, input, curve if beta == 1.0 else curve / beta)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ)"""
    return input.sigmoid()


def logsigmoid(input: Tensor) -> Tensor:
    """log σ(x) = -log(1 + e⁻ˣ), finite for every x: log(sigmoid(-1000)) would be the logarithm of 0."""
    check_floating("logsigmoid", input=input)
    return -activations.softplus(-input)


def tanh(input: Tensor) -> Tensor:
    """(eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)"""
    return input.tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|): like tanh from -1 to 1, which it approaches slowly. Source: Turian, Bergstra, Bengio 2009."""
    check_floating("softsign", input=input)
    return input / (input.abs() + 1)


# ------------------------------------------------------------------------------------------------ a row at a time
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a · σ(b), where a and b are the first and second half of x along dim: b decides how much of a passes.

    x: (…, 2n, …), y: (…, n, …). Source: Dauphin, Fan, Auli, Grangier 2017, "Language modeling with gated
    convolutional networks".
    """
    check_floating("glu", input=input)
    if not input.ndim:
        raise ValueError("glu does not support scalars because halving size must be even: wanted at least 1 dimension")
    if input.size(dim) % 2:
        raise ValueError(
            f"Halving dimension must be even, but dimension {dim} is size {input.size(dim)}: the first half of it is "
            f"gated by the second, so the layer before wants twice the outputs"
        )
    half = input.size(dim) // 2
    return input.narrow(dim, 0, half) * input.narrow(dim, half, half).sigmoid()


def softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """exp(x_i) / Σ_j exp(x_j) along dim: positive, and adds up to 1. `dtype` converts the input first."""
    return _converted(input, dtype).softmax(_wanted_dim("softmax", dim))


def softmin(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """exp(-x_i) / Σ_j exp(-x_j) along dim: the softmax that prefers the smallest."""
    return (-_converted(input, dtype)).softmax(_wanted_dim("softmin", dim))


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """x_i - log Σ_j exp(x_j) along dim: log(softmax(x)) where that would overflow or lose its digits."""
    return _converted(input, dtype).log_softmax(_wanted_dim("log_softmax", dim))


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, *, dim: int = -1, generator: Generator | None = None
) -> Tensor:
    """softmax((x + G) / tau) along dim, G = -log(-log U) being Gumbel noise: a random choice that has a gradient.

    The largest of x + G is class i with probability softmax(x)_i; a small tau makes the result nearly that choice.
    hard=True returns the choice itself, 1 for one class and 0 for the others, with the gradient of the soft result.
    Source: Jang, Gu, Poole 2017, "Categorical reparameterization with Gumbel-softmax"; Maddison, Mnih, Teh 2017.
    """
    check_floating("gumbel_softmax", logits=logits)
    if not tau > 0:
        raise ValueError(f"gumbel_softmax wants a temperature tau > 0, got {tau}")
    noise = host_generator(generator).gumbel(size=tuple(logits.shape)).astype(logits.dtype)
    soft = ((logits + Tensor(constant(noise, like=logits.array))) / tau).softmax(dim)
    if not hard:
        return soft
    classes = namespace(soft.array).arange(soft.size(dim))
    chosen = soft.movedim(dim, -1).argmax(-1, keepdim=True) == Tensor(classes)
    # The difference is exactly 0, with the slope of `soft`: the choice is passed on, and the soft result learns.
    return chosen.movedim(-1, dim).to(soft.dtype) + (soft - soft.detach())


def _converted(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None else input.to(dtype=dtype)


def _wanted_dim(function: str, dim: int | None) -> int:
    if dim is None:
        raise ValueError(
            f"{function} wants dim=, the axis along which the results add up to 1: dim=-1 is the last, dim=1 "
            f"the classes of (N, C)"
        )
    return dim
