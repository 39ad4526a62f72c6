"""Rows of the table: running products, medians and quantiles, sums that pass over NaN, counts."""

from __future__ import annotations

import math

from tinygrad_edu.testing.cases.table import Case, distinct, exactly, integers, nonzero, normal, rows


def _running() -> list[Case]:
    return [
        *rows("cumprod", lambda t, x: t.cumprod(x, 1), {"rows": (nonzero(2, 3),), "empty": (normal(2, 0),)}),
        *rows("cumprod", lambda t, x: t.cumprod(x, 0), {"0-d": (normal(),), "columns": (nonzero(3, 2),)}),
        *rows("cumprod", lambda t, x: t.cumprod(x, -1), {"zero": (exactly([2.0, 0.0, 3.0, 4.0]),)}),
        *rows("cumprod", lambda t, x: t.cumprod(x, 0), {"zeros": (exactly([2.0, 0.0, 0.0, 4.0]),)}),
        *rows("cumprod", lambda t, x: t.cumprod(x, 0), {"integers": (integers(5, 3),)}, orders=0),
    ]


def _passing_over() -> list[Case]:
    holes = exactly([[1.0, math.nan, 3.0], [math.nan, 5.0, 6.0]])
    return [
        *rows("nansum", lambda t, x: t.nansum(x), {"all": (holes,), "plain": (normal(3),)}),
        *rows("nansum", lambda t, x: t.nansum(x, 1, True), {"rows": (holes,)}),
        *rows("nanmean", lambda t, x: t.nanmean(x), {"all": (holes,)}),
        *rows("nanmean", lambda t, x: t.nanmean(x, 0), {"columns": (holes,)}),
        *rows("var_mean", lambda t, x: t.var_mean(x, 1), {"rows": (normal(2, 3),)}),
        *rows("std_mean", lambda t, x: t.std_mean(x, unbiased=False), {"all": (normal(2, 3),)}),
        *rows("aminmax", lambda t, x: t.aminmax(x, dim=1), {"rows": (distinct(2, 3),)}),
        *rows("aminmax", lambda t, x: t.aminmax(x), {"all": (distinct(2, 3),)}),
        *rows("count_nonzero", lambda t, x: t.count_nonzero(x, 0), {"columns": (integers(2, 3, 2),)}, orders=0),
    ]


def _ordered() -> list[Case]:
    found = []
    odd = exactly([[1.0, math.nan, 3.0], [4.0, 5.0, 6.0]])
    for interpolation in ("linear", "lower", "higher", "midpoint", "nearest"):
        found += rows(
            "quantile",
            lambda t, x, how=interpolation: t.quantile(x, 0.3, 1, interpolation=how),
            {interpolation: (distinct(2, 6),)},
        )
    return [
        *found,
        *rows(
            "quantile",
            lambda t, x: t.quantile(x, t.tensor([0.0, 0.25, 1.0], dtype=x.dtype), 0, True),
            {"several": (distinct(5, 2),)},
        ),
        *rows("quantile", lambda t, x: t.quantile(x, 0.6), {"all": (distinct(2, 3),), "nan": (odd,)}, orders=0),
        *rows("quantile", lambda t, x: t.quantile(x, 0.6, keepdim=True), {"keepdim": (distinct(2, 3),)}),
        *rows("median", lambda t, x: t.median(x), {"all": (distinct(2, 4),), "0-d": (normal(),)}),
        *rows("median", lambda t, x: t.median(x, 1).values, {"odd": (distinct(2, 3),), "even": (distinct(2, 4),)}),
        *rows("median", lambda t, x: t.median(x, 0, True).indices, {"indices": (distinct(3, 2),)}, orders=0),
        *rows("median", lambda t, x: t.median(x, 1).values, {"nan": (odd,)}, orders=0),
        *rows("kthvalue", lambda t, x: t.kthvalue(x, 2).values, {"rows": (distinct(2, 3),)}),
        *rows("kthvalue", lambda t, x: t.kthvalue(x, 3, 0, True).indices, {"indices": (distinct(3, 2),)}, orders=0),
    ]


def _counts() -> list[Case]:
    repeated = (exactly([3.0, 1.0, 3.0, 2.0, 1.0]),)
    table = (exactly([[1, 2], [0, 3], [1, 2]], "int64"),)
    return [
        *rows("unique", lambda t, x: t.unique(x), {"numbers": repeated, "integers": table}, orders=0),
        *rows(
            "unique",
            lambda t, x: t.unique(x, return_inverse=True, return_counts=True),
            {"all": repeated, "table": table},
            orders=0,
        ),
        *rows(
            "unique",
            lambda t, x: t.unique(x, return_inverse=True, return_counts=True, dim=0),
            {"rows": table},
            orders=0,
        ),
        *rows("bincount", lambda t, x: t.bincount(x, minlength=5), {"minlength": (integers(4, 6),)}, orders=0),
        *rows(
            "bincount",
            lambda t, x, w: t.bincount(x, w),
            {"weights": (integers(4, 6), normal(6))},
            orders=0,
            reference=lambda torch, x, w: torch.bincount(x, w).to(w.dtype),
        ),
        *rows(
            "histc",
            lambda t, x: t.histc(x, 4, 0.0, 1.0),
            {"range": (exactly([0.0, 0.1, 0.25, 0.99, 1.0, 1.1, -1.0]),)},
            orders=0,
        ),
        *rows(
            "histc",
            lambda t, x: t.histc(x, 3),
            {"own": (exactly([[0.0, 1.0], [2.0, 3.0]]),), "same": (exactly([2.0, 2.0]),)},
            orders=0,
        ),
    ]


CASES = [*_running(), *_passing_over(), *_ordered(), *_counts()]
