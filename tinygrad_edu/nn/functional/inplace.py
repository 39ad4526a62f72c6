"""`inplace=True`: the input itself is returned, and from then on holds the result.

For: activations and dropout, so that programs that count on it run alike. Not for: saving memory; what backward needs
is kept all the same.
"""

from __future__ import annotations

from tinygrad_edu.tensors import Tensor


def into(input: Tensor, output: Tensor, inplace: bool) -> Tensor:
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
