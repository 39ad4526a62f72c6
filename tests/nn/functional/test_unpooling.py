"""max_unpool puts numbers where max pooling found them."""

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F


@pytest.mark.parametrize("shape", [(2, 3, 6), (3, 6), (2, 3, 4, 6), (3, 4, 6)])
def test_what_is_put_back_is_the_input_where_it_was_largest_and_zero_elsewhere(shape):
    pool, unpool = (F.max_pool1d, F.max_unpool1d) if shape[-2] == 3 else (F.max_pool2d, F.max_unpool2d)
    x = numpy.random.default_rng(0).permutation(numpy.prod(shape)).reshape(shape) + 1.0
    values, where = pool(tensor(x), 2, return_indices=True)
    back = unpool(values, where, 2).numpy()
    assert back.shape == shape
    numpy.testing.assert_array_equal(back[back != 0], x[back != 0])
    numpy.testing.assert_array_equal(pool(tensor(back), 2).numpy(), values.numpy())


def test_pooling_twice_what_two_patches_share_is_written_once():
    x = tensor([[[1.0, 9.0, 2.0]]])
    values, where = F.max_pool1d(x, 2, 1, return_indices=True)
    assert F.max_unpool1d(values, where, 2, 1).tolist() == [[[0.0, 9.0, 0.0]]]


def test_the_size_that_pooling_rounded_down_can_be_asked_for():
    x = numpy.random.default_rng(1).normal(size=(1, 2, 5, 7))
    values, where = F.max_pool2d(tensor(x), 2, return_indices=True)
    for size in ((5, 7), (1, 2, 5, 7), x.shape):
        back = F.max_unpool2d(values, where, 2, output_size=size).numpy()
        numpy.testing.assert_array_equal(back[back != 0], x[back != 0])


def test_padding_of_the_pooling_is_no_part_of_the_result():
    x = numpy.random.default_rng(2).normal(size=(1, 1, 5, 7))
    values, where = F.max_pool2d(tensor(x), 3, 2, 1, return_indices=True)
    back = F.max_unpool2d(values, where, 3, 2, 1).numpy()
    assert back.shape == x.shape
    numpy.testing.assert_array_equal(back[back != 0], x[back != 0])


INDICES = numpy.array([[[0, 3]]])
BAD = {
    "kind": (
        (1, 1, 2),
        INDICES.astype(float),
        {},
        TypeError,
        "elements in indices should be type int64 but got float64",
    ),
    "shape": ((1, 1, 3), INDICES, {}, ValueError, "shape of indices to be same as that of the input tensor"),
    "axes": ((2,), INDICES[0, 0], {}, ValueError, r"\(N, C, L\) or \(C, L\), got input of size \[2\]"),
    "size": (
        (1, 1, 2),
        INDICES,
        {"output_size": (6,)},
        ValueError,
        r"wanted sizes from 3 to 5, less than one stride from",
    ),
    "sizes": ((1, 1, 2), INDICES, {"output_size": (1, 4)}, ValueError, "invalid output_size"),
    "outside": (
        (1, 1, 2),
        INDICES,
        {"output_size": (3,)},
        IndexError,
        "invalid max index: .* indices from 0 to 2, got 3",
    ),
}


@pytest.mark.parametrize(("shape", "indices", "settings", "kind", "words"), BAD.values(), ids=BAD)
def test_max_unpool_says_what_is_wrong(shape, indices, settings, kind, words):
    with pytest.raises(kind, match=words):
        F.max_unpool1d(tensor(numpy.ones(shape)), tensor(indices), 2, **settings)


def test_a_list_of_positions_is_refused():
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as indices, got list"):
        F.max_unpool1d(tensor(numpy.ones((1, 1, 2))), [[[0, 3]]], 2)
