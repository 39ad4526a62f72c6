"""Activations in PyTorch's signatures, dropout, and the linear map. The functions and derivatives are in `ops`.

For: what a model calls between and inside its layers. Not for: the formulas' numerics (`ops/activations.py`).
`inplace=True` returns the input, which from then on holds the result, so that programs that count on that run alike.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import Generator, constant, host_generator
from tinygrad_edu.nn.functional.checks import check_floating, check_probability, check_same_dtype
from tinygrad_edu.ops import activations, linalg
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.tensors import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x Wᵀ + b        x: (…, in)   W: (out, in)   b: (out,)   y: (…, out)"""
    check_floating("linear", input=input, weight=weight)
    check_same_dtype("linear", input, weight)
    if weight.ndim != 2:
        raise ValueError(f"linear wants a weight of shape (out, in), got {tuple(weight.shape)}")
    outputs, inputs = weight.shape
    if input.ndim == 0 or input.shape[-1] != inputs:
        rows = input.numel() // input.shape[-1] if input.ndim and input.shape[-1] else input.numel()
        got = input.shape[-1] if input.ndim else 1
        raise ValueError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{got} and {inputs}x{outputs}): a linear map of "
            f"{inputs} inputs wants an input of shape (..., {inputs}), got {tuple(input.shape)}"
        )
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise ValueError(f"linear with {outputs} outputs wants a bias of shape ({outputs},), got {tuple(bias.shape)}")
    return linalg.linear(input, weight, bias)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); the slope at 0 is 0."""
    return _into(input, activations.relu(input), inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x for x > 0, negative_slope · x otherwise. Source: Maas, Hannun, Ng 2013."""
    check_floating("leaky_relu", input=input)
    return _into(input, activations.leaky_relu(input, slope=negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x for x > 0, alpha · (eˣ - 1) otherwise. Source: Clevert, Unterthiner, Hochreiter 2016."""
    check_floating("elu", input=input)
    return _into(input, activations.elu(input, alpha=alpha), inplace)


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x · Φ(x), Φ being the normal distribution function; approximate="tanh" for the older formula.

    Source: Hendrycks, Gimpel 2016, "Gaussian error linear units".
    """
    check_floating("gelu", input=input)
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate argument must be either none or tanh: got {approximate!r}")
    return activations.gelu(input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x · σ(x). Source: Elfwing, Uchibe, Doya 2018."""
    check_floating("silu", input=input)
    return _into(input, activations.silu(input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta · x)) / beta, a smooth relu; x itself where beta · x > threshold, to which it is equal there."""
    check_floating("softplus", input=input)
    scaled = input if beta == 1.0 else input * beta
    curve = activations.softplus(scaled)
    return where(scaled > threshold, input, curve if beta == 1.0 else curve / beta)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ)"""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """(eˣ - e⁻ˣ) / (eˣ + e⁻ˣ)"""
    return input.tanh()


def softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """exp(x_i) / Σ_j exp(x_j) along dim: positive, and adds up to 1. `dtype` converts the input first."""
    return _converted(input, dtype).softmax(_wanted_dim("softmax", dim))


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """x_i - log Σ_j exp(x_j) along dim: log(softmax(x)) where that would overflow or lose its digits."""
    return _converted(input, dtype).log_softmax(_wanted_dim("log_softmax", dim))


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """x · m / (1 - p), m being 0 with probability p and else 1, for each number by itself; x when not training.

    The mask is drawn on the host, from the default generator unless one is given.
    """
    check_floating("dropout", input=input)
    check_probability(p)
    if not training or p == 0.0:
        return input
    kept = host_generator(generator).random(tuple(input.shape), dtype=numpy.float32) >= p
    scale = 1.0 / (1.0 - p) if p < 1.0 else 0.0
    mask = constant(numpy.multiply(kept, scale, dtype=input.dtype), like=input.array)
    return _into(input, input * Tensor(mask), inplace)


def _into(input: Tensor, output: Tensor, inplace: bool) -> Tensor:
    """`output`; or `input`, holding the numbers and the history of `output` instead of its own."""
    if not inplace:
        return output
    if input.is_leaf and input.requires_grad:
        raise RuntimeError(
            "a leaf Tensor that requires grad is being used in an in-place operation: use inplace=False, since its own "
            "numbers are what its gradient is for"
        )
    if output.node is None:
        return input.copy_(output)
    input.array, input.node = output.array, output.node
    return input


def _converted(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None else input.to(dtype=dtype)


def _wanted_dim(function: str, dim: int | None) -> int:
    if dim is None:
        raise ValueError(
            f"{function} wants dim=, the axis along which the results add up to 1: dim=-1 is the last, dim=1 "
            f"the classes of (N, C)"
        )
    return dim
