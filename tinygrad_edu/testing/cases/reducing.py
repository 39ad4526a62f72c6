"""Rows of the table: reductions, running sums, norms, sorting, and matrix products."""

from __future__ import annotations

import math

from tinygrad_edu.testing.cases.table import (
    Case,
    Maker,
    between,
    distinct,
    exactly,
    nonzero,
    normal,
    positive,
    rows,
    truth,
)


def _along(maker: Maker) -> dict[str, tuple[Maker, ...]]:
    """One input of shape (2, 3, 2)."""
    return {"axes": (maker,)}


def _sums() -> list[Case]:
    found = []
    for name in ("sum", "mean"):
        whole = {"all": (normal(2, 3),), "0-d": (normal(),)}
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x), whole)
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, dim=(0, -1)), {"axes": (normal(2, 3, 2),)})
        keep = {"keepdim": (normal(2, 3),), "empty": (normal(2, 0),) if name == "sum" else (normal(0, 2),)}
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, 1, True), keep)
    for name in ("var", "std"):
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x), {"all": (normal(2, 3),)})
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, dim=(0, 2)), {"axes": (normal(2, 3, 2),)})
        biased = {"biased": (normal(2, 3),)}
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, 1, unbiased=False, keepdim=True), biased)
        found += rows(
            name, lambda t, x, name=name: getattr(t, name)(x, 1, correction=2), {"correction": (normal(2, 4),)}
        )
    return [
        *found,
        *rows("sum", lambda t, x: t.sum(x), {"empty-all": (normal(0),)}),
        *rows("sum", lambda t, x: t.sum(x), {"truth": (truth(2, 3),)}, orders=0),
        *rows("cumsum", lambda t, x: t.cumsum(x, 1), {"rows": (normal(2, 3),), "empty": (normal(2, 0),)}),
        *rows("cumsum", lambda t, x: t.cumsum(x, 0), {"0-d": (normal(),), "vector": (normal(4),)}),
        *rows("prod", lambda t, x: t.prod(x), {"all": (nonzero(2, 3),), "0-d": (normal(),), "empty": (normal(0),)}),
        *rows("prod", lambda t, x: t.prod(x, 1), {"rows": (nonzero(2, 3),), "one-zero": (exactly([[2.0, 0.0, 3.0]]),)}),
        *rows("prod", lambda t, x: t.prod(x, 0, True), {"two-zeros": (exactly([[0.0], [0.0], [3.0]]),)}),
        *rows("product", lambda t, x: x.prod(-1), {"last": (nonzero(2, 2, 3),)}),
        *rows(
            "logsumexp",
            lambda t, x: t.logsumexp(x, 1),
            {"rows": (normal(2, 3),), "large": (exactly([[900.0, 899.0]]),)},
        ),
        *rows("logsumexp", lambda t, x: t.logsumexp(x, (0, 2), True), _along(normal(2, 3, 2))),
        *rows("logsumexp", lambda t, x: t.logsumexp(x, 0), {"0-d": (normal(),), "empty": (normal(2, 0),)}),
    ]


def _extremes() -> list[Case]:
    found = []
    for name in ("amax", "amin"):
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, (0, -1)), _along(distinct(2, 3, 2)))
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, 1, True), {"keepdim": (distinct(2, 3),)})
    for name in ("max", "min"):
        whole = {"all": (distinct(2, 3),), "0-d": (normal(),)}
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x), whole)
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, 1).values, {"values": (distinct(2, 3),)})
        found += rows(
            name, lambda t, x, name=name: getattr(t, name)(x, 0, True).indices, {"indices": (distinct(2, 3),)}, orders=0
        )
        pair = {"pair": (between(-1, 0, 2, 3), between(0.1, 1, 3))}
        found += rows(name, lambda t, x, y, name=name: getattr(t, name)(x, y), pair)
    for name in ("argmax", "argmin"):
        found += rows(
            name, lambda t, x, name=name: getattr(t, name)(x), {"all": (distinct(2, 3),), "0-d": (normal(),)}, orders=0
        )
        found += rows(
            name, lambda t, x, name=name: getattr(t, name)(x, 0, True), {"keepdim": (distinct(2, 3),)}, orders=0
        )
    for name in ("all", "any"):
        found += rows(
            name, lambda t, x, name=name: getattr(t, name)(x), {"all": (truth(2, 3),), "0-d": (truth(),)}, orders=0
        )
        found += rows(name, lambda t, x, name=name: getattr(t, name)(x, 1, True), {"keepdim": (truth(2, 3),)}, orders=0)
    return found


def _norms() -> list[Case]:
    return [
        *rows("euclidean", lambda t, x: t.norm(x), {"all": (normal(2, 3),)}),
        *rows("euclidean", lambda t, x: t.norm(x, 2, 1, True), {"keepdim": (normal(2, 3),)}),
        *rows("euclidean", lambda t, x: t.norm(x, dim=(0, 2)), _along(normal(2, 3, 2))),
        *rows("norm", lambda t, x: t.norm(x, 1, 1), {"one": (nonzero(2, 3),)}),
        *rows("norm", lambda t, x: t.norm(x, 3, 1), {"three": (nonzero(2, 3),)}),
        *rows("norm", lambda t, x: t.norm(x, math.inf, 1), {"infinity": (distinct(2, 3),)}),
        *rows("norm", lambda t, x: t.norm(x, -math.inf), {"least": (positive(1),)}),
        *rows("norm", lambda t, x: t.norm(x, 0, 1), {"zero": (exactly([[0.0, 2.0], [1.0, 3.0]]),)}, orders=0),
        *rows("norm", lambda t, x: t.norm(x, "fro"), {"fro": (normal(2, 3),)}),
    ]


