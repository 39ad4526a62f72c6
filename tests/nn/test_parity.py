"""Every row of the table of layers beside PyTorch: from committed answers, and live where PyTorch is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tinygrad_edu import nn
from tinygrad_edu.testing.layers import FAMILIES, LAYERS, LayerCase

_spec = importlib.util.spec_from_file_location("parity", Path(__file__).with_name("parity.py"))
parity = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(parity)

COMMITTED = {row: answers for family in FAMILIES for row, answers in parity.read(family).items()}


def test_every_row_has_its_committed_answer() -> None:
    assert list(COMMITTED) == [case.id for case in LAYERS], "run `python tests/nn/parity.py`, with PyTorch installed"


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case.id)
def test_a_layer_answers_as_pytorch_did(case: LayerCase) -> None:
    known = COMMITTED[case.id]
    got = parity.our_answer(case, known["state"], list(known["input"].values()))
    parity.compare(got, known["answer"], case.tolerance)


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case.id)
def test_a_layer_answers_and_prints_as_pytorch_does(case: LayerCase) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    state, arrays, wanted = parity.pytorchs_answer(case, torch, seed=1)
    parity.compare(parity.our_answer(case, state, arrays), wanted, case.tolerance)
    if isinstance(case.make(nn), nn.Module):
        theirs = repr(case.make(torch.nn)).replace("NonDynamicallyQuantizableLinear", "Linear")  # in its quantization
        assert repr(case.make(nn)) == theirs


@pytest.mark.parametrize("family", FAMILIES)
def test_committed_answers_are_still_pytorchs(family: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for case in FAMILIES[family]:
        _, _, wanted = parity.pytorchs_answer(case, torch, seed=0)
        parity.compare(COMMITTED[case.id]["answer"], wanted)
