"""Convolution, there and back: matrix products over patches that are hardly ever copied (`patches` says how).

Measured on one thread in float32, a training step of the layer alone, input already in the kernel's order:

    there / back / with the input's gradient          as a composition         here           PyTorch
    5x5, (128,  3, 32, 32) ->  6 channels               8.6 / 17 /  -     1.4 / 1.7 / -     1.3 / 1.4 / -    ms
    5x5, (128,  6, 14, 14) -> 16                        1.9 / 2.9 / 8     0.7 / 0.7 / 0.8   0.3 / 1.0 / 0.9

The bias is added to each block of products while it is still in the cache. The gradient of the input is a convolution
of g with the kernel turned around; its sum over the rows of the kernel is part of the matrix product (ROWS), and only
its sum over the columns is made by adding. That of the weight is one matrix product for each row, summed.

Tried, and slower: patches laid out image by image (four times), all patches as one matrix (twice), 2x2 tiles of the
result (their result has to be put in order again), the gradient of the input as a convolution of the padded g (twice),
by adding up all taps (half as much again), multiplying tap by tap for depthwise kernels (twice).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy

from tinygrad_edu.backend import strided_view
from tinygrad_edu.engine import kernel
from tinygrad_edu.ops.convolution import convolution_definition, transposed_convolution_definition, transposed_lengths
from tinygrad_edu.ops.fused.layouts import arranged, empty_in
from tinygrad_edu.ops.fused.patches import (
    BLOCK,
    IMAGES,
    ROWS,
    Plan,
    as_matrix,
    framed,
    from_matrix,
    patches,
    plan_for,
    suits,
)
