"""Metrics: what is measured beside the loss, as functions (outputs, targets) -> one number, the mean over the batch.

For: `accuracy`, and as the pattern for your own. A metric should return a tensor, not a Python number, so that a GPU
need not be waited for. Not for: anything that is differentiated; metrics run under `no_grad`.
"""

from __future__ import annotations

from tinygrad_edu.tensors import Tensor


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """(1/N) Σₙ [argmax_c outputs[n, c] = targets[n]]: the share of the batch whose largest output is the right class.

    outputs (N, C), targets (N,) class indices, or (N, C) probabilities, whose largest then counts as the right one.
    """
    classes = targets if targets.ndim < outputs.ndim else targets.argmax(1)
    return (outputs.argmax(1) == classes).float().mean()
