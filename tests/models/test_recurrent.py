"""Recurrent models: reading step by step is reading at once, nothing sees the future, forget gates start open."""

from __future__ import annotations

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import generation
from tinygrad_edu.models import RecurrentLanguageModel, RecurrentRegressor

KINDS = ["rnn", "lstm", "gru"]


@pytest.fixture
def tokens():
    return te.tensor(numpy.random.default_rng(0).integers(0, 7, (3, 6)))


def language_model(kind, layers=1):
    te.manual_seed(0)
    return RecurrentLanguageModel(7, kind=kind, width=4, hidden=5, layers=layers).double()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_reading_in_steps_is_reading_at_once(kind, layers, tokens):
    model = language_model(kind, layers)
    whole = model(tokens).detach().numpy()
    assert whole.shape == (3, 6, 7)
    first, state = model.step(tokens[:, :2])
    second, _ = model.step(tokens[:, 2:], state)
    again, _ = model.step(tokens[:, 2:], state)  # a state is a value: it can be gone on from twice
    numpy.testing.assert_allclose(numpy.concatenate([first.numpy(), second.numpy()], axis=1), whole, atol=1e-12)
    numpy.testing.assert_array_equal(second.numpy(), again.numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_sees_the_future(kind, tokens):
    model, changed = language_model(kind), tokens.clone()
    changed[:, 4] = (changed[:, 4] + 1) % 7
    before, after = model(tokens).detach().numpy(), model(changed).detach().numpy()
    numpy.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).any(axis=(1, 2)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_generation_goes_on_from_the_state(kind, tokens):
    model = language_model(kind)
    numpy.testing.assert_array_equal(
        generation.greedy(model, tokens, 5).numpy(), generation.greedy(lambda seen: model(seen), tokens, 5).numpy()
    )
    beams = [generation.beam_search(reader, tokens, 3, beams=3) for reader in (model, lambda seen: model(seen))]
    numpy.testing.assert_array_equal(beams[0].tokens.numpy(), beams[1].tokens.numpy())


def test_a_state_is_selected_from_along_its_batch_only(tokens):
    _, state = language_model("lstm").step(tokens)
    with pytest.raises(ValueError, match="dim 0: got dim 1"):
        state.index_select(1, te.tensor([0]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_regressor_says_one_number_that_depends_on_every_step(kind):
    te.manual_seed(0)
    model, x = RecurrentRegressor(2, kind=kind, hidden=4).double(), te.randn(3, 5, 2, dtype=te.float64)
    x.requires_grad_()
    said = model(x)
    assert tuple(said.shape) == (3,)
    said[1].backward()
    gradient = x.grad.numpy()
    assert (gradient[1] != 0).all()
    assert (gradient[[0, 2]] == 0).all()


def test_an_lstm_starts_with_open_forget_gates():
    lstm = RecurrentLanguageModel(7, hidden=5, layers=2).recurrent
    for layer in (0, 1):
        of_x = getattr(lstm, f"bias_ih_l{layer}").detach().numpy().reshape(4, 5)
        of_h = getattr(lstm, f"bias_hh_l{layer}").detach().numpy().reshape(4, 5)
        numpy.testing.assert_array_equal((of_x + of_h)[1], 1)  # i, f, g, o
        assert (of_x[[0, 2, 3]] != 1).all()
        assert (of_h[[0, 2, 3]] != 0).all()


def test_an_unknown_kind():
    with pytest.raises(ValueError, match="wanted a kind out of rnn, lstm, gru, got 'qrnn'"):
        RecurrentRegressor(2, kind="qrnn")
