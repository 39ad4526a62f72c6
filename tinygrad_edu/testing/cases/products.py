"""Rows of the table: diagonals, products of tensors, norms and distances."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.testing.cases.table import Case, distinct, exactly, nonzero, normal, rows


def _diagonals() -> list[Case]:
    found = []
    for offset in (0, 1, -2):
        found += rows(
            "diag",
            lambda t, x, k=offset: t.diag(x, k),
            {f"vector{offset:+}": (normal(2),), f"matrix{offset:+}": (normal(3, 4),)},
        )
        found += rows("diag_embed", lambda t, x, k=offset: t.diag_embed(x, k), {f"batch{offset:+}": (normal(2, 3),)})
    return [
        *found,
        *rows("diag_embed", lambda t, x: t.diag_embed(x, 1, 0, 2), {"dims": (normal(2, 3),)}),
        *rows("diagflat", lambda t, x: t.diagflat(x), {"matrix": (normal(2, 2),)}),
        *rows("trace", lambda t, x: t.trace(x), {"wide": (normal(2, 3),)}),
        *rows("diagonal", lambda t, x: t.diagonal(x, -1, 0, 2), {"batch": (normal(3, 2, 3),)}),
    ]


def _products() -> list[Case]:
    return [
        *rows("mv", lambda t, x, y: t.mv(x, y), {"plain": (normal(2, 3), normal(3))}),
        *rows("vdot", lambda t, x, y: t.vdot(x, y), {"plain": (normal(3), normal(3))}),
        *rows(
            "inner",
            lambda t, x, y: t.inner(x, y),
            {"vectors": (normal(3), normal(3)), "matrices": (normal(2, 3), normal(4, 3)), "0-d": (normal(), normal(2))},
        ),
        *rows("tensordot", lambda t, x, y: t.tensordot(x, y), {"two": (normal(2, 3, 2), normal(3, 2))}),
        *rows("tensordot", lambda t, x, y: t.tensordot(x, y, 0), {"none": (normal(2), normal(3))}),
        *rows(
            "tensordot", lambda t, x, y: t.tensordot(x, y, ([0, 2], [1, 0])), {"pairs": (normal(2, 3, 4), normal(4, 2))}
        ),
        *rows(
            "baddbmm",
            lambda t, b, x, y: t.baddbmm(b, x, y, beta=0.5, alpha=2),
            {"scaled": (normal(2, 1, 2), normal(2, 2, 3), normal(2, 3, 2))},
        ),
        *rows(
            "addbmm", lambda t, b, x, y: t.addbmm(b, x, y), {"plain": (normal(2, 2), normal(2, 2, 3), normal(2, 3, 2))}
        ),
        *rows("addmv", lambda t, b, x, y: t.addmv(b, x, y, alpha=2), {"scaled": (normal(2), normal(2, 3), normal(3))}),
        *rows("addr", lambda t, b, x, y: t.addr(b, x, y, beta=3), {"scaled": (normal(2, 3), normal(2), normal(3))}),
        *rows("matrix_power", lambda t, x: t.matrix_power(x, 5), {"fifth": (nonzero(2, 2),)}),
        *rows("matrix_power", lambda t, x: t.matrix_power(x, 0), {"zeroth": (normal(2, 2, 2),)}, orders=-1),
        *rows(
            "kron",
            lambda t, x, y: t.kron(x, y),
            {"matrices": (normal(2, 2), normal(1, 3)), "vector": (normal(2, 2), normal(2))},
        ),
        *rows("cross", lambda t, x, y: t.linalg.cross(x, y), {"rows": (normal(2, 3), normal(2, 3))}),
        *rows("cross", lambda t, x, y: t.cross(x, y, 0), {"columns": (normal(3, 2), normal(3, 2))}),
    ]


def _norms() -> list[Case]:
    return [
        *rows(
            "cdist",
            lambda t, x, y: t.cdist(x, y),
            {"pairs": (normal(2, 3), normal(4, 3)), "batch": (normal(2, 1, 2), normal(2, 2, 2))},
            reference=_torch_cdist,
        ),
        *rows("cdist", lambda t, x, y: t.cdist(x, y, 1.0), {"one": (exactly([[0.0, 5.0]]), normal(3, 2))}, orders=1),
        *rows("dist", lambda t, x, y: t.dist(x, y, 3), {"three": (normal(3), normal(3))}),
        *rows("vector_norm", lambda t, x: t.linalg.vector_norm(x, 3, (0, 1)), {"axes": (nonzero(2, 2),)}),
        *rows("matrix_norm", lambda t, x: t.linalg.matrix_norm(x), {"fro": (normal(2, 2, 3),)}),
        *rows("matrix_norm", lambda t, x: t.linalg.matrix_norm(x, 1), {"one": (distinct(2, 3),)}),
        *rows(
            "matrix_norm",
            lambda t, x: t.linalg.matrix_norm(x, -math.inf, (2, 0), True),
            {"least": (distinct(2, 2, 3),)},
        ),
        *rows("linalg.norm", lambda t, x: t.linalg.norm(x), {"all": (normal(2, 3),)}),
        *rows("linalg.norm", lambda t, x: t.linalg.norm(x, math.inf), {"rows": (distinct(2, 3),)}),
        *rows("linalg.norm", lambda t, x: t.linalg.norm(x, 1, -1, True), {"vectors": (nonzero(2, 3),)}),
        *rows("vecdot", lambda t, x, y: t.linalg.vecdot(x, y), {"rows": (normal(2, 3), normal(2, 3))}),
    ]


def _torch_cdist(torch: Any, x: Any, y: Any) -> Any:
    """PyTorch's cdist cannot be differentiated twice."""
    return torch.linalg.vector_norm(x.unsqueeze(-2) - y.unsqueeze(-3), dim=-1)


CASES = [*_diagonals(), *_products(), *_norms()]
