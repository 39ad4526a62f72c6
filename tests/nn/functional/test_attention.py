"""scaled_dot_product_attention against its definition, written as loops; its masks, and what it refuses."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.attention import attention_weights, causal_mask

INF = math.inf


def by_loops(q: Any, k: Any, v: Any, added: Any = None, scale: float | None = None) -> numpy.ndarray:
    """One query at a time: what it may look at, how much of it, and the values it takes."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    batch = numpy.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    q, k, v = (numpy.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (q, k, v))
    added = numpy.broadcast_to(0.0 if added is None else added, (*batch, q.shape[-2], k.shape[-2]))
    out = numpy.zeros((*batch, q.shape[-2], v.shape[-1]))
    for place in itertools.product(*map(range, (*batch, q.shape[-2]))):
        *b, _ = place
        scores = {j: q[place] @ k[*b, j] * scale + added[*place, j] for j in range(k.shape[-2])}
        scores = {j: score for j, score in scores.items() if score > -INF}
        total = sum(math.exp(score) for score in scores.values())
        for j, score in scores.items():
            out[place] += math.exp(score) / total * v[*b, j]
    return out


def test_random_shapes_masks_and_scales_are_the_loops() -> None:
    pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
    from hypothesis import given, settings
    from hypothesis import strategies as st

    size = st.integers(1, 3)

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        batch=st.lists(size, max_size=2),
        sizes=st.tuples(size, st.integers(0, 3), size, size),
        ones=st.lists(st.booleans(), min_size=4, max_size=4),
        mask=st.sampled_from(["none", "truth", "numbers", "causal"]),
        scale=st.sampled_from([None, 0.5]),
        seed=st.integers(0, 2**32 - 1),
    )
    def check(batch: Any, sizes: Any, ones: Any, mask: str, scale: Any, seed: int) -> None:
        rng, (L, S, E, Ev) = numpy.random.default_rng(seed), sizes
        q = rng.normal(size=(*batch, L, E))
        k = rng.normal(size=(*[1 if one else n for one, n in zip(ones, batch, strict=False)], S, E))
        v = rng.normal(size=(*batch[1:], S, Ev))
        shape = (*[1 if one else n for one, n in zip(ones[2:], batch, strict=False)], L, S)
        added, given_mask = None, None
        if mask == "truth":
            given_mask = rng.random(shape) < 0.6
            added = numpy.where(given_mask, 0.0, -INF)
        elif mask == "numbers":
            given_mask = added = numpy.where(rng.random(shape) < 0.6, rng.normal(size=shape), -INF)
        elif mask == "causal":
            added = numpy.where(numpy.tri(L, S, dtype=bool), 0.0, -INF)
        out = F.scaled_dot_product_attention(
            te.tensor(q),
            te.tensor(k),
            te.tensor(v),
            None if given_mask is None else te.tensor(given_mask),
            is_causal=mask == "causal",
            scale=scale,
        )
        numpy.testing.assert_allclose(out.numpy(), by_loops(q, k, v, added, scale), rtol=1e-12, atol=1e-12)

    check()


