"""Digits: real handwriting made into 3 x 32 x 32 color pictures, so that a network for photographs has something to
learn without a download.

The handwriting is the 1797 digits that scikit-learn brings along: 8 x 8 counts of ink from 0 to 16, by 13 people
(Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI, 1998). Each becomes a picture in four steps:

1. **Place.** One count becomes a square of s x s pixels, s drawn from [3.25, 3.75], so the digit is 26 to 30 pixels
   large; its left and upper margins are drawn so that it stays inside.
2. **Enlarge.** Cubic interpolation (Keys, 1981) is linear in the counts, and works on rows and columns alike: it is
   the product A · digit · Bᵀ with one 32 x 8 matrix for each side.
3. **Sharpen.** ink = t²(3 - 2t), t = (value - 0.2) / 0.6 kept within [0, 1]: blurred strokes get edges again.
4. **Color.** Two hues are drawn; one becomes a dark color (luminance at most 0.25), the other a light one (at least
   0.7); a coin decides which is the ink. A network cannot go by brightness or color: it has to look at the shape.

For: `Digits`, and `draw_digits` for those who want other digits or more pictures. Not for: the original 8 x 8 arrays,
which are `sklearn.datasets.load_digits()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.datasets.pictures import PictureDataset
from tinygrad_edu.tensors import Tensor

SIZE = 32
SMALLEST, LARGEST = 3.25, 3.75  # pixels for one count
DARK, LIGHT = (0.05, 0.25), (0.7, 0.95)  # ranges of luminance
LUMINANCE = numpy.array([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)
HELD_OUT = 360


class Digits(PictureDataset):
    """sample i = (picture, label): float32 (3, 32, 32) in [-1, 1], and an int from 0 to 9.

    train: 1437 of the originals, or the other 360 that are held out. The split is the same for every seed, and no
        original is on both sides: a held-out picture shows handwriting that was never trained on, not just a new
        color of it.
    copies: how many pictures are drawn of each original, each placed and colored anew; 8 for training, 4 held out.
    seed: decides places and colors. Equal seeds give equal pictures, byte for byte.
    Needs scikit-learn (the extra "train").
    """

    def __init__(
        self,
        train: bool = True,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        *,
        copies: int | None = None,
        seed: int = 0,
    ) -> None:
        copies = (8 if train else 4) if copies is None else copies
        if copies < 1:
            raise ValueError(f"wanted copies of 1 or more, got {copies}: each original is drawn that many times")
        counts, labels = original_digits(train)
        random = numpy.random.default_rng([seed, int(train)])  # other places and colors on the two sides
        pictures = numpy.concatenate([draw_digits(counts, random) for _ in range(copies)])
        super().__init__(pictures, numpy.tile(labels, copies), "0123456789", transform, target_transform)


def original_digits(train: bool) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Counts (N, 8, 8) from 0 to 16, and labels (N,): the 1437 originals for training, or the 360 held out."""
    library = require("sklearn.datasets", extra="train", purpose="read the handwritten digits")
    digits = library.load_digits()
    order = numpy.random.default_rng(0).permutation(len(digits.target))
    chosen = order[HELD_OUT:] if train else order[:HELD_OUT]
    return digits.images[chosen], digits.target[chosen]


def draw_digits(counts: numpy.ndarray, random: numpy.random.Generator) -> numpy.ndarray:
    """Counts of ink (N, 8, 8) from 0 to 16 -> pictures uint8 (N, 3, 32, 32), placed and colored as the module says."""
    if counts.ndim != 3 or counts.shape[1:] != (8, 8) or not (counts.min() >= 0 and counts.max() <= 16):
        raise ValueError(f"wanted counts of ink of shape (N, 8, 8) from 0 to 16, got an array of shape {counts.shape}")
    number = len(counts)
    scale = random.uniform(SMALLEST, LARGEST, number)
    top, left = random.uniform(0, SIZE - 8 * scale, (2, number))
    rows, columns = interpolation(top, scale), interpolation(left, scale)
    ink = sharpen(rows @ (counts / 16) @ columns.transpose(0, 2, 1))[:, None]  # (N, 1, 32, 32), from 0 (paper) to 1
    dark, light = dark_color(random, number), light_color(random, number)
    light_ink = random.random(number) < 0.5
    foreground = numpy.where(light_ink, light.T, dark.T).T[:, :, None, None]
    background = numpy.where(light_ink, dark.T, light.T).T[:, :, None, None]
    return numpy.rint(255 * (background + (foreground - background) * ink)).astype(numpy.uint8)


def interpolation(margin: numpy.ndarray, scale: numpy.ndarray) -> numpy.ndarray:
    """(N,), (N,) -> (N, 32, 8): row p says how pixel p mixes the 8 counts; all zeros outside of the digit.

    The center of pixel p lies at (p + 1/2 - margin) / scale - 1/2 when count k lies at k. Its weight for count k
    falls with their distance d: Keys' cubic, 3/2 d³ - 5/2 d² + 1 up to 1, then -1/2 d³ + 5/2 d² - 4 d + 2 up to 2,
    then 0.
    """
    place = (numpy.arange(SIZE) + 0.5 - margin[:, None]) / scale[:, None] - 0.5
    d = numpy.minimum(numpy.abs(place[:, :, None] - numpy.arange(8)), 2)
    return numpy.where(d < 1, (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2)


def sharpen(value: numpy.ndarray) -> numpy.ndarray:
    """t²(3 - 2t) with t = (value - 0.2) / 0.6 kept within [0, 1]: a step with round corners."""
    t = numpy.clip((value - 0.2) / 0.6, 0, 1)
    return t * t * (3 - 2 * t)


def dark_color(random: numpy.random.Generator, number: int) -> numpy.ndarray:
    """(number, 3) red, green, blue in [0, 1]: a pure hue, dimmed until its luminance is at most 0.25."""
    hue = pure_hue(random.random(number))
    dimming = numpy.minimum(1, random.uniform(*DARK, number) / (hue @ LUMINANCE))
    return hue * dimming[:, None]


def light_color(random: numpy.random.Generator, number: int) -> numpy.ndarray:
    """(number, 3) red, green, blue in [0, 1]: a pure hue, mixed with white until its luminance is at least 0.7."""
    hue = pure_hue(random.random(number))
    luminance = hue @ LUMINANCE
    white = numpy.clip((random.uniform(*LIGHT, number) - luminance) / (1 - luminance), 0, 1)[:, None]
    return white + (1 - white) * hue


def pure_hue(turn: numpy.ndarray) -> numpy.ndarray:
    """(N,) in [0, 1) -> (N, 3): once around the color circle, red 0, green 1/3, blue 2/3, at full saturation."""
    return numpy.clip(numpy.abs((6 * turn[:, None] + [0, 4, 2]) % 6 - 3) - 1, 0, 1)
