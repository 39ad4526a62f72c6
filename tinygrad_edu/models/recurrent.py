"""Recurrent models: an RNN, LSTM or GRU that reads a sequence, and a linear layer that says something about it.

For: RecurrentLanguageModel (what comes next, at every step) and RecurrentRegressor (one number, at the end). Not for:
the recurrent layers themselves (`nn/recurrent.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu import nn
from tinygrad_edu.backend import Generator
from tinygrad_edu.engine import no_grad
from tinygrad_edu.tensors import Tensor

KINDS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentState:
    """What a recurrent model remembers of what it has read: h (layers, N, hidden), for an LSTM also c."""

    def __init__(self, parts: tuple[Tensor, ...]) -> None:
        self.parts = parts

    def index_select(self, dim: int, index: Tensor) -> RecurrentState:
        """The states of the sequences (dim 0) which `index` names: how a beam is continued twice."""
        if dim != 0:
            raise ValueError(f"a state is selected from along its batch, dim 0: got dim {dim}")
        return RecurrentState(tuple(part.index_select(1, index) for part in self.parts))


class RecurrentLanguageModel(nn.Module):
    """(N, T) tokens -> (N, T, vocabulary) logits: those at t are about token t + 1 and know the tokens 0 … t only.

    kind         "rnn", "lstm" or "gru"
    vocabulary   how many different tokens there are: 0 … vocabulary - 1
    width        size of the vector that stands for each token
    hidden       size of the state, which is all that the model knows of the past

    `model(tokens)` is for training; `model.step(tokens, state)` reads on from a state, for generation. An LSTM starts
    with open forget gates (see `open_forget_gates`). Source: Mikolov et al. 2010, "Recurrent neural network based
    language model".
    """

    def __init__(
        self,
        vocabulary: int,
        *,
        kind: str = "lstm",
        width: int = 32,
        hidden: int = 128,
        layers: int = 1,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width, generator=generator)
        self.recurrent = recurrent_layer(kind, width, hidden, layers, generator)
        self.head = nn.Linear(hidden, vocabulary, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:
        output, _ = self.recurrent(self.tokens(tokens))  # (N, T, hidden)
        return self.head(output)

    @no_grad()
    def step(self, tokens: Tensor, state: RecurrentState | None = None) -> tuple[Tensor, RecurrentState]:
        """(logits (N, T, vocabulary), state): read `tokens` (N, T), which follow what led to `state` (None: nothing).

        The same logits as those of model(all tokens) at the last T positions. No gradients.
        """
        output, after = self.recurrent(self.tokens(tokens), None if state is None else _as_argument(state))
        return self.head(output), RecurrentState(after if isinstance(after, tuple) else (after,))


class RecurrentRegressor(nn.Module):
    """(N, T, features) sequences -> (N,) numbers: a linear function of the last state.

    kind     "rnn", "lstm" or "gru"; an LSTM starts with open forget gates (see `open_forget_gates`)
    hidden   size of the state
    """

    def __init__(
        self, features: int, *, kind: str = "lstm", hidden: int = 32, generator: Generator | None = None
    ) -> None:
        super().__init__()
        self.recurrent = recurrent_layer(kind, features, hidden, 1, generator)
        self.head = nn.Linear(hidden, 1, generator=generator)

    def forward(self, sequences: Tensor) -> Tensor:
        output, _ = self.recurrent(sequences)  # (N, T, hidden)
        return self.head(output[:, -1]).squeeze(1)


def recurrent_layer(kind: str, features: int, hidden: int, layers: int, generator: Generator | None) -> Any:
    """The layer that `kind` names, over batches (N, T, features)."""
    if kind not in KINDS:
        raise ValueError(f"wanted a kind out of {', '.join(KINDS)}, got {kind!r}")
    layer = KINDS[kind](features, hidden, layers, batch_first=True, generator=generator)
    if kind == "lstm":
        open_forget_gates(layer)
    return layer


@no_grad()
def open_forget_gates(lstm: nn.LSTM, bias: float = 1.0) -> None:
    """b_f = bias in every layer, so that the cell keeps σ(bias) of itself at each step from the start: 73 % for 1.

    With PyTorch's biases near 0 it keeps half, and next to nothing after ten steps; memory then has to be found by
    chance. Source: Gers, Schmidhuber, Cummins 2000; Jozefowicz, Zaremba, Sutskever 2015 measured what it is worth.
    """
    gate = slice(lstm.hidden_size, 2 * lstm.hidden_size)  # the rows are those of i, f, g, o
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_ih"):
            parameter[gate] = bias
        elif name.startswith("bias_hh"):  # the two are added
            parameter[gate] = 0.0


def _as_argument(state: RecurrentState) -> Any:
    """The state as the layers take it: h alone, or for an LSTM the pair (h, c)."""
    return state.parts[0] if len(state.parts) == 1 else state.parts
