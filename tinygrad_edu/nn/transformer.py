"""Stacks of Transformer blocks: encoder, decoder, and the two together, which turn one sequence into another.

For: TransformerEncoder, TransformerDecoder, Transformer. Not for: the blocks (`nn/transformer_layers.py`), embeddings,
positions (`nn/positions.py`) and the layer that answers; a language model has them all (`models/language.py`).

In all masks of truth values True = NOT looked at, as in nn.MultiheadAttention, and the opposite of
functional.scaled_dot_product_attention.
"""

from __future__ import annotations

import copy
from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.containers import ModuleList
from tinygrad_edu.nn.functional.attention import causal_mask, forbidding
from tinygrad_edu.nn.init import xavier_uniform_
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.normalization import LayerNorm
from tinygrad_edu.nn.transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import empty


class TransformerEncoder(Module):
    """out = norm(layer_n(… layer_1(src)))

    encoder_layer is copied num_layers times, parameters and all, so the layers start alike; norm comes last, if given.
    `enable_nested_tensor` and `mask_check` choose a faster way in PyTorch; here they are accepted and change nothing.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """mask (L, L) or (N · nhead, L, L), src_key_padding_mask (N, L); is_causal says that the mask is causal."""
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """out = norm(layer_n(… layer_1(tgt, memory) …, memory))

    decoder_layer is copied num_layers times, parameters and all, so the layers start alike; norm comes last, if given.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The masks are those of TransformerDecoderLayer, the same for every layer."""
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """out = decoder(tgt, encoder(src)): what comes next in tgt, given all of src.

    src (S, N, d_model), tgt and out (T, N, d_model); with batch_first=True (N, S, d_model) and (N, T, d_model); or
    without a batch. A mask such as generate_square_subsequent_mask(T) for tgt keeps each position from seeing what it
    is to predict. custom_encoder and custom_decoder take the place of the stacks; the rest: TransformerEncoderLayer.

    Every matrix starts as U(-b, b), b = √(6 / (fan_in + fan_out)) (Glorot, Bengio 2010). Source: Vaswani et al. 2017.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
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
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        place: dict[str, Any] = {"device": device, "dtype": dtype}
        if custom_encoder is None:
            layer: Module = TransformerEncoderLayer(*sizes, **place, generator=generator)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*sizes, **place, generator=generator)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **place)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self.encoder = custom_encoder
        self.decoder = custom_decoder
        for parameter in self.parameters():
            if parameter.ndim > 1:
                xavier_uniform_(parameter, generator=generator)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """src_mask (S, S), tgt_mask (T, T), memory_mask (T, S), or one for each sequence and head; …_key_padding_mask
        (N, S), (N, T) and (N, S) again; …_is_causal says that the mask of that name is causal.
        """
        self._check_inputs(src, tgt)
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    def _check_inputs(self, src: Tensor, tgt: Tensor) -> None:
        shapes = f"got src {tuple(src.shape)} and tgt {tuple(tgt.shape)}"
        if src.ndim not in (2, 3) or src.ndim != tgt.ndim:
            raise ValueError(f"Transformer wanted src and tgt both with a batch (3D) or both without (2D), {shapes}")
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            layout = "(N, L, d_model)" if self.batch_first else "(L, N, d_model)"
            raise ValueError(
                f"the batch number of src and tgt must be equal: the layout is {layout} because batch_first="
                f"{self.batch_first}, {shapes}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ValueError(f"the feature number of src and tgt must be equal to d_model={self.d_model}: {shapes}")

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """(sz, sz), to be added to scores: 0 on and below the diagonal, -∞ above, where the future is."""
        return forbidding(~causal_mask(sz, sz, device=device), like=empty(0, dtype=dtype, device=device))


def copies(layer: Module, number: int) -> ModuleList:
    """`number` copies with parameters of their own. A generator is shared: copied, it would drop alike everywhere."""
    if number < 0:
        raise ValueError(f"wanted num_layers of 0 or more, got {number}")
    shared = [getattr(module, "generator", None) for module in layer.modules()]
    known = {id(generator): generator for generator in shared if generator is not None}
    return ModuleList(copy.deepcopy(layer, dict(known)) for _ in range(number))
