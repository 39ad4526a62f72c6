"""Every row of the table of optimizers and schedules beside PyTorch: from committed answers, and live where it is."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import optim
from tinygrad_edu.optim import lr_scheduler

_spec = importlib.util.spec_from_file_location("optim_parity", Path(__file__).with_name("parity.py"))
parity = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(parity)

COMMITTED = parity.committed()
OPTIMIZERS, SCHEDULES = parity.table.OPTIMIZERS, parity.table.SCHEDULES


def test_every_row_has_its_committed_answer():
    rows = [case.id for case in (*OPTIMIZERS, *SCHEDULES)]
    assert list(COMMITTED) == rows, "run `python tests/optim/parity.py`, with PyTorch installed"
    assert len(rows) == len(set(rows))


def test_every_optimizer_and_schedule_has_rows():
    kinds = {name for name in optim.__all__ if isinstance(getattr(optim, name), type)} - {"Optimizer"}
    assert kinds == {case.name for case in OPTIMIZERS}
    assert {*lr_scheduler.__all__, "SWALR"} - {"LRScheduler"} == {case.name for case in SCHEDULES}


@pytest.mark.parametrize("name", sorted({case.name for case in OPTIMIZERS}))
def test_every_option_of_an_optimizer_is_in_some_row(name):
    """Seen from what the rows make: each setting has another value than its default in at least one of them."""
    differing = set()
    for case in OPTIMIZERS:
        if case.name == name:
            weights = [tinygrad_edu.nn.Parameter(tinygrad_edu.zeros(*shape)) for shape in parity.SHAPES]
            optimizer = case.make(optim, weights)
            defaults = {key: p.default for key, p in inspect.signature(getattr(optim, name)).parameters.items()}
            for group in optimizer.param_groups:
                differing |= {key for key, value in defaults.items() if key != "params" and group[key] != value}
    assert differing == set(inspect.signature(getattr(optim, name)).parameters) - {"params"}


@pytest.mark.parametrize("case", OPTIMIZERS, ids=lambda case: case.id)
def test_an_optimizer_leads_where_pytorchs_did(case):
    found = parity.optimized(case, tinygrad_edu)
    numpy.testing.assert_allclose(found, COMMITTED[case.id], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", SCHEDULES, ids=lambda case: case.id)
def test_a_schedule_has_pytorchs_rates_and_momenta(case):
    found = parity.scheduled(case, tinygrad_edu)
    numpy.testing.assert_allclose(found, COMMITTED[case.id], rtol=1e-12, atol=1e-15)


def test_committed_answers_are_still_pytorchs():
    pytest.importorskip("torch", reason="PyTorch is the oracle here")
    wanted = parity.pytorchs()
    for name, answer in COMMITTED.items():
        numpy.testing.assert_allclose(answer, wanted[name], rtol=1e-12, atol=1e-15, err_msg=name)
