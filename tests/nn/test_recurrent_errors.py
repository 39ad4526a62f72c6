"""What recurrent layers refuse, and that they say why: wanted, got, remedy."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tinygrad_edu import nn, tensor, zeros
from tinygrad_edu.nn.utils.rnn import PackedSequence, pack_padded_sequence

LAYERS = ("RNN", "LSTM", "GRU")


def states(name: str, *shape: int, **options: Any) -> Any:
    return (zeros(*shape, **options), zeros(*shape, **options)) if name == "LSTM" else zeros(*shape, **options)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (3,),
            r"Expected input to be 2D or 3D, got 1D tensor instead: wanted \(time, batch, input_size\), or \(time, ",
        ),
        ((2, 4, 5, 3), r"Expected input to be 2D or 3D, got 4D"),
        ((4, 5, 2), r"input.size\(-1\) must be equal to input_size. Expected 3, got 2: the shape is \(4, 5, 2\)"),
        ((4, 2), r"must be equal to input_size. Expected 3, got 2"),
        ((0, 5, 3), r"Expected sequence length to be larger than 0 in RNN: got shape \(0, 5, 3\)"),
        ((0, 3), r"Expected sequence length to be larger than 0"),
    ],
)
def test_inputs_that_do_not_fit(name: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(nn, name)(3, 2)(zeros(*shape))


@pytest.mark.parametrize("name", LAYERS)
def test_the_order_of_axes_is_named_as_the_layer_wants_it(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}: .*wanted \(batch, time, input_size\)"):
        getattr(nn, name)(3, 2, batch_first=True)(zeros(3))
    with pytest.raises(ValueError, match=r"Expected sequence length to be larger than 0.*\(5, 0, 3\)"):
        getattr(nn, name)(3, 2, batch_first=True)(zeros(5, 0, 3))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("x", "h", "message"),
    [
        (
            (4, 5, 3),
            (2, 6, 2),
            r"Expected hidden(\[0\])? size \(2, 5, 2\), got \[2, 6, 2\]: \(num_layers · directions, ",
        ),
        ((4, 5, 3), (1, 5, 2), r"Expected hidden(\[0\])? size \(2, 5, 2\), got \[1, 5, 2\]"),
        ((4, 5, 3), (2, 5, 7), r"Expected hidden(\[0\])? size \(2, 5, 2\), got \[2, 5, 7\]"),
        ((4, 3), (1, 2), r"Expected hidden(\[0\])? size \(2, 2\), got \[1, 2\]"),
        (
            (4, 5, 3),
            (2, 2),
            r"For batched 3-D input, hx should also be 3-D but got 2-D tensor: wanted shape \(2, 5, 2\)",
        ),
        (
            (4, 3),
            (2, 1, 2),
            r"For unbatched 2-D input, hx should also be 2-D but got 3-D tensor: wanted shape \(2, 2\)",
        ),
    ],
)
def test_states_that_do_not_fit(name: str, x: tuple[int, ...], h: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(nn, name)(3, 2, 2)(zeros(*x), states(name, *h))


@pytest.mark.parametrize("name", LAYERS)
def test_states_beside_a_packed_batch_are_checked_too(name: str) -> None:
    packed = pack_padded_sequence(zeros(4, 3, 3), [4, 2, 1])
    layer = getattr(nn, name)(3, 2)
    with pytest.raises(ValueError, match=r"Expected hidden(\[0\])? size \(1, 3, 2\), got \[1, 2, 2\]"):
        layer(packed, states(name, 1, 2, 2))
    with pytest.raises(ValueError, match="should also be 3-D but got 2-D"):
        layer(packed, states(name, 1, 2))


def test_the_second_state_of_the_lstm_is_checked_like_the_first() -> None:
    with pytest.raises(ValueError, match=re.escape("Expected hidden[1] size (1, 5, 2), got [1, 5, 3]")):
        nn.LSTM(3, 2)(zeros(4, 5, 3), (zeros(1, 5, 2), zeros(1, 5, 3)))
    for hx, got in ((zeros(2, 5, 2), "Tensor"), ([zeros(1, 5, 2)] * 3, "3 of them")):
        with pytest.raises(TypeError, match=rf"LSTM wanted its state as a pair of tensors \(h, c\), got {got}"):
            nn.LSTM(3, 2)(zeros(4, 5, 3), hx)


@pytest.mark.parametrize("name", LAYERS)
def test_kinds_that_do_not_fit(name: str) -> None:
    layer, x = getattr(nn, name)(3, 2), zeros(4, 5, 3)
    with pytest.raises(TypeError, match=rf"{name}: wanted floating-point numbers as input, got int64.*\.float\(\)"):
        layer(x.long())
    with pytest.raises(
        TypeError, match=rf"RNN input dtype \(float64\) does not match weight dtype \(float32\).*{name}"
    ):
        layer(x.double())
    with pytest.raises(TypeError, match=r"hidden(\[0\])? dtype \(float64\) does not match input dtype \(float32\)"):
        layer(x, states(name, 1, 5, 2, dtype="float64"))
    with pytest.raises(TypeError, match="wanted floating-point numbers as hidden"):
        layer(x, states(name, 1, 5, 2, dtype="int64"))
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as input, got list"):
        layer(x.tolist())
    with pytest.raises(RuntimeError, match=r"wanted all its tensors on one device, got .*strict"):
        layer(x.to("strict"))


@pytest.mark.parametrize("name", LAYERS)
def test_packed_sequences_made_by_hand_are_checked(name: str) -> None:
    layer = getattr(nn, name)(3, 2)
    for data, sizes, message in (
        (zeros(5, 3), [3, 1], r"batch_sizes that never grow and add up to the 5 rows of the data, got \[3, 1\]"),
        (zeros(5, 3), [2, 3], r"never grow.*got \[2, 3\]: make a PackedSequence with pack_sequence"),
        (zeros(3), [3], r"Expected input to be 2 dimensions when packed, got 1D"),
        (zeros(5, 1, 3), [3, 2], r"2 dimensions when packed, got 3D"),
        (zeros(5, 2), [3, 2], r"Expected 3, got 2"),
    ):
        with pytest.raises(ValueError, match=message):
            layer(PackedSequence(data, tensor(sizes)))
    with pytest.raises(ValueError, match=r"never grow"):
        layer(PackedSequence(zeros(0, 3), tensor([]).long()))


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"hidden_size": 0}, ValueError, "hidden_size must be a positive integer: got 0"),
        ({"input_size": -1}, ValueError, "input_size must be a positive integer: got -1"),
        ({"hidden_size": 2.0}, TypeError, "wanted hidden_size to be an integer, got float"),
        ({"num_layers": 0}, ValueError, "num_layers must be a positive integer: got 0"),
        ({"bias": 1}, TypeError, "bias should be of type bool, got: int"),
        ({"batch_first": None}, TypeError, "batch_first should be of type bool, got: NoneType"),
        ({"dropout": 1.5}, ValueError, r"dropout should be a number in range \[0, 1\].*got 1.5"),
        ({"dropout": "a"}, ValueError, "dropout should be a number"),
        ({"dropout": True}, ValueError, "dropout should be a number"),
    ],
)
@pytest.mark.parametrize("name", LAYERS)
def test_options_that_cannot_be(name: str, options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        getattr(nn, name)(**{"input_size": 3, "hidden_size": 2, **options})


def test_what_only_one_of_them_has() -> None:
    with pytest.raises(ValueError, match=r"Unknown nonlinearity 'sin'\. Select from 'tanh' or 'relu'"):
        nn.RNN(3, 2, nonlinearity="sin")
    with pytest.raises(NotImplementedError, match="wanted proj_size=0, got 1: projected states are not offered"):
        nn.LSTM(3, 2, proj_size=1)
    with pytest.raises(TypeError, match="proj_size"):
        nn.GRU(3, 2, proj_size=1)


def test_the_error_names_the_layer_and_what_it_was_called_with() -> None:
    with pytest.raises(ValueError, match="Expected 3, got 4") as caught:
        nn.LSTM(3, 2, num_layers=2)(zeros(5, 4))
    assert caught.value.__notes__ == ["in LSTM(3, 2, num_layers=2), called with a float32 tensor of shape (5, 4)"]
