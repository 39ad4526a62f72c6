"""embedding as it is written: rows of a table, read by number.

For: the definition of the kernel in `fused/embedding`, and whoever wants to read it. Not for: checks of the numbers, or
shortening rows that got too long (`nn.functional.embedding`).
"""

from __future__ import annotations

from tinygrad_edu.engine import Value
from tinygrad_edu.ops.indexing import getitem
from tinygrad_edu.ops.kinks import where


def embedding_definition(weight, tokens, *, padding):
    """weight[tokens]: weight (V, D), tokens of any shape, result (*tokens.shape, D); row `padding` gets no gradient"""
    tokens = tokens.array if isinstance(tokens, Value) else tokens
    read = getitem(weight, key=(tokens,), unique=False)
    if padding is None:
        return read
    # The padding row is read from outside the graph: the same numbers, but no way back.
    row = (weight.array if isinstance(weight, Value) else weight)[padding]
    return where((tokens == padding)[..., None], row, read)
