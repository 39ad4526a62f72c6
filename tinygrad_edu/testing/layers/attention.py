"""Rows of the table: attention with every kind of mask, and the Transformer's layers and stacks.

Stacks are asked without dropout. `enable_nested_tensor=False` keeps PyTorch from warning that it takes the slow path.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.testing.cases.table import Maker, exactly, normal, truth
from tinygrad_edu.testing.layers.table import LayerCase

INF = float("inf")
BLOCKED = exactly([[False, True, False], [True, True, True], [False, False, True]], "bool")  # row 1 sees nothing
FUTURE = exactly([[0.0, -INF, -INF], [0.0, 0.0, -INF], [0.0, 0.0, 0.0]])
PADDING = exactly([[False, False, True], [False, False, False]], "bool")
LATER = exactly([[False, True, True], [False, False, True], [False, False, False]], "bool")


def sdpa(variant: str, makers: tuple[Maker, ...], fixed: tuple[int, ...] = (), **options: Any) -> LayerCase:
    """A row of scaled_dot_product_attention: query, key, value and perhaps a mask."""
    return LayerCase(
        "functional.scaled_dot_product_attention",
        variant,
        lambda nn: nn.functional.scaled_dot_product_attention,
        makers,
        call=lambda nn, attend, *tensors: attend(*tensors, **options),
        fixed=fixed,
    )


def heads(variant: str, options: dict[str, Any], makers: tuple[Maker, ...], names: str = "", **asked: Any) -> LayerCase:
    """A row of MultiheadAttention(4, 2): x, or query, key and value; then the tensors called `names`."""
    mask_names = names.split()

    def call(nn: Any, layer: Any, *tensors: Any) -> Any:
        inputs = tensors[: len(tensors) - len(mask_names)]
        masks = dict(zip(mask_names, tensors[len(inputs) :], strict=True))
        return layer(*(inputs * 3 if len(inputs) == 1 else inputs), **masks, **asked)

    return LayerCase("MultiheadAttention", variant, lambda nn: nn.MultiheadAttention(4, 2, **options), makers, call)


def named(*names: str) -> Any:
    """A call with the last tensors passed by name."""

    def call(nn: Any, layer: Any, *tensors: Any) -> Any:
        first = len(tensors) - len(names)
        return layer(*tensors[:first], **dict(zip(names, tensors[first:], strict=True)))

    return call


SDPA = [
    sdpa("plain", (normal(2, 3, 2), normal(2, 4, 2), normal(2, 4, 3))),
    sdpa("one sequence", (normal(3, 2), normal(4, 2), normal(4, 1))),
    sdpa("broadcast batch", (normal(2, 1, 2, 2), normal(2, 3, 2), normal(1, 1, 3, 2))),
    sdpa("no keys", (normal(1, 2, 2), normal(1, 0, 2), normal(1, 0, 2))),
    sdpa("mask", (normal(2, 3, 2), normal(2, 4, 2), normal(2, 4, 2), truth(3, 4))),
    sdpa("mask that blocks a row", (normal(2, 3, 2), normal(2, 3, 2), normal(2, 3, 2), BLOCKED)),
    sdpa("mask for each batch", (normal(2, 2, 2), normal(2, 3, 2), normal(2, 3, 2), truth(2, 1, 3))),
    sdpa("added mask", (normal(2, 3, 2), normal(2, 3, 2), normal(2, 3, 2), normal(3, 3))),
    sdpa("added mask, infinite", (normal(2, 3, 2), normal(2, 3, 2), normal(2, 3, 2), FUTURE), (3,)),
    sdpa(
        "added mask that blocks a row",
        (normal(2, 2, 2), normal(2, 2, 2), normal(2, 2, 2), exactly([[0.5, -INF], [-INF, -INF]])),
        (3,),
    ),
    sdpa("causal", (normal(2, 3, 2), normal(2, 3, 2), normal(2, 3, 2)), is_causal=True),
    sdpa("causal, more queries", (normal(1, 4, 2), normal(1, 2, 2), normal(1, 2, 2)), is_causal=True),
    sdpa("causal, more keys", (normal(1, 2, 2), normal(1, 4, 2), normal(1, 4, 2)), is_causal=True),
    sdpa("scale", (normal(2, 3, 2), normal(2, 3, 2), normal(2, 3, 2)), scale=0.3),
    sdpa("grouped queries", (normal(1, 4, 2, 2), normal(1, 2, 3, 2), normal(1, 2, 3, 2)), enable_gqa=True),
    sdpa("one group", (normal(2, 2, 2), normal(1, 3, 2), normal(1, 3, 2), truth(2, 3)), enable_gqa=True),
]

MULTIHEAD = [
    heads("self", {}, (normal(3, 2, 4),)),
    heads("one sequence", {}, (normal(3, 4),)),
    heads("batch first", {"batch_first": True}, (normal(2, 3, 4),)),
    heads("no bias", {"bias": False}, (normal(3, 1, 4),)),
    heads("query, key and value", {}, (normal(2, 2, 4), normal(3, 2, 4), normal(3, 2, 4))),
    heads("kdim and vdim", {"kdim": 3, "vdim": 2}, (normal(2, 1, 4), normal(3, 1, 3), normal(3, 1, 2))),
    heads("weights of each head", {}, (normal(3, 2, 4),), average_attn_weights=False),
    heads("weights of each head, one sequence", {}, (normal(3, 4),), average_attn_weights=False),
    heads("without weights", {}, (normal(3, 2, 4),), need_weights=False),
    heads("padding", {}, (normal(3, 2, 4), PADDING), "key_padding_mask"),
    heads("padding, added", {}, (normal(3, 2, 4), normal(2, 3)), "key_padding_mask"),
    heads("padding of one sequence", {}, (normal(3, 4), exactly([True, False, False], "bool")), "key_padding_mask"),
    heads("mask", {}, (normal(3, 2, 4), LATER), "attn_mask"),
    heads("mask, added", {}, (normal(3, 2, 4), normal(3, 3)), "attn_mask"),
    heads("mask for each head", {}, (normal(2, 2, 4), normal(4, 2, 2)), "attn_mask"),
    heads("mask for each head of one sequence", {}, (normal(2, 4), normal(2, 2, 2)), "attn_mask"),
    heads("padding and mask", {}, (normal(3, 2, 4), PADDING, LATER), "key_padding_mask attn_mask"),
    heads("causal hint", {}, (normal(3, 1, 4), LATER), "attn_mask", is_causal=True),
    heads("blocked row, without weights", {}, (normal(3, 1, 4), BLOCKED), "attn_mask", need_weights=False),
    heads("learned key", {"add_bias_kv": True}, (normal(3, 2, 4), PADDING, LATER), "key_padding_mask attn_mask"),
    heads("zero key", {"add_zero_attn": True}, (normal(3, 2, 4), normal(3, 3)), "attn_mask"),
    heads("both extra keys", {"add_bias_kv": True, "add_zero_attn": True}, (normal(3, 4),)),
]


def encoder_layer(nn: Any, **options: Any) -> Any:
    """Small, without dropout."""
    return nn.TransformerEncoderLayer(3, 3, 2, **{"dropout": 0.0, **options})


def decoder_layer(nn: Any, **options: Any) -> Any:
    """Small, without dropout."""
    return nn.TransformerDecoderLayer(3, 3, 2, **{"dropout": 0.0, **options})


def encoder(nn: Any, layers: int, norm: Any = None, **options: Any) -> Any:
    """Small layers without biases."""
    layer = encoder_layer(nn, bias=False, **options)
    return nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False)


ENCODER_LAYER: list[LayerCase] = [
    LayerCase("TransformerEncoderLayer", variant, make, makers, call)
    for variant, make, makers, call in [
        ("plain", lambda nn: encoder_layer(nn), (normal(3, 2, 3),), named()),
        ("one sequence", lambda nn: encoder_layer(nn), (normal(3, 3),), named()),
        ("norm first", lambda nn: encoder_layer(nn, norm_first=True), (normal(3, 2, 3),), named()),
        ("gelu", lambda nn: encoder_layer(nn, activation="gelu", layer_norm_eps=0.1), (normal(2, 3),), named()),
        ("a function", lambda nn: encoder_layer(nn, activation=nn.functional.silu), (normal(2, 3),), named()),
        ("a module, no bias", lambda nn: encoder_layer(nn, activation=nn.Tanh(), bias=False), (normal(2, 3),), named()),
        (
            "masks, batch first",
            lambda nn: encoder_layer(nn, batch_first=True),
            (normal(2, 3, 3), LATER, PADDING),
            named("src_mask", "src_key_padding_mask"),
        ),
        (
            "causal",
            lambda nn: encoder_layer(nn),
            (normal(3, 1, 3), LATER),
            lambda nn, layer, x, mask: layer(x, mask, is_causal=True),
        ),
    ]
]
ENCODER_LAYER.append(
    LayerCase(
        "TransformerEncoderLayer", "eval", lambda nn: encoder_layer(nn, dropout=0.5), (normal(2, 3),), training=False
    )
)

DECODER_MASKS = ("tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask")
OTHERS: list[LayerCase] = [
    LayerCase(name, variant, make, makers, call)
    for name, variant, make, makers, call in [
        ("TransformerDecoderLayer", "plain", lambda nn: decoder_layer(nn), (normal(2, 3), normal(3, 3)), named()),
        (
            "TransformerDecoderLayer",
            "norm first, gelu, no bias",
            lambda nn: decoder_layer(nn, norm_first=True, activation="gelu", bias=False),
            (normal(2, 1, 3), normal(3, 1, 3)),
            named(),
        ),
        (
            "TransformerDecoderLayer",
            "masks, batch first",
            lambda nn: decoder_layer(nn, batch_first=True),
            (normal(2, 3, 3), normal(2, 3, 3), LATER, LATER, PADDING, PADDING),
            named(*DECODER_MASKS),
        ),
        (
            "TransformerEncoder",
            "norm and masks",
            lambda nn: encoder(nn, 2, nn.LayerNorm(3)),
            (normal(3, 2, 3), LATER, PADDING),
            named("mask", "src_key_padding_mask"),
        ),
        (
            "TransformerDecoder",
            "norm and mask",
            lambda nn: nn.TransformerDecoder(decoder_layer(nn, bias=False), 1, nn.LayerNorm(3)),
            (normal(3, 3), normal(2, 3), LATER),
            named("tgt_mask"),
        ),
        (
            "Transformer",
            "masks, batch first",
            lambda nn: nn.Transformer(
                3, 3, 1, 1, 2, 0.0, batch_first=True, bias=False, custom_encoder=encoder(nn, 1, batch_first=True)
            ),
            (normal(2, 3, 3), normal(2, 3, 3), LATER, LATER, PADDING, PADDING),
            named("src_mask", "tgt_mask", "src_key_padding_mask", "memory_key_padding_mask"),
        ),
    ]
]

LAYERS: list[LayerCase] = [*SDPA, *MULTIHEAD, *ENCODER_LAYER, *OTHERS]
