"""Linear and bilinear maps: y = x Wᵀ + b, and y_o = x₁ᵀ W_o x₂ + b_o.

For: what Linear and Bilinear compute, with shapes checked before the product. Not for: their weights (`nn/linear.py`).
"""

from __future__ import annotations

from tinygrad_edu.nn.functional.checks import check_floating, check_same_dtype
from tinygrad_edu.ops import linalg
from tinygrad_edu.ops.fused import linear as fused
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
    return fused.linear(input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y_o = Σ_ij x₁_i W_oij x₂_j + b_o        x₁: (…, in1)   x₂: (…, in2)   W: (out, in1, in2)   y: (…, out)

    Linear in each input while the other is held: how two things interact, one matrix for each output.
    """
    check_floating("bilinear", input1=input1, input2=input2, weight=weight)
    check_same_dtype("bilinear", input1, weight)
    check_same_dtype("bilinear", input2, weight)
    if weight.ndim != 3:
        raise ValueError(f"bilinear wants a weight of shape (out, in1, in2), got {tuple(weight.shape)}")
    outputs, *sizes = weight.shape
    for name, value, size in (("input1", input1, sizes[0]), ("input2", input2, sizes[1])):
        if value.ndim == 0 or value.shape[-1] != size:
            raise ValueError(
                f"bilinear(): {name} size does not match weight size: got {tuple(value.shape)}, wanted (..., {size})"
            )
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ValueError(
            f"bilinear(): input batch dimensions do not match: got {tuple(input1.shape)} and {tuple(input2.shape)}, "
            f"wanted equal shapes but for the last axis"
        )
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise ValueError(
            f"bilinear(): bias size does not match weight size: wanted a bias of shape ({outputs},), got "
            f"{tuple(bias.shape)}"
        )
    out = linalg.einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias
