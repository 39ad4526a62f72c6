"""Generation: frequencies against probabilities, the beam against trying everything, end tokens row by row."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.generation import beam_search, greedy, keep_top_k, keep_top_p, sample
from tinygrad_edu.models import CausalLanguageModel


def table_model(vocabulary: int, seed: int = 0, spread: float = 1.5) -> Any:
    """A model in which the last two tokens decide: (N, T) -> (N, T, V), by looking into a random table."""
    table = te.tensor(numpy.random.default_rng(seed).normal(size=(vocabulary,) * 3) * spread)

    def model(tokens: Any) -> Any:
        before = te.cat([tokens[:, :1], tokens[:, :-1]], 1)
        return table.to(tokens.device)[before, tokens]

    return model


def small_model(vocabulary: int = 5, device: Any = "cpu", **options: Any) -> Any:
    draw = te.Generator().manual_seed(1)
    model = CausalLanguageModel(vocabulary, 16, width=8, heads=2, layers=2, generator=draw, **options).double()
    with te.no_grad():
        for parameter in model.parameters():
            parameter.add_(te.randn(*parameter.shape, generator=draw) * 0.4)
    return model.to(device)


def log_probability(model: Any, prompt: list[int], new: list[int]) -> float:
    """log P(new | prompt), from all logits at once."""
    everything = te.tensor([prompt + new])
    chances = model(everything).detach().log_softmax(-1)[0]
    return sum(float(chances[len(prompt) - 1 + i, token]) for i, token in enumerate(new))


# ------------------------------------------------------------------------------------------------ greedy and its likes
def test_greedy_takes_the_likeliest_each_time(device: Any) -> None:
    model, prompt = table_model(7), te.tensor([[1, 2], [3, 3]], device=device)
    tokens = greedy(model, prompt, 6)
    assert tokens.device == device
    assert tuple(tokens.shape) == (2, 8)
    for row in tokens.tolist():
        for t in range(1, 7):
            assert row[t + 1] == int(model(te.tensor([row[: t + 1]]))[0, -1].argmax())


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_with_and_without_a_cache_all_ways_give_the_same_tokens(positions: str, device: Any) -> None:
    model = small_model(device=device, positions=positions)
    plain = lambda tokens: model(tokens)  # noqa: E731  a function has no step, so it reads everything each time
    prompt = te.tensor([[1, 2, 0], [4, 4, 3]], device=device)
    assert greedy(model, prompt, 8).tolist() == greedy(plain, prompt, 8).tolist()
    drawn = [sample(m, prompt, 8, generator=te.Generator().manual_seed(3)).tolist() for m in (model, plain)]
    assert drawn[0] == drawn[1]
    found = [beam_search(m, prompt, 8, beams=3, end_token=2, length_penalty=0.7) for m in (model, plain)]
    assert found[0].tokens.tolist() == found[1].tokens.tolist()
    numpy.testing.assert_allclose(found[0].scores.numpy(), found[1].scores.numpy(), rtol=1e-9)


def test_a_low_temperature_is_greedy_and_top_k_of_one_too() -> None:
    model, prompt = table_model(6), te.tensor([[0, 1], [2, 5], [4, 4]])
    wanted = greedy(model, prompt, 5).tolist()
    assert sample(model, prompt, 5, temperature=1e-3).tolist() == wanted
    assert sample(model, prompt, 5, top_k=1).tolist() == wanted
    assert sample(model, prompt, 5, top_p=1e-9).tolist() == wanted


def test_equal_seeds_draw_equal_tokens() -> None:
    model, prompt = table_model(6), te.tensor([[0, 1]] * 3)
    first, second, other = (
        sample(model, prompt, 12, generator=te.Generator().manual_seed(s)).tolist() for s in (1, 1, 2)
    )
    assert first == second != other


def test_the_last_position_alone_is_enough() -> None:
    model, prompt = table_model(6), te.tensor([[0, 1], [2, 2]])
    assert greedy(lambda tokens: model(tokens)[:, [-1], :], prompt, 4).tolist() == greedy(model, prompt, 4).tolist()


def test_nothing_new_is_the_prompt() -> None:
    prompt = te.tensor([[0, 1], [2, 2]])
    assert greedy(table_model(6), prompt, 0).tolist() == prompt.tolist()
    found = beam_search(table_model(6), prompt, 0, length_penalty=1.0)
    assert (found.tokens.tolist(), found.scores.tolist()) == (prompt.tolist(), [0.0, 0.0])


# --------------------------------------------------------------------------------------------------------- sampling
QUANTILES = {1: 10.83, 2: 13.82, 3: 16.27, 4: 18.47, 8: 26.12}  # of χ²: 999 in 1000 lie below


def chi_square(counts: Any, probabilities: Any, draws: int) -> tuple[float, int]:
    """Σ (seen - expected)² / expected over what can happen, and the degrees of freedom."""
    possible = probabilities > 0
    assert counts[~possible].sum() == 0
    expected = probabilities[possible] * draws
    return float(((counts[possible] - expected) ** 2 / expected).sum()), int(possible.sum()) - 1


LOGITS = numpy.array([1.0, 0.2, -0.5, 2.0, 0.9])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"temperature": 2.0}, [0, 1, 2, 3, 4]),
        ({"temperature": 0.5}, [0, 1, 2, 3, 4]),
        ({"top_k": 3}, [0, 3, 4]),
        ({"top_p": 0.7}, [0, 3]),
        ({"top_k": 4, "top_p": 0.8, "temperature": 1.5}, [0, 3, 4]),
    ],
)
def test_tokens_are_drawn_as_often_as_their_probabilities_say(options: Any, kept: list[int]) -> None:
    draws = 20_000
    weights = numpy.exp(LOGITS / options.get("temperature", 1.0))
    weights[[i for i in range(5) if i not in kept]] = 0.0
    prompt = te.zeros(draws, 1, dtype=te.int64)
    logits = te.tensor(LOGITS)
    drawn = sample(
        lambda tokens: logits.expand(len(tokens), 1, 5), prompt, 1, generator=te.Generator().manual_seed(0), **options
    )
    counts = numpy.bincount(drawn[:, 1].numpy(), minlength=5)
    statistic, degrees = chi_square(counts, weights / weights.sum(), draws)
    assert statistic < QUANTILES[degrees]


def test_pairs_of_tokens_are_drawn_as_often_as_the_model_says() -> None:
    draws, model = 20_000, table_model(3)
    prompt = te.tensor([[2, 0]] * draws)
    new = sample(model, prompt, 2, generator=te.Generator().manual_seed(0))[:, 2:].numpy()
    counts = numpy.bincount(new[:, 0] * 3 + new[:, 1], minlength=9)
    chances = numpy.exp([log_probability(model, [2, 0], [a, b]) for a in range(3) for b in range(3)])
    statistic, degrees = chi_square(counts, chances, draws)
    assert statistic < QUANTILES[degrees]


def kept(logits: Any) -> list[list[int]]:
    return [[i for i, logit in enumerate(row) if logit > -math.inf] for row in logits.tolist()]


def test_top_k_keeps_the_largest_and_their_equals() -> None:
    logits = te.tensor([[1.0, 3.0, 2.0, 3.0], [0.0, 0.0, 0.0, 0.0], [5.0, 4.0, 4.0, 1.0]])
    assert kept(keep_top_k(logits, 1)) == [[1, 3], [0, 1, 2, 3], [0]]
    assert kept(keep_top_k(logits, 2)) == [[1, 3], [0, 1, 2, 3], [0, 1, 2]]
    for k in (4, 5, 1000):
        assert keep_top_k(logits, k).tolist() == logits.tolist()


def test_top_p_keeps_the_fewest_that_add_up_and_their_equals() -> None:
    chances = te.tensor([[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4]], dtype=te.float64)
    logits = chances.log()
    assert kept(keep_top_p(logits, 1e-12)) == [[0], [0, 1, 2, 3], [3]]
    assert kept(keep_top_p(logits, 0.45)) == [[0], [0, 1, 2, 3], [2, 3]]
    assert kept(keep_top_p(te.tensor([[0.0, -math.inf, -math.inf]]), 0.99)) == [[0]]
    half = te.tensor([[math.log(2), 0.0, -math.inf, -1e-9]], dtype=te.float64)  # the first has a hair more than a half
    assert kept(keep_top_p(half, float(half.softmax(-1)[0, 0]))) == [[0]]
    assert kept(keep_top_p(logits, 0.6)) == [[0, 1], [0, 1, 2, 3], [2, 3]]
    assert kept(keep_top_p(logits, 0.8)) == [[0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3]]
    assert keep_top_p(logits, 1.0) is logits
    assert keep_top_p(logits, 1).tolist() == logits.tolist()


def test_top_p_is_the_smallest_set_whatever_the_logits() -> None:
    rng = numpy.random.default_rng(0)
    logits = rng.normal(size=(50, 9)) * 2
    for p in (0.05, 0.5, 0.9, 0.999):
        for row, left in zip(logits, kept(keep_top_p(te.tensor(logits), p)), strict=True):
            chances = numpy.exp(row) / numpy.exp(row).sum()
            order = numpy.argsort(-chances)
            fewest = next(n for n in range(1, 10) if chances[order[:n]].sum() >= p)
            assert left == sorted(order[:fewest].tolist())


def test_what_top_k_has_taken_away_stays_away() -> None:
    logits = te.tensor([[3.0, 2.0, 1.0, 0.0]])
    assert kept(keep_top_p(keep_top_k(logits, 2), 0.999999)) == [[0, 1]]


# ------------------------------------------------------------------------------------------------------- end tokens
def counting(tokens: Any) -> Any:
    """After n comes n + 1, surely."""
    return te.nn.functional.one_hot((tokens + 1) % 10, 10).double() * 100


@pytest.mark.parametrize("way", ["greedy", "sample", "beam"])
def test_each_row_ends_by_itself_and_all_stop_when_the_last_has_ended(way: str) -> None:
    calls = []

    def model(tokens: Any) -> Any:
        calls.append(tokens.shape)
        return counting(tokens)

    prompt = te.tensor([[3], [6], [5]])
    if way == "beam":
        tokens = beam_search(model, prompt, 9, beams=2, end_token=7).tokens
    else:
        tokens = (greedy if way == "greedy" else sample)(model, prompt, 9, end_token=7)
    assert tokens.tolist() == [[3, 4, 5, 6, 7], [6, 7, 7, 7, 7], [5, 6, 7, 7, 7]]
    assert len(calls) == 4


def test_without_an_end_token_nobody_stops_and_nothing_is_waited_for() -> None:
    from tinygrad_edu.backend.strict import counters

    model, prompt = small_model(device="strict"), te.tensor([[3], [1]], device="strict")
    counters.reset()
    assert tuple(greedy(model, prompt, 9).shape) == (2, 10)
    assert counters.snapshot().synchronizations == 0


# ------------------------------------------------------------------------------------------------------------- beam
def continuations(vocabulary: int, length: int, end: int | None) -> list[list[int]]:
    """Everything that can be said in at most `length` tokens: shorter only if it ends."""
    if length == 0:
        return [[]]
    rest = continuations(vocabulary, length - 1, end)
    return [[token, *tail] for token in range(vocabulary) for tail in ([[]] if token == end else rest)]


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_finds_what_trying_everything_finds(seed: int, length_penalty: float, end: int | None) -> None:
    vocabulary, length, prompts = 3, 4, [[1, 2], [2, 0]]
    model = table_model(vocabulary, seed, 1.0)
    found = beam_search(
        model, te.tensor(prompts), length, beams=vocabulary**length, length_penalty=length_penalty, end_token=end
    )
    for row, prompt in enumerate(prompts):
        scores = {
            tuple(new): log_probability(model, prompt, new) / len(new) ** length_penalty
            for new in continuations(vocabulary, length, end)
        }
        best = max(scores, key=scores.__getitem__)
        got = found.tokens[row, len(prompt) :].tolist()
        ended = got.index(end) + 1 if end in got else len(got)
        assert tuple(got[:ended]) == best
        assert all(token == end for token in got[ended:])
        assert float(found.scores[row]) == pytest.approx(scores[best], abs=1e-9)


def test_a_beam_of_one_is_greedy() -> None:
    model, prompt = small_model(7), te.tensor([[1, 2, 0], [4, 4, 3]])
    assert beam_search(model, prompt, 8, beams=1).tokens.tolist() == greedy(model, prompt, 8).tolist()


def test_a_beam_finds_what_greed_misses() -> None:
    """Token 1 looks better at first (0.6), but leads to four equal ones; 0 (0.4) leads to a sure one."""
    first, sure, even = [0.4, 0.6, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25, 0.0]
    table = te.tensor([sure, even, even, even, first], dtype=te.float64).clamp(min=1e-9).log()
    model, prompt = (lambda tokens: table[tokens]), te.tensor([[4]])
    assert greedy(model, prompt, 2).tolist() == [[4, 1, 0]]
    found = beam_search(model, prompt, 2, beams=2)
    assert found.tokens.tolist() == [[4, 0, 0]]
    assert float(found.scores) == pytest.approx(math.log(0.4), abs=1e-6)


def test_a_length_penalty_favors_long_ones() -> None:
    """Ending at once has probability 0.5; going on and ending later 0.5 · 0.8 = 0.4, which per token is more."""
    table = te.tensor([[0.5, 0.5], [0.8, 0.2], [0.5, 0.5]], dtype=te.float64).log()  # 0 ends; rows: after 0, 1, 2
    model, prompt = (lambda tokens: table[tokens]), te.tensor([[2]])
    assert beam_search(model, prompt, 2, beams=3, end_token=0).tokens.tolist() == [[2, 0]]
    assert beam_search(model, prompt, 2, beams=3, end_token=0, length_penalty=1.0).tokens.tolist() == [[2, 1, 0]]


# ------------------------------------------------------------------------------------------- the model is left alone
def test_a_model_is_asked_in_evaluation_and_left_as_it_was() -> None:
    model = small_model(dropout=0.5)
    model.train()
    model.blocks[0].eval()
    before = [module.training for module in model.modules()]
    prompt = te.tensor([[1, 2]])
    assert greedy(model, prompt, 6).tolist() == greedy(model, prompt, 6).tolist()
    assert [module.training for module in model.modules()] == before
    with pytest.raises(ValueError, match="wanted at most 16 tokens"):
        beam_search(model, prompt, 20)
    assert [module.training for module in model.modules()] == before


def test_nothing_is_recorded_meanwhile() -> None:
    recording = []

    def model(tokens: Any) -> Any:
        recording.append(te.is_grad_enabled())
        return counting(tokens)

    prompt = te.tensor([[1, 2]])
    greedy(model, prompt, 2), sample(model, prompt, 2), beam_search(model, prompt, 2)
    assert recording == [False] * 6
    assert te.is_grad_enabled()


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "temperature": (lambda m, p: sample(m, p, 1, temperature=0.0), ValueError, "wanted a temperature above 0, got 0.0"),
    "top_k": (lambda m, p: sample(m, p, 1, top_k=0), ValueError, "wanted top_k of at least 1, got 0"),
    "top_p of nothing": (lambda m, p: sample(m, p, 1, top_p=0.0), ValueError, "wanted top_p above 0 and at most 1"),
    "top_p beyond": (lambda m, p: sample(m, p, 1, top_p=1.1), ValueError, "wanted top_p above 0 and at most 1"),
    "beams": (lambda m, p: beam_search(m, p, 1, beams=0), ValueError, "wanted beams ≥ 1 and length_penalty ≥ 0"),
    "penalty": (lambda m, p: beam_search(m, p, 1, length_penalty=-1.0), ValueError, "wanted beams ≥ 1 and length_pen"),
    "end": (lambda m, p: greedy(m, p, 1, end_token=10), IndexError, "wanted an end_token from 0 to 9, the vocabulary"),
    "length": (lambda m, p: greedy(m, p, -1), ValueError, "wanted max_new_tokens of 0 or more, got -1"),
    "one sequence": (lambda m, p: greedy(m, p[0], 1), ValueError, r"wanted a prompt of shape \(sequences, length\)"),
    "no prompt": (lambda m, p: greedy(m, p[:, :0], 1), ValueError, "begin with a start token"),
    "floats": (lambda m, p: greedy(m, p.float(), 1), TypeError, "wanted a prompt of integer tokens, got float32"),
    "a list": (lambda m, p: greedy(m, [[1]], 1), TypeError, "wanted a prompt of integer tokens, got list"),
    "two results": (
        lambda m, p: greedy(lambda tokens: (m(tokens), None), p, 1),
        ValueError,
        r"wanted a model that returns logits of shape \(N, T, vocabulary\), got tuple",
    ),
    "no positions": (lambda m, p: greedy(lambda t: m(t)[:, -1], p, 1), ValueError, r"got \(1, 10\)"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_bad_requests_are_a_sentence(case: Any) -> None:
    request, kind, message = case
    with pytest.raises(kind, match=message):
        request(counting, te.tensor([[1, 2]]))
