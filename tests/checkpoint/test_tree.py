"""Trees: any nesting of plain values and tensors comes back equal."""

from __future__ import annotations

import json
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tinygrad_edu.checkpoint.tree import put_together, take_apart
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import tensor

plain = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False)
    | some.text(max_size=4)
    | some.builds(tensor, some.lists(some.floats(width=32, allow_nan=False), max_size=3))
    | some.builds(numpy.array, some.lists(some.integers(-9, 9), max_size=3))
)
keys = (
    some.text("a.$'0", max_size=3) | some.integers(0, 3) | some.sampled_from(["$tensor", "$array", "$tuple", "$dict"])
)
trees = some.recursive(
    plain,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(keys, inner, max_size=3)
        | some.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


def there_and_back(value):
    arrays = {}
    text = json.dumps(take_apart(value, "", arrays))
    return put_together(json.loads(text), {name: numpy.array(array) for name, array in arrays.items()})


def assert_same(back, value):
    assert type(back) is type(value)
    if isinstance(value, (list, tuple)):
        assert len(back) == len(value)
        for mine, other in zip(back, value, strict=True):
            assert_same(mine, other)
    elif isinstance(value, dict):
        assert list(back) == list(value)
        for key in value:
            assert_same(back[key], value[key])
    elif isinstance(value, (Tensor, numpy.ndarray)):
        assert back.dtype == value.dtype
        numpy.testing.assert_array_equal(numpy.asarray(back), numpy.asarray(value))
    else:
        assert back == value


@given(value=trees)
def test_any_tree_comes_back(value):
    assert_same(there_and_back(value), value)


def test_two_places_that_make_one_name_are_kept_apart():
    arrays = {}
    tree = take_apart({"a.b": tensor([1.0]), "a": {"b": tensor([2.0])}}, "", arrays)
    assert len(arrays) == 2
    back = put_together(tree, arrays)
    assert back["a.b"].tolist() == [1]
    assert back["a"]["b"].tolist() == [2]


def test_relatives_of_plain_values_become_plain():
    back = there_and_back({"numpy": numpy.float32(0.5), "int": numpy.int64(3), "milestones": Counter([3, 3])})
    assert back == {"numpy": 0.5, "int": 3, "milestones": {3: 2}}
    assert type(back["numpy"]) is float
    assert there_and_back(float("nan")) != there_and_back(float("nan"))


def test_what_is_no_plain_value_is_named_with_its_place():
    with pytest.raises(TypeError, match=r"cannot save history\.loss\.1: wanted tensors.* got object\. Of a module"):
        take_apart({"history": {"loss": [1.0, object()]}}, "", {})
    with pytest.raises(TypeError, match=r"cannot save this: .* got function"):
        take_apart(take_apart, "", {})
