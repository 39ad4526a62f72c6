"""A causal language model: from the tokens so far, a score for each token that may come next.

For: CausalLanguageModel, a Transformer decoder in the manner of GPT-2, which trains on whole sequences and generates
token by token from a cache. Not for: choosing the next token (`generation.py`) nor for the cache (`models/cache.py`).
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu import nn
from tinygrad_edu.backend import Generator
from tinygrad_edu.engine import no_grad
from tinygrad_edu.models.cache import KeyValueCache, LayerCache
from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.attention import causal_mask
from tinygrad_edu.nn.functional.checks import check_tensor
from tinygrad_edu.nn.init import positive
from tinygrad_edu.nn.positions import LearnedPositions, RotaryPositions
from tinygrad_edu.tensors import Tensor


class CausalSelfAttention(nn.Module):
    """Each position looks at itself and at what came before it, in `heads` projections side by side.

    x (N, T, D) -> (N, T, D). With a cache, x continues what is in it; the grown cache is returned beside the result.
    """

    def __init__(
        self, width: int, heads: int, dropout: float, bias: bool, rotary: RotaryPositions | None, **settings: Any
    ) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width, bias, **settings)  # queries, keys and values in one product
        self.output = nn.Linear(width, width, bias, **settings)
        self.rotary = rotary
        self.dropout = dropout

    def forward(self, x: Tensor, cache: LayerCache | None = None) -> tuple[Tensor, LayerCache | None]:
        new, past = x.shape[1], 0 if cache is None else cache.length
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (N, T, D) -> (N, H, T, d)
            for part in self.project(x).chunk(3, dim=2)
        )
        if self.rotary is not None:
            q, k = self.rotary(q, past), self.rotary(k, past)
        if cache is not None:
            cache = cache.append(k, v)
            k, v = cache.keys, cache.values
        mask = causal_mask(new, past + new, past, x.device) if past and new > 1 else None  # one query sees every key
        dropout_p = self.dropout if self.training else 0.0
        seen = F.scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal=not past and new > 1)
        return self.output(seen.transpose(1, 2).flatten(2)), cache


class Block(nn.Module):
    """x = x + attention(norm(x)),    x = x + W_2 gelu(W_1 norm(x)): the normalizations stand before the parts."""

    def __init__(
        self, width: int, heads: int, dropout: float, bias: bool, rotary: RotaryPositions | None, **settings: Any
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, bias=bias)
        self.attention = CausalSelfAttention(width, heads, dropout, bias, rotary, **settings)
        self.norm2 = nn.LayerNorm(width, bias=bias)
        self.expand = nn.Linear(width, 4 * width, bias, **settings)
        self.contract = nn.Linear(4 * width, width, bias, **settings)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, cache: LayerCache | None = None) -> tuple[Tensor, LayerCache | None]:
        seen, cache = self.attention(self.norm1(x), cache)
        x = x + self.dropout(seen)
        return x + self.dropout(self.contract(F.gelu(self.expand(self.norm2(x))))), cache


class CausalLanguageModel(nn.Module):
    """(N, T) tokens -> (N, T, vocabulary) logits: those at t are about token t + 1 and know the tokens 0 … t only.

    vocabulary   how many different tokens there are: 0 … vocabulary - 1
    context      the longest sequence it can read
    width        size of the vector that stands for each token; a multiple of `heads`
    positions    "learned": a vector for each place is added to the tokens; "rotary": queries and keys are turned
    tied         True: the matrix that reads tokens also scores them, which saves it once (Press and Wolf 2017)
    bias         False leaves out the additive biases of all layers

    `model(tokens)` is for training; `model.step(tokens, cache)` continues from a cache. Weights start as N(0, 0.02²),
    those that end a detour x + part(x) smaller by √(2 layers), so that x grows no faster in a deeper model.
    Source: Radford et al. 2019, "Language models are unsupervised multitask learners" (GPT-2).
    """

    def __init__(
        self,
        vocabulary: int,
        context: int,
        *,
        width: int = 128,
        heads: int = 4,
        layers: int = 4,
        dropout: float = 0.0,
        bias: bool = True,
        positions: str = "learned",
        tied: bool = True,
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        if positive("width", width) % positive("heads", heads):
            raise ValueError(f"width must be divisible by heads: got width={width} and heads={heads}")
        if positions not in ("learned", "rotary"):
            raise ValueError(f"wanted positions='learned' or 'rotary', got {positions!r}")
        self.vocabulary = vocabulary
        self.context = context
        self.tokens = nn.Embedding(vocabulary, width, generator=generator)
        self.positions = LearnedPositions(context, width, generator=generator) if positions == "learned" else None
        self.dropout = nn.Dropout(dropout)
        rotary = RotaryPositions(context, width // heads) if positions == "rotary" else None
        self.blocks = nn.ModuleList(
            Block(width, heads, dropout, bias, rotary, generator=generator) for _ in range(positive("layers", layers))
        )
        self.norm = nn.LayerNorm(width, bias=bias)
        self.head = nn.Linear(width, vocabulary, bias=False, generator=generator)
        if tied:
            self.head.weight = self.tokens.weight
        self._reset_parameters(generator)

    def _reset_parameters(self, generator: Generator | None) -> None:
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                ends_detour = name.endswith(("output.weight", "contract.weight"))
                std = 0.02 * (2 * len(self.blocks)) ** -0.5 if ends_detour else 0.02
                nn.init.normal_(parameter, 0.0, std, generator)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        logits, _ = self._run(tokens, None)
        return logits

    @no_grad()
    def step(self, tokens: Tensor, cache: KeyValueCache | None = None) -> tuple[Tensor, KeyValueCache]:
        """(logits (N, T, vocabulary), cache): read `tokens` (N, T), which follow those in the cache (None: the first).

        The same logits as those of model(all tokens) at the last T positions, at the cost of the new tokens only. The
        cache that was given stays as it was: two continuations of one beginning may both start from it. No gradients.
        """
        cache = KeyValueCache.empty(len(self.blocks)) if cache is None else cache
        logits, grown = self._run(tokens, cache)
        return logits, KeyValueCache(grown)

    def _run(self, tokens: Tensor, cache: KeyValueCache | None) -> tuple[Tensor, list[Any]]:
        past = 0 if cache is None else cache.length
        self._check(tokens, cache, past)
        x = self.tokens(tokens)  # (N, T, D)
        if self.positions is not None:
            x = self.positions(x, past)
        x, grown = self.dropout(x), []
        for i, block in enumerate(self.blocks):
            x, kept = block(x, None if cache is None else cache.layers[i])
            grown.append(kept)
        return self.head(self.norm(x)), grown

    def _check(self, tokens: Tensor, cache: KeyValueCache | None, past: int) -> None:
        check_tensor("CausalLanguageModel", "tokens", tokens)
        if tokens.dtype.kind not in "iu":
            raise TypeError(f"wanted tokens as integers, got {tokens.dtype}: convert with tokens.long()")
        if tokens.ndim != 2 or not tokens.shape[1]:
            raise ValueError(
                f"wanted tokens of shape (sequences, length), length at least 1, got {tuple(tokens.shape)}: one "
                "sequence alone is tokens.unsqueeze(0)"
            )
        if cache is not None and cache.batch not in (None, tokens.shape[0]):
            raise ValueError(
                f"wanted {cache.batch} sequences, as many as there are in the cache, got {tokens.shape[0]}"
            )
        if past + tokens.shape[1] > self.context:
            raise ValueError(
                f"wanted at most {self.context} tokens, the context of this model, got {tokens.shape[1]}"
                + (f" after {past} in the cache" if past else "")
                + ": shorten the sequence, or begin a new cache with its last tokens"
            )
