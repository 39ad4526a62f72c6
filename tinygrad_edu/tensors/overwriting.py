"""In place by way of out of place: x.relu_() computes x.relu() and writes it into the memory of x.

For: the methods whose name ends in _ and that need no code of their own. They save no memory while they compute; they
are there because programs are written with them. The ones that optimizers live on are in `inplace`, one pass each.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy

from tinygrad_edu.engine import result
from tinygrad_edu.tensors.arithmetic import Arithmetic
from tinygrad_edu.tensors.elementary import Elementary
from tinygrad_edu.tensors.indexing import Indexing
from tinygrad_edu.tensors.inplace import InPlace, write
from tinygrad_edu.tensors.placing import Placing
from tinygrad_edu.tensors.rearranging import Rearranging
from tinygrad_edu.tensors.reducing import Reducing
from tinygrad_edu.tensors.statistics import Statistics


def _written(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method that computes `method` and keeps the result in the tensor itself."""

    @functools.wraps(method)
    def in_place(self: Any, *args: Any, **settings: Any) -> Any:
        def on_array(array: Any, *_: Any) -> None:
            fresh = method(result(array), *args, **settings).array
            if fresh.shape != array.shape:
                raise ValueError(f"{in_place.__name__} keeps the shape {array.shape}, the result has {fresh.shape}")
            if not numpy.can_cast(fresh.dtype, array.dtype, "same_kind"):
                raise TypeError(f"the result of {in_place.__name__} has dtype {fresh.dtype}")
            operator.setitem(array, ..., fresh)

        return write(self, on_array, lambda x, *others: method(x, *others, **settings), *args)

    in_place.__name__ = f"{method.__name__}_"
    in_place.__qualname__ = in_place.__name__
    in_place.__doc__ = f"self = {method.__name__}(self, …), written into its own memory"
    return in_place


class Overwriting(InPlace):
    __slots__ = ()

    relu_, sigmoid_, tanh_ = (_written(f) for f in (Arithmetic.relu, Arithmetic.sigmoid, Arithmetic.tanh))
    log_, sin_, cos_, square_ = (
        _written(f) for f in (Arithmetic.log, Arithmetic.sin, Arithmetic.cos, Arithmetic.square)
    )
    rsqrt_, reciprocal_, sign_ = (_written(f) for f in (Arithmetic.rsqrt, Arithmetic.reciprocal, Arithmetic.sign))
    floor_, remainder_ = _written(Arithmetic.floor), _written(Arithmetic.remainder)
    ceil_, round_, trunc_ = (_written(f) for f in (Elementary.ceil, Elementary.round, Elementary.trunc))
    floor_divide_, nan_to_num_ = _written(Elementary.floor_divide), _written(Elementary.nan_to_num)
    clamp_min_, clamp_max_ = _written(Elementary.clamp_min), _written(Elementary.clamp_max)
    tril_, triu_ = _written(Rearranging.tril), _written(Rearranging.triu)
    cumsum_, cumprod_ = _written(Reducing.cumsum), _written(Statistics.cumprod)
    scatter_, scatter_reduce_ = _written(Placing.scatter), _written(Placing.scatter_reduce)
    scatter_add_ = _written(Indexing.scatter_add)
    index_add_, index_copy_ = _written(Placing.index_add), _written(Placing.index_copy)
    index_fill_ = _written(Placing.index_fill)

    clip_, absolute_, multiply_ = InPlace.clamp_, InPlace.abs_, InPlace.mul_
    divide_, true_divide_, subtract_, negative_ = InPlace.div_, InPlace.div_, InPlace.sub_, InPlace.neg_

    __ifloordiv__, __imod__ = floor_divide_, remainder_

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Any:
        """self = fill_value on the diagonal of a matrix; with wrap, a tall one's diagonal begins anew below"""
        if self.ndim != 2:
            raise ValueError(f"fill_diagonal_ wanted a matrix, got shape {self.shape}")
        rows, columns = self.shape
        for start in range(0, rows if wrap else 1, columns + 1):
            steps = list(range(min(rows - start, columns)))
            self[[start + i for i in steps], steps] = fill_value
        return self
