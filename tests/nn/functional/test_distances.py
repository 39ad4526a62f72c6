"""Distances and similarity: NumPy's norms, invariances, the origin, shapes that don't fit."""

import math

import hypothesis
import numpy
import pytest
from hypothesis import strategies

from tinygrad_edu import tensor
from tinygrad_edu.nn import functional as F

DRAWS = {"rows": strategies.integers(1, 4), "size": strategies.integers(1, 4), "seed": strategies.integers(0, 999)}
examples = hypothesis.settings(max_examples=25, deadline=None)


@examples
@hypothesis.given(
    **DRAWS, p=strategies.sampled_from([1, 2.0, 3, 0.5, math.inf, -1.0, 0]), keepdim=strategies.booleans()
)
def test_pairwise_distance_is_the_norm_of_the_difference(rows, size, seed, p, keepdim):
    rng = numpy.random.default_rng(seed)
    x, y = rng.normal(size=(rows, size)), rng.normal(size=(rows, size))
    for eps in (1e-6, 0.0):
        got = F.pairwise_distance(tensor(x), tensor(y), p, eps, keepdim).numpy()
        wanted = numpy.linalg.norm(x - y + eps, p, axis=1, keepdims=keepdim)
        numpy.testing.assert_allclose(got, wanted, rtol=1e-9)
    back = F.pairwise_distance(tensor(y), tensor(x), p, 0.0, keepdim).numpy()
    numpy.testing.assert_allclose(back, got, rtol=1e-12)
    row = F.pairwise_distance(tensor(x), tensor(y[0]), p, 0.0).numpy()
    numpy.testing.assert_allclose(row, numpy.linalg.norm(x - y[0], p, axis=1), rtol=1e-9)


@examples
@hypothesis.given(**DRAWS, scale=strategies.floats(0.1, 10))
def test_cosine_similarity_knows_directions_only(rows, size, seed, scale):
    rng = numpy.random.default_rng(seed)
    x, y = rng.normal(size=(rows, size)), rng.normal(size=(rows, size))
    for dim in (1, 0, -1):
        got = F.cosine_similarity(tensor(x), tensor(y), dim).numpy()
        wanted = (x * y).sum(dim) / (numpy.linalg.norm(x, axis=dim) * numpy.linalg.norm(y, axis=dim))
        numpy.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-14)
        assert (abs(got) <= 1 + 1e-12).all()
        stretched = F.cosine_similarity(tensor(x * scale), tensor(-y), dim).numpy()
        numpy.testing.assert_allclose(stretched, -wanted, rtol=1e-10, atol=1e-14)
    numpy.testing.assert_allclose(F.cosine_similarity(tensor(x), tensor(x * scale)).numpy(), 1, rtol=1e-12)


def test_every_row_against_every_other():
    x, y = numpy.eye(3)[:2], numpy.array([[2.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 5.0]])
    similar = F.cosine_similarity(tensor(x)[:, None], tensor(y)[None], dim=-1).numpy()
    numpy.testing.assert_allclose(similar, [[1, 0.5**0.5, 0], [0, 0.5**0.5, 0]], atol=1e-15)
    far = F.pairwise_distance(tensor(x)[:, None], tensor(y)[None], eps=0.0).numpy()
    numpy.testing.assert_allclose(far**2, [[1, 1, 26], [5, 1, 26]], rtol=1e-12)


def test_short_vectors_are_divided_by_eps():
    x, y = tensor([[0.3, 0.4]]), tensor([[3.0, 4.0]])
    assert F.cosine_similarity(x, y, eps=1.0).item() == pytest.approx(2.5 / (1.0 * 5.0))


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("eps", [0.0, 1e-6])
def test_equal_vectors_have_pytorchs_gradients(p, eps):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    x, y = numpy.array([[1.0, 2.0], [1.0, 0.0]]), numpy.array([[1.0, 2.0], [0.0, 0.0]])
    ours, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    F.pairwise_distance(ours, tensor(y), p, eps).sum().backward()
    torch.nn.functional.pairwise_distance(theirs, torch.tensor(y), p, eps).sum().backward()
    numpy.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-6, atol=1e-12)


def test_the_zero_vector_is_like_nothing_and_has_pytorchs_gradient():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = tensor([[0.0, 0.0]], requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    similar = F.cosine_similarity(ours, tensor([[0.0, 2.0]]))
    similar.backward()
    torch.nn.functional.cosine_similarity(theirs, torch.tensor([[0.0, 2.0]])).backward()
    assert similar.item() == 0.0
    assert ours.grad.tolist() == theirs.grad.tolist()


def test_shapes_that_do_not_fit_integers_and_axes_that_are_not_there_are_refused():
    x = tensor(numpy.ones((2, 3)))
    for function in (F.cosine_similarity, F.pairwise_distance):
        with pytest.raises(
            ValueError, match=r"the size of x1 \(3\) must match the size of x2 \(4\): .* \(2, 3\) and \(4,\)"
        ):
            function(x, tensor(numpy.ones(4)))
        with pytest.raises(TypeError, match="wanted floating-point numbers as x2, got int64"):
            function(x, tensor([1, 2, 3]))
        with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as x1, got list"):
            function([1.0], x)
    with pytest.raises(IndexError, match="Dimension out of range"):
        F.cosine_similarity(x, x, dim=2)
    with pytest.raises(IndexError, match="Dimension out of range"):
        F.cosine_similarity(x[0], x[0])
