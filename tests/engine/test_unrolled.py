"""The unrolled form of a primitive is the primitive: same values, same tape; for anything unusual it steps aside."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import no_grad, tensor
from tinygrad_edu.backend import is_array
from tinygrad_edu.engine import Leaf, Node, Pick, Primitive, Value, observers, primitives
from tinygrad_edu.ops import elementwise
from tinygrad_edu.testing.cases import CASES

SHORT = [op for op in primitives.values() if len(op.arguments) <= 2 and not op.variadic and op.unrollable]


@contextmanager
def watched() -> Iterator[list[Any]]:
    """Every call of a primitive inside, as (primitive, arrays, settings)."""
    calls: list[Any] = []
    observers.append(lambda op, arrays, settings, out: calls.append((op, list(arrays), dict(settings))))
    try:
        yield calls
    finally:
        observers.pop()


def calls_of_the_table() -> list[Any]:
    """The calls of ops with one or two arguments that the table of cases leads to: one for each op and kind."""
    found: dict[Any, Any] = {}
    for case in CASES:
        arrays = case.arrays()
        tensors = [tinygrad_edu.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        with watched() as calls:
            case.call(tinygrad_edu, *tensors)
        for op, values, settings in calls:
            if op.name in primitives and len(op.arguments) <= 2 and not op.variadic:
                kinds = tuple(getattr(value, "dtype", type(value)) for value in values)
                shapes = tuple(len(getattr(value, "shape", ())) for value in values)
                found.setdefault((op.name, kinds, shapes, tuple(settings)), (op, values, settings))
    return list(found.values())


CALLS = calls_of_the_table()


def tensors_for(values: list[Any]) -> list[Any]:
    return [tensor(v, requires_grad=v.dtype.kind == "f") if is_array(v) else v for v in values]


def method(op: Any, *args: Any, **settings: Any) -> Any:
    """What a method of the Tensor does: `run` takes the caller of its caller for the user."""
    return op.run(*args, **settings)


def assert_equal(one: Any, other: Any) -> None:
    """Equal nested tuples of arrays, shapes, dtypes and settings."""
    assert type(one) is type(other)
    if isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    elif is_array(one):
        assert one.dtype == other.dtype
        numpy.testing.assert_array_equal(one, other)
    else:
        assert one == other


def test_the_table_reaches_them_all() -> None:
    reached = {op.name for op, _, _ in CALLS}
    inside_rules_only = {"crop", "put", "transfer", "zeros_like"}
    assert {op.name for op in SHORT} - reached <= inside_rules_only


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0].name)
def test_the_same_values_and_the_same_tape(call: Any) -> None:
    op, values, settings = call
    tensors = tensors_for(values)
    slow, fast = op(*tensors, **settings), method(op, *tensors, **settings)
    assert type(fast) is type(slow)
    slow, fast = first_of(slow), first_of(fast)
    assert_equal(fast.array, slow.array)
    assert (fast.node is None) == (slow.node is None)
    if slow.node is not None:
        assert type(fast.node) is type(slow.node)
        fast_node, slow_node = operation(fast.node), operation(slow.node)
        assert fast_node.primitive is slow_node.primitive is op
        assert fast_node.parents == slow_node.parents
        assert_equal(fast_node.saved, slow_node.saved)
        assert fast_node.where[0] in (slow_node.where[0], method.__code__)  # not inside the package
    with no_grad():
        assert_equal(first_of(op.run(*tensors, **settings)).array, slow.array)
        assert first_of(op.run(*tensors, **settings)).node is None


def first_of(out: Any) -> Any:
    return out[0] if isinstance(out, tuple) else out


def operation(node: Any) -> Any:
    """The node of the operation itself: one of several results has a node of its own in front of it."""
    return node.parents[0] if isinstance(node, Pick) else node


def test_the_line_remembered_is_that_of_the_user() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    here = test_the_line_remembered_is_that_of_the_user.__code__
    for out in (x * x, x.exp(), x * 2, 2 / x, x.sum()):
        assert out.node.where[0] is here


class Handed(Exception):
    """The primitive itself was called."""


@pytest.fixture
def primitive_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def handed(*_: Any, **__: Any) -> None:
        raise Handed

    monkeypatch.setattr(Primitive, "__call__", handed)


@pytest.mark.usefixtures("primitive_raises")
def test_the_ordinary_is_not_handed_over() -> None:
    x = Value(numpy.ones(2, numpy.float32), Leaf())
    twin = tinygrad_edu.Tensor(numpy.ones(2, numpy.float32), Leaf())
    assert isinstance(elementwise.mul.run(x, twin).node, Node)
    assert elementwise.mul.run(twin, 2.0).array.tolist() == [2.0, 2.0]
    assert elementwise.exp.run(twin).array.dtype == numpy.float32


@pytest.mark.usefixtures("primitive_raises")
def test_what_is_unusual_is_handed_over() -> None:
    x, y = tinygrad_edu.Tensor(numpy.ones(2)), tinygrad_edu.Tensor(numpy.ones(2, numpy.float32))
    whole = tinygrad_edu.Tensor(numpy.ones(2, int))
    for unusual in (
        lambda: elementwise.mul.run(x, y),  # two dtypes
        lambda: elementwise.mul.run(2.0, x),  # a number first
        lambda: elementwise.mul.run(x, "text"),
        lambda: elementwise.mul.run(x, numpy.ones(2)),
        lambda: elementwise.mul.run(whole, whole),
        lambda: elementwise.exp.run(whole),
        lambda: elementwise.exp.run(numpy.ones(2)),
    ):
        with pytest.raises(Handed):
            unusual()


def test_observers_see_every_op() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with watched() as calls:
        x * x
        x.exp()
    assert [op.name for op, _, _ in calls] == ["mul", "exp"]


def test_a_stale_view_is_still_refused() -> None:
    y = tensor([1.0, 2.0], requires_grad=True) * 1
    view = y[:1]
    y.add_(1)
    for use in (lambda: view * 2, lambda: view.exp(), lambda: view * view):
        with pytest.raises(RuntimeError, match="take the view again"):
            use()


def test_an_overwritten_argument_is_still_noticed() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = y * y
    with no_grad():
        y.zero_()
    with pytest.raises(RuntimeError, match=r"mul \(recorded at .*test_unrolled\.py:\d+.*in-place"):
        z.sum().backward()


def test_the_unrolled_form_may_be_called_from_the_outermost_level_of_a_script() -> None:
    script = """
import tinygrad_edu as te
from tinygrad_edu.ops.elementwise import exp
print(exp.run(te.tensor([0.0], requires_grad=True)).tolist())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[1.0]", "")
