"""The causal language model: what it may know, that its cache changes nothing, how it starts, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import optim
from tinygrad_edu.models import CausalLanguageModel
from tinygrad_edu.nn import functional as F

OPTIONS: dict[str, dict[str, Any]] = {
    "learned": {},
    "rotary": {"positions": "rotary"},
    "no bias, not tied": {"bias": False, "tied": False},
}


def model_of(options: dict[str, Any], device: Any = "cpu", seed: int = 0) -> Any:
    """Small, in float64, its weights enlarged so that the logits differ by more than rounding."""
    draw = te.Generator().manual_seed(seed)
    model = CausalLanguageModel(11, 16, width=8, heads=2, layers=2, generator=draw, **options).double()
    with te.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name:
                parameter.copy_(te.randn(*parameter.shape, generator=draw) * 0.4)
    return model.to(device)


def tokens_of(*shape: int, seed: int = 0, device: Any = "cpu") -> Any:
    return te.tensor(numpy.random.default_rng(seed).integers(0, 11, shape), device=device)


CHUNKS = {"one by one": [1] * 12, "beginning, then steps": [5, 1, 1, 1, 1, 1, 1, 1], "chunks": [3, 4, 1, 2, 2]}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_cached_logits_are_the_uncached_ones(options: Any, chunks: list[int], device: Any) -> None:
    model, tokens = model_of(options, device), tokens_of(3, 12, device=device)
    pieces, cache, start = [], None, 0
    for size in chunks:
        logits, cache = model.step(tokens[:, start : start + size], cache)
        pieces.append(logits)
        start += size
        assert cache.length == start
    cached, uncached = te.cat(pieces, 1).cpu().numpy(), model(tokens).detach().cpu().numpy()
    assert uncached.std() > 0.1
    numpy.testing.assert_allclose(cached, uncached, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_token_changes_nothing_before_it_bit_for_bit(options: Any) -> None:
    model, tokens = model_of(options), tokens_of(2, 12)
    before = model(tokens).detach().numpy()
    for t in (0, 5, 11):
        changed = tokens.clone()
        changed[:, t] = (tokens[:, t] + 3) % 11
        after = model(changed).detach().numpy()
        assert numpy.array_equal(before[:, :t], after[:, :t])
        assert not numpy.allclose(before[:, t], after[:, t])


def test_a_cache_may_be_continued_twice() -> None:
    model, tokens = model_of({}), tokens_of(2, 8)
    _, beginning = model.step(tokens[:, :5])
    _, beginning = model.step(tokens[:, 5:6], beginning)
    first, _ = model.step(tokens[:, 6:], beginning)
    other = tokens_of(2, 2, seed=1)
    second, _ = model.step(other, beginning)
    again, _ = model.step(tokens[:, 6:], beginning)
    assert numpy.array_equal(first.numpy(), again.numpy())
    whole = model(te.cat([tokens[:, :6], other], 1)).detach()
    numpy.testing.assert_allclose(second.numpy(), whole[:, 6:].numpy(), rtol=0, atol=1e-12)


def test_a_step_records_nothing_and_does_not_copy_its_past() -> None:
    model, tokens = model_of({}), tokens_of(2, 10)
    logits, cache = model.step(tokens[:, :3])
    assert not logits.requires_grad
    moved = 0
    for t in range(3, 10):
        _, grown = model.step(tokens[:, t : t + 1], cache)
        assert not grown.layers[0].keys.requires_grad
        moved += not numpy.shares_memory(grown.layers[1].values.numpy(), cache.layers[1].values.numpy())
        cache = grown
    assert moved == 2  # at the lengths 3 and 6, when the room was doubled


def test_tied_weights_are_one_parameter_that_learns_from_both_ends() -> None:
    model = model_of({})
    assert model.head.weight is model.tokens.weight
    assert "head.weight" not in dict(model.named_parameters())
    assert {"head.weight", "tokens.weight"} <= set(model.state_dict())
    untied = model_of({"tied": False})
    untied.load_state_dict(model.state_dict())
    tokens = tokens_of(2, 6)
    for either in (model, untied):
        F.cross_entropy(either(tokens).flatten(0, 1), tokens.flatten()).backward()
    both = untied.head.weight.grad + untied.tokens.weight.grad
    assert te.allclose(model.tokens.weight.grad, both, 1e-12, 1e-12)


def test_it_starts_as_gpt_2_did_and_knows_nothing() -> None:
    model = CausalLanguageModel(100, 32, width=64, heads=4, layers=8, generator=te.Generator().manual_seed(0))
    for name, parameter in model.named_parameters():
        deviation = parameter.detach().numpy().std()
        if name.endswith(("output.weight", "contract.weight")):
            assert deviation == pytest.approx(0.02 / 4, rel=0.1), name  # √(2 · 8) = 4
        elif parameter.ndim > 1:
            assert deviation == pytest.approx(0.02, rel=0.1), name
        elif name.endswith("bias"):
            assert deviation == 0, name
    tokens = te.randint(0, 100, (4, 32), generator=te.Generator().manual_seed(0))
    loss = F.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(1, 1).flatten())
    assert float(loss) == pytest.approx(numpy.log(100), rel=0.03)


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_derivatives_of_the_whole_model(positions: str, device: Any, gradcheck: Any) -> None:
    draw = te.Generator().manual_seed(0)
    model = CausalLanguageModel(5, 4, width=4, heads=2, layers=1, positions=positions, generator=draw).double()
    with te.no_grad():
        for parameter in model.parameters():
            parameter.add_(te.randn(*parameter.shape, generator=draw) * 0.3)
    model.to(device)
    tokens = te.tensor([[0, 3, 1], [4, 4, 2]], device=device)

    def loss(*parameters: Any) -> Any:
        return F.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(-1, 1).flatten())

    assert gradcheck(loss, tuple(model.parameters()), fast_mode=True)


def test_it_learns_a_sequence_by_heart() -> None:
    draw = te.Generator().manual_seed(0)
    model = CausalLanguageModel(8, 16, width=16, heads=2, layers=1, positions="rotary", generator=draw)
    tokens = te.tensor([[3, 1, 4, 1, 5, 2, 6, 5, 3, 5]])
    optimizer = optim.AdamW(model.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.05
    assert model(tokens[:, :-1]).argmax(-1).tolist() == tokens[:, 1:].tolist()


def test_dropout_in_training_only() -> None:
    model, tokens = model_of({"dropout": 0.5}), tokens_of(2, 6)
    assert not numpy.allclose(model(tokens).detach().numpy(), model(tokens).detach().numpy())
    model.eval()
    assert numpy.array_equal(model(tokens).detach().numpy(), model.step(tokens)[0].numpy())


def test_a_step_of_training_and_one_of_generation_never_wait_for_the_device() -> None:
    from tinygrad_edu.backend.strict import counters

    model, tokens = model_of({"dropout": 0.1}, "strict"), tokens_of(2, 6, device="strict")
    counters.reset()
    F.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()
    _, cache = model.step(tokens)
    model.step(tokens[:, :2], cache)
    assert counters.snapshot().synchronizations == 0


def test_sequences_longer_than_the_context_are_a_sentence() -> None:
    model = model_of({"positions": "rotary"})
    with pytest.raises(ValueError, match="wanted at most 16 tokens, the context of this model, got 17: shorten"):
        model(tokens_of(1, 17))
    _, cache = model.step(tokens_of(1, 14))
    with pytest.raises(ValueError, match=r"wanted at most 16 tokens, .* got 3 after 14 in the cache: shorten"):
        model.step(tokens_of(1, 3), cache)
    model.step(tokens_of(1, 2), cache)


@pytest.mark.parametrize(
    ("tokens", "kind", "message"),
    [
        (te.zeros(2, 3), TypeError, "wanted tokens as integers, got float32: convert with tokens.long"),
        (te.zeros(3, dtype=te.int64), ValueError, r"wanted tokens of shape \(sequences, length\).*got \(3,\)"),
        (te.zeros(3, 0, dtype=te.int64), ValueError, r"length at least 1, got \(3, 0\)"),
        ([[1, 2]], TypeError, "wanted a tinygrad_edu Tensor as tokens, got list"),
        (te.tensor([[1, 11]]), IndexError, "11"),
    ],
)
def test_tokens_that_are_none_are_a_sentence(tokens: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        model_of({})(tokens)


def test_another_number_of_sequences_than_in_the_cache_is_a_sentence() -> None:
    model = model_of({})
    _, cache = model.step(tokens_of(2, 3))
    with pytest.raises(ValueError, match="wanted 2 sequences, as many as there are in the cache, got 3"):
        model.step(tokens_of(3, 1), cache)


def test_settings_that_make_no_sense_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="width must be divisible by heads: got width=8 and heads=3"):
        CausalLanguageModel(5, 4, width=8, heads=3)
    for name in ("width", "heads", "layers", "vocabulary", "context"):
        with pytest.raises(ValueError, match="must be a positive integer"):
            CausalLanguageModel(**{"vocabulary": 5, "context": 4, name: 0})
    with pytest.raises(ValueError, match="wanted positions='learned' or 'rotary', got 'none'"):
        CausalLanguageModel(5, 4, positions="none")
    with pytest.raises(ValueError, match="wanted an even number of features"):
        CausalLanguageModel(5, 4, width=6, heads=2, positions="rotary")
