"""Transformer layers and stacks: copies, masks, causality, dropout, bad input. Numbers: the table of layers."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn


def numbers(*shape: int, seed: int = 0) -> Any:
    return te.tensor(numpy.random.default_rng(seed).normal(size=shape))


def test_a_stack_holds_copies_that_start_alike_and_learn_apart() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.0)
    stack = nn.TransformerEncoder(layer, 3)
    assert len(list(stack.parameters())) == 3 * len(list(layer.parameters()))
    assert len({id(p.array) for p in (*layer.parameters(), *stack.parameters())}) == 4 * len(list(layer.parameters()))
    for name, own in layer.state_dict().items():
        for i in range(3):
            assert stack.state_dict()[f"layers.{i}.{name}"].tolist() == own.tolist()
    stack(numbers(3, 2, 4).float()).square().sum().backward()
    assert all(p.grad is None for p in layer.parameters())
    first, second = (stack.layers[i].linear1.weight.grad.numpy() for i in (0, 1))
    assert not numpy.allclose(first, second)


def test_copied_layers_share_their_generator_so_that_they_drop_differently() -> None:
    draw = te.Generator().manual_seed(0)
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.5, generator=draw), 2)
    assert all(layer.dropout1.generator is draw for layer in stack.layers)
    assert all(layer.self_attn.generator is draw for layer in stack.layers)


def test_any_module_can_be_copied_deeply() -> None:
    tied = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3, bias=False))
    tied[2].weight = tied[0].weight
    tied[1].register_forward_hook(lambda module, args, out: out * 2)
    tied(te.randn(4, 3)).sum().backward()
    twin = copy.deepcopy(tied)
    assert twin[2].weight is twin[0].weight is not tied[0].weight
    assert twin[0].weight.grad.tolist() == tied[0].weight.grad.tolist()
    assert twin[1].running_mean.tolist() == tied[1].running_mean.tolist()
    x = te.randn(2, 3)
    assert twin.eval()(x).tolist() == tied.eval()(x).tolist()
    with te.no_grad():
        twin[0].weight.zero_()
        twin[1].running_mean.fill_(5.0)
    assert tied[0].weight.abs().sum() > 0
    assert tied[1].running_mean.tolist() != [5.0] * 3


@pytest.mark.parametrize("norm_first", [False, True])
def test_dropout_in_training_only(norm_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.5, norm_first=norm_first).double()
    x = numbers(3, 2, 4)
    assert not numpy.allclose(layer(x).detach().numpy(), layer(x).detach().numpy())
    layer.eval()
    assert numpy.array_equal(layer(x).detach().numpy(), layer(x).detach().numpy())


def test_the_encoder_does_not_know_the_order_of_its_input() -> None:
    """Without positions a Transformer maps sets to sets: permuting the input permutes the output."""
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 2).double()
    x, order = numbers(5, 2, 4), [3, 1, 4, 0, 2]
    assert te.allclose(model(x)[order], model(x[order]), 1e-10, 1e-10)


@pytest.mark.parametrize("additive", [True, False])
def test_the_decoder_does_not_look_ahead_bit_for_bit(additive: bool) -> None:
    model = nn.Transformer(8, 2, 1, 2, 16, 0.0, batch_first=True).double()
    future = model.generate_square_subsequent_mask(6)
    future = future if additive else future == -math.inf
    src, tgt = numbers(2, 4, 8), numbers(2, 6, 8, seed=1)
    changed = tgt.clone()
    changed[:, 3:] = numbers(2, 3, 8, seed=2) * 50
    before, after = (model(src, x, tgt_mask=future, tgt_is_causal=True).detach().numpy() for x in (tgt, changed))
    assert numpy.array_equal(before[:, :3], after[:, :3])
    assert not numpy.allclose(before[:, 3:], after[:, 3:])


def test_the_mask_for_the_future() -> None:
    mask = nn.Transformer.generate_square_subsequent_mask(3, dtype=te.float64)
    assert mask.dtype == te.float64
    assert mask.tolist() == [[0.0, -math.inf, -math.inf], [0.0, 0.0, -math.inf], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_of_the_source_changes_nothing(norm_first: bool) -> None:
    model = nn.Transformer(8, 2, 1, 1, 16, 0.0, batch_first=True, norm_first=norm_first).double()
    src, tgt = numbers(2, 5, 8), numbers(2, 3, 8, seed=1)
    hidden = te.tensor([[False] * 3 + [True] * 2] * 2)
    long = model(src, tgt, src_key_padding_mask=hidden, memory_key_padding_mask=hidden)
    assert te.allclose(long, model(src[:, :3], tgt), 1e-10, 1e-10)


def test_a_stack_of_nothing_passes_its_input_on() -> None:
    x = numbers(3, 2, 4)
    assert nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 0)(x) is x
    with pytest.raises(ValueError, match="wanted num_layers of 0 or more, got -1"):
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), -1)


def test_every_matrix_of_a_transformer_starts_as_glorot_says() -> None:
    model = nn.Transformer(16, 2, 1, 1, 32, generator=te.Generator().manual_seed(0))
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            bound = math.sqrt(6 / sum(parameter.shape))
            assert 0.95 * bound < abs(parameter.detach().numpy()).max() <= bound, name


def test_stacks_of_the_users_own() -> None:
    class Own(nn.Module):
        def forward(self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: Any = None) -> Any:
            return src * 2

    model = nn.Transformer(4, 2, 1, 1, 8, 0.0, custom_encoder=Own()).double()
    src, tgt = numbers(3, 2, 4), numbers(2, 2, 4, seed=1)
    assert te.allclose(model(src, tgt), model.decoder(tgt, src * 2), 1e-12, 1e-12)


def test_settings_that_make_no_sense_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="activation should be relu/gelu, not tanh: for another, pass the function"):
        nn.TransformerEncoderLayer(4, 2, activation="tanh")
    with pytest.raises(TypeError, match="activation should be 'relu', 'gelu' or a function, got int"):
        nn.TransformerDecoderLayer(4, 2, activation=3)
    with pytest.raises(ValueError, match="embed_dim must be divisible by num_heads: got embed_dim=5"):
        nn.TransformerEncoderLayer(5, 2)


@pytest.mark.parametrize(
    ("src", "tgt", "message"),
    [
        ((3, 2, 4), (3, 5, 4), r"the batch number of src and tgt must be equal: the layout is \(L, N, d_model\)"),
        ((3, 2, 5), (3, 2, 4), "the feature number of src and tgt must be equal to d_model=4"),
        ((3, 2, 4), (3, 4), "wanted src and tgt both with a batch"),
        ((4,), (4,), "wanted src and tgt both with a batch"),
    ],
)
def test_sequences_that_do_not_fit_are_a_sentence(src: Any, tgt: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nn.Transformer(4, 2, 1, 1, 8)(te.zeros(*src), te.zeros(*tgt))


def test_integers_are_a_sentence_that_names_the_layers() -> None:
    with pytest.raises(TypeError, match="wanted floating-point numbers as query, got int64") as caught:
        nn.TransformerEncoderLayer(4, 2, 8)(te.zeros(3, 2, 4, dtype=te.int64))
    assert [note.split("(")[0] for note in caught.value.__notes__] == [
        "in MultiheadAttention",
        "in TransformerEncoderLayer",
    ]


def test_a_step_of_training_never_waits_for_the_device() -> None:
    from tinygrad_edu.backend.strict import counters

    model = nn.Transformer(4, 2, 1, 1, 8).to("strict")
    src, tgt = (numbers(n, 2, 4).float().to("strict") for n in (3, 2))
    future = model.generate_square_subsequent_mask(2, device="strict")
    counters.reset()
    model(src, tgt, tgt_mask=future).square().sum().backward()
    assert counters.snapshot().synchronizations == 0
