"""MultiheadAttention: several attentions side by side, each in a projection of its own.

For: the layer with its parameters, heads and masks. Not for: attention itself, which is
`functional.scaled_dot_product_attention`, nor for the blocks built around it (`nn/transformer.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.backend import Generator
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.attention import attention_weights, check_mask, forbidding
from tinygrad_edu.nn.functional.checks import check_floating, check_probability
from tinygrad_edu.nn.init import positive, xavier_normal_, xavier_uniform_, zeros_
from tinygrad_edu.nn.linear import Linear
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensors import Tensor
from tinygrad_edu.tensors.creation import empty, zeros
from tinygrad_edu.tensors.functions import cat


class MultiheadAttention(Module):
    """head_h = softmax(q_h k_hᵀ / √d) v_h,    out = W_o [head_1 … head_H] + b_o        d = embed_dim / num_heads

    q = W_q query + b_q, k = W_k key + b_k, v = W_v value + b_v, each cut into H = num_heads pieces of size d. The three
    matrices stand above each other in `in_proj_weight` (3 E, E), or, where kdim or vdim differ from E = embed_dim, in
    `q_proj_weight` (E, E), `k_proj_weight` (E, kdim) and `v_proj_weight` (E, vdim).

    query (L, N, E), key (S, N, kdim), value (S, N, vdim), out (L, N, E); with batch_first=True (N, L, E) and so on;
    or without a batch (L, E). Masks: see `forward`; note that in masks of truth values True = NOT looked at, the
    opposite of functional.scaled_dot_product_attention.

    dropout        of attention weights, in training
    add_bias_kv    one more key and value, learned, at the end of every sequence
    add_zero_attn  one more key and value, zero: something to look at for a query that wants nothing

    Source: Vaswani et al. 2017, "Attention is all you need". The projections start as Glorot and Bengio 2010 say.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.embed_dim = positive("embed_dim", embed_dim)
        self.num_heads = positive("num_heads", num_heads)
        if embed_dim % num_heads:
            raise ValueError(
                f"embed_dim must be divisible by num_heads: got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        self.head_dim = embed_dim // num_heads
        self.kdim = positive("kdim", embed_dim if kdim is None else kdim)
        self.vdim = positive("vdim", embed_dim if vdim is None else vdim)
        self.dropout = check_probability(dropout)
        self.add_zero_attn = add_zero_attn
        self.batch_first = batch_first
        self.generator = generator
        self._make_parameters(bias, add_bias_kv, {"device": device, "dtype": dtype})
        self.out_proj = Linear(embed_dim, embed_dim, bias, device, dtype, generator=generator)
        self._reset_parameters()

    def _make_parameters(self, bias: bool, add_bias_kv: bool, place: dict[str, Any]) -> None:
        E, together = self.embed_dim, self.kdim == self.vdim == self.embed_dim
        self.in_proj_weight = Parameter(empty(3 * E, E, **place)) if together else None
        self.q_proj_weight = None if together else Parameter(empty(E, E, **place))
        self.k_proj_weight = None if together else Parameter(empty(E, self.kdim, **place))
        self.v_proj_weight = None if together else Parameter(empty(E, self.vdim, **place))
        self.in_proj_bias = Parameter(empty(3 * E, **place)) if bias else None
        self.bias_k = Parameter(empty(1, 1, E, **place)) if add_bias_kv else None
        self.bias_v = Parameter(empty(1, 1, E, **place)) if add_bias_kv else None

    def _reset_parameters(self) -> None:
        """Projections U(-b, b), b = √(6 / (fan_in + fan_out)); extra keys normal; biases 0 (`empty` makes them so)."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                xavier_uniform_(weight, generator=self.generator)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                xavier_normal_(extra, generator=self.generator)
        if self.out_proj.bias is not None:
            zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(out, weights)        weights (N, L, S), averaged over the heads, or (N, H, L, S); None unless need_weights

        key_padding_mask   (N, S), or (S) without a batch: True = this key is padding and NOT looked at
        attn_mask          (L, S), or (N · H, L, S): True = this query does NOT look at this key
        is_causal          says that attn_mask is causal. It is a hint, to be given with the mask, which is what counts

        True means the opposite in functional.scaled_dot_product_attention; convert with ~mask. Masks of floating-point
        numbers are added to the scores. A query that may look at nothing gets weights 0, and out = b_o, where PyTorch
        answers NaN if need_weights.
        """
        batched = self._check_inputs(query, key, value)
        if is_causal and attn_mask is None:
            raise ValueError(
                "Need attn_mask if specifying the is_causal hint: make it with "
                "Transformer.generate_square_subsequent_mask(L)"
            )
        query, key, value = (self._batch_first(x, batched) for x in (query, key, value))
        q, k, v = self._projected(query, key, value)
        bias = self._bias(q, k, key_padding_mask, attn_mask, batched)
        k, v, bias = self._with_extra_keys(k, v, bias)
        q, k, v = (self._heads(x) for x in (q, k, v))
        dropout_p = self.dropout if self.training else 0.0
        if need_weights:
            weights = attention_weights(q, k, bias, scale=self.head_dim**-0.5)
            weights = F.dropout(weights, dropout_p, generator=self.generator)
            out = weights @ v
            seen = weights.mean(1) if average_attn_weights else weights
        else:
            out, seen = F.scaled_dot_product_attention(q, k, v, bias, dropout_p, generator=self.generator), None
        out = self.out_proj(out.transpose(1, 2).flatten(2))  # (N, H, L, d) -> (N, L, H, d) -> (N, L, E)
        if not batched:
            return out.squeeze(0), None if seen is None else seen.squeeze(0)
        return out if self.batch_first else out.transpose(0, 1), seen

    def _batch_first(self, x: Tensor, batched: bool) -> Tensor:
        """(N, L, E), whichever layout x came in."""
        if not batched:
            return x.unsqueeze(0)
        return x if self.batch_first else x.transpose(0, 1)

    def _projected(self, *inputs: Tensor) -> list[Tensor]:
        """Queries, keys and values: (N, L, E), (N, S, E), (N, S, E)."""
        apart = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        weights: Any = apart if self.in_proj_weight is None else self.in_proj_weight.chunk(3)
        biases: Any = (None, None, None) if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        return [F.linear(x, weight, bias) for x, weight, bias in zip(inputs, weights, biases, strict=True)]

    def _heads(self, x: Tensor) -> Tensor:
        """(N, L, E) -> (N, H, L, d)"""
        return x.unflatten(2, (self.num_heads, self.head_dim)).transpose(1, 2)

    def _bias(
        self, q: Tensor, k: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None, batched: bool
    ) -> Tensor | None:
        """Both masks as one thing to add to the scores (N, H, L, S); None for no mask."""
        (N, L, _), S, H = q.shape, k.shape[1], self.num_heads
        biases = []
        if attn_mask is not None:
            check_mask("MultiheadAttention", "attn_mask", attn_mask)
            if tuple(attn_mask.shape) not in ((L, S), (N * H, L, S)):
                raise ValueError(
                    f"The shape of the {attn_mask.ndim}D attn_mask is {tuple(attn_mask.shape)}, but should be "
                    f"{(L, S)}, or {(N * H, L, S)} with one mask for each of the {N} sequences and {H} heads"
                )
            mask = attn_mask if attn_mask.ndim == 2 else attn_mask.unflatten(0, (N, H))
            biases.append(forbidding(mask, like=q))
        if key_padding_mask is not None:
            check_mask("MultiheadAttention", "key_padding_mask", key_padding_mask)
            wanted = (N, S) if batched else (S,)
            if tuple(key_padding_mask.shape) != wanted:
                raise ValueError(
                    f"wanted a key_padding_mask of shape {wanted}, one entry for each key, got "
                    f"{tuple(key_padding_mask.shape)}"
                )
            biases.append(forbidding(key_padding_mask.reshape(N, 1, 1, S), like=q))
        return sum(biases[1:], start=biases[0]) if biases else None

    def _with_extra_keys(self, k: Tensor, v: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Keys and values with the learned and the zero one at the end, which no mask forbids."""
        N, E, extra = k.shape[0], self.embed_dim, []
        if self.bias_k is not None and self.bias_v is not None:
            extra.append((self.bias_k.expand(N, 1, E), self.bias_v.expand(N, 1, E)))
        if self.add_zero_attn:
            nothing = zeros(N, 1, E, dtype=k.dtype, device=k.device)
            extra.append((nothing, nothing))
        if extra:
            k = cat([k, *(key for key, _ in extra)], dim=1)
            v = cat([v, *(value for _, value in extra)], dim=1)
            bias = None if bias is None else F.pad(bias, (0, len(extra)))
        return k, v, bias

    def _check_inputs(self, query: Tensor, key: Tensor, value: Tensor) -> bool:
        """Raise unless the three fit together and this layer; True if they have a batch dimension."""
        check_floating("MultiheadAttention", query=query, key=key, value=value)
        shapes = f"got query {tuple(query.shape)}, key {tuple(key.shape)} and value {tuple(value.shape)}"
        if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
            raise ValueError(f"query should be unbatched 2D or batched 3D tensor, and key and value like it: {shapes}")
        sizes = (self.embed_dim, self.kdim, self.vdim)
        if (query.shape[-1], key.shape[-1], value.shape[-1]) != sizes:
            raise ValueError(f"was expecting embedding dimensions of {sizes} in query, key and value: {shapes}")
        if key.shape[:-1] != value.shape[:-1]:
            raise ValueError(f"wanted one value for each key, their shapes equal but for the last dimension: {shapes}")
        batch = 0 if self.batch_first else 1
        if query.ndim == 3 and query.shape[batch] != key.shape[batch]:
            layout = "(N, L, E)" if self.batch_first else "(L, N, E)"
            raise ValueError(
                f"wanted as many sequences in query as in key and value, laid out {layout} because batch_first="
                f"{self.batch_first}: {shapes}"
            )
        return query.ndim == 3
