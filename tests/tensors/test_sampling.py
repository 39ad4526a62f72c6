"""Drawing by given probabilities: frequencies within what chance allows, the stream's repeatability, and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import Generator, tensor

DRAWS = 20_000


def stream(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def near(frequency: float, probability: float, draws: int = DRAWS) -> bool:
    """Within five standard deviations: a right program fails once in two million runs."""
    return abs(frequency - probability) <= 5 * math.sqrt(probability * (1 - probability) / draws) + 1e-12


def test_multinomial_with_replacement_has_the_frequencies_of_its_weights(device: Any) -> None:
    weights = tensor([[1.0, 0.0, 3.0, 4.0], [0.0, 0.0, 0.0, 2.0]], device=device)
    drawn = te.multinomial(weights, DRAWS, replacement=True, generator=stream())
    assert (drawn.shape, drawn.dtype, drawn.device) == ((2, DRAWS), te.int64, device)
    counts = numpy.bincount(drawn.cpu().numpy()[0], minlength=4) / DRAWS
    assert [near(count, p) for count, p in zip(counts, [0.125, 0.0, 0.375, 0.5], strict=True)] == [True] * 4
    assert set(drawn[1].tolist()) == {3}


def test_multinomial_without_replacement_takes_each_once_and_the_heavy_first(device: Any) -> None:
    weights = tensor([[1.0, 0.0, 3.0, 4.0]], device=device).expand(DRAWS // 4, 4)
    drawn = te.multinomial(weights, 3, generator=stream()).cpu().numpy()
    assert (numpy.sort(drawn, 1) == [0, 2, 3]).all()
    first = numpy.bincount(drawn[:, 0], minlength=4) / len(drawn)
    assert [near(f, p, len(drawn)) for f, p in zip(first, [0.125, 0, 0.375, 0.5], strict=True)] == [True] * 4
    # after 3, the others are drawn by what is left of the weights: 1 and 3
    second = drawn[drawn[:, 0] == 3][:, 1]
    assert near((second == 2).mean(), 0.75, len(second))


def test_multinomial_of_a_vector_and_by_method() -> None:
    assert te.multinomial(tensor([0.0, 2.0]), 1).tolist() == [1]
    assert tensor([0.0, 2.0]).multinomial(4, True).tolist() == [1, 1, 1, 1]
    again = [te.multinomial(te.ones(50), 10, generator=stream(3)).tolist() for _ in range(2)]
    assert again[0] == again[1]
    assert te.multinomial(te.zeros(0, 3), 2, True).shape == (0, 2)


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ([0.5, -0.1], (1,), "element < 0"),
        ([0.5, math.nan], (1,), "`nan`"),
        ([0.5, math.inf], (1,), "`inf`"),
        ([0.0, 0.0], (1,), "sum of probabilities <= 0"),
        ([1.0, 0.0], (2,), "not enough non-negative category"),
        ([1.0, 1.0], (3,), "cannot sample n_sample=3: wanted 1 to 2"),
        ([1.0, 1.0], (0, True), "cannot sample n_sample=0: wanted 1 or more"),
        ([1, 1], (1,), "wanted probabilities as a vector or as the rows of a matrix, got shape .* of int64"),
        ([[[1.0]]], (1,), "got shape"),
        ([], (1,), "got shape"),
    ],
)
def test_multinomial_refuses(weights: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        te.multinomial(tensor(weights), *options)


def test_multinomial_against_what_pytorch_refuses() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    for weights, options in [([0.5, -0.1], (1,)), ([0.0, 0.0], (1,)), ([1.0, 1.0], (3,)), ([1.0, 1.0], (0,))]:
        with pytest.raises(RuntimeError):
            torch.multinomial(torch.tensor(weights), *options)


def test_bernoulli(device: Any) -> None:
    p = tensor([0.0, 0.3, 1.0], device=device).expand(DRAWS, 3)
    drawn = te.bernoulli(p, generator=stream())
    assert (drawn.dtype, drawn.device) == (te.float32, device)
    means = drawn.mean(0).tolist()
    assert (means[0], means[2], near(means[1], 0.3)) == (0.0, 1.0, True)
    assert te.bernoulli(te.zeros(2), p=1.0).tolist() == [1.0, 1.0]
    assert te.zeros(4, dtype=te.int64).bernoulli_(tensor([1.0, 0.0, 1.0, 0.0])).tolist() == [1, 0, 1, 0]
    with pytest.raises(ValueError, match=r"expects p to be in \[0, 1\]"):
        te.zeros(2).bernoulli_(1.5)


def test_normal() -> None:
    drawn = te.normal(tensor([0.0, 100.0]).expand(DRAWS, 2), tensor([1.0, 5.0]), generator=stream())
    assert drawn.shape == (DRAWS, 2)
    numpy.testing.assert_allclose(drawn.mean(0).numpy(), [0.0, 100.0], atol=5 * 5 / DRAWS**0.5)
    numpy.testing.assert_allclose(drawn.std(0).numpy(), [1.0, 5.0], rtol=0.05)
    assert te.normal(2.0, 0.0, (3,)).tolist() == [2.0, 2.0, 2.0]
    assert te.normal(0.0, 1.0, size=(2, 2), dtype=te.float64, requires_grad=True).requires_grad
    assert te.normal(tensor([1.0], dtype=te.float64), 1.0).dtype == te.float64
    with pytest.raises(ValueError, match="wanted a size beside two numbers"):
        te.normal(0.0, 1.0)
    with pytest.raises(ValueError, match=r"normal expects std >= 0\.0"):
        te.normal(0.0, -1.0, (2,))


def test_filling_with_random_numbers() -> None:
    waits = te.zeros(DRAWS).exponential_(2.0, generator=stream())
    assert abs(waits.mean().item() - 0.5) < 5 * 0.5 / DRAWS**0.5
    whole = te.zeros(DRAWS, dtype=te.int64).random_(2, 5, generator=stream())
    assert set(whole.tolist()) == {2, 3, 4}
    assert set(te.zeros(200).random_(2).tolist()) == {0.0, 1.0}
    assert te.zeros(3, dtype=te.uint8).random_().max().item() < 255
    assert te.randint_like(te.zeros(200), 3, 5).unique().tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="lambda > 0"):
        te.zeros(2).exponential_(0)
    with pytest.raises(ValueError, match="wanted from_ below to, got 5 and 2"):
        te.zeros(2).random_(5, 2)
