"""RNN, LSTM, GRU: a cell repeated through time, in several layers and in both directions.

    output, h = GRU(input_size, H)(x)                    output, (h, c) = LSTM(input_size, H)(x, (h0, c0))

Shapes, where L = num_layers, D = 2 if bidirectional else 1, T time steps, N sequences:

    input                    (T, N, input_size)    batch_first: (N, T, input_size)    unbatched: (T, input_size)
    output                   (T, N, D · H)         batch_first: (N, T, D · H)         unbatched: (T, D · H)
    h0, c0 and h, c          (L · D, N, H), also with batch_first                     unbatched: (L · D, H)
    a PackedSequence in      a PackedSequence out; h0, c0, h and c in the order of the sequences before packing

`output` is what the last layer says at every time, forward and backward halves side by side; `h` is what every layer
and direction says last, which for the backward direction is at time 0. Row layer · D + direction of h is theirs.
States are taken and returned, never hidden in the layer: to continue, pass them on; to stop the gradient there
(truncated backpropagation through time), pass h.detach().

Parameters, for each layer k and direction, as PyTorch names and lays them out (all start as U(-1/√H, 1/√H)):

    weight_ih_l{k}[_reverse]  (gates · H, input_size, or for k > 0 D · H)        bias_ih_l{k}[_reverse]  (gates · H)
    weight_hh_l{k}[_reverse]  (gates · H, H)                                     bias_hh_l{k}[_reverse]  (gates · H)

gates: RNN 1, LSTM 4 (i, f, g, o), GRU 3 (r, z, n), blocks of H rows in this order. The formulas and the loop through
time are in `ops/recurrent.py`. Not for: single steps (`nn/cells.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn.cells import pair_of_states
from tinygrad_edu.nn.recurrent_base import RNNBase
from tinygrad_edu.tensors import Tensor


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh),  or max(…, 0) with nonlinearity="relu"

    layer(input, h0) -> (output, h); h0 None means zeros. Shapes and parameters: at the top of this file. `dropout` is
    applied to what each layer but the last hands to the next, in training. What W_hh does to a gradient it does again
    at every step, so that gradients vanish or explode over long times.
    Source: Elman 1990, "Finding structure in time"; Bengio, Simard, Frasconi 1994 on the gradients.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'.")
        mode, sizes = f"RNN_{nonlinearity.upper()}", (input_size, hidden_size, num_layers)
        super().__init__(mode, *sizes, bias, batch_first, dropout, bidirectional, device, dtype, generator=generator)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        output, (h,) = self._run(input, None if hx is None else (hx,))
        return output, h


class LSTM(RNNBase):
    """i, f, g, o = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh
    c_t = σ(f) c_{t-1} + σ(i) tanh(g)        h_t = σ(o) tanh(c_t)

    layer(input, (h0, c0)) -> (output, (h, c)); no state means zeros. Shapes and parameters: at the top of this file.
    `dropout` is applied to what each layer but the last hands to the next, in training. proj_size, which makes h
    smaller than c in PyTorch, must be 0.
    Source: Hochreiter, Schmidhuber 1997, "Long short-term memory"; the forget gate f: Gers, Schmidhuber, Cummins 2000.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if proj_size:
            raise NotImplementedError(
                f"LSTM: wanted proj_size=0, got {proj_size}: projected states are not offered; put a Linear behind the "
                "LSTM, or choose a smaller hidden_size"
            )
        sizes = (input_size, hidden_size, num_layers)
        super().__init__("LSTM", *sizes, bias, batch_first, dropout, bidirectional, device, dtype, generator=generator)
        self.proj_size = 0

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        output, (h, c) = self._run(input, None if hx is None else pair_of_states("LSTM", hx))
        return output, (h, c)


class GRU(RNNBase):
    """r = σ(x_r + h_r)        z = σ(x_z + h_z)        n = tanh(x_n + r h_n)        h_t = (1 - z) n + z h_{t-1}

    where x_r, x_z, x_n = W_ih x_t + b_ih and h_r, h_z, h_n = W_hh h_{t-1} + b_hh.
    layer(input, h0) -> (output, h); h0 None means zeros. Shapes and parameters: at the top of this file. `dropout` is
    applied to what each layer but the last hands to the next, in training.
    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder", with r after the matrix
    product, as in PyTorch.
    """

    def __init__(
        self,
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
        sizes = (input_size, hidden_size, num_layers)
        super().__init__("GRU", *sizes, bias, batch_first, dropout, bidirectional, device, dtype, generator=generator)

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        output, (h,) = self._run(input, None if hx is None else (hx,))
        return output, h
