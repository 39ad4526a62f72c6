"""Embedding: rows read from a table; back, the gradients of equal tokens are added up into the rows of a new table.

Measured on a table of 50,000 x 128 and 4096 tokens in float32, one thread: there 0.06 ms instead of 0.08 (take is
quicker than indexing); back 0.4 ms, all but making 25 MB of zeros in `add_at`, where it is told what was tried. The new
table belongs to nobody else and becomes the gradient as it is; copied, it would take six times as long.
"""

from __future__ import annotations

from typing import Any

import numpy

from tinygrad_edu.backend import add_at
from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.embedding import embedding_definition


@kernel(embedding_definition)
def embedding(weight: Any, tokens: Any, *, padding: int | None) -> Any:
    """weight[tokens], with no gradient for the row `padding`"""
    return weight.take(tokens, axis=0), (tokens, weight.shape)


@embedding.backward
def embedding_back(g: Any, kept: Any, wanted: Any, *, padding: int | None) -> Any:
    """dweight_v = Σ g over the places where the token is v"""
    tokens, shape = kept
    dweight = numpy.zeros(shape, g.dtype)
    add_at(dweight, (tokens,), g, fresh=True)
    if padding is not None:
        dweight[padding] = 0
    return dweight, None


embedding.deflatex(r"\mathrm{weight}_{\mathrm{tokens}}", weight=r"\operatorname{put}(g, \mathrm{tokens})", tokens="0")
