"""Cells: the formulas of the papers, gate by gate in NumPy; what the gates can do; and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy
import pytest

from tinygrad_edu import Generator, nn, no_grad, tensor, zeros

CELLS = ("RNNCell", "LSTMCell", "GRUCell")


def sigma(x: numpy.ndarray) -> numpy.ndarray:
    return 1 / (1 + numpy.exp(-x))


def blocks(cell: Any, x: numpy.ndarray, h: numpy.ndarray) -> list[tuple[numpy.ndarray, numpy.ndarray]]:
    """For each gate: what it hears from the input, and what from the state."""
    size = cell.hidden_size
    found = []
    for start in range(0, cell.weight_ih.shape[0], size):
        rows = slice(start, start + size)
        w, u, b, d = (p[rows].numpy() for p in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh))
        found.append((w @ x + b, u @ h + d))
    return found


def double(name: str, *args: Any, **options: Any) -> Any:
    return getattr(nn, name)(*args, **options, generator=Generator().manual_seed(3)).double().requires_grad_(False)


def test_the_plain_cell_is_its_formula(rng: Any) -> None:
    x, h = rng.normal(size=3), rng.normal(size=2)
    for nonlinearity, bend in (("tanh", numpy.tanh), ("relu", lambda v: numpy.maximum(v, 0))):
        cell = double("RNNCell", 3, 2, nonlinearity=nonlinearity)
        ((from_x, from_h),) = blocks(cell, x, h)
        numpy.testing.assert_allclose(cell(tensor(x), tensor(h)).numpy(), bend(from_x + from_h), rtol=1e-12)


def test_the_lstm_cell_is_its_formula(rng: Any) -> None:
    cell = double("LSTMCell", 3, 2)
    x, h, c = rng.normal(size=3), rng.normal(size=2), rng.normal(size=2)
    i, f, g, o = (from_x + from_h for from_x, from_h in blocks(cell, x, h))
    c_wanted = sigma(f) * c + sigma(i) * numpy.tanh(g)
    h_got, c_got = cell(tensor(x), (tensor(h), tensor(c)))
    numpy.testing.assert_allclose(c_got.numpy(), c_wanted, rtol=1e-12)
    numpy.testing.assert_allclose(h_got.numpy(), sigma(o) * numpy.tanh(c_wanted), rtol=1e-12)


def test_the_gru_cell_is_its_formula(rng: Any) -> None:
    cell = double("GRUCell", 3, 2)
    x, h = rng.normal(size=3), rng.normal(size=2)
    (x_r, h_r), (x_z, h_z), (x_n, h_n) = blocks(cell, x, h)
    z, n = sigma(x_z + h_z), numpy.tanh(x_n + sigma(x_r + h_r) * h_n)
    numpy.testing.assert_allclose(cell(tensor(x), tensor(h)).numpy(), (1 - z) * n + z * h, rtol=1e-12)


def test_an_open_forget_gate_and_a_closed_input_gate_keep_the_cell_for_ever(rng: Any) -> None:
    cell = double("LSTMCell", 3, 2)
    with no_grad():
        cell.bias_ih[:2] = -1000.0  # i
        cell.bias_ih[2:4] = 1000.0  # f
    h, c = tensor(rng.normal(size=(4, 2))), tensor(rng.normal(size=(4, 2)))
    kept = c.numpy().copy()
    for _ in range(50):
        h, c = cell(tensor(rng.normal(size=(4, 3))), (h, c))
    assert (c.numpy() == kept).all()


def test_an_update_gate_at_one_keeps_the_state_and_at_zero_forgets_it(rng: Any) -> None:
    cell = double("GRUCell", 3, 2)
    x, h = tensor(rng.normal(size=(4, 3))), tensor(rng.normal(size=(4, 2)))
    with no_grad():
        cell.bias_ih[2:4] = 1000.0
    assert (cell(x, h).numpy() == h.numpy()).all()
    with no_grad():
        cell.bias_ih[2:4] = -1000.0
        cell.weight_hh[4:] = 0.0  # n hears the state no more
        cell.bias_hh[4:] = 0.0
    assert (cell(x, h).numpy() == cell(x, h * 5).numpy()).all()


@pytest.mark.parametrize("name", CELLS)
def test_no_state_is_a_state_of_zeros(name: str, rng: Any, device: Any) -> None:
    cell = double(name, 3, 2).to(device)
    for shape in ((3,), (4, 3), (0, 3)):
        x = tensor(rng.normal(size=shape), device=device)
        h = zeros(*shape[:-1], 2, dtype=x.dtype, device=device)
        without, given = cell(x), cell(x, (h, h) if name == "LSTMCell" else h)
        for one, other in zip(*((v if isinstance(v, tuple) else (v,)) for v in (without, given)), strict=True):
            assert one.device == device
            assert one.shape == (*shape[:-1], 2)
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("name", CELLS)
def test_it_starts_uniform_within_one_over_the_root_of_its_size(name: str) -> None:
    cell = getattr(nn, name)(50, 64, generator=Generator().manual_seed(0))
    again = getattr(nn, name)(50, 64, generator=Generator().manual_seed(0))
    for parameter, same in zip(cell.parameters(), again.parameters(), strict=True):
        values = parameter.detach().numpy()
        assert (values == same.detach().numpy()).all()
        assert numpy.abs(values).max() <= 1 / 8
        assert values.std() == pytest.approx(1 / 8 / 3**0.5, rel=0.03 if values.ndim == 2 else 0.25)
        assert numpy.abs(values).max() > 0.9 / 8


def test_without_bias_there_is_none_and_dtype_and_device_are_as_asked() -> None:
    cell = nn.GRUCell(3, 2, bias=False, device="strict", dtype="float64")
    assert (cell.bias_ih, cell.bias_hh) == (None, None)
    assert list(cell.state_dict()) == ["weight_ih", "weight_hh"]
    assert {(str(p.device), str(p.dtype)) for p in cell.parameters()} == {("strict", "float64")}


# ---------------------------------------------------------------------------------------------------------- refused
def state(name: str, *shape: int) -> Any:
    return (zeros(*shape), zeros(*shape)) if name == "LSTMCell" else zeros(*shape)


@pytest.mark.parametrize("name", CELLS)
def test_inputs_and_states_that_do_not_fit(name: str) -> None:
    cell = getattr(nn, name)(3, 2)
    hx = r"hx\[0\]" if name == "LSTMCell" else "hx"
    whole = name.removesuffix("Cell")
    for x, h, message in (
        (zeros(5, 4, 3), None, rf"{name}: Expected input to be 1D or 2D, got 3D instead.* {whole} runs whole"),
        (zeros(()), None, r"Expected input to be 1D or 2D, got 0D"),
        (zeros(4, 5), None, r"input has inconsistent input_size: got 5 expected 3, in an input of shape \(4, 5\)"),
        (zeros(5), None, r"inconsistent input_size: got 5"),
        (zeros(4, 3), (5, 2), rf"Input batch size 4 doesn't match {hx} batch size 5.*\(4, 2\), got \(5, 2\)"),
        (zeros(4, 3), (4, 7), rf"{hx} has inconsistent hidden_size: got 7, expected 2"),
        (zeros(4, 3), (2,), rf"{hx} has inconsistent shape.*\(4, 2\), got \(2,\)"),
        (zeros(3), (1, 2), rf"{hx} has inconsistent shape: for an input of shape \(3,\).*\(2,\), got \(1, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            cell(x, state(name, *h) if h else None)


@pytest.mark.parametrize("name", CELLS)
def test_kinds_that_do_not_fit(name: str) -> None:
    cell = getattr(nn, name)(3, 2)
    with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as input, got int64"):
        cell(tensor([[1, 2, 3]]))
    with pytest.raises(TypeError, match="same dtype, but got float64 and float32"):
        cell(zeros(4, 3, dtype="float64"))
    h = zeros(4, 2, dtype="float64")
    with pytest.raises(TypeError, match=r"dtype \(float64\) does not match weight dtype \(float32\).*\.to\(float32"):
        cell(zeros(4, 3), (h, h) if name == "LSTMCell" else h)
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as input, got list"):
        cell([1.0, 2.0, 3.0])


def test_the_lstm_wants_a_pair() -> None:
    for hx, got in ((zeros(4, 2), "Tensor"), ((zeros(4, 2),), "1 of them")):
        message = f"LSTMCell wanted its state as a pair of tensors (h, c), got {got}: pass (h, c), or None"
        with pytest.raises(TypeError, match=re.escape(message)):
            nn.LSTMCell(3, 2)(zeros(4, 3), hx)


def test_sizes_and_nonlinearities_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"Unknown nonlinearity 'sin'\. Select from 'tanh' or 'relu'"):
        nn.RNNCell(3, 2, nonlinearity="sin")
    with pytest.raises(ValueError, match="hidden_size must be a positive integer: got 0"):
        nn.LSTMCell(3, 0)
    with pytest.raises(TypeError, match="wanted input_size to be an integer, got float"):
        nn.GRUCell(3.0, 2)
