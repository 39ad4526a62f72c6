"""One picture from a file, as the reference network wants it: float32 (3, 32, 32) in [-1, 1].

For: prediction from a PNG (or another format that Pillow reads) or from an NPY file. Not for: whole data sets.
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy

from tinygrad_edu.backend import require
from tinygrad_edu.datasets.pictures import bytes_to_floats

SIZE = 32
_NPY_MAGIC = b"\x93NUMPY"


def read_image(path: str | os.PathLike[str]) -> numpy.ndarray:
    """The picture in `path` as float32 (3, 32, 32) in [-1, 1], channels red, green, blue.

    PNG, JPEG, … (needs Pillow, the extra "io"): gray becomes three equal channels; transparent parts are laid on
        white; a picture of another size is scaled until its shorter side is 32, then the middle 32 x 32 is cut out.
        One that is 32 x 32 already is not touched.
    NPY: float of shape (3, 32, 32) in [-1, 1], taken as it is; or uint8 of shape (3, 32, 32), (32, 32, 3) or (32, 32).
    Errors: FileNotFoundError; ValueError, naming the file, for anything that cannot be read as such.
    """
    path = pathlib.Path(path)
    with path.open("rb") as stream:
        is_array = stream.read(len(_NPY_MAGIC)) == _NPY_MAGIC
    return _read_array(path) if is_array else bytes_to_floats(_read_picture(path))


def _read_array(path: pathlib.Path) -> numpy.ndarray:
    try:
        array = numpy.load(path, allow_pickle=False)  # pickled objects could run code
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} cannot be read as NPY: {error}. Save it again with numpy.save, as numbers") from error
    if array.dtype == numpy.uint8 and array.shape == (SIZE, SIZE):
        array = numpy.stack([array] * 3)
    elif array.dtype == numpy.uint8 and array.shape == (SIZE, SIZE, 3):
        array = array.transpose(2, 0, 1)
    if array.shape != (3, SIZE, SIZE) or not (array.dtype == numpy.uint8 or array.dtype.kind == "f"):
        raise ValueError(
            f"{path}: wanted float (3, 32, 32), or uint8 (3, 32, 32), (32, 32, 3) or (32, 32), got {array.dtype} "
            f"{array.shape}. "
            "Give one picture, not a batch; resize it first, or save it as PNG"
        )
    if array.dtype == numpy.uint8:
        return bytes_to_floats(array)
    if not (array.min() >= -1 and array.max() <= 1):  # written so that NaN fails too
        raise ValueError(
            f"{path}: wanted numbers in [-1, 1], got {array.min()} to {array.max()}. Bytes are brought there by x / "
            "127.5 - 1"
        )
    return array.astype(numpy.float32)


def _read_picture(path: pathlib.Path) -> numpy.ndarray:
    """uint8 (3, 32, 32)"""
    pillow = require("PIL.Image", extra="io", purpose="read pictures")
    try:
        with pillow.open(path) as picture:
            picture.load()
            picture = _scale_and_crop(_to_rgb(picture, pillow), pillow)
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
        raise ValueError(
            f"{path} cannot be read as a picture: {error}. Wanted a whole PNG (or another format that Pillow knows), "
            "or NPY"
        ) from error
    return numpy.asarray(picture).transpose(2, 0, 1)


def _to_rgb(picture: Any, pillow: Any) -> Any:
    if picture.mode.startswith("I"):  # 16 bits of gray: Pillow's own conversion would cut off at 255 instead of scaling
        picture = pillow.fromarray((numpy.asarray(picture).clip(0, 65535) // 257).astype(numpy.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    paper = pillow.new("RGBA", picture.size, "white")
    return pillow.alpha_composite(paper, picture).convert("RGB")


def _scale_and_crop(picture: Any, pillow: Any) -> Any:
    width, height = picture.size
    if (width, height) == (SIZE, SIZE):
        return picture
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    # when it shrinks, BICUBIC mixes all the pixels that fall into one, so fine patterns do not turn into false ones
    return picture.resize((SIZE, SIZE), pillow.Resampling.BICUBIC, box=(left, top, left + side, top + side))
