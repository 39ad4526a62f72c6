"""The patches that a convolution's kernel sees, as matrices whose rows or columns are views of one another.

All patches together are a table with seven axes: N images, G groups, C channels of a group, the places H, W where the
kernel stands, and its taps U, V. The convolution sums over C, U, V: a matrix product. How the table is cut into
matrices, and in which order it lies in memory, decides how much of it has to be copied:

    ROWS    (H) x (U C V) x (W N)    a product for each row of the result. Copied are the lines of the image, once for
                                     each V; the U lines below one another are there already, and what one product sees
                                     overlaps with what the next one sees. kw copies of the image instead of kh·kw.
    WHOLE   (C U V) x (H W N)        one product, of kh·kw copies: for results of few places and many channels, where
                                     matrices of a row would be too narrow
    IMAGES  (N) x (C U V) x (H W)    a product for each image. Nothing is copied for a kernel of one cell

In the first two the images lie innermost in memory, side by side, so that even a short row is read in long runs.

For: the kernels in `convolution`. Not for: what is done with the matrices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy

from tinygrad_edu.backend import strided_view
from tinygrad_edu.backend.orders import Order, copy_to, empty_in, is_innermost

N, G, C, H, W, U, V = range(7)
Pair = tuple[int, int]


class Layout(NamedTuple):
    """How to cut: the order of the table's axes, where those before G count products; and that of the images' axes."""

    table: Order  # of N, G, C, H, W, U, V
    image: Order  # of N, C, H, W in memory: of the input, of the result and of their gradients


ROWS = Layout((H, G, U, C, V, W, N), (2, 1, 3, 0))
WHOLE = Layout((G, C, U, V, H, W, N), (1, 2, 3, 0))
IMAGES = Layout((N, G, C, U, V, H, W), (0, 1, 2, 3))

BLOCK = 1 << 21  # bytes of patches made at once: they stay in the cache, and memory does not grow with them


@dataclass(frozen=True)
class Plan:
    """One convolution: its sizes, and how it is cut. With a `tile`, so many rows of the result count as channels."""

    layout: Layout
    tile: int
    batch: int
    groups: int
    inner: int  # channels of a group, of the input
    outer: int  # and of the result, those of all rows of a tile
    size: Pair  # what a tile of the result sees is tile - 1 rows higher than the kernel
    stride: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]
    lengths: Pair  # height and width of the input
    places: Pair  # tiles and columns of the result

    @property
    def framed(self) -> Pair:
        """Height and width of the padded input."""
        (top, bottom), (left, right) = self.padding
        return top + self.lengths[0] + bottom, left + self.lengths[1] + right

    @property
    def count(self) -> int:
        """How many matrix products, one after the other."""
        return {ROWS: self.places[0], WHOLE: 1, IMAGES: self.batch}[self.layout]

    @property
    def taps(self) -> int:
        """How many numbers of a group a kernel sees at one place."""
        return self.inner * self.size[0] * self.size[1]

    @property
    def numbers_of_product(self) -> int:
        """How many numbers are copied for one product."""
        places = {ROWS: self.places[1] * self.batch, WHOLE: 0, IMAGES: self.places[0] * self.places[1]}[self.layout]
        lines = self.size[0] if self.layout is not ROWS or self.dilation[0] > 1 else min(self.size[0], self.stride[0])
        return self.groups * self.inner * lines * self.size[1] * places

    def blocks(self, bytes_of_one: int) -> Iterator[slice]:
        """The products in pieces of about BLOCK bytes."""
        step = max(1, BLOCK // max(bytes_of_one, 1))
        return (slice(start, min(start + step, self.count)) for start in range(0, self.count, step))

    def table_shape(self, products: int) -> tuple[int, ...]:
        """The shape of the table for so many of the products, in the layout's order."""
        sizes = (self.batch, self.groups, self.inner, *self.places, *self.size)
        shape = [sizes[axis] for axis in self.layout.table]
        return tuple(shape) if self.layout is WHOLE else (products, *shape[1:])

    def matrices(self, image: Any) -> Any:
        """(products, groups, rows, columns): the result, or its gradient, as matrices; a view."""
        memory = image.transpose(self.layout.image)
        return memory.reshape(self.count, self.groups, self.outer, -1 if image.size else 0)


