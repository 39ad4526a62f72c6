"""RNNBase: what RNN, LSTM and GRU share: parameters, the three kinds of input, layers and directions, checks.

Read `nn/recurrent.py` first: it says what goes in and what comes out. Whatever kind of input comes, it is laid out as a
packed batch (a padded one being packed with all sequences equally long), so that one loop through time serves all.
For: the three layers. Not for: the formulas and the loop, which are in `ops/recurrent.py`.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.engine import Kernel
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import check_floating
from tinygrad_edu.nn.init import fresh_uniform, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.nn.utils.rnn import PackedSequence
from tinygrad_edu.ops.fused.recurrent import gru, lstm, rnn_relu, rnn_tanh
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros
from tinygrad_edu.tensors.functions import cat, stack

States = tuple[Tensor, ...]  # (h,), or (h, c) for the LSTM
THROUGH_TIME: dict[str, Kernel] = {"RNN_TANH": rnn_tanh, "RNN_RELU": rnn_relu, "LSTM": lstm, "GRU": gru}
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: parameters, checks, layers and directions. `mode` says what is repeated in time."""

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = positive("input_size", input_size)
        self.hidden_size = positive("hidden_size", hidden_size)
        self.num_layers = positive("num_layers", num_layers)
        self.bias = _truth("bias", bias)
        self.batch_first = _truth("batch_first", batch_first)
        self.dropout = _dropout(dropout, num_layers)
        self.bidirectional = bidirectional
        self.generator = generator  # of the dropout masks as well
        self._directions = ("", "_reverse") if bidirectional else ("",)
        settings = {"bound": hidden_size**-0.5, "device": device, "dtype": dtype, "generator": generator}
        rows, width = GATES[mode] * hidden_size, input_size
        for layer in range(num_layers):
            for suffix in self._directions:
                shapes: dict[str, tuple[int, ...]]
                shapes = {"weight_ih": (rows, width), "weight_hh": (rows, hidden_size)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                for name, shape in shapes.items():
                    setattr(self, f"{name}_l{layer}{suffix}", Parameter(fresh_uniform(shape, **settings)))
            width = hidden_size * len(self._directions)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction: [weight_ih, weight_hh, bias_ih, bias_hh], or without biases."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if self.bias else ("weight_ih", "weight_hh")
        ends = [f"_l{layer}{suffix}" for layer in range(self.num_layers) for suffix in self._directions]
        return [[getattr(self, kind + end) for kind in kinds] for end in ends]

    def flatten_parameters(self) -> None:
        """Does nothing: in PyTorch it gathers the parameters for cuDNN, which is not used here."""

    # -- the three kinds of input ----------------------------------------------------------------------------------
    def _run(self, input: Any, hx: States | None) -> tuple[Any, States]:
        """(output, last states) of a padded batch, of one sequence, or of a packed batch."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        self._check_input(input, "2D or 3D", (2, 3), "tensor instead")
        batched = input.ndim == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        steps, batch = x.shape[:2]
        if not steps:
            raise ValueError(f"Expected sequence length to be larger than 0 in RNN: got shape {tuple(input.shape)}")
        states = self._states(hx, x, batch, batched)
        if not batched:
            states = tuple(state.unsqueeze(1) for state in states)
        flat, states = self._stacked(x.reshape(steps * batch, self.input_size), states, (batch,) * steps)
        output = flat.reshape(steps, batch, flat.shape[-1])
        if not batched:
            return output.squeeze(1), tuple(state.squeeze(1) for state in states)
        return output.transpose(0, 1) if self.batch_first else output, states

    def _run_packed(self, input: PackedSequence, hx: States | None) -> tuple[PackedSequence, States]:
        self._check_input(input.data, "2 dimensions when packed", (2,), "")
        sizes = tuple(input.batch_sizes.tolist())
        if not sizes or sum(sizes) != len(input.data) or list(sizes) != sorted(sizes, reverse=True):
            raise ValueError(
                f"wanted batch_sizes that never grow and add up to the {len(input.data)} rows of the data, got "
                f"{list(sizes)}: make a PackedSequence with pack_sequence or pack_padded_sequence"
            )
        states = self._states(hx, input.data, sizes[0], True)
        if hx is not None and input.sorted_indices is not None:
            states = tuple(state[:, input.sorted_indices] for state in states)
        output, states = self._stacked(input.data, states, sizes)
        if input.unsorted_indices is not None:
            states = tuple(state[:, input.unsorted_indices] for state in states)
        return PackedSequence(output, *input[1:]), states

    # -- layers and directions -------------------------------------------------------------------------------------
    def _stacked(self, x: Tensor, states: States, batch_sizes: tuple[int, ...]) -> tuple[Tensor, States]:
        """Each layer reads what the one below says at every time; both directions read the same and are joined."""
        kernel = THROUGH_TIME[self.mode]  # it lays out the weights anew, which a single step would not make up for
        through_time = partial(kernel if len(batch_sizes) > 1 else kernel.definition, batch_sizes=batch_sizes)
        weights = iter(self.all_weights)
        initial = zip(*(state.unbind(0) for state in states), strict=True)
        last = []
        for layer in range(self.num_layers):
            outputs = []
            for suffix in self._directions:
                output, *state = through_time(x, *next(initial), *next(weights), reverse=suffix == "_reverse")
                outputs.append(output)
                last.append(state)
            x = cat(outputs, -1) if self.bidirectional else outputs[0]
            if layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training, generator=self.generator)
        return x, tuple(stack(parts) for parts in zip(*last, strict=True))

    # -- checks ----------------------------------------------------------------------------------------------------
    def _check_input(self, input: Any, wanted: str, dimensions: tuple[int, ...], end: str) -> None:
        name = type(self).__name__
        check_floating(name, input=input)
        if input.dtype != self.weight_ih_l0.dtype:
            raise TypeError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({self.weight_ih_l0.dtype}): convert the "
                f"input with .to({self.weight_ih_l0.dtype}), or the {name} with .to({input.dtype})"
            )
        if input.ndim not in dimensions:
            order = "(batch, time, input_size)" if self.batch_first else "(time, batch, input_size)"
            raise ValueError(
                f"{name}: Expected input to be {wanted}, got {input.ndim}D {end}: wanted {order}, or (time, "
                "input_size) for one sequence"
            )
        if input.shape[-1] != self.input_size:
            raise ValueError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}: the "
                f"shape is {tuple(input.shape)}"
            )

    def _states(self, hx: States | None, x: Tensor, batch: int, batched: bool) -> States:
        """The initial states after checking them, or zeros."""
        rows = self.num_layers * len(self._directions)
        shape = (rows, batch, self.hidden_size) if batched else (rows, self.hidden_size)
        if hx is None:
            return (zeros(shape, dtype=x.dtype, device=x.device),) * (2 if self.mode == "LSTM" else 1)
        for i, state in enumerate(hx):
            name = f"hidden[{i}]" if len(hx) > 1 else "hidden"
            check_floating(type(self).__name__, **{name: state})
            if state.dtype != x.dtype:
                raise TypeError(f"{name} dtype ({state.dtype}) does not match input dtype ({x.dtype}): convert it")
            if state.ndim != len(shape):
                kind, size = ("batched", "3-D") if batched else ("unbatched", "2-D")
                raise ValueError(
                    f"For {kind} {size} input, hx should also be {size} but got {state.ndim}-D tensor: wanted shape "
                    f"{shape}, got {tuple(state.shape)}"
                )
            if tuple(state.shape) != shape:
                raise ValueError(
                    f"Expected {name} size {shape}, got {list(state.shape)}: (num_layers · directions, batch, "
                    "hidden_size), also where batch_first"
                )
        return hx

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        changed = {name: getattr(self, name) for name, default in defaults.items() if getattr(self, name) != default}
        return text + "".join(f", {name}={value}" for name, value in changed.items())


def _truth(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")
    return value


def _dropout(p: float, num_layers: int) -> float:
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed: got "
            f"{p!r}"
        )
    if p > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={p} and num_layers=1",
            stacklevel=4,  # the line that made the layer
        )
    return float(p)
