"""Embedding: how it starts, how it learns, a table from elsewhere."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import Generator, default_generator, float64, from_numpy, manual_seed, nn, optim, tensor


def test_it_starts_normal_with_zeros_for_the_padding():
    layer = nn.Embedding(400, 50, padding_idx=-1, generator=Generator().manual_seed(0))
    values = layer.weight.detach().numpy()
    assert values.dtype == numpy.float32
    assert layer.padding_idx == 399
    assert (values[399] == 0.0).all()
    assert abs(values[:399].mean()) < 0.03
    assert abs(values[:399].std() - 1.0) < 0.03
    assert nn.Embedding(2, 3, dtype=float64).weight.dtype == float64


def test_its_numbers_come_from_the_generator_given_or_the_default_one():
    first = nn.Embedding(3, 2, generator=Generator().manual_seed(1)).weight.tolist()
    manual_seed(1)
    assert nn.Embedding(3, 2).weight.tolist() == first != nn.Embedding(3, 2).weight.tolist()


def test_padding_never_learns_and_repeated_tokens_learn_more():
    layer = nn.Embedding(4, 2, padding_idx=0).double()
    before = layer.weight.detach().numpy().copy()
    optimizer = optim.SGD(layer.parameters(), lr=1.0)
    layer(tensor([[0, 1, 1], [0, 0, 2]])).sum().backward()
    optimizer.step()
    steps = before - layer.weight.detach().numpy()
    numpy.testing.assert_allclose(steps, [[0.0, 0.0], [2.0, 2.0], [1.0, 1.0], [0.0, 0.0]], atol=1e-15)


def test_a_table_from_elsewhere_is_shared_and_frozen_unless_asked_otherwise():
    table = numpy.arange(6.0).reshape(3, 2)
    state = default_generator.get_state()
    layer = nn.Embedding.from_pretrained(from_numpy(table), padding_idx=0)
    assert default_generator.get_state() == state  # nothing was drawn from the stream that others use
    assert not layer.weight.requires_grad
    assert layer.weight.numpy() is not table
    assert numpy.shares_memory(layer.weight.numpy(), table)
    assert layer(tensor([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]  # the padding row too stays as it came
    assert repr(layer) == "Embedding(3, 2, padding_idx=0)"
    free = nn.Embedding.from_pretrained(from_numpy(table), freeze=False)
    free(tensor([1, 1])).sum().backward()
    assert free.weight.grad.tolist() == [[0.0, 0.0], [2.0, 2.0], [0.0, 0.0]]
    assert [name for name, _ in free.named_parameters()] == ["weight"]


def test_tied_to_an_output_layer_both_uses_add_up(rng, gradcheck):
    """What language models do: the same table reads tokens and scores them."""
    embedding, head = nn.Embedding(4, 3).double(), nn.Linear(3, 4, bias=False).double()
    head.weight = embedding.weight
    tokens = tensor([1, 3, 1])
    assert gradcheck(lambda weight: head(embedding(tokens)), (embedding.weight,))


BAD = {
    "no rows": (lambda: nn.Embedding(0, 2), ValueError, "num_embeddings must be a positive integer"),
    "no columns": (lambda: nn.Embedding(2, 0), ValueError, "embedding_dim must be a positive integer"),
    "padding": (lambda: nn.Embedding(3, 2, 3), ValueError, "Padding_idx must be within num_embeddings"),
    "sparse": (lambda: nn.Embedding(3, 2, sparse=True), ValueError, "sparse=True is not supported"),
    "frequency": (
        lambda: nn.Embedding(3, 2, scale_grad_by_freq=True),
        ValueError,
        "is not supported: leave it at False",
    ),
    "a vector": (
        lambda: nn.Embedding.from_pretrained(tensor([1.0])),
        ValueError,
        "Embeddings parameter is expected to be 2-dimensional",
    ),
    "an array": (lambda: nn.Embedding.from_pretrained(numpy.ones((2, 2))), TypeError, "wanted a tinygrad_edu Tensor"),
    "sparse table": (
        lambda: nn.Embedding.from_pretrained(tensor([[1.0]]), sparse=True),
        ValueError,
        "sparse=True is not supported",
    ),
    "another table": (
        lambda: nn.Embedding(3, 2, _weight=tensor([[1.0, 2.0]])),
        ValueError,
        r"Shape of weight does not match .*wanted \(3, 2\), got \(1, 2\)",
    ),
    "a token": (lambda: nn.Embedding(3, 2)(tensor([3])), IndexError, "index out of range in self: .*num_embeddings=3"),
    "a float": (lambda: nn.Embedding(3, 2)(tensor([1.0])), TypeError, r"convert them with input.long\(\)"),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
