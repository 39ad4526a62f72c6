"""RNNCell, LSTMCell, GRUCell: one step of a recurrent network, for loops that you write yourself.

    h = None
    for x in sequence:        # the state is taken and returned, never hidden in the layer
        h = cell(x, h)

For: decoders that feed their output back, truncated backpropagation by hand, reading. Not for: whole sequences, which
RNN, LSTM and GRU run (`nn/recurrent.py`). The formulas are in `ops/recurrent.py`, written once for both.

All weights and biases start as U(-1/√H, 1/√H), H = hidden_size. Shapes, with or without the batch axis N:

    input (N, input_size)    state, and what is returned (N, H)    weight_ih (gates · H, input_size)
    weight_hh (gates · H, H)    bias_ih, bias_hh (gates · H)    gates: 1, LSTMCell 4 (i, f, g, o), GRUCell 3 (r, z, n)
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import check_floating, check_same_dtype
from tinygrad_edu.nn.init import fresh_uniform, positive
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.ops.recurrent import gru_step, lstm_step, relu_step, tanh_step
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import zeros

NONLINEARITIES = {"tanh": tanh_step, "relu": relu_step}


class RNNCellBase(Module):
    """What the three cells share: their parameters and their checks."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.input_size = positive("input_size", input_size)
        self.hidden_size = positive("hidden_size", hidden_size)
        self.bias = bias
        rows = num_chunks * hidden_size
        settings = {"bound": hidden_size**-0.5, "device": device, "dtype": dtype, "generator": generator}
        self.weight_ih = Parameter(fresh_uniform((rows, input_size), **settings))
        self.weight_hh = Parameter(fresh_uniform((rows, hidden_size), **settings))
        self.bias_ih = Parameter(fresh_uniform((rows,), **settings)) if bias else None
        self.bias_hh = Parameter(fresh_uniform((rows,), **settings)) if bias else None

    def _projected(self, input: Tensor) -> Tensor:
        """W_ih x + b_ih"""
        name = type(self).__name__
        check_floating(name, input=input)
        check_same_dtype(name, input, self.weight_ih)
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead: wanted (batch, {self.input_size}) "
                f"or ({self.input_size},); {name.removesuffix('Cell')} runs whole sequences"
            )
        if input.shape[-1] != self.input_size:
            raise ValueError(
                f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}, in an input of "
                f"shape {tuple(input.shape)}"
            )
        return F.linear(input, self.weight_ih, self.bias_ih)

    def _state(self, hx: Tensor | None, input: Tensor, name: str = "hx") -> Tensor:
        """The state before the step: `hx` after checking it, or zeros."""
        shape = (*input.shape[:-1], self.hidden_size)
        if hx is None:
            return zeros(shape, dtype=input.dtype, device=input.device)
        check_floating(type(self).__name__, **{name: hx})
        if hx.dtype != self.weight_hh.dtype:
            raise TypeError(
                f"{name} dtype ({hx.dtype}) does not match weight dtype ({self.weight_hh.dtype}): convert it with "
                f".to({self.weight_hh.dtype})"
            )
        if tuple(hx.shape) == shape:
            return hx
        problem = f"{name} has inconsistent shape"
        if hx.ndim == input.ndim and hx.shape[-1] != self.hidden_size:
            problem = f"{name} has inconsistent hidden_size: got {hx.shape[-1]}, expected {self.hidden_size}"
        elif hx.ndim == input.ndim:
            problem = f"Input batch size {input.shape[0]} doesn't match {name} batch size {hx.shape[0]}"
        raise ValueError(
            f"{problem}: for an input of shape {tuple(input.shape)} {type(self).__name__} wants a state of shape "
            f"{shape}, got {tuple(hx.shape)}"
        )

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh),  or max(…, 0) with nonlinearity="relu"

    cell(input, hx) -> h'; hx None means zeros. Source: Elman 1990, "Finding structure in time".
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype, generator=generator)
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        projected, h = self._projected(input), self._state(hx, input)
        return NONLINEARITIES[self.nonlinearity](projected, h, self.weight_hh, self.bias_hh)[0]

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", nonlinearity={self.nonlinearity}" if self.nonlinearity != "tanh" else "")


class LSTMCell(RNNCellBase):
    """i, f, g, o = W_ih x + b_ih + W_hh h + b_hh        c' = σ(f) c + σ(i) tanh(g)        h' = σ(o) tanh(c')

    cell(input, (h, c)) -> (h', c'); no state means zeros. The gates are blocks of H rows in this order.
    Source: Hochreiter, Schmidhuber 1997, "Long short-term memory".
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype, generator=generator)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        hidden, cell = (None, None) if hx is None else pair_of_states("LSTMCell", hx)
        projected = self._projected(input)
        h, c = self._state(hidden, input, "hx[0]"), self._state(cell, input, "hx[1]")
        h, c = lstm_step(projected, h, c, self.weight_hh, self.bias_hh)
        return h, c


class GRUCell(RNNCellBase):
    """r = σ(x_r + h_r)        z = σ(x_z + h_z)        n = tanh(x_n + r h_n)        h' = (1 - z) n + z h

    where x_r, x_z, x_n = W_ih x + b_ih and h_r, h_z, h_n = W_hh h + b_hh, blocks of H rows in this order.
    cell(input, hx) -> h'; hx None means zeros. Source: Cho et al. 2014, "Learning phrase representations using RNN
    encoder-decoder", with r after the matrix product, as in PyTorch.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype, generator=generator)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        projected, h = self._projected(input), self._state(hx, input)
        return gru_step(projected, h, self.weight_hh, self.bias_hh)[0]


def pair_of_states(layer: str, hx: Any) -> tuple[Tensor, Tensor]:
    """(h, c), or a TypeError: a single tensor would be taken apart along its first axis."""
    if isinstance(hx, (tuple, list)) and len(hx) == 2:
        return hx[0], hx[1]
    got = f"{len(hx)} of them" if isinstance(hx, (tuple, list)) else type(hx).__name__
    raise TypeError(f"{layer} wanted its state as a pair of tensors (h, c), got {got}: pass (h, c), or None for zeros")
