"""Floor 2: every operation beside its derivative. Arrays are positional, settings keyword-only, axes tuples.

Read in this order: `elementwise`, `broadcasting`, `linalg`, `kinks`, `shaping`, `indexing`, `reductions`,
`activations`, `windows`; then what completes them: `trigonometry`, `logarithms`, `rounding`, `scattering`; and whole
layers made of these: `normalization`, `classification`, `embedding` and the like. Kernels that stand for such layers
are in `fused`, and need not be read. The functions here run on bare arrays and on Tensors alike; PyTorch's signatures
are on floors 3 and 4.
"""

from tinygrad_edu.ops import (
    activations,
    attention,
    broadcasting,
    casting,
    classification,
    comparing,
    elementwise,
    embedding,
    entropy,
    indexing,
    kinks,
    linalg,
    logarithms,
    normalization,
    reductions,
    rounding,
    rows,
    scattering,
    shaping,
    trigonometry,
    windows,
)

__all__ = [
    "activations",
    "attention",
    "broadcasting",
    "casting",
    "classification",
    "comparing",
    "elementwise",
    "embedding",
    "entropy",
    "indexing",
    "kinks",
    "linalg",
    "logarithms",
    "normalization",
    "reductions",
    "rounding",
    "rows",
    "scattering",
    "shaping",
    "trigonometry",
    "windows",
]
