"""Rows of the table: several tensors side by side, in blocks, in one shape."""

from __future__ import annotations

from tinygrad_edu.testing.cases.table import Case, normal, rows


def _joining() -> list[Case]:
    mixed = (normal(2), normal(), normal(3, 2))
    matrices = (normal(2, 3), normal(2, 3))
    vectors = (normal(2), normal(2))
    found = []
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        found += rows(name, lambda t, *xs, name=name: getattr(t, name)(xs), {"matrices": matrices, "vectors": vectors})
    return [
        *found,
        *rows("hstack", lambda t, x: t.hstack([x]), {"single": (normal(2, 3),)}),
        *rows("concat", lambda t, *xs: t.concat(xs), {"matrices": matrices}),
        *rows("atleast_1d", lambda t, *xs: t.atleast_1d(*xs), {"mixed": mixed}),
        *rows("atleast_2d", lambda t, *xs: t.atleast_2d(xs), {"mixed": mixed}),
        *rows("atleast_3d", lambda t, *xs: t.atleast_3d(*xs), {"mixed": mixed}),
        *rows("broadcast_tensors", lambda t, *xs: t.broadcast_tensors(*xs), {"mixed": mixed}),
        *rows("block_diag", lambda t, *xs: t.block_diag(*xs), {"mixed": mixed}),
        *rows("meshgrid", lambda t, *xs: t.meshgrid(*xs, indexing="ij"), {"ij": (normal(2), normal(3), normal())}),
        *rows("meshgrid", lambda t, *xs: t.meshgrid(xs, indexing="xy"), {"xy": (normal(2), normal(3), normal(2))}),
        *rows(
            "cartesian_prod", lambda t, *xs: t.cartesian_prod(*xs), {"two": (normal(2), normal(3)), "one": (normal(2),)}
        ),
        *rows("tensor_split", lambda t, x: t.tensor_split(x, 3, 1), {"sections": (normal(2, 5),)}),
        *rows("tensor_split", lambda t, x: t.tensor_split(x, (1, 1, -1, 7)), {"cuts": (normal(5),)}),
    ]


CASES = _joining()
