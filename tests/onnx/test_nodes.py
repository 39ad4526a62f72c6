"""The node tests that ship inside the `onnx` package: each that asks for an operator of ours gets the right answer."""

from __future__ import annotations

import collections
import importlib.util
import textwrap
from pathlib import Path
from typing import Any

import numpy
import pytest

pytest.importorskip("onnx", minversion="1.22", reason="the package brings the cases; older ones had wrong answers")
pytestmark = pytest.mark.slow  # the package takes ten seconds to make its cases


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"onnx_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


adapter, reasons = load("adapter"), load("left_out")
REASONS = reasons.REASONS
FAMILIES = ("elementwise", "shapes", "reductions", "windows", "networks")
TABLE = {name: function for family in FAMILIES for name, function in load(family).OPERATORS.items()}


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    return adapter.cases()


def operators_of(case: Any) -> set[str]:
    return {node.op_type for node in case.model.graph.node}


def test_every_operator_is_mapped_or_left_out_with_a_reason(cases: list[Any]) -> None:
    asked = set().union(*map(operators_of, cases))
    assert sorted(asked - set(TABLE) - set(REASONS)) == []
    assert sorted(set(TABLE) & set(REASONS)) == []
    assert all(reason.strip() for reason in REASONS.values())


def summary(total: int, failed: int, operators: int, left_out: dict[str, collections.Counter[str]]) -> str:
    """How many of how many, and each reason with what it leaves out: whole operators with capitals, single cases."""
    number = sum(names.total() for names in left_out.values())
    lines = [
        f"ONNX node tests: {total - number - failed} of {total - number} pass, in {operators} operators; {number} are "
        "left out:"
    ]
    for reason, names in sorted(left_out.items(), key=lambda item: -item[1].total()):
        listed = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(names.items()))
        lines.append(f"{names.total():5} {reason}:")
        lines += textwrap.wrap(listed, 118, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines)


def test_every_case_of_a_mapped_operator_passes(cases: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    failures, passed = {}, set()
    left_out: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for case in cases:
        try:
            with numpy.errstate(all="ignore"):
                adapter.run(case, TABLE, REASONS)
            passed |= operators_of(case)
        except adapter.LeftOut as reason:
            left_out[str(reason)][reason.operator or case.name.removeprefix("test_")] += 1
        except Exception as error:  # all failures at once are a better message than the first
            failures[case.name] = f"{type(error).__name__}: {str(error).strip()[:300]}"
    with capsys.disabled():
        print(f"\n{summary(len(cases), len(failures), len(passed), left_out)}")
    assert failures == {}
    assert set(left_out) - set(REASONS.values()) - reasons.CASE_REASONS == set()
    asked = set().union(*map(operators_of, cases))  # an older package has not all of today's operators
    assert sorted(asked & set(TABLE) - passed) == [], "mapped, but no case of it was run"


def test_a_wrong_answer_is_noticed(cases: list[Any]) -> None:
    (case,) = (case for case in cases if case.name == "test_add")
    adapter.run(case, TABLE, REASONS)
    for wrong in (TABLE["Sub"], lambda x, y: (x + y).double(), lambda x, y: (x + y)[:1], lambda x, y: x + y * 1.01):
        with pytest.raises(AssertionError):
            adapter.run(case, {**TABLE, "Add": wrong}, REASONS)
    with pytest.raises(adapter.LeftOut, match="nobody wrote it"):
        adapter.run(case, {}, {"Add": "nobody wrote it"})
    with pytest.raises(KeyError):
        adapter.run(case, {}, {})
