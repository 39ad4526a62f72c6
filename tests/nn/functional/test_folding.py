"""unfold and fold: patches as columns and back, each the transpose of the other, and convolution as their product."""

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F


@some.composite
def foldings(draw):
    """(an image of whole numbers, settings of unfold that fit it)"""
    pairs = lambda low, high: tuple(draw(some.integers(low, high)) for _ in range(2))  # noqa: E731
    size, stride, dilation, padding = pairs(1, 3), pairs(1, 3), pairs(1, 2), pairs(0, 2)
    lengths = [
        max(d * (k - 1) + 1 - 2 * p, 1) + more
        for k, d, p, more in zip(size, dilation, padding, pairs(0, 3), strict=True)
    ]
    rng = numpy.random.default_rng(draw(some.integers(0, 99)))
    x = rng.integers(-5, 6, (draw(some.integers(1, 2)), draw(some.integers(1, 2)), *lengths)).astype(float)
    return x, {"kernel_size": size, "stride": stride, "dilation": dilation, "padding": padding}


def unfolded_by_loops(x, kernel_size, stride, dilation, padding):
    x = numpy.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    high, wide = (
        (n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel_size, stride, dilation, strict=True)
    )
    columns = [
        x[:, :, i * stride[0] :: dilation[0], j * stride[1] :: dilation[1]][:, :, : kernel_size[0], : kernel_size[1]]
        for i in range(high)
        for j in range(wide)
    ]
    return numpy.stack([column.reshape(x.shape[0], -1) for column in columns], axis=-1)


@how(max_examples=80, deadline=None, derandomize=True)
@given(foldings())
def test_unfold_lists_every_patch(drawn):
    x, settings = drawn
    numpy.testing.assert_array_equal(F.unfold(tensor(x), **settings).numpy(), unfolded_by_loops(x, **settings))


@how(max_examples=80, deadline=None, derandomize=True)
@given(foldings())
def test_fold_of_unfold_counts_the_patches_of_each_cell(drawn):
    x, settings = drawn
    together = lambda image: F.fold(F.unfold(image, **settings), x.shape[2:], **settings).numpy()  # noqa: E731
    counts = together(tensor(numpy.ones(x.shape)))
    numpy.testing.assert_array_equal(together(tensor(x)), counts * x)
    assert counts.sum() == F.unfold(tensor(numpy.ones(x.shape)), **settings).numpy().sum()


@how(max_examples=80, deadline=None, derandomize=True)
@given(foldings())
def test_fold_is_the_transpose_of_unfold(drawn):
    x, settings = drawn
    columns = F.unfold(tensor(x), **settings).numpy()
    y = numpy.random.default_rng(1).integers(-5, 6, columns.shape).astype(float)
    assert (columns * y).sum() == (x * F.fold(tensor(y), x.shape[2:], **settings).numpy()).sum()


def test_convolution_is_the_weight_times_the_unfolded_image():
    rng = numpy.random.default_rng(2)
    x, w = tensor(rng.normal(size=(2, 3, 6, 5))), tensor(rng.normal(size=(4, 3, 3, 2)))
    product = w.reshape(4, -1) @ F.unfold(x, (3, 2), padding=1, stride=2)
    wanted = F.conv2d(x, w, padding=1, stride=2)
    numpy.testing.assert_allclose(product.reshape(wanted.shape).numpy(), wanted.numpy(), rtol=1e-12)


def test_transposed_convolution_is_the_transposed_weight_times_the_image_folded():
    rng = numpy.random.default_rng(3)
    x, w = tensor(rng.normal(size=(2, 4, 3, 3))), tensor(rng.normal(size=(4, 3, 3, 2)))
    folded = F.fold(w.reshape(4, -1).T @ x.flatten(2), (5, 4), (3, 2), padding=1, stride=2)
    wanted = F.conv_transpose2d(x, w, padding=1, stride=2)
    numpy.testing.assert_allclose(folded.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-12)


def test_an_empty_batch_unfolds_and_folds_to_nothing():
    columns = F.unfold(tensor(numpy.zeros((0, 2, 4, 4))), 3)
    assert columns.shape == (0, 18, 4)
    assert F.fold(columns, 4, 3).shape == (0, 2, 4, 4)


IMAGE, COLUMNS = (1, 2, 4, 4), (1, 8, 9)
BAD = {
    "unfold, axes": (F.unfold, (4, 4), (2,), ValueError, "expected 3D or 4D input tensor"),
    "unfold, kernel": (F.unfold, IMAGE, (5,), ValueError, "Kernel size can't be greater than actual input size"),
    "unfold, kind": (F.unfold, IMAGE, (2.0,), TypeError, "wanted kernel_size to be an integer or a pair"),
    "unfold, stride": (F.unfold, IMAGE, (2, 1, 0, 0), ValueError, "non-positive stride is not supported"),
    "fold, axes": (F.fold, IMAGE, (4, 2), ValueError, r"expected 2D \(C·kh·kw, L\) or 3D"),
    "fold, kernel": (F.fold, COLUMNS, (4, 5), ValueError, "Kernel size can't be greater than actual input size"),
    "fold, channels": (
        F.fold,
        (1, 9, 9),
        (4, 2),
        ValueError,
        "divisible by the product of kernel_size, .* multiple of 4",
    ),
    "fold, blocks": (F.fold, (1, 8, 8), (4, 2), ValueError, r"number of sliding blocks 3 \* 3 = 9, but got 8"),
    "fold, size": (F.fold, COLUMNS, (0, 2), ValueError, "non-positive output_size is not supported"),
}


@pytest.mark.parametrize(("function", "shape", "settings", "kind", "words"), BAD.values(), ids=BAD)
def test_unfold_and_fold_say_what_is_wrong(function, shape, settings, kind, words):
    with pytest.raises(kind, match=words):
        function(tensor(numpy.ones(shape)), *settings)


@pytest.mark.parametrize(("function", "settings"), [(F.unfold, (2,)), (F.fold, (4, 2))])
def test_integers_are_refused_with_the_remedy(function, settings):
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        function(tensor(numpy.ones(IMAGE, "int64")), *settings)
