"""Orders of axes in memory: made, recognized, copied between; and the numbers stay the same."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest

from tinygrad_edu.backend.orders import arranged, copy_to, empty_in, is_innermost, order_of, ordered_like

SHAPE = (3, 4, 5, 2)
ORDERS = list(itertools.permutations(range(4)))


def lying(order: tuple[int, ...], shape: tuple[int, ...] = SHAPE) -> Any:
    """The numbers 0, 1, 2, … of an image, lying in memory in this order."""
    numbers = numpy.arange(numpy.prod(shape), dtype="float32").reshape(shape)
    return numpy.ascontiguousarray(numbers.transpose(order)).transpose(numpy.argsort(order))


@pytest.mark.parametrize("order", ORDERS)
def test_an_array_made_in_an_order_owns_its_memory_and_lies_in_it_without_gaps(order: tuple[int, ...]) -> None:
    made = empty_in(order, SHAPE, numpy.dtype("float64"))
    assert made.shape == SHAPE
    assert made.base is None
    assert made.transpose(order).flags.c_contiguous
    assert order_of(made) == order


@pytest.mark.parametrize("order", ORDERS)
def test_arranging_changes_the_memory_and_no_number(order: tuple[int, ...]) -> None:
    for start in ORDERS[::5]:
        x = lying(start)
        moved = arranged(x, order)
        numpy.testing.assert_array_equal(moved, x)
        assert moved.transpose(order).flags.c_contiguous
        assert (moved is x) == (start == order)


def test_gaps_are_closed() -> None:
    wide = lying((0, 1, 2, 3), (3, 4, 5, 4))
    assert arranged(wide[..., ::2], (0, 1, 2, 3)).flags.c_contiguous


def test_axes_of_one_element_have_no_place_of_their_own() -> None:
    for shape in itertools.product((1, 2), repeat=4):
        assert order_of(numpy.zeros(shape)) == (0, 1, 2, 3)
        made = empty_in((2, 1, 3, 0), shape, numpy.dtype("float32"))
        assert made.transpose(order_of(made)).flags.c_contiguous


def test_no_numbers_at_all() -> None:
    made = empty_in((2, 1, 3, 0), (0, 3, 4, 5), numpy.dtype("float32"))
    assert made.shape == (0, 3, 4, 5)
    assert arranged(made, (0, 1, 2, 3)).shape == (0, 3, 4, 5)


@pytest.mark.parametrize("batch", [1, 15, 16, 17, 40])
def test_many_images_are_copied_in_pieces_and_all_of_them(batch: int) -> None:
    x = lying((0, 1, 2, 3), (batch, 2, 3, 4))
    target = empty_in((2, 1, 3, 0), x.shape, x.dtype)
    copy_to(target, x)
    numpy.testing.assert_array_equal(target, x)


def test_what_is_innermost() -> None:
    x = lying((2, 1, 3, 0))
    assert [is_innermost(x, axis) for axis in range(4)] == [True, False, False, False]
    assert is_innermost(x[:, :, :1], 2)


def test_a_gradient_is_put_in_the_order_of_what_it_belongs_to() -> None:
    shape = (16, 8, 8, 8)
    g, out = lying((0, 1, 2, 3), shape), lying((2, 1, 3, 0), shape)
    moved = ordered_like(g, out)
    numpy.testing.assert_array_equal(moved, g)
    assert moved.strides == out.strides


def test_what_cannot_be_ordered_or_need_not_be_stays_as_it_is() -> None:
    few, many = lying((0, 1, 2, 3)), lying((0, 1, 2, 3), (16, 8, 8, 8))
    other = lying((2, 1, 3, 0), (16, 8, 8, 8))
    repeated = numpy.broadcast_to(numpy.float32(1), many.shape)
    for x, like in ((few, lying((2, 1, 3, 0))), (many, many.copy()), (repeated, other), (many, other[:8]), (1.0, many)):
        assert ordered_like(x, like) is x
