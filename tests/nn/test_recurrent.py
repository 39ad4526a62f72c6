"""Recurrent layers: every option against loops in NumPy, one sequence at a time; states, directions, dropout."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from contextlib import nullcontext
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from tinygrad_edu import Generator, nn, no_grad, optim, tensor, zeros
from tinygrad_edu.backend.strict import counters
from tinygrad_edu.engine import unfused
from tinygrad_edu.engine.primitive import observers
from tinygrad_edu.nn.utils.rnn import pack_sequence, pad_packed_sequence, unpack_sequence
from tinygrad_edu.ops import recurrent

LAYERS = ("RNN", "LSTM", "GRU")
Array = numpy.ndarray


# --------------------------------------------------------------------------------- the same in NumPy, and much plainer
def sigma(x: Array) -> Array:
    return 1 / (1 + numpy.exp(-x))


def step(layer: Any, weights: list[Array], x: Array, state: list[Array]) -> list[Array]:
    w, u, b, d = weights if len(weights) == 4 else (*weights, 0.0, 0.0)
    from_x, from_h = w @ x + b, u @ state[0] + d
    if isinstance(layer, nn.RNN):
        total = from_x + from_h
        return [numpy.tanh(total) if layer.nonlinearity == "tanh" else numpy.maximum(total, 0)]
    if isinstance(layer, nn.GRU):
        (x_r, x_z, x_n), (h_r, h_z, h_n) = numpy.split(from_x, 3), numpy.split(from_h, 3)
        z = sigma(x_z + h_z)
        return [(1 - z) * numpy.tanh(x_n + sigma(x_r + h_r) * h_n) + z * state[0]]
    i, f, g, o = numpy.split(from_x + from_h, 4)
    c = sigma(f) * state[1] + sigma(i) * numpy.tanh(g)
    return [sigma(o) * numpy.tanh(c), c]


def one_sequence(layer: Any, x: Array, states: list[Array]) -> tuple[Array, list[Array]]:
    """x (T, I) and initial states (L · D, H) -> output (T, D · H) and last states (L · D, H)."""
    names, directions = layer.all_weights, 2 if layer.bidirectional else 1
    last: list[list[Array]] = []
    for number in range(layer.num_layers):
        halves = []
        for direction in range(directions):
            weights = [p.detach().numpy() for p in names[number * directions + direction]]
            state = [part[number * directions + direction] for part in states]
            said = []
            for row in x[::-1] if direction else x:
                state = step(layer, weights, row, state)
                said.append(state[0])
            halves.append(numpy.array(said[::-1] if direction else said))
            last.append(state)
        x = numpy.concatenate(halves, 1)
    return x, [numpy.array(parts) for parts in zip(*last, strict=True)]


def made(name: str, *sizes: int, **options: Any) -> Any:
    return getattr(nn, name)(*sizes, **options, generator=Generator().manual_seed(1)).double()


def given_state(layer: Any, parts: list[Any]) -> Any:
    return tuple(parts) if isinstance(layer, nn.LSTM) else parts[0]


def parts_of(state: Any) -> tuple[Any, ...]:
    return state if isinstance(state, tuple) else (state,)


@st.composite
def settings_of_a_layer(draw: Any) -> tuple[Any, list[int], bool, int]:
    """(layer, lengths, with initial states, seed)"""
    name = draw(st.sampled_from(LAYERS))
    options = {"nonlinearity": draw(st.sampled_from(["tanh", "relu"]))} if name == "RNN" else {}
    layer = made(
        name,
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        bias=draw(st.booleans()),
        batch_first=draw(st.booleans()),
        bidirectional=draw(st.booleans()),
        **options,
    )
    return (
        layer,
        draw(st.lists(st.integers(1, 5), min_size=1, max_size=5)),
        draw(st.booleans()),
        draw(st.integers(0, 9)),
    )


def question(layer: Any, lengths: list[int], with_state: bool, seed: int) -> tuple[list[Array], list[Array] | None]:
    rng = numpy.random.default_rng(seed)
    rows = layer.num_layers * (2 if layer.bidirectional else 1)
    sequences = [rng.normal(size=(length, layer.input_size)) for length in lengths]
    parts = 2 if isinstance(layer, nn.LSTM) else 1
    states = [rng.normal(size=(rows, len(lengths), layer.hidden_size)) for _ in range(parts)]
    return sequences, states if with_state else None


@how(max_examples=60, deadline=None, derandomize=True)
@given(settings_of_a_layer())
def test_packed_sequences_are_what_each_is_by_itself(settings: Any) -> None:
    layer, lengths, with_state, seed = settings
    sequences, states = question(layer, lengths, with_state, seed)
    packed = pack_sequence([tensor(x) for x in sequences], enforce_sorted=False)
    hx = None if states is None else given_state(layer, [tensor(part) for part in states])
    output, last = layer(packed, hx)
    empty = [numpy.zeros((layer.num_layers * (2 if layer.bidirectional else 1), layer.hidden_size))] * 2
    for i, (x, got) in enumerate(zip(sequences, unpack_sequence(output), strict=True)):
        first = empty if states is None else [part[:, i] for part in states]
        wanted, wanted_last = one_sequence(layer, x, first[: len(parts_of(last))])
        numpy.testing.assert_allclose(got.detach().numpy(), wanted, rtol=1e-12, atol=1e-14)
        for part, wanted_part in zip(parts_of(last), wanted_last, strict=True):
            numpy.testing.assert_allclose(part.detach().numpy()[:, i], wanted_part, rtol=1e-12, atol=1e-14)


@how(max_examples=60, deadline=None, derandomize=True)
@given(settings_of_a_layer(), st.integers(1, 4))
def test_a_batch_and_one_sequence_are_what_each_is_by_itself(settings: Any, steps: int) -> None:
    layer, lengths, with_state, seed = settings
    sequences, states = question(layer, [steps] * len(lengths), with_state, seed)
    x = numpy.stack(sequences, 0 if layer.batch_first else 1)
    hx = None if states is None else given_state(layer, [tensor(part) for part in states])
    output, last = layer(tensor(x), hx)
    output = output if layer.batch_first else output.transpose(0, 1)
    for i, sequence in enumerate(sequences):
        alone = None if states is None else given_state(layer, [tensor(part[:, i]) for part in states])
        one, one_last = layer(tensor(sequence), alone)
        first = [
            numpy.zeros(part.shape[::2]) if states is None else states[k][:, i] for k, part in enumerate(parts_of(last))
        ]
        wanted, wanted_last = one_sequence(layer, sequence, first)
        numpy.testing.assert_allclose(output[i].detach().numpy(), wanted, rtol=1e-12, atol=1e-14)
        numpy.testing.assert_allclose(one.detach().numpy(), wanted, rtol=1e-12, atol=1e-14)
        for part, one_part, wanted_part in zip(parts_of(last), parts_of(one_last), wanted_last, strict=True):
            numpy.testing.assert_allclose(part[:, i].detach().numpy(), wanted_part, rtol=1e-12, atol=1e-14)
            numpy.testing.assert_allclose(one_part.detach().numpy(), wanted_part, rtol=1e-12, atol=1e-14)


@unfused()
@pytest.mark.parametrize("name", LAYERS)
def test_packed_equals_one_by_one_bit_for_bit_if_products_are_summed_in_one_order(
    name: str, monkeypatch: pytest.MonkeyPatch, rng: Any
) -> None:
    """A linear algebra library sums in an order that depends on how many rows there are, which moves the last bit.
    With a product that does not, not one bit differs: all else is exact."""

    def row_by_row(x: Any, weight: Any, bias: Any = None) -> Any:
        product = (x.unsqueeze(-2) * weight).sum(-1)
        return product if bias is None else product + bias

    monkeypatch.setattr(recurrent, "linear", row_by_row)
    layer = made(name, 3, 5, 2, bidirectional=True).float()
    sequences = [tensor(rng.normal(size=(length, 3)), dtype="float32") for length in (3, 7, 1, 4, 4)]
    output, last = layer(pack_sequence(sequences, enforce_sorted=False))
    for i, (x, together) in enumerate(zip(sequences, unpack_sequence(output), strict=True)):
        alone, last_alone = layer(x)
        assert (together.detach().numpy() == alone.detach().numpy()).all()
        for part, part_alone in zip(parts_of(last), parts_of(last_alone), strict=True):
            assert (part[:, i].detach().numpy() == part_alone.detach().numpy()).all()


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_a_packed_batch_are_the_sums_over_its_sequences(name: str, rng: Any) -> None:
    layer = made(name, 2, 3, 2, bidirectional=True)
    sequences = [tensor(rng.normal(size=(length, 2)), requires_grad=True) for length in (2, 4, 1)]
    padded, _ = pad_packed_sequence(layer(pack_sequence(sequences, enforce_sorted=False))[0])
    (padded * padded).sum().backward()
    together = [p.grad.numpy().copy() for p in (*layer.parameters(), *sequences)]
    layer.zero_grad()
    for x in sequences:
        x.grad = None
        output = layer(x)[0]
        (output * output).sum().backward()
    for got, p in zip(together, (*layer.parameters(), *sequences), strict=True):
        numpy.testing.assert_allclose(got, p.grad.numpy(), rtol=1e-9, atol=1e-12)


# -------------------------------------------------------------------------------------- beside their definitions
@pytest.mark.parametrize("name", LAYERS)
def test_a_sequence_is_one_node_and_a_single_step_is_its_formula(name: str, rng: Any) -> None:
    """Laying out the weights for a kernel takes longer than one step with them does."""
    layer, used = made(name, 3, 2), []

    def record(op: Any, *_: Any) -> None:
        used.append(op.name)

    observers.append(record)
    try:
        for steps in (2, 1):
            layer(tensor(rng.normal(size=(steps, 4, 3))))
            assert (name.lower().replace("rnn", "rnn_tanh") in used) == (steps == 2)
            used.clear()
    finally:
        observers.remove(record)


@pytest.mark.parametrize("name", LAYERS)
def test_kernels_and_definitions_give_a_whole_network_the_same_gradients(name: str, rng: Any) -> None:
    """Packed in any order, two layers, both directions, dropout between them, states used."""
    arrays, found = [rng.normal(size=(length, 3)) for length in (3, 7, 1, 4, 4)], []
    for mode in (nullcontext(), unfused()):
        layer = made(name, 3, 5, 2, bidirectional=True, dropout=0.5)
        sequences = [tensor(x, requires_grad=True) for x in arrays]
        with mode:
            output, last = layer(pack_sequence(sequences, enforce_sorted=False))
            sum((part * part).sum() for part in (output.data, *parts_of(last))).backward()
        found.append([output.data.detach(), *(leaf.grad for leaf in (*layer.parameters(), *sequences))])
    for one, other in zip(*found, strict=True):
        numpy.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-9, atol=1e-12)


# ------------------------------------------------------------------------------------------------------------ states
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_its_cell_repeated(name: str, rng: Any) -> None:
    layer, cell = made(name, 3, 2), getattr(nn, f"{name}Cell")(3, 2).double()
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in layer.state_dict().items()})
    x, state = tensor(rng.normal(size=(6, 4, 3))), None
    output, last = layer(x)
    for t in range(6):
        state = cell(x[t], state)
        numpy.testing.assert_allclose(output[t].detach().numpy(), parts_of(state)[0].detach().numpy(), rtol=1e-12)
    for part, wanted in zip(parts_of(last), parts_of(state), strict=True):
        numpy.testing.assert_allclose(part[0].detach().numpy(), wanted.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_a_sequence_may_be_run_in_two_parts_with_the_state_handed_on(name: str, rng: Any) -> None:
    layer, x = made(name, 3, 2, 2), tensor(rng.normal(size=(7, 4, 3)))
    whole, last = layer(x)
    first, state = layer(x[:3])
    second, last_of_two = layer(x[3:], state)
    numpy.testing.assert_allclose(numpy.concatenate([first.detach(), second.detach()]), whole.detach(), rtol=1e-12)
    for part, wanted in zip(parts_of(last_of_two), parts_of(last), strict=True):
        numpy.testing.assert_allclose(part.detach(), wanted.detach(), rtol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_remembered_between_calls(name: str, rng: Any) -> None:
    layer, x = made(name, 3, 2), tensor(rng.normal(size=(7, 4, 3)))
    before = {key: id(value) for key, value in vars(layer).items()}
    first, second = layer(x)[0], layer(x)[0]
    assert (first.detach().numpy() == second.detach().numpy()).all()
    assert {key: id(value) for key, value in vars(layer).items()} == before


@pytest.mark.parametrize("name", LAYERS)
def test_the_gradient_stops_where_the_state_is_detached(name: str, rng: Any) -> None:
    """Truncated backpropagation through time: the second part learns from itself alone, the state being a constant."""
    layer = made(name, 3, 2, 2)
    early, late = (tensor(rng.normal(size=(4, 2, 3)), requires_grad=True) for _ in range(2))

    def gradients_through(state: Any) -> list[Array]:
        layer.zero_grad()
        early.grad = late.grad = None
        layer(late, state)[0].sum().backward()
        return [p.grad.numpy().copy() for p in (*layer.parameters(), late)]

    _, state = layer(early)
    truncated = gradients_through(given_state(layer, [part.detach() for part in parts_of(state)]))
    assert early.grad is None
    constant = [tensor(part.detach().numpy()) for part in parts_of(state)]
    for got, wanted in zip(truncated, gradients_through(given_state(layer, constant)), strict=True):
        assert (got == wanted).all()
    full = gradients_through(layer(early)[1])
    assert numpy.abs(early.grad.numpy()).min() > 0
    assert max(numpy.abs(a - b).max() for a, b in zip(full[:-1], truncated[:-1], strict=True)) > 1e-3
    assert (full[-1] == truncated[-1]).all()


@pytest.mark.parametrize("name", LAYERS)
def test_backward_in_time_is_forward_on_the_reversed_sequence(name: str, rng: Any) -> None:
    both, one = made(name, 3, 2, bidirectional=True), made(name, 3, 2)
    reverse = {key.removesuffix("_reverse"): p for key, p in both.state_dict().items() if key.endswith("_reverse")}
    one.load_state_dict(reverse)
    x = tensor(rng.normal(size=(5, 4, 3)))
    output, last = both(x)
    mirrored, last_mirrored = one(x.flip(0))
    numpy.testing.assert_allclose(output[:, :, 2:].detach(), mirrored.flip(0).detach(), rtol=1e-12)
    for part, wanted in zip(parts_of(last), parts_of(last_mirrored), strict=True):
        numpy.testing.assert_allclose(part[1].detach(), wanted[0].detach(), rtol=1e-12)


def test_a_very_long_sequence_needs_no_recursion_and_memory_that_grows_with_it() -> None:
    layer, kept = made("LSTM", 1, 2), []
    for steps in (200, 800, 2000):
        x = tensor(numpy.linspace(-1, 1, steps).reshape(steps, 1, 1), requires_grad=True)
        if steps < 2000:
            tracemalloc.start()
        output, _ = layer(x)
        if steps < 2000:
            kept.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
    output.sum().backward()
    assert numpy.abs(x.grad.numpy()).min() > 0
    assert kept[1] < 6 * kept[0]  # 4 times the steps; what grows with their square would take 12 times as much


# ----------------------------------------------------------------------------------------------------------- dropout
def test_dropout_falls_between_the_layers_and_nowhere_else() -> None:
    layer, x = made("RNN", 3, 4, 2, nonlinearity="relu", dropout=0.25, bias=False), tensor(numpy.ones((1, 4000, 3)))
    with no_grad():
        for weight in layer.parameters():
            weight.fill_(0.0)
        layer.weight_ih_l0[:] = 1.0
        layer.weight_ih_l1[:] = tensor(numpy.eye(4))
    output = layer(x)[0].detach().numpy()
    assert set(numpy.unique(output)) == {0.0, 4.0}  # 3, or what dropout makes of it: 0 or 3 / (1 - 0.25)
    assert (output == 0).mean() == pytest.approx(0.25, abs=0.015)
    columns = (output[0] == 0).mean(0)
    assert columns == pytest.approx(0.25, abs=0.03)
    assert (layer.eval()(x)[0].detach().numpy() == 3.0).all()


def test_dropout_draws_from_the_generator_it_was_given(rng: Any) -> None:
    x = tensor(rng.normal(size=(3, 2, 4)))
    runs = []
    for seed in (5, 5, 6):
        generator = Generator().manual_seed(0)
        layer = nn.GRU(4, 4, 2, dropout=0.5, dtype="float64", generator=generator)
        generator.manual_seed(seed)
        runs.append((layer(x)[0].tolist(), layer(x)[0].tolist()))
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]
    assert runs[0] != runs[2]


def test_everything_dropped_leaves_the_upper_layer_alone(rng: Any) -> None:
    layer, x = made("LSTM", 3, 2, 2, dropout=1.0), tensor(rng.normal(size=(4, 2, 3)), requires_grad=True)
    output = layer(x)[0]
    assert (output.detach().numpy()[:, 0] == output.detach().numpy()[:, 1]).all()
    output.sum().backward()
    assert (x.grad.numpy() == 0).all()


def test_dropout_with_one_layer_is_warned_about_and_does_nothing(rng: Any) -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer") as caught:
        layer = nn.LSTM(3, 2, dropout=0.5)
    assert caught[0].filename == __file__
    x = tensor(rng.normal(size=(4, 2, 3)), dtype="float32")
    assert layer(x)[0].tolist() == layer(x)[0].tolist()


# -------------------------------------------------------------------------------------------------------- parameters
def test_names_and_shapes_are_pytorchs() -> None:
    layer = nn.GRU(5, 3, 2, bidirectional=True)
    found = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    upper = {"weight_ih_l1": (9, 6), "weight_hh_l1": (9, 3), "bias_ih_l1": (9,), "bias_hh_l1": (9,)}
    lower = {"weight_ih_l0": (9, 5), "weight_hh_l0": (9, 3), "bias_ih_l0": (9,), "bias_hh_l0": (9,)}
    wanted = {}
    for shapes in (lower, upper):
        wanted |= shapes | {f"{name}_reverse": shape for name, shape in shapes.items()}
    assert found == wanted
    assert list(found) == list(wanted)
    assert [[id(p) for p in weights] for weights in layer.all_weights] == [
        [id(getattr(layer, name)) for name in list(wanted)[start : start + 4]] for start in (0, 4, 8, 12)
    ]
    assert layer.flatten_parameters() is None
    assert len(nn.GRU(5, 3, bias=False).all_weights[0]) == 2


@pytest.mark.parametrize("name", LAYERS)
def test_it_starts_uniform_within_one_over_the_root_of_its_size(name: str) -> None:
    layer = getattr(nn, name)(80, 64, 2, generator=Generator().manual_seed(0))
    for parameter in layer.parameters():
        values = parameter.detach().numpy()
        assert 0.9 / 8 < numpy.abs(values).max() <= 1 / 8
        assert values.std() == pytest.approx(1 / 8 / 3**0.5, rel=0.03 if values.ndim == 2 else 0.25)


@pytest.mark.parametrize("name", LAYERS)
def test_copies_and_pickles_answer_alike(name: str, rng: Any) -> None:
    layer, x = made(name, 3, 2, bidirectional=True), tensor(rng.normal(size=(4, 2, 3)))
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert other(x)[0].tolist() == layer(x)[0].tolist()
        assert other.weight_ih_l0 is not layer.weight_ih_l0


@pytest.mark.parametrize("name", LAYERS)
def test_a_training_step_waits_for_nothing_and_keeps_its_dtype(name: str, device: Any, rng: Any) -> None:
    layer = getattr(nn, name)(3, 4, 2, dropout=0.5, bidirectional=True, device=device)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x = tensor(rng.normal(size=(5, 2, 3)), dtype="float32", device=device)
    before = counters.synchronizations
    packed = pack_sequence([x[:, 0], x[:2, 1]])
    loss = layer(x)[0].square().mean() + layer(packed)[0].data.square().mean()
    loss.backward()
    optimizer.step()
    assert counters.synchronizations == before
    assert {str(p.dtype) for p in layer.parameters()} == {str(loss.dtype)} == {"float32"}
    assert {p.device for p in layer.parameters()} == {loss.device} == {device}


# ---------------------------------------------------------------------------------------------------------- edge cases
def test_an_empty_batch_has_empty_answers() -> None:
    output, (h, c) = nn.LSTM(3, 2, 2, bidirectional=True)(zeros(4, 0, 3))
    assert (output.shape, h.shape, c.shape) == ((4, 0, 4), (4, 0, 2), (4, 0, 2))


def test_a_nan_stays_in_its_own_sequence_and_in_its_future() -> None:
    x = numpy.ones((5, 3, 2))
    x[2, 1] = numpy.nan
    bad = numpy.isnan(made("GRU", 2, 2)(tensor(x))[0].detach().numpy()).all(2)
    assert bad.tolist() == [[False, t >= 2, False] for t in range(5)]
