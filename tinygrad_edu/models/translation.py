"""From one sequence to another: an encoder reads the source, a decoder writes the answer and looks up what it needs.

For: SequenceToSequence, the Transformer of 2017 with its embeddings, positions and the layer that answers. Not for: the
blocks in it (`nn/transformer.py`), nor for choosing tokens (`generation.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu import nn
from tinygrad_edu.backend import Generator
from tinygrad_edu.engine import no_grad
from tinygrad_edu.generation import evaluating, greedy
from tinygrad_edu.nn.positions import SinusoidalPositions
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import full


class SequenceToSequence(nn.Module):
    """(N, 2, L) pairs (source, answer so far) -> (N, L, vocabulary) logits, at t about token t of the answer.

    The answer so far begins with a start token; at t the decoder sees its entries 0 … t and the whole source, except
    where that is `pad`. Both are one tensor because a training loop hands over one.

    vocabulary   how many different tokens there are    length   the longest source, and the longest answer
    width        size of the vector for each token; a multiple of `heads`
    layers       blocks in the encoder, and as many in the decoder

    Vectors of tokens start as N(0, 1) and are not scaled by √width as in the paper: beside tokens so large, the
    positions, waves between -1 and 1, would be hard to hear. Source: Vaswani et al. 2017, "Attention is all you need".
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        pad: int = 0,
        width: int = 64,
        heads: int = 4,
        layers: int = 1,
        dropout: float = 0.0,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.pad = pad
        self.tokens = nn.Embedding(vocabulary, width, generator=generator)
        self.positions = SinusoidalPositions(length, width)
        self.transformer = nn.Transformer(
            width, heads, layers, layers, 2 * width, dropout, batch_first=True, norm_first=True, generator=generator
        )
        self.head = nn.Linear(width, vocabulary, generator=generator)

    def forward(self, pairs: Tensor) -> Tensor:
        source, before = pairs.unbind(1)
        return self.decode(before, self.encode(source), source)

    def encode(self, source: Tensor) -> Tensor:
        """(N, S) tokens -> (N, S, width): what each of them means beside the others."""
        x = self.positions(self.tokens(source))
        return self.transformer.encoder(x, src_key_padding_mask=source == self.pad)

    def decode(self, before: Tensor, memory: Tensor, source: Tensor) -> Tensor:
        """(N, T) the answer so far, (N, S, width) what `encode` made of the source -> (N, T, vocabulary) logits."""
        causal = nn.Transformer.generate_square_subsequent_mask(before.shape[1], before.device)
        x = self.transformer.decoder(
            self.positions(self.tokens(before)),
            memory,
            tgt_mask=causal,
            memory_key_padding_mask=source == self.pad,
            tgt_is_causal=True,
        )
        return self.head(x)

    @no_grad()
    def answer(self, source: Tensor, start: int, end: int) -> Tensor:
        """(N, S) -> (N, T): always the likeliest token, from `start` (left out) until every row has reached `end`."""
        with evaluating(self):
            memory = self.encode(source)
            prompt = full((source.shape[0], 1), start, dtype=source.dtype, device=source.device)
            whole = greedy(lambda tokens: self.decode(tokens, memory, source), prompt, source.shape[1], end_token=end)
        return whole[:, 1:]

    @no_grad()
    def attention(self, pairs: Tensor) -> Tensor:
        """(N, 2, L) -> (N, L, L): how much place t of the answer looks at place s of the source, in the last layer.

        The mean over the heads. Blocks do not ask their attention for its weights, so two hooks do.
        """
        seen: list[Any] = []
        layer = self.transformer.decoder.layers[-1].multihead_attn
        with (
            evaluating(self),
            layer.register_forward_pre_hook(lambda _, args: (*args[:4], True, *args[5:])),  # need_weights
            layer.register_forward_hook(lambda _, args, result: seen.append(result[1])),
        ):
            self(pairs)
        return seen[0]
