"""MultiheadAttention: what its masks mean, how it starts, and what it refuses. Numbers: the table of layers."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.nn import functional as F


def layer_and_x(*shape: int, **options: Any) -> tuple[Any, Any]:
    draw = te.Generator().manual_seed(0)
    layer = nn.MultiheadAttention(4, 2, generator=draw, **options).double()
    return layer, te.randn(*shape, dtype=te.float64, generator=draw).requires_grad_()


def test_one_head_with_identity_projections_is_attention() -> None:
    layer = nn.MultiheadAttention(3, 1, bias=False, batch_first=True).double()
    with te.no_grad():
        layer.in_proj_weight.copy_(te.eye(3).repeat(3, 1))
        layer.out_proj.weight.copy_(te.eye(3))
    q, k, v = (te.randn(2, n, 3, dtype=te.float64) for n in (2, 4, 4))
    out, _ = layer(q, k, v)
    assert te.allclose(out, F.scaled_dot_product_attention(q, k, v), 1e-12, 1e-12)


def test_true_means_the_opposite_in_the_layer_and_in_the_function() -> None:
    """The layer does not look at key 2; the function's mask lets keys 0 and 1 take part: the same."""
    layer, x = layer_and_x(1, 3, 4, batch_first=True)
    hidden = te.tensor([[False, False, True]])
    _, weights = layer(x, x, x, key_padding_mask=hidden)
    assert weights[0, :, 2].tolist() == [0.0] * 3
    q, k, v = layer._projected(x, x, x)
    q, k, v = (layer._heads(part) for part in (q, k, v))
    seen = F.scaled_dot_product_attention(q, k, v, ~hidden)
    joined = layer.out_proj(seen.transpose(1, 2).flatten(2))
    assert te.allclose(layer(x, x, x, key_padding_mask=hidden)[0], joined, 1e-12, 1e-12)


@pytest.mark.parametrize("need_weights", [True, False])
def test_with_all_keys_hidden_the_answer_is_the_bias_and_no_gradient_is_nan(need_weights: bool, device: Any) -> None:
    layer, x = layer_and_x(3, 2, 4)
    layer = layer.to(device)
    x = x.detach().to(device).requires_grad_()
    with te.no_grad():
        layer.out_proj.bias.copy_(te.tensor([1.0, 2.0, 3.0, 4.0]))
    hidden = te.tensor([[True, True, True], [False, True, False]], device=device)
    out, weights = layer(x, x, x, key_padding_mask=hidden, need_weights=need_weights)
    assert out[:, 0].tolist() == [[1.0, 2.0, 3.0, 4.0]] * 3
    if need_weights:
        assert weights[0].tolist() == [[0.0] * 3] * 3
    out.square().sum().backward()
    assert x.grad[:, 0].tolist() == [[0.0] * 4] * 3
    assert all(bool(p.grad.isfinite().all()) for p in layer.parameters())


def test_what_is_padded_does_not_matter() -> None:
    layer, x = layer_and_x(2, 5, 4, batch_first=True)
    hidden = te.tensor([[False] * 3 + [True] * 2] * 2)
    long, _ = layer(x, x, x, key_padding_mask=hidden)
    short, _ = layer(x[:, :3], x[:, :3], x[:, :3])
    assert te.allclose(long[:, :3], short, 1e-12, 1e-12)


def test_weights_and_no_weights_give_one_answer() -> None:
    layer, x = layer_and_x(3, 2, 4)
    mask = te.tensor([[0.0, -1.0, -math.inf], [0.5, 0.0, 0.0], [0.0, 0.0, 2.0]])
    with_weights, weights = layer(x, x, x, attn_mask=mask)
    without, nothing = layer(x, x, x, attn_mask=mask, need_weights=False)
    assert nothing is None
    assert tuple(weights.shape) == (2, 3, 3)
    assert te.allclose(with_weights, without, 1e-12, 1e-12)


def test_a_wrong_causal_hint_does_no_harm() -> None:
    layer, x = layer_and_x(3, 2, 4)
    mask = te.tensor([[False, True, False]] * 3)
    hinted, plain = (layer(x, x, x, attn_mask=mask, need_weights=False, is_causal=hint)[0] for hint in (True, False))
    assert numpy.array_equal(hinted.detach().numpy(), plain.detach().numpy())


def test_masks_of_both_kinds_together() -> None:
    """A mask of truth values beside one of numbers, which PyTorch warns about."""
    layer, x = layer_and_x(3, 1, 4)
    hidden, added = te.tensor([[False, False, True]]), te.tensor([[0.0, -math.inf, 0.0]] * 3)
    _, weights = layer(x, x, x, key_padding_mask=hidden, attn_mask=added)
    assert weights[0].tolist() == [[1.0, 0.0, 0.0]] * 3


