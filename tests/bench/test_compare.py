"""Libraries in turns, each in its process; what is printed of it."""

from __future__ import annotations

import importlib
import io
import json
from typing import Any, ClassVar

import pytest

import tinygrad_edu
from tinygrad_edu.bench import compare, table, worker
from tinygrad_edu.bench.compare import OURS, Result, environment
from tinygrad_edu.bench.workloads import WORKLOADS
from tinygrad_edu.cli import main

COMPARING = importlib.import_module("tinygrad_edu.bench.compare")  # in its package the function has taken the name
pytest.importorskip("threadpoolctl", reason="says which linear algebra is measured")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "WARM_UP", 0.0)
    monkeypatch.setattr(COMPARING, "TURN", 0.0)


def conversation(*orders: str, library: str = OURS) -> list[Any]:
    answers = io.StringIO()
    worker.serve(library, io.StringIO("".join(f"{order}\n" for order in orders)), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


@pytest.mark.parametrize("workload", [name for name in WORKLOADS if name not in ("cnn128", "gpt", "adam", "chain")])
def test_a_worker_answers_each_order_with_one_line(workload: str) -> None:
    about, prepared, times = conversation(workload, "2")
    assert about["library"] == OURS
    assert {pool["internal_api"] for pool in about["pools"]} <= {"openblas", "mkl", "blis", "accelerate"}
    assert 0 < prepared["step"] < 100
    assert prepared["memory_before"] <= prepared["memory_peak"]
    assert len(times) == 2
    assert all(seconds > 0 for seconds in times)


def test_a_worker_says_what_a_library_lacks() -> None:
    pytest.importorskip("mygrad", reason="the peer to measure against")
    about, rnn, _, times = conversation("rnn", "mlp", "1", library="mygrad")
    assert about["version"]
    assert rnn is None
    assert len(times) == 1


def test_a_workload_begins_the_same_each_time() -> None:
    prepare = worker.preparations(OURS, tinygrad_edu)["mlp"]
    assert prepare()().item() == prepare()().item()


class Fake:
    """A library at work, in no process: its steps take what `seconds` says, one after the other."""

    seconds: ClassVar[dict[str, list[float]]] = {}
    orders: ClassVar[list[tuple[str, object]]] = []

    def __init__(self, library: str, _: Any) -> None:
        self.library, self.about = library, {"version": "1", "pools": []}

    def ask(self, order: object) -> Any:
        Fake.orders.append((self.library, order))
        times = Fake.seconds[self.library]
        if isinstance(order, int):
            return [times.pop(0)]
        return {"step": 1.0, "memory_before": 1, "memory_peak": 2 * 2**20} if times else None

    def __exit__(self, *_: object) -> None:
        Fake.orders.append((self.library, "end"))


def fake(monkeypatch: pytest.MonkeyPatch, **seconds: list[float]) -> Result:
    monkeypatch.setattr(COMPARING, "Process", Fake)
    Fake.seconds, Fake.orders = seconds, []
    return compare("lstm", list(seconds), 3, {})


def test_medians_and_ratios_are_of_the_same_round(monkeypatch: pytest.MonkeyPatch) -> None:
    result = fake(monkeypatch, tinygrad_edu=[1.0, 20.0, 3.0], torch=[2.0, 10.0, 4.0], mygrad=[])
    assert result.seconds == {"tinygrad_edu": 3.0, "torch": 4.0}
    assert result.ratio == {"torch": 0.75}
    assert result.spread == {"torch": (0.5, 2.0)}
    turns = [library for library, order in Fake.orders if order == 1]
    assert turns == ["torch", "tinygrad_edu", "tinygrad_edu", "torch", "torch", "tinygrad_edu"]
    assert [library for library, order in Fake.orders if order == "end"] == ["tinygrad_edu", "torch", "mygrad"]


def test_the_table_has_a_dash_where_a_library_lacks_the_workload(monkeypatch: pytest.MonkeyPatch) -> None:
    result = fake(monkeypatch, tinygrad_edu=[1.0, 1.0, 1.0], torch=[2.0, 2.0, 2.0], mygrad=[])
    libraries = ["tinygrad_edu", "torch", "mygrad"]
    cells = table.row(result, libraries).removeprefix(WORKLOADS["lstm"].title).split()
    expected = ["1000.000", "2000.000", "-", "0.50", "(0.50-0.50)", "-", "1.90", "1.40", "2", "2", "-", "moonshot"]
    assert cells == expected
    heading = table.heading(libraries)
    assert heading.split()[1:7] == ["ours", "ms", "torch", "ms", "mygrad", "ms"]
    assert len(heading) == len(table.row(result, libraries).removesuffix("  moonshot"))


def test_the_summary_names_the_fastest_peer_over_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    result = fake(monkeypatch, tinygrad_edu=[1.0] * 3, torch=[2.0] * 3, mygrad=[5.0] * 3, autograd=[4.5] * 3)
    assert table.summary([result]) == [
        "0.50 of torch's time (median over 1 workloads)",
        "0.20 of mygrad's time (median over 1 workloads)",
        "0.22 of autograd's time (median over 1 workloads)",
        "1 of 1 goals met",
        "lstm: 4.5 times as fast as autograd (goal: 4)",
    ]
    assert table.summary([]) == []
    assert json.loads(table.as_json([result]))[0]["goal"] == WORKLOADS["lstm"].goal


def test_what_is_measured_with(monkeypatch: pytest.MonkeyPatch) -> None:
    result = Result("mlp")
    pool = {"internal_api": "openblas", "version": "0.3", "architecture": "Zen", "num_threads": 2}
    result.about = {OURS: {"version": "1.0", "pools": [pool]}}
    monkeypatch.setattr("os.getloadavg", lambda: (0.25, 0, 0))
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert table.machine(result) == ["tinygrad_edu 1.0: openblas 0.3 for Zen, 2 threads", "load 0.2 on 4 cores"]


def test_threads_and_kernel_of_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert environment(1, False)["OMP_NUM_THREADS"] == "1"
    assert environment(1, False)["OPENBLAS_CORETYPE"] == "Haswell"
    assert "OPENBLAS_CORETYPE" not in environment(None, True)
    assert "OMP_NUM_THREADS" not in environment(None, True)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "small", "--rounds", "1", "--threads", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    (row,) = json.loads(out)
    assert row["workload"] == "small"
    assert 0 < row["seconds"][OURS] < 1
    assert "peak MiB" in err


def test_growth_is_one_of_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("tinygrad_edu.cli.bench.run_growth", lambda: asked.append("growth"))
    monkeypatch.setattr("tinygrad_edu.cli.bench.run_workloads", lambda names, *_: asked.extend(names))
    assert main(["bench", "growth"]) == 0
    assert asked == ["growth"]
    assert main(["bench"]) == 0
    assert asked[1:] == list(WORKLOADS)


def test_a_peer_that_is_not_installed_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(COMPARING, "Process", Fake)
    Fake.seconds = {OURS: [1.0]}
    assert main(["bench", "mlp", "--rounds", "1", "--against", "mygrad"]) == 0
    assert "mygrad is not installed, so it is left out: pip install mygrad" in capsys.readouterr().out
