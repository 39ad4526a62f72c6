"""Floor 2: every operation beside its derivative. Arrays are positional, settings keyword-only, axes tuples.

Read in this order: `elementwise`, `broadcasting`, `linalg`, `kinks`, `shaping`, `indexing`, `reductions`,
`activations`, `windows`; then what completes them: `trigonometry`, `logarithms`, `rounding`, `scattering`. The
functions here run on bare arrays and on Tensors alike; PyTorch's signatures are on floor 3.
"""

from tinygrad_edu.ops import (
    activations,
    broadcasting,
    casting,
    comparing,
    elementwise,
    entropy,
    indexing,
    kinks,
    linalg,
    logarithms,
    reductions,
    rounding,
    scattering,
    shaping,
    trigonometry,
    windows,
)

__all__ = [
    "activations",
    "broadcasting",
    "casting",
    "comparing",
    "elementwise",
    "entropy",
    "indexing",
    "kinks",
    "linalg",
    "logarithms",
    "reductions",
    "rounding",
    "scattering",
    "shaping",
    "trigonometry",
    "windows",
]
