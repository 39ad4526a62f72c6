"""`tinygrad_edu.special`: the special functions that are here, under the names that PyTorch's `special` gives them."""

from __future__ import annotations

from tinygrad_edu.tensors.as_functions import (
    erf,
    erfc,
    exp2,
    expm1,
    log1p,
    log_softmax,
    logit,
    logsumexp,
    round,
    sigmoid,
    softmax,
)

expit = sigmoid  # the name that statisticians use, for the inverse of logit

__all__ = [
    "erf", "erfc", "exp2", "expit", "expm1", "log1p", "log_softmax", "logit", "logsumexp", "round", "softmax",
]  # fmt: skip
