"""Positions: waves, learned vectors and rotations; each on every device, from an offset, and beyond its table."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.nn.positions import LearnedPositions, RotaryPositions, SinusoidalPositions

KINDS = [SinusoidalPositions, LearnedPositions, RotaryPositions]


def made(kind: Any, length: int = 8, features: int = 6, device: Any = None) -> Any:
    return kind(length, features, dtype=te.float64, device=device)


def numbers(*shape: int, seed: int = 0, device: Any = None) -> Any:
    return te.tensor(numpy.random.default_rng(seed).normal(size=shape), device=device, requires_grad=True)


def test_waves_are_those_of_the_paper() -> None:
    table = made(SinusoidalPositions)(te.zeros(8, 6, dtype=te.float64)).numpy()
    for t in range(8):
        for i in range(3):
            angle = t / 10000 ** (2 * i / 6)
            assert table[t, 2 * i] == pytest.approx(math.sin(angle), abs=1e-14)
            assert table[t, 2 * i + 1] == pytest.approx(math.cos(angle), abs=1e-14)


def test_rotations_are_those_of_the_paper() -> None:
    x = numbers(2, 8, 6)
    y = made(RotaryPositions)(x).detach().numpy()
    pairs = x.detach().numpy().reshape(2, 8, 3, 2) @ [1, 1j]  # a rotation multiplies by e^(i angle)
    for t in range(8):
        for i in range(3):
            turned = pairs[:, t, i] * numpy.exp(1j * t / 10000 ** (2 * i / 6))
            assert y[:, t, 2 * i : 2 * i + 2] == pytest.approx(numpy.stack([turned.real, turned.imag], -1), abs=1e-14)


def test_a_learned_vector_stands_for_each_position() -> None:
    layer, x = made(LearnedPositions), numbers(2, 3, 6)
    assert numpy.array_equal((layer(x, 2) - x).detach().numpy() + 0.0, ((x + layer.weight[2:5]) - x).detach().numpy())
    layer(x, 2).sum().backward()
    assert layer.weight.grad.sum(1).tolist() == [0.0, 0.0, 12.0, 12.0, 12.0, 0.0, 0.0, 0.0]
    drawn = LearnedPositions(200, 50, generator=te.Generator().manual_seed(0)).weight.detach().numpy()
    assert drawn.std() == pytest.approx(0.02, rel=0.03)


def test_products_of_turned_vectors_depend_on_their_distance_alone() -> None:
    rotary = made(RotaryPositions, 100)
    q, k = numbers(1, 6), numbers(1, 6, seed=1)
    product = {(s, t): float((rotary(q, s) * rotary(k, t)).sum()) for s in range(0, 90, 7) for t in (s, s + 3, s + 9)}
    for (s, t), value in product.items():
        assert value == pytest.approx(product[0, t - s], abs=1e-12)
    assert abs(product[0, 3] - product[0, 9]) > 1e-3
    assert product[0, 0] == pytest.approx(float((q * k).sum()))


def test_rotation_keeps_lengths() -> None:
    x = numbers(2, 8, 6)
    assert te.allclose(made(RotaryPositions)(x).norm(dim=-1), x.norm(dim=-1), 1e-12, 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_an_offset_is_what_came_before(kind: Any) -> None:
    layer, x = made(kind), numbers(2, 8, 6)
    whole = layer(x).detach().numpy()
    parts = [layer(x[:, :3]), layer(x[:, 3:4], 3), layer(x[:, 4:], offset=4)]
    assert numpy.array_equal(te.cat(parts, 1).detach().numpy(), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_first_and_second_derivatives(kind: Any, device: Any, gradcheck: Any) -> None:
    layer = made(kind, 4, 4, device)
    assert gradcheck(lambda x, *_: layer(x, 1), (numbers(2, 3, 4, device=device), *layer.parameters()))


@pytest.mark.parametrize("kind", KINDS)
def test_tables_that_are_not_trained_are_moved_but_not_saved(kind: Any, device: Any) -> None:
    layer = kind(4, 4).to(device)
    assert list(layer.state_dict()) == (["weight"] if kind is LearnedPositions else [])
    out = layer(te.zeros(2, 3, 4, device=device))
    assert (out.device, out.dtype) == (device, te.float32)
    assert repr(layer) == f"{kind.__name__}(4, 4)"


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_is_a_sentence(kind: Any) -> None:
    layer = kind(4, 6)
    with pytest.raises(IndexError, match=r"position 4 is beyond the table of 4 positions \(0 to 3\)"):
        layer(te.zeros(5, 6))
    with pytest.raises(IndexError, match="position 4 is beyond the table"):
        layer(te.zeros(2, 6), 3)
    with pytest.raises(IndexError, match="position -1 is beyond the table"):
        layer(te.zeros(2, 6), -1)
    with pytest.raises(ValueError, match=r"wanted x of shape \(..., length, 6\), got \(2, 5\)"):
        layer(te.zeros(2, 5))
    with pytest.raises(TypeError, match="wanted floating-point numbers as x"):
        layer(te.zeros(2, 6, dtype=te.int64))
    with pytest.raises(ValueError, match="max_length must be a positive integer"):
        kind(0, 6)


@pytest.mark.parametrize("kind", [SinusoidalPositions, RotaryPositions])
def test_features_come_in_pairs(kind: Any) -> None:
    with pytest.raises(ValueError, match="wanted an even number of features, one sine and one cosine each, got 5"):
        kind(4, 5)