def _sorting() -> list[Case]:
    found = []
    for name in ("sort", "topk"):
        extra = (2,) if name == "topk" else ()
        for which in ("values", "indices"):
            orders = 2 if which == "values" else 0
            found += rows(
                name,
                lambda t, x, name=name, which=which, extra=extra: getattr(getattr(t, name)(x, *extra), which),
                {which: (distinct(2, 3),)},
                orders=orders,
            )
    return [
        *found,
        *rows("sort", lambda t, x: t.sort(x, 0, descending=True).values, {"descending": (distinct(4, 2),)}),
        *rows("sort", lambda t, x: t.sort(x).values, {"0-d": (normal(),), "empty": (normal(0),)}),
        *rows("topk", lambda t, x: t.topk(x, 2, 0, largest=False).values, {"smallest": (distinct(4, 2),)}),
        *rows("argsort", lambda t, x: t.argsort(x, 0), {"columns": (distinct(4, 2),)}, orders=0),
        *rows(
            "argsort",
            lambda t, x: t.argsort(x, descending=True, stable=True),
            {"stable": (exactly([1.0, 2.0, 1.0, 2.0]),)},
            orders=0,
        ),
    ]


def _matmuls() -> list[Case]:
    shapes = {
        "matrices": ((2, 3), (3, 4)),
        "matrix-vector": ((2, 3), (3,)),
        "vector-matrix": ((3,), (3, 2)),
        "vectors": ((3,), (3,)),
        "batches": ((2, 2, 3), (2, 3, 2)),
        "batch-matrix": ((2, 2, 3), (3, 2)),
        "matrix-batch": ((2, 3), (2, 3, 2)),
        "batch-vector": ((2, 2, 3), (3,)),
        "vector-batch": ((3,), (2, 3, 2)),
        "broadcast": ((2, 1, 2, 3), (1, 2, 3, 2)),
        "size-1-batch": ((1, 2, 3), (2, 3, 2)),
        "empty-inside": ((2, 0), (0, 3)),
        "empty": ((0, 3), (3, 2)),
    }
    pairs = {name: (normal(*first), normal(*second)) for name, (first, second) in shapes.items()}
    return [
        *rows("matmul", lambda t, x, y: t.matmul(x, y), pairs),
        *rows("matmul", lambda t, x: x @ x, {"twice": (normal(2, 2),)}),
    ]


def _products() -> list[Case]:
    return [
        *rows("mm", lambda t, x, y: t.mm(x, y), {"matrices": (normal(2, 3), normal(3, 2))}),
        *rows("bmm", lambda t, x, y: t.bmm(x, y), {"batches": (normal(2, 2, 3), normal(2, 3, 2))}),
        *rows("dot", lambda t, x, y: t.dot(x, y), {"vectors": (normal(3), normal(3)), "empty": (normal(0), normal(0))}),
        *rows("outer", lambda t, x, y: t.outer(x, y), {"vectors": (normal(3), normal(2))}),
        *rows("addmm", lambda t, b, x, y: t.addmm(b, x, y), {"bias": (normal(2), normal(3, 2), normal(2, 2))}),
        *rows(
            "addmm",
            lambda t, b, x, y: t.addmm(b, x, y, beta=0.5, alpha=2),
            {"scaled": (normal(3, 2), normal(3, 2), normal(2, 2))},
        ),
        *rows(
            "linear",
            lambda t, x, w, b: t.nn.functional.linear(x, w, b),
            {
                "matrix": (normal(4, 3), normal(2, 3), normal(2)),
                "vector": (normal(3), normal(2, 3), normal(2)),
                "batch": (normal(2, 2, 3), normal(2, 3), normal(2)),
                "empty": (normal(0, 3), normal(2, 3), normal(2)),
            },
        ),
        *rows("linear", lambda t, x, w: t.nn.functional.linear(x, w), {"no-bias": (normal(4, 3), normal(2, 3))}),
    ]


def _einsums() -> list[Case]:
    equations = {
        "product": ("ij,jk->ik", (2, 3), (3, 2)),
        "implicit": ("ij,jk", (2, 3), (3, 2)),
        "inner": ("i,i->", (3,), (3,)),
        "outer": ("i,j->ij", (3,), (2,)),
        "trace": ("ii->", (3, 3)),
        "diagonal": ("ii->i", (3, 3)),
        "transpose": ("ij->ji", (2, 3)),
        "sum": ("ij->j", (2, 3)),
        "batch": ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        "dots": ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
        "three": ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
        "bilinear": ("bi,oij,bj->bo", (2, 2), (3, 2, 2), (2, 2)),
        "attention": ("bhqd,bhkd->bhqk", (1, 2, 2, 3), (1, 2, 2, 3)),
    }
    found = []
    for name, (equation, *shapes) in equations.items():
        makers = tuple(normal(*shape) for shape in shapes)
        found += rows("einsum", lambda t, *xs, equation=equation: t.einsum(equation, *xs), {name: makers})
    return found


CASES = [*_sums(), *_extremes(), *_norms(), *_sorting(), *_matmuls(), *_products(), *_einsums()]
