"""embedding: rows of a table, gradients that add up, padding that learns nothing, tokens out of range."""

from __future__ import annotations

import math

import numpy
import pytest

from tinygrad_edu import no_grad, tensor, zeros
from tinygrad_edu.nn import functional as F


def test_it_is_a_one_hot_matrix_times_the_table(rng, device):
    tokens, table, g = rng.integers(0, 5, (3, 4)), rng.normal(size=(5, 2)), rng.normal(size=(3, 4, 2))
    weight = tensor(table, device=device, requires_grad=True)
    y = F.embedding(tensor(tokens, device=device), weight)
    one_hot = numpy.eye(5)[tokens]
    numpy.testing.assert_array_equal(y.detach().cpu().numpy(), one_hot @ table)
    y.backward(tensor(g, device=device))
    numpy.testing.assert_allclose(weight.grad.cpu().numpy(), numpy.einsum("abv,abd->vd", one_hot, g), rtol=1e-12)


def test_gradients_of_a_repeated_token_add_up_and_padding_gets_none():
    weight = tensor(numpy.ones((4, 2)), requires_grad=True)
    F.embedding(tensor([1, 3, 1, 1]), weight).sum().backward()
    assert weight.grad.tolist() == [[0.0, 0.0], [3.0, 3.0], [0.0, 0.0], [1.0, 1.0]]
    for padding in (1, -3):
        weight.grad = None
        y = F.embedding(tensor([1, 3, 1, 1]), weight, padding_idx=padding)
        assert y.tolist() == [[1.0, 1.0]] * 4
        y.sum().backward()
        assert weight.grad.tolist() == [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]


def test_padding_alone_gives_zeros_and_not_an_error():
    weight = tensor(numpy.ones((2, 2)), requires_grad=True)
    F.embedding(tensor([0, 0]), weight, padding_idx=0).sum().backward()
    assert weight.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 1, 3)])
def test_tokens_of_any_shape_and_integer_type(shape, dtype):
    y = F.embedding(tensor(numpy.ones(shape, dtype)), tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert y.shape == (*shape, 2)
    assert (y.numpy() == [3.0, 4.0]).all()


@pytest.mark.parametrize("p", [2.0, 1.0, math.inf])
def test_rows_that_are_read_and_too_long_are_shortened_in_place(p):
    table = numpy.array([[3.0, 4.0], [0.3, 0.4], [3.0, 4.0], [-6.0, 8.0]])
    weight = tensor(table, requires_grad=True)
    y = F.embedding(tensor([0, 1, 3, 0]), weight, max_norm=1.0, norm_type=p)
    after = weight.detach().numpy()
    lengths = numpy.linalg.norm(table, p, axis=1)
    numpy.testing.assert_allclose(after[0], table[0] / lengths[0], rtol=1e-6)
    numpy.testing.assert_allclose(after[3], table[3] / lengths[3], rtol=1e-6)
    assert after[1].tolist() == [0.3, 0.4]  # short enough
    assert after[2].tolist() == [3.0, 4.0]  # not read
    numpy.testing.assert_array_equal(y.detach().numpy(), after[[0, 1, 3, 0]])
    y.sum().backward()
    assert weight.grad.tolist() == [[2.0, 2.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]


def test_shortening_equals_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    table, tokens = numpy.random.default_rng(0).normal(size=(6, 3)), numpy.array([[5, 0], [0, 2]])
    ours, theirs = tensor(table), torch.tensor(table)
    F.embedding(tensor(tokens), ours, max_norm=0.5)
    torch.nn.functional.embedding(torch.tensor(tokens), theirs, max_norm=0.5)
    numpy.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


def test_looking_at_tokens_on_a_device_never_waits():
    from tinygrad_edu.backend.strict import counters

    weight, tokens = tensor(numpy.ones((4, 2)), device="strict", requires_grad=True), tensor([1, 0], device="strict")
    counters.reset()
    F.embedding(tokens, weight, padding_idx=0, max_norm=1.0).sum().backward()
    assert counters.snapshot().synchronizations == 0


TABLE, TOKENS = zeros(3, 2), tensor([1])
BAD = {
    "too large": (
        lambda: F.embedding(tensor([0, 3]), TABLE),
        IndexError,
        "index out of range in self: .*0 to 2, got 3",
    ),
    "negative": (
        lambda: F.embedding(tensor([-1, 0]), TABLE),
        IndexError,
        "index out of range in self: .*0 to 2, got -1",
    ),
    "floats": (
        lambda: F.embedding(tensor([1.0]), TABLE),
        TypeError,
        r"got float32: .* convert them with input.long\(\)",
    ),
    "truth": (lambda: F.embedding(tensor([True]), TABLE), TypeError, "to have an integer dtype, but got bool"),
    "a list": (lambda: F.embedding([1], TABLE), TypeError, "wanted a tinygrad_edu Tensor as input, got list"),
    "a vector": (
        lambda: F.embedding(TOKENS, zeros(3)),
        ValueError,
        r"'weight' must be 2-D, wanted \(V, D\), got shape",
    ),
    "an integer table": (
        lambda: F.embedding(TOKENS, tensor([[1]])),
        TypeError,
        "wanted floating-point numbers as weight",
    ),
    "padding": (
        lambda: F.embedding(TOKENS, TABLE, 3),
        ValueError,
        "Padding_idx must be within num_embeddings: wanted -3 to 2",
    ),
    "negative padding": (
        lambda: F.embedding(TOKENS, TABLE, -4),
        ValueError,
        "Padding_idx must be within num_embeddings",
    ),
    "sparse": (lambda: F.embedding(TOKENS, TABLE, sparse=True), ValueError, "sparse=True is not supported"),
    "frequency": (
        lambda: F.embedding(TOKENS, TABLE, scale_grad_by_freq=True),
        ValueError,
        "scale_grad_by_freq=True is not supported",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_an_error_that_says_why(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_table_that_wants_gradients_is_shortened_outside_the_graph_only():
    weight = tensor([[3.0, 4.0]], requires_grad=True)
    with no_grad():
        F.embedding(tensor([0]), weight, max_norm=1.0)
    assert weight.is_leaf
    assert weight.requires_grad
