"""Linear and bilinear maps against NumPy, and the shapes they refuse."""

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F


def test_linear_is_affine_in_its_last_axis():
    rng = numpy.random.default_rng(1)
    x, w, b = (tensor(rng.normal(size=shape), requires_grad=True) for shape in ((5, 4, 3), (2, 3), (2,)))
    y = F.linear(x, w, b)
    numpy.testing.assert_allclose(y.detach().numpy(), x.detach().numpy() @ w.detach().numpy().T + b.detach().numpy())
    g = rng.normal(size=y.shape)
    y.backward(tensor(g))
    numpy.testing.assert_allclose(x.grad.numpy(), g @ w.detach().numpy(), rtol=1e-12)
    numpy.testing.assert_allclose(w.grad.numpy(), numpy.einsum("abo,abi->oi", g, x.detach().numpy()), rtol=1e-12)
    numpy.testing.assert_allclose(b.grad.numpy(), g.sum(axis=(0, 1)), rtol=1e-12)
    assert F.linear(tensor([1.0, 2.0]), tensor([[3.0, 4.0]])).tolist() == [11.0]


BAD = {
    "shapes": (((2, 3), (5, 4)), ValueError, r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)"),
    "more axes": (((6, 2, 3), (5, 4)), ValueError, r"cannot be multiplied \(12x3 and 4x5\).*wants an input of shape"),
    "a number": (((), (5, 4)), ValueError, "cannot be multiplied"),
    "weight": (((2, 3), (3,)), ValueError, r"wants a weight of shape \(out, in\)"),
    "bias": (((2, 3), (5, 3), (4,)), ValueError, r"wants a bias of shape \(5,\), got \(4,\)"),
}


@pytest.mark.parametrize(("shapes", "kind", "words"), BAD.values(), ids=BAD)
def test_linear_says_what_is_wrong(shapes, kind, words):
    with pytest.raises(kind, match=words):
        F.linear(*(tensor(numpy.ones(shape)) for shape in shapes))


def test_linear_refuses_what_is_no_tensor_integers_and_mixed_precision():
    w = tensor(numpy.ones((1, 1)))
    with pytest.raises(
        TypeError, match=r"wanted a tinygrad_edu Tensor as input, got numpy.ndarray: wrap it with tensor\(...\)"
    ):
        F.linear(numpy.ones((1, 1)), w)
    with pytest.raises(TypeError, match=r"convert with input.float\(\)"):
        F.linear(tensor([[1]]), w)
    with pytest.raises(TypeError, match=r"same dtype, but got float32 and float64: .*input.to\(float64\)"):
        F.linear(tensor([[1.0]]), w)


@pytest.mark.parametrize("batch", [(), (5,), (2, 3), (0,)])
def test_bilinear_is_a_matrix_between_two_vectors(batch, rng):
    x, y = rng.normal(size=(*batch, 3)), rng.normal(size=(*batch, 2))
    w, b = rng.normal(size=(4, 3, 2)), rng.normal(size=4)
    wanted = numpy.einsum("...i,oij,...j->...o", x, w, y)
    numpy.testing.assert_allclose(F.bilinear(*map(tensor, (x, y, w))).numpy(), wanted, rtol=1e-12, atol=1e-14)
    numpy.testing.assert_allclose(F.bilinear(*map(tensor, (x, y, w, b))).numpy(), wanted + b, rtol=1e-12, atol=1e-14)


def test_bilinear_is_linear_in_each_input(rng):
    x, z, y, w = (tensor(rng.normal(size=shape)) for shape in ((2, 3), (2, 3), (2, 2), (4, 3, 2)))
    wanted = F.bilinear(x, y, w) + 2 * F.bilinear(z, y, w)
    numpy.testing.assert_allclose(F.bilinear(x + 2 * z, y, w).numpy(), wanted.numpy(), rtol=1e-10)
    swapped = F.bilinear(y, x, w.transpose(1, 2))
    numpy.testing.assert_allclose(swapped.numpy(), F.bilinear(x, y, w).numpy(), rtol=1e-10)


BILINEAR = {
    "weight": (((2, 3), (2, 2), (3, 2)), r"wants a weight of shape \(out, in1, in2\), got \(3, 2\)"),
    "first": (((2, 4), (2, 2), (5, 3, 2)), r"input1 size does not match weight size: got \(2, 4\), wanted \(..., 3\)"),
    "second": (((2, 3), (), (5, 3, 2)), r"input2 size does not match weight size: got \(\), wanted \(..., 2\)"),
    "batch": (((2, 3), (1, 2), (5, 3, 2)), "input batch dimensions do not match"),
    "bias": (((2, 3), (2, 2), (5, 3, 2), (4,)), r"bias size does not match weight size: wanted a bias of shape \(5,\)"),
}


@pytest.mark.parametrize(("shapes", "words"), BILINEAR.values(), ids=BILINEAR)
def test_bilinear_says_what_is_wrong(shapes, words):
    with pytest.raises(ValueError, match=words):
        F.bilinear(*(tensor(numpy.ones(shape)) for shape in shapes))


def test_bilinear_refuses_integers_and_mixed_precision():
    w, x = tensor(numpy.ones((1, 1, 1))), tensor(numpy.ones((1, 1)))
    with pytest.raises(TypeError, match="bilinear: wanted floating-point numbers as input2, got int64"):
        F.bilinear(x, tensor([[1]]), w)
    with pytest.raises(TypeError, match="same dtype, but got float32 and float64"):
        F.bilinear(x, tensor([[1.0]]), w)
