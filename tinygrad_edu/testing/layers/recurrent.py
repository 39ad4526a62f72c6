"""Rows of the table: recurrent layers and cells, and packed sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.testing.cases.table import Maker, integers, normal
from tinygrad_edu.testing.layers.table import LayerCase


def _made(name: str, *args: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda nn: getattr(nn, name)(*args, **options)


def _with_pair(nn: Any, layer: Any, x: Any, h: Any, c: Any) -> Any:
    return layer(x, (h, c))


# ------------------------------------------------------------------------------------------------------------ cells
def _cells() -> list[LayerCase]:
    found = []
    for name, options in (("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {})):
        what = f"{options['nonlinearity']}, " if options else ""
        call = _with_pair if name == "LSTMCell" else _plainly
        make, states = _made(name, 3, 2, **options), _states(name, (2, 2))
        found += [
            LayerCase(name, what + "state", make, (normal(2, 3), *states), call),
            LayerCase(name, what + "unbatched", make, (normal(3), *_states(name, (2,))), call),
            LayerCase(name, what + "no state", make, (normal(2, 3),)),
            LayerCase(name, what + "no bias", _made(name, 3, 2, bias=False, **options), (normal(2, 3), *states), call),
        ]
    return found


def _plainly(nn: Any, layer: Any, *inputs: Any) -> Any:
    return layer(*inputs)


# ----------------------------------------------------------------------------------------------------------- layers
Shape = tuple[int, ...]
Option = tuple[str, dict[str, Any], Shape, Shape | None]  # variant, options, shape of the input, of each initial state
OPTIONS: list[Option] = [
    ("plain", {}, (3, 2, 2), None),
    ("no bias", {"bias": False}, (2, 2, 2), None),
    ("two layers", {"num_layers": 2}, (2, 2, 2), None),
    ("bidirectional", {"bidirectional": True}, (3, 2, 2), None),
    ("batch first", {"batch_first": True}, (2, 3, 2), None),
    ("unbatched", {}, (3, 2), None),
    ("unbatched, batch first, bidirectional", {"batch_first": True, "bidirectional": True}, (2, 2), None),
    ("one step", {}, (1, 2, 2), None),
    ("empty batch", {}, (2, 0, 2), None),
    ("state", {}, (3, 2, 2), (1, 2, 1)),
    ("state, bidirectional", {"bidirectional": True}, (2, 2, 2), (2, 2, 1)),
    ("state, batch first, two layers", {"batch_first": True, "num_layers": 2}, (2, 3, 2), (2, 2, 1)),
    ("state, unbatched, two layers", {"num_layers": 2}, (2, 2), (2, 1)),
    ("dropout, eval", {"num_layers": 2, "dropout": 0.5}, (2, 2, 2), None),
    (
        "everything",
        {"num_layers": 2, "bias": False, "batch_first": True, "dropout": 0.3, "bidirectional": True},
        (2, 2, 2),
        (4, 2, 1),
    ),
]


def _layers() -> list[LayerCase]:
    found = []
    for name, kind, what, kept in _kinds():
        for variant, options, x, state in OPTIONS:
            states = _states(name, state) if state else ()
            make = _made(name, 2, state[-1] if state else 2, **kind, **options)
            call = _with_pair if name == "LSTM" and states else _plainly
            row = LayerCase(name, what + variant, make, (normal(*x), *states), call, "dropout" not in options)
            if not kept or variant in kept:
                found.append(row)
    return found


def _kinds() -> list[tuple[str, dict[str, Any], str, tuple[str, ...]]]:
    """(layer, options, how its variants begin, which variants it gets: none means all)."""
    relu = {"nonlinearity": "relu"}
    kept = ("plain", "bidirectional", "state", "packed, unsorted", "packed, state, bidirectional")
    return [("RNN", {}, "", ()), ("RNN", relu, "relu, ", kept), ("LSTM", {}, "", ()), ("GRU", {}, "", ())]


def _states(name: str, shape: Shape) -> tuple[Maker, ...]:
    return (normal(*shape),) * (2 if name.startswith("LSTM") else 1)


# ----------------------------------------------------------------------------------------------------------- packed
def _packing(lengths: tuple[int, ...], in_order: bool) -> Callable[..., Any]:
    """The layer on a padded batch (time, batch, features) that is packed first."""

    def call(nn: Any, layer: Any, x: Any, *states: Any) -> Any:
        rnn = nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, list(lengths), enforce_sorted=in_order)
        output, last = layer(packed, states if len(states) == 2 else states[0]) if states else layer(packed)
        return output, rnn.pad_packed_sequence(output), last

    return call


def _packed_layers() -> list[LayerCase]:
    x, thin, both = normal(3, 3, 2), normal(3, 3, 1), {"num_layers": 2, "bidirectional": True}
    found = []
    for name, kind, what, kept in _kinds():
        states = _states(name, (2, 3, 1))
        rows: tuple[tuple[str, dict[str, Any], Shape, tuple[Maker, ...], Callable[..., Any]], ...] = (
            ("packed", {}, (2, 2), (x,), _packing((3, 2, 1), True)),
            ("packed, unsorted", {}, (2, 2), (x,), _packing((1, 3, 2), False)),
            ("packed, two layers, bidirectional", both, (1, 1), (thin,), _packing((2, 3, 1), False)),
            (
                "packed, state, bidirectional",
                {"bidirectional": True},
                (1, 1),
                (thin, *states),
                _packing((2, 1, 3), False),
            ),
        )
        for variant, options, sizes, makers, call in rows:
            if not kept or variant in kept:
                found.append(LayerCase(name, what + variant, _made(name, *sizes, **kind, **options), makers, call))
    return found


def _function(variant: str, name: str, call: Callable[..., Any], *makers: Any, orders: int = 2) -> LayerCase:
    return LayerCase(f"utils.rnn.{name}", variant, lambda nn: getattr(nn.utils.rnn, name), makers, call, orders=orders)


def _functions() -> list[LayerCase]:
    def there_and_back(**options: Any) -> Callable[..., Any]:
        def call(nn: Any, function: Any, x: Any) -> Any:
            packed = nn.utils.rnn.pack_padded_sequence(x, [2, 3, 1], enforce_sorted=False)
            return function(packed, **options)

        return call

    three = (normal(2, 2), normal(3, 2), normal(1, 2))
    return [
        _function("sorted", "pack_padded_sequence", lambda nn, f, x: f(x, [3, 2, 2, 1]), normal(4, 4)),
        _function("batch first", "pack_padded_sequence", lambda nn, f, x: f(x, [3, 1], True), normal(2, 3, 2)),
        _function("unsorted", "pack_padded_sequence", lambda nn, f, x: f(x, [1, 3, 2], False, False), normal(3, 3)),
        _function("labels", "pack_padded_sequence", lambda nn, f, x: f(x, [2, 1]), integers(5, 2, 2), orders=0),
        _function("plain", "pad_packed_sequence", there_and_back(), normal(3, 3, 2)),
        _function(
            "options",
            "pad_packed_sequence",
            there_and_back(batch_first=True, padding_value=-1.5, total_length=4),
            normal(3, 3),
        ),
        _function("plain", "pad_sequence", lambda nn, f, *xs: f(xs), *three),
        _function("batch first", "pad_sequence", lambda nn, f, *xs: f(xs, batch_first=True, padding_value=2.5), *three),
        _function("left", "pad_sequence", lambda nn, f, *xs: f(xs, padding_side="left"), *three),
        _function("numbers", "pad_sequence", lambda nn, f, *xs: f(xs), normal(1), normal(3)),
        _function("plain", "pack_sequence", lambda nn, f, x, y: f([x, y]), normal(3, 2), normal(2, 2)),
        _function("unsorted", "pack_sequence", lambda nn, f, *xs: f(xs, enforce_sorted=False), *three),
        _function("plain", "unpack_sequence", there_and_back(), normal(3, 3)),
    ]


LAYERS: list[LayerCase] = [*_cells(), *_layers(), *_packed_layers(), *_functions()]
