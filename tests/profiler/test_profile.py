"""`with profile() as p:` what is counted, to whom it is attributed, and that nothing is left of it afterwards."""

from __future__ import annotations

import copy
import sys
import threading
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.autograd import grad
from tinygrad_edu.engine import observers, primitives
from tinygrad_edu.nn import Module
from tinygrad_edu.optim import SGD, Adam, Optimizer
from tinygrad_edu.profiler import profile, record_function, recorder
from tinygrad_edu.profiler.rows import OVERHEAD, Row


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(5, 7)
        self.rest = nn.ModuleList([nn.Sequential(nn.Tanh(), nn.Linear(7, 2))])

    def forward(self, x: Any) -> Any:
        return self.rest[0](self.first(x)) * 2.0


def step(net: Any, optimizer: Any = None) -> float:
    loss = nn.functional.mse_loss(net(te.ones(3, 5)), te.zeros(3, 2))
    loss.backward()
    if optimizer is not None:
        optimizer.step()
    return loss.item()


def row_of(p: profile, name: str, *path: str) -> Row:
    return next(row for row in p.rows if row.name == name and row.path == path)


def test_each_operation_is_counted_where_it_was_called() -> None:
    net = Net()
    with profile() as p:
        step(net)
        step(net)
    first, second = row_of(p, "linear", "Net", "first"), row_of(p, "linear", "Net", "rest.0", "1")
    assert (first.calls, second.calls) == (2, 2)
    assert first.forward_flops == 2 * (2 * 3 * 5 * 7 + 3 * 7)
    assert first.backward_flops == 2 * (2 * 3 * 5 * 7 + 3 * 7)  # the weight's and the bias's, not the input's
    assert second.backward_flops == 2 * (2 * 2 * 3 * 7 * 2 + 3 * 2)
    bend = row_of(p, "tanh", "Net", "rest.0", "0")
    assert (bend.forward_bytes, bend.backward_bytes) == (2 * 2 * 84, 2 * 3 * 84)  # x, out;  g, out, and its gradient
    assert row_of(p, "mul", "Net").calls == 2
    assert all(row.forward > 0 for row in p.rows)
    assert all(row.backward > 0 for row in (first, second, bend, row_of(p, "mul", "Net")))
    assert not any("Sequential" in row.path or "Linear" in row.path for row in p.rows)


def test_what_only_moves_numbers_reads_as_many_as_it_writes() -> None:
    table, tokens = te.ones(1000, 8, requires_grad=True), te.tensor([3, 3, 7])
    with profile() as p:
        nn.functional.embedding(tokens, table).backward(te.ones(3, 8))
        te.ones(50, 8)[4:6].clone()
    row = row_of(p, "embedding")
    assert row.forward_bytes == 2 * 3 * 8 * 4  # of the table three rows
    assert 4 * 1000 * 8 < row.backward_bytes < 4 * 1000 * 8 + 300  # a gradient as large as the table, and no table read
    assert row_of(p, "getitem").forward_bytes == 0
    assert row_of(p, "clone").forward_bytes == 2 * 2 * 8 * 4


def test_a_module_that_is_no_child_goes_by_its_class() -> None:
    layer, loss = nn.Linear(2, 2), nn.MSELoss()
    with profile() as p:
        loss(layer(te.ones(1, 2)), te.zeros(1, 2))
    assert {row.path for row in p.rows} == {("Linear",), ("MSELoss",)}


def test_named_parts_stand_where_modules_do() -> None:
    with profile() as p:
        with record_function("outer"), record_function("inner"):
            te.ones(3) + 1
        te.ones(3) - 1
    assert row_of(p, "add", "outer", "inner").calls == 1
    assert row_of(p, "sub").calls == 1
    with record_function("alone"):  # where no profile runs it does nothing
        te.ones(3) + 1