def test_dropout_takes_weights_away_in_training_only() -> None:
    layer, x = layer_and_x(40, 4, dropout=0.5)
    _, weights = layer(x, x, x, average_attn_weights=False)
    dropped = (weights == 0).detach().numpy().mean()
    assert 0.45 < dropped < 0.55
    first, second = (layer.eval()(x, x, x)[0].detach().numpy() for _ in range(2))
    assert numpy.array_equal(first, second)


def test_it_starts_as_pytorch_does() -> None:
    layer = nn.MultiheadAttention(64, 4, add_bias_kv=True, generator=te.Generator().manual_seed(0))
    bound = math.sqrt(6 / (64 + 3 * 64))
    assert 0.99 * bound < abs(layer.in_proj_weight.detach().numpy()).max() <= bound
    assert 0.97 / 8 < abs(layer.out_proj.weight.detach().numpy()).max() <= 1 / 8
    assert layer.in_proj_bias.tolist() == [0.0] * 192
    assert layer.out_proj.bias.tolist() == [0.0] * 64
    deviation = layer.bias_k.detach().numpy().std()  # fan_in and fan_out of (1, 1, 64) are both 64
    assert 0.7 < deviation / math.sqrt(2 / 128) < 1.3


def test_an_empty_batch() -> None:
    layer, _ = layer_and_x(1, 4)
    out, weights = layer(*[te.zeros(3, 0, 4, dtype=te.float64)] * 3)
    assert (tuple(out.shape), tuple(weights.shape)) == ((3, 0, 4), (0, 3, 3))


def z(*shape: int, dtype: Any = te.float32) -> Any:
    return te.zeros(*shape, dtype=dtype)


REFUSED: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "sizes": ((z(3, 2, 5),) * 3, {}, ValueError, r"was expecting embedding dimensions of \(4, 4, 4\)"),
    "four dimensions": ((z(1, 3, 2, 4),) * 3, {}, ValueError, "query should be unbatched 2D or batched 3D tensor"),
    "a batch beside none": ((z(3, 2, 4), z(3, 4), z(3, 4)), {}, ValueError, "key and value like it"),
    "fewer values than keys": ((z(3, 2, 4), z(4, 2, 4), z(3, 2, 4)), {}, ValueError, "wanted one value for each key"),
    "batches": (
        (z(2, 3, 4), z(2, 5, 4), z(2, 5, 4)),
        {},
        ValueError,
        r"wanted as many sequences in query as in key and value, laid out \(L, N, E\) because batch_first=False",
    ),
    "integers": ((z(3, 2, 4, dtype=te.int64),) * 3, {}, TypeError, "wanted floating-point numbers as query"),
    "mask of another shape": (
        (z(3, 2, 4),) * 3,
        {"attn_mask": te.ones(3, 2, dtype=te.bool)},
        ValueError,
        r"The shape of the 2D attn_mask is \(3, 2\), but should be \(3, 3\), or \(4, 3, 3\)",
    ),
    "mask of integers": (
        (z(3, 2, 4),) * 3,
        {"attn_mask": z(3, 3, dtype=te.int64)},
        TypeError,
        "only bool and floating types of attn_mask are supported",
    ),
    "padding of another shape": (
        (z(3, 2, 4),) * 3,
        {"key_padding_mask": te.ones(3, 2, dtype=te.bool)},
        ValueError,
        r"wanted a key_padding_mask of shape \(2, 3\), one entry for each key, got \(3, 2\)",
    ),
    "padding of integers": (
        (z(3, 2, 4),) * 3,
        {"key_padding_mask": z(2, 3, dtype=te.int64)},
        TypeError,
        "only bool and floating types of key_padding_mask are supported",
    ),
    "a hint without a mask": ((z(3, 2, 4),) * 3, {"is_causal": True}, ValueError, "Need attn_mask if specifying"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_bad_input_is_a_sentence(case: Any) -> None:
    inputs, options, kind, message = case
    with pytest.raises(kind, match=message):
        nn.MultiheadAttention(4, 2)(*inputs, **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"embed_dim": 5, "num_heads": 2}, "embed_dim must be divisible by num_heads: got embed_dim=5 and num_heads=2"),
        ({"embed_dim": 0, "num_heads": 2}, "embed_dim must be a positive integer"),
        ({"embed_dim": 4, "num_heads": 0}, "num_heads must be a positive integer"),
        ({"embed_dim": 4, "num_heads": 2, "dropout": 2.0}, "dropout probability has to be between 0 and 1"),
    ],
)
def test_bad_sizes_are_a_sentence(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nn.MultiheadAttention(**arguments)
