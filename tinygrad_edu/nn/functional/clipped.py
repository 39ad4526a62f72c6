"""Activations of straight pieces: clipped, shrunk or cut off. Cheap, and flat somewhere.

For: relu6, hardtanh, hardsigmoid, hardswish, the three shrinking functions and threshold. Where two pieces meet, the
slope is that of the flat one, as in PyTorch. Not for: the curved ones (`activations.py`).
"""

from __future__ import annotations

from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.functional.inplace import into
from tinygrad_edu.ops.kinks import where
from tinygrad_edu.tensors import Tensor


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """min_val where x is below it, max_val where x is above it, x in between. Source: Collobert 2004."""
    check_floating("hardtanh", input=input)
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: got min_val={min_val}, max_val={max_val}")
    return into(input, _clipped(input, min_val, max_val), inplace)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6). Source: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10"."""
    check_floating("relu6", input=input)
    return into(input, _clipped(input, 0.0, 6.0), inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6: three straight pieces in place of a sigmoid.

    Source: Courbariaux, Bengio, David 2015, "BinaryConnect"; in this form Howard et al. 2019.
    """
    check_floating("hardsigmoid", input=input)
    return into(input, _clipped(input + 3, 0.0, 6.0) / 6, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · hardsigmoid(x): silu without an exponential. Source: Howard et al. 2019, "Searching for MobileNetV3"."""
    check_floating("hardswish", input=input)
    return into(input, input * _clipped(input + 3, 0.0, 6.0) / 6, inplace)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x for x > threshold, value otherwise."""
    check_floating("threshold", input=input)
    return into(input, where(input <= threshold, value, input), inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x for |x| > lambd, 0 otherwise.

    Source: Donoho, Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage".
    """
    check_floating("hardshrink", input=input)
    return where(input.abs() <= _not_negative(lambd), 0.0, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """sign(x) · max(|x| - lambd, 0): everything moves towards 0 by lambd, and stops there. Source: as `hardshrink`."""
    check_floating("softshrink", input=input)
    return where(input.abs() <= _not_negative(lambd), 0.0, input - input.sign() * lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x): nearly 0 around 0, nearly straight further out."""
    check_floating("tanhshrink", input=input)
    return input - input.tanh()


def _clipped(x: Tensor, low: float, high: float) -> Tensor:
    """x kept between low and high. Unlike `clamp`, at the bounds themselves the slope is already 0."""
    return where(x <= low, low, where(x >= high, high, x))


def _not_negative(lambd: float) -> float:
    if not lambd >= 0:
        raise ValueError(f"lambda must be greater or equal to 0, but found to be {lambd}")
    return lambd