class Clock:
    """A clock that only moves when it is told to: seconds can be compared exactly."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def after(self, seconds: float, function: Any) -> Any:
        """The function, taking so long."""

        def slow(*args: Any, **settings: Any) -> Any:
            self.now += seconds
            return function(*args, **settings)

        return slow


def test_time_goes_to_the_operation_that_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, exp, sin = Clock(), primitives["exp"], primitives["sin"]
    monkeypatch.setattr("tinygrad_edu.profiler.recorder.time", clock)
    monkeypatch.setattr(exp, "function", clock.after(1.0, exp.function))
    monkeypatch.setattr(sin, "_rules", [clock.after(2.0, sin._rules[0])])
    monkeypatch.setattr("tinygrad_edu.tensors.gradients.collect", clock.after(4.0, gradients().collect))
    monkeypatch.setattr(SGD, "update", clock.after(8.0, SGD.update))
    x = te.ones(3, requires_grad=True)
    optimizer = SGD([x], lr=0.1)
    with profile() as p:
        x.exp().sin().sum().backward()
        clock.now += 16.0
        optimizer.step(lambda: x.exp().sum().item())
    assert {(row.name, row.path): (row.forward, row.backward) for row in p.rows if row.seconds} == {
        ("exp", ()): (1.0, 0.0),
        ("sin", ()): (0.0, 2.0),
        ("exp", ("SGD.step",)): (1.0, 0.0),
    }
    assert p.others == {"adding to .grad": 4.0, "SGD.step": 8.0}
    assert p.overhead == 16.0
    assert p.total == 32.0


def test_the_profilers_own_work_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("tinygrad_edu.profiler.recorder.time", clock)
    for name in ("bytes_moved", "blank"):
        monkeypatch.setattr(recorder, name, clock.after(1.0, getattr(recorder, name)))
    with profile() as p:
        nn.Linear(2, 2)(te.ones(1, 2)).exp().sum().backward()
    assert clock.now > 105
    assert p.total == p.overhead == 0
    with p:
        te.ones(3) + 1
    assert p.total == p.overhead == 0


def test_what_is_no_operation_has_lines_of_its_own() -> None:
    net = Net()
    with profile() as p:
        step(net, SGD(net.parameters(), lr=0.1))
        step(net, Adam(net.parameters()))
    assert {"adding to .grad", "SGD.step", "Adam.step"} == set(p.others)
    assert all(0 < seconds < p.total for seconds in p.others.values())
    assert all(name in p.table() for name in (*p.others, OVERHEAD))


def test_numbers_are_the_same() -> None:
    te.manual_seed(0)
    nets = [Net(), Net()]
    nets[1].load_state_dict(nets[0].state_dict())
    expected = [step(nets[0], SGD(nets[0].parameters(), lr=0.1)) for _ in range(3)]
    with profile(profile_memory=True):
        found = [step(nets[1], SGD(nets[1].parameters(), lr=0.1)) for _ in range(3)]
    assert found == expected
    for one, other in zip(*(net.parameters() for net in nets), strict=True):
        assert numpy.array_equal(one.grad.numpy(), other.grad.numpy())


def gradients() -> Any:
    return sys.modules["tinygrad_edu.tensors.gradients"]


def everything_replaced() -> list[Any]:
    walk = sys.modules["tinygrad_edu.engine.walk"]
    functions = [op.function for op in primitives.values()]
    return [*functions, walk._pull, gradients().collect, Module.__call__, Optimizer.step, *observers]


def test_nothing_is_left_of_it() -> None:
    before = everything_replaced()
    with profile():
        assert everything_replaced() != before
        with profile():
            step(Net())
    assert everything_replaced() == before
    with pytest.raises(ZeroDivisionError), profile():
        raise ZeroDivisionError
    assert everything_replaced() == before
    with pytest.raises(ValueError, match="cannot be multiplied"), profile() as p:
        Net()(te.ones(3, 4))
    assert everything_replaced() == before
    with record_function("later"):
        assert p._path == ()


def test_one_inside_another_sees_the_same() -> None:
    net = Net()
    with profile() as outer:
        step(net)
        with profile() as inner:
            step(net)
    counted = {(row.path, row.name): row for row in inner.rows}
    assert {(row.path, row.name) for row in outer.rows} == set(counted)
    for row in outer.rows:
        one = counted[row.path, row.name]
        assert (row.calls, row.flops, row.bytes) == (2 * one.calls, 2 * one.flops, 2 * one.bytes)


def test_it_may_be_opened_again_and_adds_up() -> None:
    net, p = Net(), profile()
    with p:
        step(net)
    once = copy.deepcopy(p.rows)
    with p:
        step(net)
    for row, before in zip(p.rows, once, strict=True):
        assert (row.calls, row.flops, row.bytes) == (2 * before.calls, 2 * before.flops, 2 * before.bytes)
        assert row.seconds > before.seconds


def test_a_graph_from_before_is_attributed_by_name() -> None:
    loss = te.ones(3, requires_grad=True).exp().sum()
    with profile() as p:
        te.ones(2) * 2
        loss.backward()
    assert row_of(p, "exp").backward > 0
    assert row_of(p, "exp").calls == 0
    assert row_of(p, "mul").calls == 1


def test_second_derivatives() -> None:
    x = te.ones(3, requires_grad=True)
    with profile() as p:
        (first,) = grad(x.exp() * x, x, te.ones(3), create_graph=True)
        forward = row_of(p, "mul").calls
        first.sum().backward()
    assert forward == row_of(p, "mul").calls == 1  # what rules call is part of their time, not called by the program
    assert row_of(p, "mul").forward_flops == 3
    assert row_of(p, "mul").backward > row_of(p, "mul").forward > 0
    assert x.grad.tolist() == pytest.approx([3 * numpy.e] * 3)


def test_other_threads_are_left_alone() -> None:
    with profile() as p:
        other = threading.Thread(target=lambda: step(Net()))
        other.start()
        other.join()
        te.ones(3) + 1
        assert p._last[0] is primitives["add"]
        other = threading.Thread(target=lambda: te.ones(3).exp())
        other.start()
        other.join()
        assert p._last[0] is primitives["add"]
    assert [row.name for row in p.rows] == ["add"]


def test_every_device_is_counted_alike(device: Any) -> None:
    x, w = te.ones(3, 4, device=device), te.ones(4, 2, device=device, requires_grad=True)
    with profile() as p:
        (x @ w).tanh().sum().backward()
    counts = {row.name: (row.calls, row.forward_flops, row.backward_flops, row.forward_bytes) for row in p.rows}
    assert counts["matmul"] == (1, 48, 48, 4 * (12 + 8 + 6))
    assert counts["tanh"] == (1, 6, 6, 4 * 12)
    assert counts["sum"] == (1, 6, 0, 4 * 7)


def test_an_operation_with_several_results_is_walked_once() -> None:
    layer = nn.BatchNorm1d(3)
    x = te.rand(4, 3, requires_grad=True)
    with profile() as p:
        layer(x).sum().backward()
        first, second = x.split(2)
        (first * second).sum().backward()
    assert sum(row.calls for row in p.rows if row.name == "split") == 1
    (normalized,) = [row for row in p.rows if row.name == "batch_norm"]
    assert normalized.calls == 1
    assert normalized.forward_flops < normalized.backward_flops < 4 * normalized.forward_flops


def test_what_a_kernel_calls_is_not_counted_twice() -> None:
    x = te.rand(4, 4, requires_grad=True)
    with profile() as p:
        x.softmax(0).sum().backward()  # its rule calls `sum`, its kernel other functions
    assert row_of(p, "sum").calls == 1
    assert row_of(p, "softmax").calls == 1


# ------------------------------------------------------------------------------------------------------- the table
def made_up() -> profile:
    p = profile()
    p.rows = [
        Row("slow", ("Net", "a"), 1, 3.0, 1.0, 10, 20, 100, 200),
        Row("often", ("Net", "a"), 9, 0.5, 1.5, 1_000_000_000, 0, 50, 0),
        Row("often", ("Net", "b"), 1, 0.5, 0.5, 0, 0, 2_000_000_000, 0),
    ]
    p.others, p.total, p._measured = {"SGD.step": 0.5}, 10.0, 7.5
    return p


def first_column(table: str) -> list[str]:
    return [line[:30].strip().rsplit("  ", 1)[0].strip() for line in table.splitlines()]


@pytest.mark.parametrize(
    ("sort_by", "by", "first"),
    [
        ("time", "op", "slow"),
        ("backward", "op", "often"),
        ("forward", "op", "slow"),
        ("calls", "op", "often"),
        ("flops", "op", "often"),
        ("bytes", "op", "often"),
        ("name", "op", "often"),
        ("bytes", "module > op", "Net > b > often"),
        ("calls", "module > op", "Net > a > often"),
        ("time", "module", "Net > a"),
    ],
)
def test_rows_are_grouped_and_sorted(sort_by: str, by: str, first: str) -> None:
    lines = made_up().table(sort_by, by=by).splitlines()
    assert lines[1].startswith(first + " ")
    assert len(made_up().table(sort_by, by=by, limit=1).splitlines()) == len(lines) - (2 if "> op" in by else 1)


def test_the_numbers_of_a_line() -> None:
    lines = {" ".join(line.split()[:1]): line.split()[1:] for line in str(made_up()).splitlines()[1:]}
    assert lines["slow"] == ["1", "3000.000", "1000.000", "40.0", "0.000", "0.000", "0.0", "0.0"]
    assert lines["often"] == ["10", "1000.000", "2000.000", "30.0", "1000.000", "2000.000", "0.3", "0.7"]
    assert lines["SGD.step"] == ["500.000", "5.0"]
    assert lines["overhead"][-2:] == ["2500.000", "25.0"]
    assert lines["operations"] == ["11", "4000.000", "3000.000"]
    assert lines["everything"] == ["10000.000", "100.0"]


def test_an_empty_profile_can_be_printed() -> None:
    with profile() as p:
        pass
    assert "overhead" in str(p)


def test_what_cannot_be_asked_for_is_named() -> None:
    with pytest.raises(ValueError, match=r"wanted sort_by= one of 'time', 'forward'.*got 'cpu_time'"):
        made_up().table("cpu_time")
    with pytest.raises(ValueError, match="wanted by= one of 'op', 'module', 'module > op', got 'line'"):
        made_up().table(by="line")
