"""One picture from a file: kinds, sizes, transparency, and what is refused."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu.datasets import bytes_to_floats, read_image

Image = pytest.importorskip("PIL.Image", reason="pictures are written and read with Pillow")


@pytest.fixture
def pixels() -> numpy.ndarray:
    return numpy.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=numpy.uint8)


def test_a_png_of_the_right_size_is_not_touched(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    assert picture.dtype == numpy.float32
    assert picture.shape == (3, 32, 32)
    numpy.testing.assert_array_equal(picture, bytes_to_floats(pixels.transpose(2, 0, 1)))


def test_gray_becomes_three_equal_channels(tmp_path, pixels):
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    for channel in picture:
        numpy.testing.assert_array_equal(channel, bytes_to_floats(pixels[:, :, 0]))


def test_sixteen_bits_of_gray_keep_their_brightness(tmp_path):
    deep = (numpy.arange(1024, dtype=numpy.uint16) * 64).reshape(32, 32)
    Image.fromarray(deep).save(tmp_path / "a.png")
    numpy.testing.assert_allclose(read_image(tmp_path / "a.png")[1], deep / 65535 * 2 - 1, atol=0.01)


def test_black_and_white_and_palettes(tmp_path, pixels):
    Image.fromarray(pixels[:, :, 0] > 127).save(tmp_path / "a.png")
    assert set(numpy.unique(read_image(tmp_path / "a.png"))) == {-1, 1}
    few = pixels // 128 * 255
    Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "b.png")
    numpy.testing.assert_array_equal(read_image(tmp_path / "b.png"), bytes_to_floats(few.transpose(2, 0, 1)))


def test_transparent_parts_are_laid_on_white(tmp_path, pixels):
    transparency = numpy.zeros((32, 32, 1), numpy.uint8)
    transparency[:16] = 255
    Image.fromarray(numpy.concatenate([pixels, transparency], axis=2)).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    numpy.testing.assert_array_equal(picture[:, :16], bytes_to_floats(pixels.transpose(2, 0, 1)[:, :16]))
    assert numpy.all(picture[:, 16:] == 1)
    palette = Image.fromarray(pixels // 128 * 255).convert("P", palette=Image.Palette.ADAPTIVE)
    palette.save(tmp_path / "b.png", transparency=palette.getpixel((0, 0)))
    assert numpy.all(read_image(tmp_path / "b.png")[:, 0, 0] == 1)


def test_other_sizes_are_scaled_by_the_shorter_side_and_cut_in_the_middle(tmp_path):
    wide = numpy.zeros((64, 128, 3), numpy.uint8)
    wide[:, 32:64, 0] = 255  # left half of the middle square: red
    wide[:, 64:96, 2] = 255  # right half: blue
    Image.fromarray(wide).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    assert picture.shape == (3, 32, 32)
    numpy.testing.assert_allclose(picture[0, :, 2:14], 1, atol=0.02)
    numpy.testing.assert_allclose(picture[2, :, 18:30], 1, atol=0.02)
    numpy.testing.assert_allclose(picture[0, :, 18:30], -1, atol=0.02)
    small = numpy.full((8, 8, 3), 200, numpy.uint8)
    Image.fromarray(small).save(tmp_path / "b.png")
    numpy.testing.assert_allclose(read_image(tmp_path / "b.png"), 200 / 127.5 - 1, atol=0.01)


def test_fine_patterns_become_gray_when_shrunk(tmp_path):
    board = (numpy.indices((128, 128)).sum(axis=0) % 2 * 255).astype(numpy.uint8)
    Image.fromarray(board).save(tmp_path / "a.png")
    numpy.testing.assert_allclose(read_image(tmp_path / "a.png")[:, 2:-2, 2:-2], 0, atol=0.05)


def test_arrays(tmp_path, pixels):
    expected = bytes_to_floats(pixels.transpose(2, 0, 1))
    for name, array in {
        "channels last": pixels,
        "channels first": pixels.transpose(2, 0, 1),
        "float32": expected,
        "float64": expected.astype(numpy.float64),
    }.items():
        numpy.save(tmp_path / "a.npy", array)
        picture = read_image(tmp_path / "a.npy")
        assert picture.dtype == numpy.float32, name
        numpy.testing.assert_array_equal(picture, expected, err_msg=name)
    numpy.save(tmp_path / "a.npy", pixels[:, :, 1])
    numpy.testing.assert_array_equal(read_image(tmp_path / "a.npy"), numpy.stack([expected[1]] * 3))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (numpy.zeros((1, 3, 32, 32)), r"got float64 \(1, 3, 32, 32\)\. Give one picture, not a batch"),
        (numpy.zeros((3, 28, 28)), r"got float64 \(3, 28, 28\)"),
        (numpy.zeros((32, 32)), r"got float64 \(32, 32\)"),
        (numpy.zeros((3, 32, 32), int), r"got int64 \(3, 32, 32\)"),
        (
            numpy.full((3, 32, 32), 255.0),
            r"in \[-1, 1\], got 255.0 to 255.0\. Bytes are brought there by x / 127.5 - 1",
        ),
        (numpy.full((3, 32, 32), numpy.nan), r"in \[-1, 1\], got nan"),
        (numpy.array([{"code": "runs"}], dtype=object), "cannot be read as NPY: Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_do_not_fit_are_said_with_the_files_name(tmp_path, array, words):
    numpy.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=words) as raised:
        read_image(tmp_path / "a.npy")
    assert str(tmp_path / "a.npy") in str(raised.value)


def test_files_that_cannot_be_read_are_said_with_their_name(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.png")
    numpy.save(tmp_path / "a.npy", pixels)
    for name in ("a.png", "a.npy"):
        whole = (tmp_path / name).read_bytes()
        for length in (0, 3, 7, len(whole) // 2):
            (tmp_path / f"cut-{name}").write_bytes(whole[:length])
            with pytest.raises(ValueError, match=f"cut-{name} cannot be read"):
                read_image(tmp_path / f"cut-{name}")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"text.png cannot be read as a picture.* Wanted a whole PNG"):
        read_image(tmp_path / "text.png")
    with pytest.raises(FileNotFoundError, match="none"):
        read_image(tmp_path / "none.png")
