"""The one table of layers: every layer of `nn` with every option, and every function of `nn.functional` that has none.

For: the tests against PyTorch, live and from committed answers; the tests against finite differences, on every device;
`tinygrad-edu gradcheck`; and whoever writes a layer, who adds its rows here and gets all of these. Not for: ops, which
are in `testing.cases`. `nn` is passed in, because layers stand on a higher floor than this table.
"""

from __future__ import annotations

from tinygrad_edu.testing.layers import attention, basic, bends, convolution, losses, normalization, pooling, recurrent
from tinygrad_edu.testing.layers.table import LayerCase, Question, flat

FAMILIES: dict[str, list[LayerCase]] = {
    "basic": basic.LAYERS,
    "bends": bends.LAYERS,
    "convolution": convolution.LAYERS,
    "pooling": pooling.LAYERS,
    "normalization": normalization.LAYERS,
    "recurrent": recurrent.LAYERS,
    "attention": attention.LAYERS,
    "losses": losses.LAYERS,
}
LAYERS: list[LayerCase] = [case for family in FAMILIES.values() for case in family]

__all__ = ["FAMILIES", "LAYERS", "LayerCase", "Question", "flat"]
