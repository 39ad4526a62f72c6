"""Single cells of images, named by their position in the image laid out row by row: what max pooling chooses.

    position of the cell in row i and column j:  i · W + j

For: reading the chosen cells, and writing them back where they were. Not for: choosing them (`pooling`).
"""

from __future__ import annotations

import math

from tinygrad_edu.backend import namespace
from tinygrad_edu.ops.indexing import getitem, put
from tinygrad_edu.ops.shaping import reshape


def read_cells(image, positions, apart):
    """y[n, c, ...] = x[n, c].flatten()[positions[n, c, ...]]        image (N, C, H, W), positions (N, C, H', W')

    `apart` promises that no cell is read twice, which makes the gradient an assignment.
    """
    index = _through_the_planes(positions, math.prod(image.shape[2:]))
    line = reshape(image, shape=(math.prod(image.shape),))
    return reshape(getitem(line, key=(index,), unique=apart), shape=positions.shape)


def write_cells(values, positions, plane):
    """Zeros (N, C, *plane) with values[n, c, ...] at positions[n, c, ...]; the last one stays."""
    index = _through_the_planes(positions, math.prod(plane))
    shape = (*values.shape[:2], *plane)
    line = reshape(values, shape=(math.prod(values.shape),))
    return reshape(put(line, key=(index,), shape=(math.prod(shape),), unique=True), shape=shape)


def plane_steps(lengths):
    """How far apart in the row-by-row order two neighbors along each axis are: (W, 1)"""
    return [math.prod(lengths[axis + 1 :]) for axis in range(len(lengths))]


def _through_the_planes(positions, cells):
    """Positions within each of N·C planes, as one long list of positions in all planes one after the other."""
    batch, channels = positions.shape[:2]
    starts = namespace(positions).arange(batch * channels) * cells
    return (positions + starts.reshape(batch, channels, *[1] * (positions.ndim - 2))).reshape(positions.size)
