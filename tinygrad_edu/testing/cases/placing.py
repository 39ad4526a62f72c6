"""Rows of the table: elements read and written by tensors of positions."""

from __future__ import annotations

from tinygrad_edu.testing.cases.table import Case, Maker, distinct, exactly, integers, normal, rows, truth


def between_distinct(*shape: int) -> Maker:
    """Numbers none of which is near one of `distinct`."""
    return lambda rng: distinct(*shape)(rng) + 0.1


def _reading() -> list[Case]:
    order = exactly([[1, 0], [0, 0], [1, 1]], "int64")
    return [
        *rows("select", lambda t, x: t.select(x, 1, -1), {"last": (normal(2, 3),)}),
        *rows("take", lambda t, x, i: t.take(x, i), {"matrix": (normal(2, 3), exactly([[5, 0], [-1, 0]], "int64"))}),
        *rows("take_along_dim", lambda t, x, i: t.take_along_dim(x, i, 1), {"rows": (normal(3, 2), order)}),
        *rows("take_along_dim", lambda t, x, i: t.take_along_dim(x, i, 0), {"broadcast": (normal(3, 1), order)}),
        *rows("take_along_dim", lambda t, x, i: t.take_along_dim(x, i), {"flat": (normal(3, 2), order)}),
        *rows("masked_select", lambda t, x, m: t.masked_select(x, m), {"broadcast": (normal(2, 3), truth(3))}),
        *rows("nonzero", lambda t, x: t.nonzero(x), {"matrix": (integers(2, 3, 2),), "0-d": (normal(),)}, orders=0),
        *rows("nonzero", lambda t, x: t.nonzero(x, as_tuple=True), {"tuple": (integers(2, 3, 2),)}, orders=0),
        *rows("argwhere", lambda t, x: t.argwhere(x), {"matrix": (integers(2, 3, 2),)}, orders=0),
        *rows(
            "repeat_interleave", lambda t, x, n: t.repeat_interleave(x, n, 0), {"each": (normal(3, 2), integers(3, 3))}
        ),
        *rows(
            "repeat_interleave", lambda t, x: t.repeat_interleave(x, 2), {"flat": (normal(2, 2),), "0-d": (normal(),)}
        ),
        *rows("tile", lambda t, x: t.tile(x, (2,)), {"last": (normal(2, 3),)}),
        *rows("tile", lambda t, x: t.tile(x, (2, 1, 2)), {"new-axis": (normal(2, 3),)}),
        *rows("ravel", lambda t, x: t.ravel(x), {"matrix": (normal(2, 3),), "0-d": (normal(),)}),
    ]


def _reducing() -> list[Case]:
    twice = exactly([[2, 0], [2, 2]], "int64")
    found = []
    for reduce in ("sum", "mean", "amax", "amin"):
        for own in (True, False):
            found += rows(
                "scatter_reduce",
                lambda t, x, i, y, how=reduce, own=own: t.scatter_reduce(x, 0, i, y, how, include_self=own),
                {f"{reduce}-{'with' if own else 'without'}-self": (distinct(3, 2), twice, between_distinct(2, 2))},
            )
    return [
        *found,
        *rows(
            "scatter_reduce",
            lambda t, x, i, y: t.scatter_reduce(x, 0, i, y, "amax"),
            {"tie": (exactly([1.0, 5.0]), exactly([0, 0, 1], "int64"), exactly([1.0, 1.0, 2.0]))},
            orders=-1,
        ),
        *rows(
            "scatter_reduce",
            lambda t, x, i, y: t.scatter_reduce(x, 0, i, y, "amin", include_self=False),
            {"integers": (integers(9, 3), exactly([0, 0], "int64"), integers(9, 2))},
            orders=0,
        ),
        *rows(
            "extreme_at",
            lambda t, x, i, y: t.scatter_reduce(x, 1, i, y, "amin"),
            {"columns": (distinct(2, 3), exactly([[0, 0], [2, 1]], "int64"), between_distinct(2, 2))},
        ),
    ]


def _replacing() -> list[Case]:
    once, places = exactly([[2, 0], [0, 1]], "int64"), exactly([2, 0], "int64")
    return [
        *rows("scatter", lambda t, x, i, y: t.scatter(x, 0, i, y), {"source": (normal(3, 2), once, normal(2, 2))}),
        *rows("scatter", lambda t, x, i, y: t.scatter(x, 0, i, y), {"0-d": (normal(), exactly(0, "int64"), normal())}),
        *rows("scatter", lambda t, x, i: t.scatter(x, 1, i, 7.0), {"number": (normal(2, 3), once)}),
        *rows("scatter", lambda t, x, i: t.scatter(x, 1, i, value=7), {"value": (normal(2, 3), once)}),
        *rows(
            "index_add",
            lambda t, x, i, y: t.index_add(x, 1, i, y, alpha=0.5),
            {"repeated": (normal(2, 3), exactly([1, 1], "int64"), normal(2, 2))},
        ),
        *rows(
            "index_copy", lambda t, x, i, y: t.index_copy(x, 0, i, y), {"rows": (normal(3, 2), places, normal(2, 2))}
        ),
        *rows("index_fill", lambda t, x, i: t.index_fill(x, -1, i, 7.0), {"columns": (normal(2, 3), places)}),
    ]


CASES = [*_reading(), *_reducing(), *_replacing()]