def tensors(*shapes: tuple[int, ...], device: Any = None, seed: int = 0) -> list[Any]:
    rng = numpy.random.default_rng(seed)
    return [te.tensor(rng.normal(size=shape), device=device, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("kind", ["truth", "numbers"])
@pytest.mark.filterwarnings("error")
def test_a_query_that_may_look_at_nothing_gets_zeros_and_gives_no_gradient(kind: str, device: Any) -> None:
    q, k, v = tensors((2, 3, 2), (2, 4, 2), (2, 4, 2), device=device)
    mask = te.ones(3, 4, dtype=te.bool, device=device)
    mask[1] = False
    if kind == "numbers":
        mask = te.zeros(3, 4, dtype=te.float64, device=device).masked_fill(~mask, -INF)
    out = F.scaled_dot_product_attention(q, k, v, mask)
    out.square().sum().backward()
    assert out[:, 1].tolist() == [[0.0, 0.0]] * 2
    assert q.grad[:, 1].tolist() == [[0.0, 0.0]] * 2
    for tensor in (out, q.grad, k.grad, v.grad):
        assert bool(tensor.isfinite().all())
    everything = F.scaled_dot_product_attention(q, k, v)
    assert te.allclose(out[:, ::2], everything[:, ::2], 1e-12, 1e-12)


def test_the_weights_of_every_query_add_up_to_one_unless_there_are_none() -> None:
    q, k = tensors((2, 3, 2), (2, 4, 2))
    bias = te.zeros(3, 4, dtype=te.float64)
    bias[2] = -INF
    sums = attention_weights(q, k, bias, scale=1.0).sum(-1)
    assert sums.detach().numpy() == pytest.approx(numpy.array([[1.0, 1.0, 0.0]] * 2))


def test_the_definition_runs_on_bare_arrays() -> None:
    rng = numpy.random.default_rng(0)
    q, k, bias = rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(3, 4))
    weights = attention_weights(te.tensor(q), te.tensor(k), te.tensor(bias), scale=0.5)
    assert numpy.array_equal(attention_weights(q, k, bias, scale=0.5), weights.numpy())


def test_a_causal_mask_with_a_past_is_the_end_of_the_mask_for_everything() -> None:
    assert causal_mask(2, 5, 3).tolist() == causal_mask(5, 5)[3:].tolist()


def test_what_comes_later_changes_nothing_before_bit_for_bit() -> None:
    q, k, v = tensors((2, 6, 4), (2, 6, 4), (2, 6, 4))
    before = F.scaled_dot_product_attention(q, k, v, is_causal=True).numpy().copy()
    with te.no_grad():
        for x in (q, k, v):
            x[:, 4:] = te.randn(2, 2, 4, dtype=te.float64) * 100
    after = F.scaled_dot_product_attention(q, k, v, is_causal=True).numpy()
    assert numpy.array_equal(before[:, :4], after[:, :4])
    assert not numpy.allclose(before[:, 4:], after[:, 4:])


def test_grouped_queries_are_copied_heads() -> None:
    q, k, v = tensors((2, 6, 3, 2), (2, 3, 4, 2), (2, 2, 4, 2))
    grouped = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    for head in range(6):
        alone = F.scaled_dot_product_attention(q[:, head], k[:, head // 2], v[:, head // 3])
        assert te.allclose(grouped[:, head], alone, 1e-12, 1e-12)


def test_the_order_of_the_keys_does_not_matter() -> None:
    q, k, v = tensors((3, 4), (5, 4), (5, 2))
    order = [3, 0, 4, 1, 2]
    assert te.allclose(
        F.scaled_dot_product_attention(q, k, v), F.scaled_dot_product_attention(q, k[order], v[order]), 1e-12, 1e-12
    )


def test_a_large_scale_picks_the_best_key_and_overflows_nowhere() -> None:
    q, k, v = tensors((3, 4), (5, 4), (5, 2))
    out = F.scaled_dot_product_attention(q, k, v, scale=1e6)
    assert te.allclose(out, v[(q @ k.mT).argmax(1)])


@pytest.mark.parametrize(("queries", "masks"), [(te.float64, te.float32), (te.float32, te.float64)])
def test_a_mask_of_another_precision_serves_too_and_changes_no_dtype(queries: Any, masks: Any) -> None:
    q, k, v = (x.detach().to(queries) for x in tensors((3, 2), (3, 2), (3, 2)))
    assert F.scaled_dot_product_attention(q, k, v, te.zeros(3, 3, dtype=masks)).dtype == queries


def test_dropout_keeps_the_mean_and_follows_its_generator() -> None:
    q, k, v = tensors((2, 3, 4), (2, 8, 4), (2, 8, 4))
    draw = te.Generator().manual_seed(0)
    mean = te.zeros(2, 3, 4, dtype=te.float64)
    for _ in range(400):
        mean = mean + F.scaled_dot_product_attention(q, k, v, dropout_p=0.3, generator=draw).detach() / 400
    exact = F.scaled_dot_product_attention(q, k, v)
    assert abs((mean - exact).numpy()).max() < 0.1
    once, again = (
        F.scaled_dot_product_attention(q, k, v, dropout_p=0.3, generator=te.Generator().manual_seed(1)) for _ in "12"
    )
    assert numpy.array_equal(once.numpy(), again.numpy())
    assert not numpy.allclose(once.numpy(), exact.numpy())


def test_nothing_is_waited_for() -> None:
    from tinygrad_edu.backend.strict import counters

    q, k, v = tensors((2, 3, 2), (2, 3, 2), (2, 3, 2), device="strict")
    mask = te.ones(3, 3, dtype=te.bool, device="strict")
    counters.reset()
    F.scaled_dot_product_attention(q, k, v, mask, dropout_p=0.5).sum().backward()
    F.scaled_dot_product_attention(q, k, v, is_causal=True).sum().backward()
    assert counters.snapshot().synchronizations == 0


def z(*shape: int, dtype: Any = te.float64) -> Any:
    return te.zeros(*shape, dtype=dtype)


REFUSED: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "both masks": (
        (z(3, 2), z(3, 2), z(3, 2), te.ones(3, 3, dtype=te.bool)),
        {"is_causal": True},
        ValueError,
        "Explicit attn_mask should not be set when is_causal=True",
    ),
    "mask of integers": (
        (z(3, 2), z(3, 2), z(3, 2), te.ones(3, 3, dtype=te.int64)),
        {},
        TypeError,
        "only bool and floating types of attn_mask are supported: .* got int64",
    ),
    "mask that is a list": (
        (z(3, 2), z(3, 2), z(3, 2), [[True]]),
        {},
        TypeError,
        "wanted a tinygrad_edu Tensor as attn",
    ),
    "mask of another shape": (
        (z(3, 2), z(4, 2), z(4, 2), te.ones(4, 3, dtype=te.bool)),
        {},
        ValueError,
        r"wanted an attn_mask that broadcasts to the scores \(..., L, S\) = \(3, 4\), got \(4, 3\)",
    ),
    "mask with a batch": (
        (z(3, 2), z(4, 2), z(4, 2), te.ones(2, 3, 4, dtype=te.bool)),
        {},
        ValueError,
        r"= \(3, 4\), got \(2, 3, 4\)",
    ),
    "fewer values than keys": (
        (z(3, 2), z(5, 2), z(4, 2)),
        {},
        ValueError,
        r"wanted one value for each key.*key \(5, 2\) and value \(4, 2\)",
    ),
    "keys of another size": ((z(3, 2), z(5, 3), z(5, 2)), {}, ValueError, "wanted queries and keys of one size E"),
    "heads without enable_gqa": (
        (z(4, 3, 2), z(2, 3, 2), z(2, 3, 2)),
        {},
        ValueError,
        "fewer heads in key and value than in query are meant by enable_gqa=True",
    ),
    "heads that do not divide": (
        (z(3, 3, 2), z(2, 3, 2), z(2, 3, 2)),
        {"enable_gqa": True},
        ValueError,
        "Number of heads in key and value must divide the number of heads in query: got 2 and 3",
    ),
    "groups without heads": (
        (z(3, 2), z(3, 2), z(3, 2)),
        {"enable_gqa": True},
        ValueError,
        "enable_gqa wanted tensors with heads",
    ),
    "vectors": ((z(2), z(2), z(2)), {}, ValueError, "Expected query, key, and value to all be at least 2 dimensional"),
    "dtypes": (
        (z(3, 2), z(3, 2, dtype=te.float32), z(3, 2)),
        {},
        TypeError,
        "Expected query, key, and value to have the same dtype",
    ),
    "integers": ((z(3, 2, dtype=te.int64),) * 3, {}, TypeError, r"wanted floating-point numbers as query, got int64"),
    "probability": (
        (z(3, 2), z(3, 2), z(3, 2)),
        {"dropout_p": 1.5},
        ValueError,
        "dropout probability has to be between 0 and 1, but got 1.5",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_a_sentence(case: Any) -> None:
    inputs, options, kind, message = case
    with pytest.raises(kind, match=message):
        F.scaled_dot_product_attention(*inputs, **options)
