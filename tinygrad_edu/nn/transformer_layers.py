"""The two blocks a Transformer is stacked from: attention, then a small network for each position by itself.

For: TransformerEncoderLayer and TransformerDecoderLayer. Not for: stacks of them (`nn/transformer.py`). Around each
part there is a detour, x + part(x), and a normalization. Where it stands is a choice:

    norm_first=False    x = norm(x + part(x))     as in the paper of 2017; deep stacks need a learning rate warm-up
    norm_first=True     x = x + part(norm(x))     as GPT-2 and its successors; trains without (Xiong et al. 2020)

In all masks of truth values True = NOT looked at, as in nn.MultiheadAttention, and the opposite of
functional.scaled_dot_product_attention. Masks of floating-point numbers are added to the scores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.attention import MultiheadAttention
from tinygrad_edu.nn.dropout import Dropout
from tinygrad_edu.nn.linear import Linear
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.normalization import LayerNorm
from tinygrad_edu.tensors import Tensor

Activation = str | Callable[[Tensor], Tensor]


class TransformerEncoderLayer(Module):
    """x = norm1(src + attention(src, src, src)),    out = norm2(x + W_2 activation(W_1 x + b_1) + b_2)

    src and out (L, N, d_model); (N, L, d_model) with batch_first=True; or without a batch (L, d_model).

    nhead             heads of the attention; they divide d_model
    dim_feedforward   size of the hidden layer between W_1 and W_2
    dropout           in training: of the attention weights, the hidden layer and both detours
    activation        "relu", "gelu" or a function of a tensor
    norm_first        where the normalizations stand: see the top of this file
    bias              False leaves every additive bias out

    Source: Vaswani et al. 2017, "Attention is all you need".
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        place: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        drawn: dict[str, Any] = {**place, "generator": generator}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **drawn)
        self.linear1 = Linear(d_model, dim_feedforward, **drawn)
        self.dropout = Dropout(dropout, generator=generator)
        self.linear2 = Linear(dim_feedforward, d_model, **drawn)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **place)
        self.dropout1 = Dropout(dropout, generator=generator)
        self.dropout2 = Dropout(dropout, generator=generator)
        self.activation = activation_called(activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """src_mask (L, L) or (N · nhead, L, L), src_key_padding_mask (N, L); is_causal says that src_mask is causal."""

        def attend(x: Tensor) -> Tensor:
            seen, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(seen)

        if self.norm_first:
            x = src + attend(self.norm1(src))
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(src + attend(src))
        return self.norm2(x + self._feed_forward(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """x = norm1(tgt + attention(tgt, tgt, tgt)),    y = norm2(x + attention(x, memory, memory)),
    out = norm3(y + W_2 activation(W_1 y + b_1) + b_2)

    tgt and out (T, N, d_model), memory (S, N, d_model): what the encoder made of the source. With batch_first=True
    (N, T, d_model) and (N, S, d_model); or without a batch. Arguments: as in TransformerEncoderLayer.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        place: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        drawn: dict[str, Any] = {**place, "generator": generator}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **drawn)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **drawn)
        self.linear1 = Linear(d_model, dim_feedforward, **drawn)
        self.dropout = Dropout(dropout, generator=generator)
        self.linear2 = Linear(dim_feedforward, d_model, **drawn)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **place)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **place)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, **place)
        self.dropout1 = Dropout(dropout, generator=generator)
        self.dropout2 = Dropout(dropout, generator=generator)
        self.dropout3 = Dropout(dropout, generator=generator)
        self.activation = activation_called(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """tgt_mask (T, T) and memory_mask (T, S), or one for each sequence and head; tgt_key_padding_mask (N, T) and
        memory_key_padding_mask (N, S); …_is_causal says that the mask of that name is causal.
        """

        def attend(x: Tensor) -> Tensor:
            seen, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            return self.dropout1(seen)

        def consult(x: Tensor) -> Tensor:
            seen, _ = self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )
            return self.dropout2(seen)

        if self.norm_first:
            x = tgt + attend(self.norm1(tgt))
            x = x + consult(self.norm2(x))
            return x + self._feed_forward(self.norm3(x))
        x = self.norm1(tgt + attend(tgt))
        x = self.norm2(x + consult(x))
        return self.norm3(x + self._feed_forward(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def activation_called(activation: Activation) -> Callable[[Tensor], Tensor]:
    """The function meant by "relu" or "gelu"; a function is returned as it is."""
    if isinstance(activation, str):
        named: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}
        if activation not in named:
            raise ValueError(f"activation should be relu/gelu, not {activation}: for another, pass the function itself")
        return named[activation]
    if not callable(activation):
        raise TypeError(f"activation should be 'relu', 'gelu' or a function, got {type(activation).__name__}")
    return activation
