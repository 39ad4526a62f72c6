"""Rows of the table: pooling, of every kind and option."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tinygrad_edu.testing.cases.table import Maker, distinct, exactly, normal
from tinygrad_edu.testing.layers.table import LayerCase, options

Options = dict[str, tuple[tuple[Any, ...], dict[str, Any], Maker]]
LINE, IMAGE = distinct(2, 1, 7), distinct(1, 1, 5, 6)  # no two alike, so that no step changes which is the largest
SMOOTH_LINE, SMOOTH_IMAGE = normal(2, 1, 7), normal(1, 1, 5, 6)

# name of the row: arguments of the layer, its settings, the input
MAX1D: Options = {
    "plain": ((2,), {}, LINE),
    "overlapping": ((3, 1), {}, LINE),
    "padding": ((3, 2, 1), {}, LINE),
    "dilation": ((2,), {"stride": 1, "dilation": 3}, LINE),
    "ceil": ((2,), {"ceil_mode": True}, LINE),
    "ceil and padding": ((3, 3, 1), {"ceil_mode": True}, LINE),
    "indices": ((3, 2, 1), {"return_indices": True, "ceil_mode": True}, LINE),
    "unbatched": ((2,), {"return_indices": True}, distinct(2, 5)),
}
MAX2D: Options = {
    "plain": ((2,), {}, distinct(1, 2, 4, 4)),
    "pairs": (((3, 2), (1, 2)), {}, IMAGE),
    "padding": ((3, 2, 1), {}, IMAGE),
    "dilation": ((2,), {"stride": 1, "dilation": (2, 3)}, IMAGE),
    "padding and dilation": ((2, 1, 1), {"dilation": 2}, IMAGE),
    "ceil": ((2,), {"ceil_mode": True}, IMAGE),
    "ceil and padding": (((3, 2), (3, 2), 1), {"ceil_mode": True}, IMAGE),
    "indices": ((2,), {"return_indices": True}, distinct(1, 2, 4, 4)),
    "every option": (((3, 2), 2, 1), {"dilation": (1, 2), "return_indices": True, "ceil_mode": True}, IMAGE),
    "unbatched": ((2,), {"return_indices": True}, distinct(2, 3, 4)),
}
AVERAGE1D: Options = {
    "plain": ((2,), {}, SMOOTH_LINE),
    "overlapping": ((3, 1), {}, SMOOTH_LINE),
    "padding": ((3, 2, 1), {}, SMOOTH_LINE),
    "padding not counted": ((3, 2, 1), {"count_include_pad": False}, SMOOTH_LINE),
    "ceil": ((2,), {"ceil_mode": True}, SMOOTH_LINE),
    "ceil not counted": ((3, 3, 1), {"ceil_mode": True, "count_include_pad": False}, SMOOTH_LINE),
    "unbatched": ((2,), {}, normal(2, 5)),
}
AVERAGE2D: Options = {
    "plain": ((2,), {}, SMOOTH_IMAGE),
    "padding": ((2,), {"padding": 1}, normal(1, 1, 4, 4)),
    "pairs": (((3, 2), (1, 2), (1, 0)), {}, SMOOTH_IMAGE),
    "padding not counted": ((3, 2, 1), {"count_include_pad": False}, SMOOTH_IMAGE),
    "ceil": ((2,), {"ceil_mode": True}, SMOOTH_IMAGE),
    "ceil and padding": ((3, 2, 1), {"ceil_mode": True}, SMOOTH_IMAGE),
    "ceil not counted": ((3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, SMOOTH_IMAGE),
    "divisor": ((2,), {"divisor_override": 3}, SMOOTH_IMAGE),
    "every option": (((3, 2), 2, 1, True, False, 5), {}, SMOOTH_IMAGE),
    "unbatched": ((2,), {}, normal(2, 3, 4)),
}
# The size of the result and the input, for the mean and for the largest
ADAPTIVE1D: dict[str, tuple[Any, ...]] = {
    "equal bins": (3, (2, 1, 6)),
    "unequal bins": (3, (2, 1, 7)),
    "longer": (5, (1, 2, 3)),
    "one": (1, (2, 2, 4)),
    "unbatched": (2, (2, 5)),
}
ADAPTIVE2D: dict[str, tuple[Any, ...]] = {
    "equal bins": ((2, 3), (1, 1, 4, 6)),
    "unequal bins": ((3, 2), (1, 1, 5, 5)),
    "one for both": (2, (1, 2, 3, 4)),
    "one": (1, (1, 2, 3, 3)),
    "one axis kept": ((None, 2), (1, 1, 4, 5)),
    "longer": ((3, 4), (1, 1, 2, 3)),
    "unbatched": ((2, 2), (2, 3, 4)),
}
ADAPTIVE: dict[str, dict[str, tuple[Any, ...]]] = {"1d": ADAPTIVE1D, "2d": ADAPTIVE2D}


def _adaptive() -> Iterator[LayerCase]:
    for axes, variants in ADAPTIVE.items():
        for variant, (size, shape) in variants.items():
            yield from options(f"AdaptiveAvgPool{axes}", {variant: ((size,), {}, normal(*shape))})
            yield from options(f"AdaptiveMaxPool{axes}", {variant: ((size, True), {}, distinct(*shape))})
        size, shape = variants["unequal bins"]
        yield from options(f"AdaptiveMaxPool{axes}", {"without indices": ((size,), {}, distinct(*shape))})


def _unpooling() -> Iterator[LayerCase]:
    """Values, and the positions where they belong; as the result of no pooling in particular."""
    line = (normal(1, 1, 3), exactly([[[1, 2, 5]]], "int64"))
    image = (normal(1, 2, 1, 2), exactly([[[[1, 7]], [[4, 3]]]], "int64"))
    yield LayerCase("MaxUnpool1d", "plain", lambda nn: nn.MaxUnpool1d(2), line)
    yield LayerCase("MaxUnpool1d", "output_size", lambda nn: nn.MaxUnpool1d(2), line, call=_to((7,)))
    yield LayerCase("MaxUnpool2d", "plain", lambda nn: nn.MaxUnpool2d(2), image)
    yield LayerCase("MaxUnpool2d", "pairs", lambda nn: nn.MaxUnpool2d((3, 4), (3, 3), (0, 1)), image)
    yield LayerCase("MaxUnpool2d", "output_size", lambda nn: nn.MaxUnpool2d(2), image, call=_to((1, 2, 3, 5)))
    there_and_back = (distinct(1, 1, 4, 5),)
    yield LayerCase("MaxUnpool2d", "after pooling", lambda nn: nn.MaxUnpool2d(2), there_and_back, call=_after_pooling)


def _to(size: tuple[int, ...]) -> Any:
    return lambda nn, layer, x, indices: layer(x, indices, output_size=size)


def _after_pooling(nn: Any, layer: Any, x: Any) -> Any:
    values, indices = nn.MaxPool2d(2, return_indices=True)(x)
    return layer(values, indices, output_size=x.shape)


LAYERS: list[LayerCase] = [
    *options("MaxPool1d", MAX1D),
    *options("MaxPool2d", MAX2D),
    *options("AvgPool1d", AVERAGE1D),
    *options("AvgPool2d", AVERAGE2D),
    *_adaptive(),
    *_unpooling(),
]
