"""`tinygrad-edu bench overhead`: prints and returns times of both libraries, and names what is not installed."""

from __future__ import annotations

import importlib.util
import json

import pytest

from tinygrad_edu.bench.overhead import ALONE, OPERATIONS, WHOLE, Library, run_overhead
from tinygrad_edu.cli import main
from tinygrad_edu.testing import assert_close


def test_json(capsys):
    assert main(["bench", "overhead", "--rounds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["operation"] for row in found["rows"]] == [*OPERATIONS, WHOLE]
    for row in found["rows"]:
        assert all(0 < row[kind]["tinygrad_edu"] < 1e6 for kind in ("forward", "forward_backward"))


def test_the_table_has_a_ratio_for_each_operation(capsys):
    pytest.importorskip("torch", reason="the peer to measure against")
    rows = run_overhead(["torch"], 1, False)
    lines = capsys.readouterr().out.splitlines()
    for row, line in zip(rows, lines[3:], strict=False):
        alone, *cells = line.removeprefix(row["operation"]).split()
        if "numpy_alone" in row:
            assert float(alone) == pytest.approx(row["numpy_alone"], abs=0.01)
        else:
            cells.insert(0, alone)
        ours, theirs, ratio = cells[:3]
        assert float(ours) == pytest.approx(row["forward"]["tinygrad_edu"], abs=0.01)
        assert float(theirs) == pytest.approx(row["forward"]["torch"], abs=0.01)
        assert float(ratio) == pytest.approx(row["forward"]["tinygrad_edu"] / row["forward"]["torch"], abs=0.01)
    assert "of torch's time" in lines[-1]


def test_what_numpy_alone_computes_is_the_same_operation():
    library = Library("tinygrad_edu")
    assert list(ALONE) == list(OPERATIONS)
    for name, operation in OPERATIONS.items():
        bare = ALONE[name](library.x.numpy(), library.a.numpy(), library.m.numpy())
        assert_close(operation(library.module, library.x, library.a, library.m), bare)


def test_a_peer_that_is_not_installed_is_named(capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    run_overhead(["torch"], 1, False)
    assert "torch is not installed, so it is left out" in capsys.readouterr().out


def test_the_operations_stay_finite_over_the_whole_chain():
    library = Library("tinygrad_edu")
    for name, operation in OPERATIONS.items():
        x = library.x
        for _ in range(100):
            x = operation(library.module, x, library.a, library.m)
        assert x.isfinite().all(), name
        assert x.shape == (10,), name


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["speed"], "wanted a workload out of mlp, cnn4, cnn32"),
        (["--against", "jax"], "wanted --against torch or mygrad or autograd, got jax"),
        (["--rounds", "0"], "wanted --rounds of 1 or more"),
    ],
)
def test_what_cannot_be_done(capsys, arguments, sentence):
    assert main(["bench", *arguments]) == 2
    assert sentence in capsys.readouterr().err
