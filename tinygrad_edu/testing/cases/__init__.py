"""The one table of op cases: every primitive and every public op, on every kind of input that has broken one somewhere.

For: the tests against PyTorch, the tests against finite differences, on every device; `tinygrad-edu gradcheck`; and
whoever writes an op, who adds its rows here and gets all of these. Not for: layers, which are in `testing.layers`.

A row's `orders` says how many derivatives finite differences can confirm: 2 nearly always, 0 where no gradient flows
(comparisons, indices), -1 where a gradient is defined by convention (at ties and kinks) and PyTorch alone is the judge.
"""

from __future__ import annotations

from tinygrad_edu.testing.cases import (
    elementary,
    elementwise,
    joining,
    networks,
    placing,
    products,
    recurrent,
    reducing,
    shaping,
    statistics,
)
from tinygrad_edu.testing.cases.table import Case

CASES: list[Case] = [
    *elementwise.CASES,
    *elementary.CASES,
    *reducing.CASES,
    *statistics.CASES,
    *shaping.CASES,
    *placing.CASES,
    *joining.CASES,
    *products.CASES,
    *networks.CASES,
    *recurrent.CASES,
]

__all__ = ["CASES", "Case"]
