"""All the parts that a Tensor's methods come from, in the order in which to read them."""

from __future__ import annotations

from tinygrad_edu.tensors.arithmetic import Arithmetic
from tinygrad_edu.tensors.diagonals import Diagonals
from tinygrad_edu.tensors.elementary import Elementary
from tinygrad_edu.tensors.fresh import Fresh
from tinygrad_edu.tensors.indexing import Indexing
from tinygrad_edu.tensors.operators import Operators
from tinygrad_edu.tensors.overwriting import Overwriting
from tinygrad_edu.tensors.placing import Placing
from tinygrad_edu.tensors.products import Products
from tinygrad_edu.tensors.rearranging import Rearranging
from tinygrad_edu.tensors.reducing import Reducing
from tinygrad_edu.tensors.sampling import Sampling
from tinygrad_edu.tensors.statistics import Statistics
from tinygrad_edu.tensors.synonyms import Synonyms


class Parts(
    Operators, Arithmetic, Reducing, Rearranging, Indexing, Overwriting,
    Elementary, Statistics, Products, Diagonals, Placing, Sampling, Fresh, Synonyms,
):  # fmt: skip
    """Everything that a tensor can do, but not yet what it is."""

    __slots__ = ()
