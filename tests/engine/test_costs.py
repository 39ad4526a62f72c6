"""What operations cost: counted once more by hand, number by number; and no operation without a cost or the default."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.autograd import Function
from tinygrad_edu.backend import default_generator
from tinygrad_edu.engine import (
    backward_flops,
    bytes_moved,
    forward_flops,
    fuses,
    observers,
    primitive,
    primitives,
    unfused,
)
from tinygrad_edu.engine.costs import blank
from tinygrad_edu.profiler import profile
from tinygrad_edu.testing.cases import CASES

random = numpy.random.default_rng(3)


class Counted:
    """A number that counts, in `Counted.count`, what is done with it."""

    count = 0

    def __add__(self, other: Any) -> Counted:
        Counted.count += 1
        return self

    __mul__ = __add__

    def bent(self) -> Counted:
        """tanh or sigmoid: one, whatever it takes"""
        return self + self


ONE = Counted()


def counted(work: Any) -> int:
    Counted.count = 0
    work()
    return Counted.count


def flops(work: Any) -> tuple[int, int]:
    """Forward and backward, of everything that happens in `work`."""
    with profile() as p:
        work()
    return sum(row.forward_flops for row in p.rows), sum(row.backward_flops for row in p.rows)


def sum_of_products(count: int) -> Counted:
    total = ONE
    for _ in range(count):
        total = total + ONE * ONE
    return total


def product_by_hand(n: int, k: int, m: int) -> None:
    for _ in itertools.product(range(n), range(m)):
        sum_of_products(k)


@pytest.mark.parametrize(("n", "k", "m"), [(3, 4, 5), (1, 7, 2), (6, 1, 1)])
def test_a_matrix_product_counted_by_hand(n: int, k: int, m: int) -> None:
    x, y = te.ones(n, k, requires_grad=True), te.ones(k, m, requires_grad=True)
    there, back = flops(lambda: (x @ y).backward(te.ones(n, m)))
    assert there == counted(lambda: product_by_hand(n, k, m))
    assert back == counted(lambda: (product_by_hand(n, m, k), product_by_hand(k, n, m)))


def test_a_gradient_that_nobody_wants_costs_nothing() -> None:
    x, y = te.ones(3, 4), te.ones(4, 5, requires_grad=True)
    assert flops(lambda: (x @ y).backward(te.ones(3, 5))) == (120, 120)
    with te.no_grad():
        assert flops(lambda: x @ y) == (120, 0)


def convolution_by_hand(places: int, window: int) -> None:
    for _ in range(places):
        sum_of_products(window) + ONE  # the bias


def test_a_convolution_counted_by_hand() -> None:
    x, weight, bias = (te.ones(*shape, requires_grad=True) for shape in ((2, 3, 6, 7), (4, 3, 3, 2), (4,)))
    with unfused():
        there, back = flops(lambda: te.nn.functional.conv2d(x, weight, bias).sum().backward())
    places, window = 2 * 4 * 4 * 6, 3 * 3 * 2
    by_hand = counted(lambda: convolution_by_hand(places, window))
    assert there == by_hand + places  # and the sum
    products = counted(lambda: product_by_hand(1, places, window))  # dW_j += g_i x_(i,j);  dx_(i,j) += g_i w_j as many
    windows = 2 * 4 * 6 * window  # gradients of windows, added where they overlap
    assert back == 2 * products + windows + places
    assert flops(lambda: te.nn.functional.conv2d(x, weight, bias).sum().backward()) == (there, back)


def lstm_by_hand(length: int, batch: int, inputs: int, hidden: int) -> None:
    for _ in range(length * batch * hidden):
        i, f, g, o = (((sum_of_products(inputs) + ONE) + (sum_of_products(hidden) + ONE)).bent() for _ in "ifgo")
        c = f * ONE + i * g
        o * c.bent()


def test_an_lstm_counted_by_hand() -> None:
    length, batch, inputs, hidden = 3, 2, 5, 4
    layer = te.nn.LSTM(inputs, hidden)
    there, back = flops(lambda: layer(te.ones(length, batch, inputs)))
    assert there == pytest.approx(
        counted(lambda: lstm_by_hand(length, batch, inputs, hidden)), rel=0.1
    )  # however biases are added
    assert back == 0
    _, back = flops(lambda: layer(te.ones(length, batch, inputs))[0].backward(te.ones(length, batch, hidden)))
    assert 0.8 * there < back < 2.2 * there  # weights always, states but for the first step, no input


# ------------------------------------------------------------------------------------------------ all operations
def calls_of_all_cases() -> list[tuple[Any, list[Any], dict[str, Any], Any]]:
    calls = []

    def note(primitive: Any, arrays: list[Any], settings: dict[str, Any], out: Any) -> None:
        calls.append((primitive, [blank(array) for array in arrays], settings, blank(out)))

    observers.append(note)
    try:
        for case in CASES:
            case.call(te, *[te.tensor(a, requires_grad=a.dtype.kind == "f") for a in case.arrays()])
    finally:
        observers.remove(note)
    return calls


CALLS = calls_of_all_cases()


def test_every_operation_has_a_cost_or_is_element_by_element() -> None:
    for op, arrays, _, out in CALLS:
        if op.definition is None and "out" not in op.costs:
            shapes = [numpy.shape(array) for array in arrays]
            assert not isinstance(out, tuple), f"{op.name} has several results: give it a cost with defcost"
            assert out.shape == numpy.broadcast_shapes(*shapes), f"{op.name} is no operation element by element"


def test_every_cost_can_be_worked_out_from_shapes() -> None:
    seen = set()
    for call in CALLS:
        op, arrays, _, _ = call
        seen.add(op.name)
        there = forward_flops(call)
        assert isinstance(there, int)
        assert there >= 0
        wanted = [getattr(array, "dtype", numpy.dtype(int)).kind == "f" for array in arrays]
        if op.differentiable:
            assert backward_flops(call, wanted) >= 0
            assert backward_flops(call, [False] * len(arrays)) == 0
    assert {name for name, op in primitives.items() if op.costs} - seen <= {"transfer"}


def test_no_kernel_is_free() -> None:
    free = set()
    for call in CALLS:
        op, arrays, _, _ = call
        if op.definition is not None and all(numpy.size(array) for array in arrays) and not forward_flops(call):
            free.add(op.name)
    assert free <= {"embedding"}  # which only moves


@pytest.mark.parametrize(
    ("work", "there", "back"),
    [
        (lambda x: x.tanh(), 12, 12),
        (lambda x: x + 1, 12, 0),
        (lambda x: x + te.ones(3, 4, requires_grad=True)[:1], 12, 12),  # the row was repeated: its gradient is a sum
        (lambda x: x.reshape(4, 3).T, 0, 0),
        (lambda x: x.sum(0), 12, 0),
        (lambda x: x.mean(), 12, 1),
        (lambda x: x.expand(5, 3, 4), 0, 60),
        (lambda x: x[[0, 0, 1]], 0, 12),
        (lambda x: x[:2], 0, 0),
        (lambda x: te.cat([x, x]), 0, 0),
        (lambda x: x.amax(1), 12, 12),
        (lambda x: x.logsumexp(1), 24, 24),
        (lambda x: te.nn.functional.max_pool2d(x[None, None], (3, 2)), 12, 2),
    ],
)
def test_conventions(work: Any, there: int, back: int) -> None:
    x = te.rand(3, 4, requires_grad=True)

    def run() -> None:
        out = work(x)
        out.backward(te.ones(*out.shape))

    assert flops(run) == (there, back)


def test_a_fused_operation_costs_what_its_definition_costs() -> None:
    x = te.rand(3, 4, requires_grad=True)

    def run() -> None:
        x.softmax(1).backward(te.ones(3, 4))

    fused = flops(run)
    with unfused():
        assert fused == flops(run)
    assert fused[0] >= 3 * 12


@primitive(register=False)
def both(x: Any) -> Any:
    return x + x, x * x


both.defvjp(x=lambda g, x: 2 * (g[0] + g[1] * x))
both.defcost(lambda x: 2 * x.size, x=lambda x: 4 * x.size)


def halves_definition(x: Any) -> Any:
    first, second = x.split(2)
    one, other = both(first * second)
    return one + other


@fuses(halves_definition, register=False)
def halves(x: Any) -> Any:
    product = x[:2] * x[2:]
    return product + product + product * product


def test_a_definition_may_take_things_apart_and_be_counted_where_nothing_is_recorded() -> None:
    call = (halves, [numpy.ones(4)], {}, numpy.ones(2))
    with te.no_grad():
        assert (forward_flops(call), backward_flops(call, [True]), backward_flops(call, [False])) == (
            2 + 4 + 2,
            4 + 8,
            0,
        )


def test_to_count_draws_no_random_numbers() -> None:
    def train() -> float:
        te.manual_seed(5)
        x = te.ones(20, 20, requires_grad=True)
        te.nn.functional.dropout(x * 1, 0.5).sum().backward()
        return default_generator.numpy.random()

    expected = train()
    with profile():
        found = train()
    assert found == expected
    te.manual_seed(5)
    with profile():
        te.nn.functional.dropout(te.ones(4, 4), 0.5)
    after = default_generator.get_state()
    te.manual_seed(5)
    te.nn.functional.dropout(te.ones(4, 4), 0.5)
    assert default_generator.get_state() == after


def test_a_cost_is_declared_for_arguments_that_are_there() -> None:
    with pytest.raises(ValueError, match=r"matmul has no argument \['z'\]: its arguments are \['x', 'y'\]"):
        primitives["matmul"].defcost(1, z=2)


def test_a_users_function_is_counted_by_its_parts() -> None:
    class Twice(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    with profile() as p:
        Twice.apply(te.ones(10, requires_grad=True)).sum().backward()
    rows = {row.name: row for row in p.rows}
    assert rows["mul"].forward_flops == 10
    assert rows["Twice"].forward_flops == 0
    assert rows["Twice"].forward_bytes == 0
    assert rows["Twice"].backward > 0


# ---------------------------------------------------------------------------------------------------------- bytes
def test_bytes() -> None:
    x, y = numpy.zeros((3, 4), numpy.float32), numpy.zeros((3, 4), numpy.float32)
    assert bytes_moved([x, y], x + y) == (96, 48)
    assert bytes_moved([x, x], x + x) == (48, 48)
    assert bytes_moved([x], x.T) == (0, 0)
    assert bytes_moved([x], x.reshape(12)) == (0, 0)
    assert bytes_moved([x], x.T.reshape(12)) == (48, 48)  # a copy, because the order is another
    assert bytes_moved([x, 2.0], x * 2) == (48, 48)
    assert bytes_moved([numpy.broadcast_to(y[0], (3, 4))], x) == (16, 48)  # one row, read again and again
    assert bytes_moved([x], (x[:1], x.copy())) == (48, 48)
    assert bytes_moved([numpy.zeros((0, 4))], numpy.zeros((0, 4))) == (0, 0)


def test_blanks_take_no_memory() -> None:
    big = numpy.zeros((1000, 1000))
    assert blank(big).shape == big.shape
    assert blank(big).strides == (0, 0)
    assert blank((big, 1.5, None))[1:] == (1.5, None)
