"""Collating: from a list of samples to one batch. A batch is the samples stacked along a new first axis.

For: `default_collate`, what a DataLoader does unless it is given a `collate_fn`. Not for: padding sequences to one
length, which is a decision about the model: write a `collate_fn` for it.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.tensors.functions import stack


def default_collate(batch: Sequence[Any]) -> Any:
    """[sample, …] (n of them) -> the same structure with n values at every leaf.

    Tensors and NumPy arrays of shape S become one tensor (n, *S); Python integers int64 (n,), floats float64 (n,),
    booleans bool (n,); strings stay a list. Tuples, lists and dictionaries are collated entry by entry: n pairs
    (x, y) become a list [X, Y], as in PyTorch.
    Errors: ValueError where the samples differ in shape, length or keys, TypeError for anything else.
    """
    if len(batch) == 0:
        raise ValueError("default_collate wants at least one sample, got an empty list")
    first = batch[0]
    if isinstance(first, Tensor):
        _check_equal([tuple(each.shape) for each in batch], "shape")
        return stack(list(batch))
    if isinstance(first, (numpy.ndarray, numpy.generic)):
        _check_equal([numpy.shape(each) for each in batch], "shape")
        return tensor(numpy.stack(batch))
    if isinstance(first, numbers.Number):
        # float64 as in PyTorch: a Python float has 53 bits, and only the caller knows that fewer are enough
        return tensor(numpy.asarray(batch))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        _check_equal([tuple(sorted(each)) for each in batch], "keys")
        return {key: default_collate([each[key] for each in batch]) for key in first}
    if isinstance(first, Sequence):
        return _collate_columns(batch)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"got {type(first).__name__}: return one of these from the data set, or give the DataLoader a collate_fn"
    )


def _collate_columns(batch: Sequence[Sequence[Any]]) -> Any:
    """n samples of k entries each -> k batches of n values each: the table is transposed, then each column collated."""
    _check_equal([len(each) for each in batch], "length")
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    first = batch[0]
    is_named = isinstance(first, tuple) and hasattr(first, "_fields")
    return type(first)(*columns) if is_named else columns


def _check_equal(found: list[Any], what: str) -> None:
    for position, value in enumerate(found):
        if value != found[0]:
            raise ValueError(
                f"stack expects each tensor to be equal size: wanted samples of one {what}, got {found[0]} for "
                "sample 0 "
                f"and {value} for sample {position} of the batch: make them equal in the data set (crop, pad), or give "
                "the DataLoader a collate_fn that does"
            )
