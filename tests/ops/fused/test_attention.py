"""Attention in tiles against its definition: random shapes, masks and sizes of tiles; precision; memory."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.attention import attention_definition
from tinygrad_edu.ops.fused import attention as tiled
from tinygrad_edu.ops.fused.tiles import add_to, cut, part, places

SIZES = [(64, 256, 1 << 18), (2, 3, 8), (1, 2, 1), (2, 2, 1000)]  # SMALLEST, LARGEST, SCORES


def tensors(*arrays: Any) -> list[Any]:
    return [None if x is None else te.tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]


def answers(call: Any, inputs: list[Any], g: Any, **settings: Any) -> list[Any]:
    """The result and all gradients along g."""
    xs = tensors(*inputs)
    out = call(*xs, **settings)
    out.backward(te.tensor(g))
    return [out.detach().numpy(), *(x.grad.numpy() for x in xs if x is not None and x.requires_grad)]


def drawn(seed: int, batch: list[int], sizes: Any, ones: list[bool], mask: str) -> list[Any]:
    """Queries, keys, values, a mask, and a gradient for the result."""
    rng, (L, S, E, Ev) = numpy.random.default_rng(seed), sizes

    def some(i: int, *shape: int) -> Any:  # with every other leading dimension 1, where `ones` says so
        return rng.normal(size=(*(1 if ones[i] and n % 2 == i % 2 else size for n, size in enumerate(batch)), *shape))

    scores = some(3, L, S)
    table = {
        "none": None,
        "truth": scores < 0.3,
        "numbers": scores,
        "forbidding": numpy.where(scores < 0.3, scores, -math.inf),
        "of keys": scores[..., :1, :] < 0.3,
        "without a batch": rng.normal(size=(L, S)) < 0.3,
    }
    return [some(0, L, E), some(1, S, E), some(2, S, Ev), table[mask]]


def test_random_shapes_masks_and_tiles_are_the_definition(monkeypatch: Any) -> None:
    pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
    from hypothesis import given, settings
    from hypothesis import strategies as st

    size = st.integers(1, 7)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(
        tiles=st.sampled_from(SIZES),
        batch=st.lists(st.integers(0, 3), max_size=3),
        sizes=st.tuples(st.integers(0, 7), st.integers(0, 7), size, size),
        ones=st.lists(st.booleans(), min_size=4, max_size=4),
        mask=st.sampled_from(["none", "truth", "numbers", "forbidding", "of keys", "without a batch"]),
        causal=st.booleans(),
        seed=st.integers(0, 2**32 - 1),
    )
    def check(tiles: Any, batch: Any, sizes: Any, ones: Any, mask: str, causal: bool, seed: int) -> None:
        for name, value in zip(("SMALLEST", "LARGEST", "SCORES"), tiles, strict=True):
            monkeypatch.setattr(tiled, name, value)
        inputs = drawn(seed, batch, sizes, ones, mask)
        leading = numpy.broadcast_shapes(*(x.shape[:-2] for x in inputs[:3]))
        if inputs[3] is not None and numpy.broadcast_shapes(inputs[3].shape[:-2], leading) != leading:
            inputs[3] = None
        g = numpy.random.default_rng(seed).normal(size=(*leading, sizes[0], sizes[3]))
        fused, defined = (
            answers(call, inputs, g, scale=0.7, causal=causal) for call in (tiled.attention, attention_definition)
        )
        for one, other in zip(fused, defined, strict=True):
            assert one.shape == other.shape
            numpy.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11)

    check()


@pytest.mark.parametrize(("L", "S"), [(64, 64), (65, 65), (300, 300), (300, 40), (40, 300), (600, 600)])
@pytest.mark.parametrize("causal", [False, True])
def test_single_precision_is_as_good_as_the_definition(L: int, S: int, causal: bool) -> None:
    rng = numpy.random.default_rng(0)
    inputs = [rng.normal(size=shape).astype("float32") for shape in ((2, L, 32), (2, S, 32), (2, S, 16))]
    g = rng.normal(size=(2, L, 16)).astype("float32")
    settings = {"scale": 32**-0.5, "causal": causal}
    fused, defined = (answers(call, [*inputs, None], g, **settings) for call in (tiled.attention, attention_definition))
    exact = answers(
        attention_definition, [*(x.astype("float64") for x in inputs), None], g.astype("float64"), **settings
    )
    for ours, theirs, true in zip(fused, defined, exact, strict=True):
        assert ours.dtype == "float32"
        scale = abs(true).max()
        assert abs(ours - true).max() < max(1e-6 * scale, 2 * abs(theirs - true).max())


def test_scores_of_any_size_overflow_nowhere(recwarn: Any) -> None:
    rng = numpy.random.default_rng(0)
    q, k, v = (rng.normal(size=(300, 8)).astype("float32") for _ in range(3))
    outs = answers(tiled.attention, [q, k, v, None], numpy.ones((300, 8), "float32"), scale=1e4, causal=True)
    assert all(numpy.isfinite(out).all() for out in outs)
    assert numpy.allclose(outs[0][0], v[0])
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


def test_a_query_that_may_look_at_nothing_gets_zeros_in_every_tile(monkeypatch: Any, recwarn: Any) -> None:
    monkeypatch.setattr(tiled, "LARGEST", 2)
    rng = numpy.random.default_rng(0)
    mask = rng.random((5, 7)) < 0.5
    mask[3] = False
    for given in (mask, numpy.where(mask, 0.0, -math.inf)):
        out, dq, *rest = answers(
            tiled.attention,
            [*(rng.normal(size=(n, 2)) for n in (5, 7, 7)), given],
            numpy.ones((5, 2)),
            scale=1.0,
            causal=False,
        )
        assert out[3].tolist() == dq[3].tolist() == [0.0, 0.0]
        assert all(numpy.isfinite(x).all() for x in (out, dq, *rest))
    assert not list(recwarn)


def test_the_result_lies_in_memory_like_the_query_and_so_do_the_gradients() -> None:
    rng = numpy.random.default_rng(0)
    inputs = [te.tensor(rng.normal(size=(2, 5, 3, 4)), requires_grad=True) for _ in range(3)]
    heads = [x.transpose(1, 2) for x in inputs]
    out = te.nn.functional.scaled_dot_product_attention(*heads, is_causal=True)
    assert out.transpose(1, 2).is_contiguous()
    kept = out.grad_fn.saved[0][0]
    gradients = tiled.attention.back(numpy.ones(out.shape), kept, (True, True, True, False), scale=0.5, causal=True)
    assert all(g.swapaxes(1, 2).flags.c_contiguous for g in gradients[:3])


def test_keys_that_come_later_are_not_even_multiplied(monkeypatch: Any) -> None:
    monkeypatch.setattr(tiled, "SMALLEST", 4)
    monkeypatch.setattr(tiled, "LARGEST", 4)
    seen = []
    real = tiled._add_mask
    monkeypatch.setattr(tiled, "_add_mask", lambda scores, *rest: (seen.append(scores.shape), real(scores, *rest)))
    q, k, v = (numpy.zeros((16, 2)) for _ in range(3))
    tiled.attention.function(q, k, v, None, scale=1.0, causal=True, keep=False)
    assert seen == [(4, 4)] * (4 * 5 // 2)


def test_weights_of_one_tile_are_kept_only_for_a_way_back() -> None:
    q, k, v = (numpy.zeros((16, 2)) for _ in range(3))
    for keep in (True, False):
        *_, kept = tiled.attention.function(q, k, v, None, scale=1.0, causal=False, keep=keep)[1]
        assert len(kept) == keep


def peak(T: int) -> int:
    """The most bytes at once on the way there and back, inputs apart."""
    q, k, v = tensors(*(numpy.zeros((1, T, 16), "float32") for _ in range(3)))
    tracemalloc.start()
    try:
        tiled.attention(q, k, v, None, scale=1.0, causal=True).sum().backward()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_length_and_not_with_its_square() -> None:
    assert peak(4096) < 2.5 * peak(2048)
    assert peak(4096) < 4096 * 4096 * 4 / 16  # a sixteenth of one table of scores


# ----------------------------------------------------------------------------------------------------------- tiles
def test_places_are_every_element_once() -> None:
    for batch in ((), (5,), (2, 3), (3, 1, 4), (2, 0)):
        for most in (0, 1, 2, 4, 100):
            counted = numpy.zeros(batch, int)
            for place in places(batch, most):
                counted[place] += 1
                assert counted[place].size <= max(1, most)
            assert (counted == 1).all()


def test_cut_covers_everything() -> None:
    assert cut(5, 2) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert cut(0, 2) == []


def test_adding_a_part_is_the_transpose_of_taking_it() -> None:
    rng = numpy.random.default_rng(0)
    x, y = rng.normal(size=(1, 4, 3)), rng.normal(size=(2, 2, 3))
    slices = slice(0, 2), slice(1, 3), slice(None)
    back = numpy.zeros_like(x)
    add_to(back, y, *slices)
    assert numpy.isclose((numpy.broadcast_to(part(x, *slices), y.shape) * y).sum(), (x * back).sum())