@lru_cache(maxsize=1024)
def plan_for(
    shape: Any,
    row_major: bool,
    weight_shape: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    places: Any = None,
) -> Plan:
    """The plan for images or lines of this shape; worked out once for every combination of sizes.

    `row_major`: the input lies in memory in that order. `places`: given where they are not all that there is room for.
    """
    outputs, inner, *size = weight_shape
    if len(size) == 1:  # a line is an image of one row
        shape, size, stride, dilation = (*shape[:2], 1, shape[2]), (1, *size), (1, *stride), (1, *dilation)
        padding, places = ((0, 0), *padding), places and (1, *places)
    places = places or [
        (length + sum(margins) - d * (k - 1) - 1) // s + 1
        for length, margins, k, s, d in zip(shape[2:], padding, size, stride, dilation, strict=True)
    ]
    (kh, kw), (rows, columns) = size, places
    is_copied = (kh, kw, *stride) != (1, 1, 1, 1) or any(map(any, padding))
    layout = choose_layout(columns * shape[0], outputs // groups, row_major, is_copied)
    tile = choose_tile(outputs, rows) if layout is ROWS and groups == stride[0] == dilation[0] == 1 else 1
    return Plan(
        layout, tile, shape[0], groups, inner, tile * outputs // groups, (kh + tile - 1, kw),
        (stride[0] * tile, stride[1]), dilation, padding, shape[2:], (rows // tile, columns),
    )  # fmt: skip


def choose_layout(columns: int, outputs: int, row_major: bool, is_copied: bool) -> Layout:
    """ROWS, unless a product of one row would be narrower than high, or nothing has to be copied anyway.

    Measured for a training step of 3x3 convolutions, WHOLE / ROWS in time:

        channels     columns of a row's product:  16      64     128     256
        16                                        1.1     1.1     1.2     1.2
        64                                        0.8     1.0     1.0     1.0
        128                                       0.7     0.9     0.95    1.0
        512                                       0.6     0.8     0.9     1.0
    """
    if row_major and not is_copied:
        return IMAGES
    return WHOLE if columns <= outputs else ROWS


def choose_tile(outputs: int, rows: int) -> int:
    """How many rows of the result are worked out in one product, so that it has a multiple of 4 rows itself.

    That is what the processor multiplies at once. For 6 channels, 2 rows: 12 of 12 rows at work instead of 6 of 8, for
    6 / 5 of the products. Measured on (128, 3, 32, 32), 5x5: 1.94 ms -> 1.35 ms there, 2.9 -> 1.5 back.
    """
    fitting = (tile for tile in (1, 2, 4) if outputs * tile % 4 == 0 and rows % tile == 0)
    return next(fitting, 1)


def suits(x: Any, layout: Layout) -> bool:
    """Whether neighbors in the innermost axes lie side by side, so that patches can be copied from x as it is."""
    if layout is IMAGES:
        return x.flags.c_contiguous
    return is_innermost(x, 0) and (x.shape[3] == 1 or x.strides[3] == x.shape[0] * x.itemsize)


def framed(x: Any, plan: Plan) -> Any:
    """The images with their zeros around; x itself if there are none and it suits."""
    if x.shape[2:] == plan.framed and suits(x, plan.layout):
        return x
    (top, _), (left, _) = plan.padding
    out = empty_in(plan.layout.image, (*x.shape[:2], *plan.framed), x.dtype)
    if x.shape[2:] != plan.framed:
        out.fill(0)
    copy_to(out[:, :, top : top + plan.lengths[0], left : left + plan.lengths[1]], x)
    return out


def patches(image: Any, plan: Plan, some: slice) -> Any:
    """(products, groups, C·U·V, places of a product): what the kernel sees, for some of the products."""
    (kh, _), (sh, sw), (dh, dw) = plan.size, plan.stride, plan.dilation
    if plan.layout is ROWS and dh == 1 and sh < kh:
        return _overlapping_rows(image, plan, some)
    n, c, h, w = image.strides
    strides = (n, plan.inner * c, c, sh * h, sw * w, dh * h, dw * w)
    memory = image.transpose(plan.layout.image)
    if plan.layout is not WHOLE:
        memory = memory[some.start * (sh if plan.layout is ROWS else 1) :]
    shape = plan.table_shape(some.stop - some.start)
    table = strided_view(memory, shape, tuple([strides[axis] for axis in plan.layout.table]))
    table = numpy.ascontiguousarray(table)  # the one copy; none where the kernel is a single cell
    taps = math.prod(plan.size) * plan.inner
    return table.reshape(some.stop - some.start, plan.groups, taps, -1 if table.size else 0)


def _overlapping_rows(image: Any, plan: Plan, some: slice) -> Any:
    """ROWS: the lines of the image, each copied once for every tap of the kernel's width, seen kh at a time."""
    (kh, kw), (sh, sw), dw, count = plan.size, plan.stride, plan.dilation[1], some.stop - some.start
    n, c, h, w = image.strides
    first, lines = some.start * sh, (count - 1) * sh + kh
    memory = image.transpose(ROWS.image)[first : first + lines]
    shape = (plan.groups, lines, plan.inner, kw, plan.places[1], plan.batch)
    copied = numpy.ascontiguousarray(strided_view(memory, shape, (plan.inner * c, h, c, dw * w, sw * w, n)))
    by_group, by_line, _, by_tap, *_ = copied.strides
    seen = (count, plan.groups, kh * plan.inner * kw, plan.places[1] * plan.batch)
    return strided_view(copied, seen, (sh * by_line, by_group, by_tap, image.itemsize))


def as_matrix(weight: Any, plan: Plan) -> Any:
    """(groups, outputs of a group, C·U·V): the weight as the matrix that multiplies the patches."""
    outputs, inner, height, _ = weight.shape
    if plan.tile > 1:  # the same kernel for each row of a tile, one row further down
        tiled = numpy.zeros((plan.tile, outputs, inner, *plan.size), weight.dtype)
        for row in range(plan.tile):
            tiled[row, :, :, row : row + height] = weight
        weight = tiled.reshape(plan.tile * outputs, inner, *plan.size)
    if plan.layout is ROWS:
        weight = weight.swapaxes(1, 2)
    return weight.reshape(plan.groups, plan.outer, inner * math.prod(plan.size))


def from_matrix(matrix: Any, shape: tuple[int, ...], plan: Plan) -> Any:
    """The gradient of a weight of this shape from that of its matrix: the transpose of `as_matrix`."""
    outputs, inner, height, width = shape
    if plan.layout is ROWS:
        weight = matrix.reshape(plan.tile, outputs, plan.size[0], inner, width).swapaxes(2, 3)
    else:
        weight = matrix.reshape(plan.tile, outputs, inner, *plan.size)
    if plan.tile == 1:
        return numpy.ascontiguousarray(weight[0])
    return sum(weight[row, :, :, row : row + height] for row in range(plan.tile))
