"""Rows of the table: convolution, its transpose, unfold and fold, padding, interpolation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_edu.testing.cases.table import Maker, normal
from tinygrad_edu.testing.layers.table import LayerCase, options

Options = dict[str, tuple[tuple[Any, ...], dict[str, Any], Maker]]
LINE, LINES, IMAGE = normal(1, 1, 6), normal(1, 2, 5), normal(1, 2, 4, 3)
FOURS, IMAGE_3X4 = normal(2, 1, 4), normal(1, 2, 3, 4)

# name of the row: arguments of the layer, its settings, the input
CONV1D: Options = {
    "plain": ((2, 2, 3), {}, LINES),
    "stride and padding": ((2, 2, 3), {"stride": 2, "padding": 1}, LINES),
    "no bias": ((2, 2, 2), {"bias": False}, LINES),
    "dilation": ((1, 2, 3), {"dilation": 2}, LINE),
    "same": ((2, 2, 3), {"padding": "same"}, LINES),
    "valid": ((2, 2, 3), {"padding": "valid"}, LINES),
    "same dilated": ((1, 1, 3), {"padding": "same", "dilation": 2}, LINE),
    "groups": ((2, 4, 2), {"groups": 2}, LINES),
    "unbatched": ((2, 2, 3), {}, normal(2, 5)),
    "several": ((1, 2, 2), {}, normal(3, 1, 4)),
    "reflect": ((2, 2, 3), {"padding": 2, "padding_mode": "reflect"}, LINES),
    "reflect same": ((1, 1, 3), {"padding": "same", "padding_mode": "reflect"}, LINE),
    "replicate": ((1, 2, 3), {"padding": 2, "padding_mode": "replicate"}, LINE),
    "circular": ((1, 2, 3), {"padding": 2, "padding_mode": "circular"}, LINE),
}
CONV2D: Options = {
    "padding and stride": ((2, 2, 2), {"padding": 1, "stride": 2}, normal(1, 2, 3, 3)),
    "groups": ((2, 4, 2), {"groups": 2, "bias": False}, normal(1, 2, 3, 3)),
    "pairs": ((1, 2, (3, 2)), {"stride": (2, 1), "padding": (2, 1), "dilation": (1, 2)}, normal(1, 1, 4, 5)),
    "same": ((2, 1, 3), {"padding": "same"}, IMAGE),
    "same dilated": ((1, 1, (3, 1)), {"padding": "same", "dilation": (2, 1)}, normal(1, 1, 5, 3)),
    "valid": ((2, 1, 3), {"padding": "valid"}, IMAGE),
    "depthwise": ((3, 3, 2), {"groups": 3, "padding": 1}, normal(1, 3, 2, 3)),
    "kernel of one": ((2, 3, 1), {}, IMAGE),
    "unbatched": ((2, 2, 2), {}, normal(2, 3, 3)),
    "several": ((1, 2, 2), {}, normal(3, 1, 3, 3)),
    "reflect": ((2, 1, 3), {"padding": (2, 1), "padding_mode": "reflect"}, IMAGE),
    "reflect same": ((1, 2, 3), {"padding": "same", "padding_mode": "reflect"}, normal(1, 1, 4, 3)),
    "reflect grouped": ((2, 2, 2), {"padding": 1, "stride": 2, "groups": 2, "padding_mode": "reflect"}, IMAGE),
    "replicate": ((1, 1, 3), {"padding": (1, 2), "padding_mode": "replicate"}, normal(1, 1, 3, 3)),
    "circular": ((1, 1, 3), {"padding": (1, 2), "padding_mode": "circular"}, normal(1, 1, 3, 3)),
}
TRANSPOSED1D: Options = {
    "plain": ((2, 2, 3), {}, LINES),
    "stride": ((2, 2, 3), {"stride": 2}, LINES),
    "padding": ((2, 1, 3), {"stride": 2, "padding": 1, "output_padding": 1}, LINES),
    "dilation": ((1, 2, 2), {"dilation": 3, "padding": 1}, LINE),
    "extra beyond a stride": ((1, 1, 2), {"dilation": 3, "output_padding": 2}, LINE),
    "more extra than padding": ((1, 1, 2), {"stride": 3, "output_padding": 2}, LINE),
    "groups": ((2, 4, 2), {"groups": 2, "stride": 2}, LINES),
    "no bias": ((2, 2, 2), {"bias": False}, LINES),
    "unbatched": ((2, 2, 3), {"stride": 2}, normal(2, 4)),
    "several": ((1, 2, 2), {}, normal(3, 1, 4)),
}
TRANSPOSED2D: Options = {
    "plain": ((2, 2, 2), {}, normal(1, 2, 3, 2)),
    "stride": ((2, 1, 2), {"stride": 2}, normal(1, 2, 3, 2)),
    "pairs": ((1, 2, (3, 2)), {"stride": (2, 1), "padding": (1, 0), "output_padding": (1, 0)}, normal(1, 1, 2, 3)),
    "dilation": ((1, 1, 2), {"dilation": (1, 2), "stride": 2, "padding": 1}, normal(1, 1, 3, 2)),
    "groups": ((4, 2, 2), {"groups": 2, "stride": 2, "bias": False}, normal(1, 4, 2, 2)),
    "depthwise": ((2, 2, 3), {"groups": 2, "stride": 2, "padding": 1, "output_padding": 1}, normal(1, 2, 2, 2)),
    "unbatched": ((2, 1, 2), {"stride": 2}, normal(2, 2, 3)),
    "several": ((1, 2, 2), {}, normal(3, 1, 2, 2)),
}
UNFOLD: Options = {
    "plain": ((2,), {}, IMAGE),
    "pairs": (((3, 2),), {"dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}, normal(1, 1, 4, 5)),
    "unbatched": ((2,), {"padding": 1}, normal(2, 3, 2)),
}
FOLD: Options = {
    "plain": (((4, 3), 2), {}, normal(1, 4, 6)),
    "pairs": (((4, 5), (3, 2)), {"dilation": (1, 2), "padding": (1, 0), "stride": (2, 1)}, normal(2, 6, 6)),
    "unbatched": ((3, 2), {"stride": 2, "padding": 1}, normal(8, 4)),
}

INTERPOLATE: dict[str, tuple[dict[str, Any], Maker]] = {
    "nearest, larger": ({"size": (7, 8)}, IMAGE_3X4),
    "nearest, smaller": ({"size": 2}, IMAGE_3X4),
    "nearest, twice": ({"scale_factor": 2}, IMAGE_3X4),
    "nearest, scaled": ({"scale_factor": (1.6, 0.7)}, IMAGE_3X4),
    "nearest, recomputed": ({"scale_factor": 1.6, "recompute_scale_factor": True}, IMAGE_3X4),
    "nearest, line": ({"size": 7}, FOURS),
    "nearest, volume": ({"size": (3, 2, 1)}, normal(1, 1, 2, 3, 2)),
    "nearest-exact": ({"size": (7, 2), "mode": "nearest-exact"}, IMAGE_3X4),
    "nearest-exact, scaled": ({"scale_factor": 1.6, "mode": "nearest-exact"}, FOURS),
    "linear": ({"size": 7, "mode": "linear"}, FOURS),
    "linear, smaller": ({"scale_factor": 0.6, "mode": "linear"}, FOURS),
    "linear, corners": ({"size": 7, "mode": "linear", "align_corners": True}, FOURS),
    "linear, corners, to one": ({"size": 1, "mode": "linear", "align_corners": True}, FOURS),
    "bilinear": ({"size": (5, 3), "mode": "bilinear"}, IMAGE_3X4),
    "bilinear, twice": ({"scale_factor": 2, "mode": "bilinear", "align_corners": False}, normal(1, 1, 3, 3)),
    "bilinear, scaled": ({"scale_factor": (1.6, 0.7), "mode": "bilinear"}, IMAGE_3X4),
    "bilinear, recomputed": (
        {"scale_factor": (1.6, 0.7), "mode": "bilinear", "recompute_scale_factor": True},
        IMAGE_3X4,
    ),
    "bilinear, corners": ({"size": (5, 6), "mode": "bilinear", "align_corners": True}, IMAGE_3X4),
    "bilinear, corners, scaled": ({"scale_factor": 1.7, "mode": "bilinear", "align_corners": True}, IMAGE_3X4),
    "trilinear": ({"size": (3, 2, 4), "mode": "trilinear"}, normal(1, 1, 2, 3, 2)),
    "area": ({"size": (2, 3), "mode": "area"}, IMAGE_3X4),
}
UPSAMPLE: Options = {
    "size": ((), {"size": (5, 3), "mode": "bilinear"}, IMAGE_3X4),
    "scale": ((), {"scale_factor": 2}, IMAGE_3X4),
    "scales": ((), {"scale_factor": (2, 1.5), "mode": "bilinear", "align_corners": True}, IMAGE_3X4),
    "recomputed": ((), {"scale_factor": 1.6, "recompute_scale_factor": True, "mode": "linear"}, FOURS),
}
PIXEL_SHUFFLE: Options = {"two": ((2,), {}, normal(1, 4, 2, 3)), "no batch": ((2,), {}, normal(8, 1, 2))}
PIXEL_UNSHUFFLE: Options = {"two": ((2,), {}, normal(1, 1, 4, 6)), "more axes": ((2,), {}, normal(1, 2, 1, 2, 4))}


def _to_a_size(name: str, variant: str, settings: dict[str, Any], size: Any, maker: Maker) -> LayerCase:
    """The size of the result chosen in forward."""
    return LayerCase(
        name,
        variant,
        lambda nn: getattr(nn, name)(1, 2, 3, **settings),
        (maker,),
        call=lambda nn, layer, x: layer(x, output_size=size),
    )


def _padding() -> Iterator[LayerCase]:
    for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular"):
        value = (1.5,) if kind == "Constant" else ()
        line: Options = {
            "every side": ((2, *value), {}, FOURS),
            "each side": (((1, 2), *value), {}, FOURS),
            "unbatched": (((2, 1), *value), {}, normal(2, 4)),
        }
        image: Options = {
            "every side": ((1, *value), {}, IMAGE_3X4),
            "each side": (((1, 2, 2, 0), *value), {}, IMAGE_3X4),
            "some cut off": (((-1, 1, 2, -1), *value), {}, normal(1, 1, 4, 4)),
        }
        yield from options(f"{kind}Pad1d", line)
        yield from options(f"{kind}Pad2d", image)


def _interpolation() -> Iterator[LayerCase]:
    def chosen(settings: dict[str, Any]) -> Callable[[Any], Any]:
        return lambda nn: lambda x: nn.functional.interpolate(x, **settings)

    for variant, (settings, maker) in INTERPOLATE.items():
        yield LayerCase("functional.interpolate", variant, chosen(settings), (maker,))


LAYERS: list[LayerCase] = [
    *options("Conv1d", CONV1D),
    *options("Conv2d", CONV2D),
    *options("ConvTranspose1d", TRANSPOSED1D),
    _to_a_size("ConvTranspose1d", "output_size", {"stride": 3, "padding": 1}, (12,), normal(2, 1, 4)),
    *options("ConvTranspose2d", TRANSPOSED2D),
    _to_a_size("ConvTranspose2d", "output_size", {"stride": 2, "padding": 1}, (6, 5), normal(1, 1, 3, 3)),
    _to_a_size("ConvTranspose2d", "whole output_size", {"stride": 2}, (1, 2, 6, 7), normal(1, 1, 2, 3)),
    *options("Unfold", UNFOLD),
    *options("Fold", FOLD),
    *_padding(),
    *_interpolation(),
    *options("Upsample", UPSAMPLE),
    *options("PixelShuffle", PIXEL_SHUFFLE),
    *options("PixelUnshuffle", PIXEL_UNSHUFFLE),
]
