"""The engine: what it records, how it walks, what it keeps, and the mistakes it catches."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import Any

import numpy
import pytest

import tinygrad_edu
from tinygrad_edu import enable_grad, float64, nn, no_grad, set_grad_enabled, tensor
from tinygrad_edu.autograd import backward, grad
from tinygrad_edu.backend import is_array, owner
from tinygrad_edu.engine import Leaf, primitive, primitives
from tinygrad_edu.testing import assert_close


def leaf(*numbers: Any) -> Any:
    return tensor(list(numbers), dtype=float64, requires_grad=True)


# ------------------------------------------------------------------------------------------------- the seven probes
def test_probe_1_a_diamond_and_a_value_used_twice() -> None:
    x = leaf(3.0)
    a = x * 2
    (a * a + a).sum().backward()  # 4x² + 2x
    assert x.grad.tolist() == [8 * 3 + 2]
    y = leaf(3.0)
    (y + y).sum().backward()
    assert y.grad.tolist() == [2.0]


def test_probe_2_the_gradient_of_a_broadcast() -> None:
    x, b = tensor(numpy.ones((4, 3)), requires_grad=True), leaf(1.0, 2.0, 3.0)
    (x * b).sum().backward()
    assert b.grad.tolist() == [4.0, 4.0, 4.0]
    assert x.grad.tolist() == [[1.0, 2.0, 3.0]] * 4


def test_probe_3_a_saved_array_written_in_place() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    z = y * y
    y.add_(1)
    with pytest.raises(
        RuntimeError, match=r"mul \(recorded at .*test_engine\.py:\d+.*modified by an in-place.*clone\(\)"
    ):
        z.sum().backward()


@pytest.mark.parametrize("length", [5_000, 100_000])
def test_probe_4_long_chains(length: int) -> None:
    x = leaf(0.0)
    y = x
    for _ in range(length):
        y = y + 1.0
    assert y.tolist() == [float(length)]
    y.sum().backward()
    assert x.grad.tolist() == [1.0]
    del y  # freeing a long graph must not recurse either


def test_probe_4_reuse_is_not_exponential() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(200):
        y = (y + y) * 0.5
    start = time.perf_counter()
    y.sum().backward()
    assert time.perf_counter() - start < 1.0
    assert x.grad.tolist() == [1.0]


def test_probe_5_repeated_indices_add_up() -> None:
    x = leaf(1.0, 2.0, 3.0)
    x[[0, 0, 1]].sum().backward()
    assert x.grad.tolist() == [2.0, 1.0, 0.0]
    table = tensor(numpy.zeros((4, 2)), requires_grad=True)
    table[tensor([[1, 1], [3, 1]])].sum().backward()
    assert table.grad.tolist() == [[0.0, 0.0], [3.0, 3.0], [0.0, 0.0], [1.0, 1.0]]


def test_probe_6_a_second_backward() -> None:
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8.0]
    with pytest.raises(RuntimeError, match=r"recorded at .*test_engine\.py:\d+.*second time.*retain_graph=True"):
        y.backward()


def test_probe_7_a_matmul_that_explains_itself() -> None:
    with pytest.raises(ValueError, match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)"):
        tinygrad_edu.ones(2, 3) @ tinygrad_edu.ones(4, 5)
    with pytest.raises(ValueError, match=r"y\.mT, would fit"):
        tinygrad_edu.ones(2, 3) @ tinygrad_edu.ones(5, 3)


# ------------------------------------------------------------------------------------------------------ what is kept
def saved_arrays(root: Any) -> dict[int, int]:
    """The floating-point memory that a graph keeps, leaves' own apart: id of the owner -> bytes."""
    found: dict[int, int] = {}
    seen, stack = set(), [root.node]

    def keep(value: Any) -> None:
        if isinstance(value, (tuple, list)):
            for part in value:
                keep(part)
        elif is_array(value) and value.dtype.kind == "f":
            found[id(owner(value))] = owner(value).nbytes

    while stack:
        node = stack.pop()
        if id(node) not in seen and not isinstance(node, Leaf):
            seen.add(id(node))
            keep(node.saved)
            stack.extend(parent for parent in node.parents if parent is not None)
    return found


def test_ten_layers_keep_ten_activations() -> None:
    rng = numpy.random.default_rng(0)
    x = tensor(rng.normal(size=(64, 32)))
    weights = [tensor(rng.normal(size=(32, 32)) / 6, requires_grad=True) for _ in range(10)]
    biases = [tensor(rng.normal(size=32), requires_grad=True) for _ in range(10)]
    h = x
    for w, b in zip(weights, biases, strict=True):
        h = (h @ w + b).tanh()
    own = {id(owner(t.array)) for t in (x, *weights, *biases)}
    kept = {key: size for key, size in saved_arrays(h).items() if key not in own}
    assert len(kept) == 10
    assert sum(kept.values()) == 10 * 64 * 32 * 8


def test_sums_and_additions_keep_no_array() -> None:
    x = leaf(1.0, 2.0)
    assert saved_arrays((x + 1 - x).reshape(2, 1).sum()) == {}


def test_backward_frees_each_array_as_it_passes() -> None:
    x = leaf(*numpy.linspace(0, 1, 1000))
    y = x.exp()
    z = y.sin()
    memory = weakref.ref(y.array)
    loss = z.sum()
    del y, z
    assert memory() is not None
    loss.backward()
    assert memory() is None


def test_no_reference_cycle_holds_an_array() -> None:
    gc.collect()
    gc.disable()
    try:
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
        x = tinygrad_edu.ones(3, 4)
        hidden = model[0](x)
        watched = [weakref.ref(hidden.array), weakref.ref(model[0].weight.array)]
        loss = nn.CrossEntropyLoss()(model(x) + hidden[:, :2], tensor([0, 1, 1]))
        hidden.retain_grad()
        loss.backward()
        watched.append(weakref.ref(hidden.grad.array))
        unused = (model(x) * 2).sum()  # a graph that nobody walks
        watched.append(weakref.ref(unused.node))
        del loss, hidden, model, unused
        assert [ref() for ref in watched] == [None] * 4
    finally:
        gc.enable()


def test_grad_is_owned() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).sum().backward()  # both gradients are one broadcast 1
    for t in (x, y):
        assert t.grad.array.base is None
        assert t.grad.array.flags.writeable
    x.grad.array[0] = 7
    assert y.grad.tolist() == [1.0, 1.0]
    first = x.grad
    (x * 2).sum().backward()
    assert x.grad is first  # added in place
    assert x.grad.tolist() == [9.0, 3.0]
    g = tensor([1.0, 1.0]).double()
    x.grad = None
    (x + 0).backward(g)
    assert not numpy.shares_memory(x.grad.array, g.array)


def test_grad_of_the_function_is_owned_too() -> None:
    x = leaf(1.0, 2.0)
    (g,) = grad((x + 0).sum(), [x])
    g.array[0] = 5.0
    assert g.array.base is None


def test_numpy_is_read_only_on_a_graph() -> None:
    x = leaf(1.0)
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 2.0
    y = tensor([1.0])
    y.numpy()[0] = 2.0
    assert y.tolist() == [2.0]


# ------------------------------------------------------------------------------------------------- writing in place
def test_writing_what_nobody_needs_is_allowed() -> None:
    x = leaf(1.0, 2.0)
    y = x + 1
    y.mul_(3)  # an addition keeps nothing
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_the_new_history_is_used_after_a_write() -> None:
    x, v = leaf(1.0, 2.0, 3.0), leaf(5.0)
    y = x * 1
    y[1] = v[0] * 2
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 6.0]
    assert v.grad.tolist() == [40.0]


def test_a_leaf_is_not_overwritten_on_a_graph() -> None:
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match=r"leaf Tensor that requires grad.*no_grad"):
        x.add_(1)
    with no_grad():
        x.add_(1)
    assert x.tolist() == [2.0]


def test_an_optimizer_step_between_forward_and_backward_is_caught() -> None:
    w = leaf(2.0)
    loss = (w * w).sum()
    with no_grad():
        w -= 0.1
    with pytest.raises(RuntimeError, match="in-place"):
        loss.backward()


def test_writing_through_a_view_is_noticed() -> None:
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.exp() * y
    with no_grad():
        y[:1].zero_()
    with pytest.raises(RuntimeError, match="in-place"):
        z.sum().backward()


def test_a_view_on_a_graph_is_not_written() -> None:
    y = leaf(1.0, 2.0) * 1
    with pytest.raises(RuntimeError, match=r"view of another tensor.*clone\(\)"):
        y[:1].add_(1)


def test_a_stale_view_is_refused() -> None:
    y = leaf(1.0, 2.0) * 1
    view = y[:1]
    y.add_(1)
    with pytest.raises(RuntimeError, match="take the view again"):
        view * 2


# ------------------------------------------------------------------------------------------ hooks, modes, arguments
def test_hooks_see_and_replace_the_whole_gradient() -> None:
    x, seen = leaf(1.0, 2.0), []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = y.register_hook(lambda g: g * 10)
    (y + y).sum().backward()
    assert seen == [[2.0, 2.0]]  # both uses, added up
    assert x.grad.tolist() == [40.0, 40.0]
    handle.remove()
    handle.remove()
    x.grad = None
    z = x * 1
    h = z.register_hook(lambda g: g * 5)
    h.remove()
    z.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    w = x * 1
    w.register_hook(lambda g: g[:1])
    with pytest.raises(ValueError, match="a hook wanted to replace"):
        w.sum().backward()


def test_retain_grad() -> None:
    x = leaf(1.0, 2.0)
    y = x * 3
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [6.0, 12.0]
    assert (x * 1).grad is None
    with pytest.raises(RuntimeError, match="requires a gradient"):
        tensor([1.0]).retain_grad()


def test_create_graph() -> None:
    x = leaf(2.0)
    (first,) = grad((x**3).sum(), [x], create_graph=True)
    (second,) = grad(first.sum(), [x], create_graph=True)
    (third,) = grad(second.sum(), [x])
    assert (first.item(), second.item(), third.item()) == (12.0, 12.0, 6.0)
    assert x.grad is None


def test_a_gradient_penalty_by_backward() -> None:
    x = leaf(2.0)
    (x**3).sum().backward(create_graph=True)
    g, x.grad = x.grad, None
    (g * g).sum().backward()  # (3x²)² has the derivative 36x³
    assert x.grad.item() == 36 * 8


def test_backward_only_to_some_inputs() -> None:
    x, y = leaf(1.0), leaf(2.0)
    z = x * y
    (z * z).sum().backward(inputs=[y, z])
    assert x.grad is None
    assert y.grad.tolist() == [4.0]
    assert z.grad.tolist() == [4.0]


def test_grad_of_what_was_not_used() -> None:
    x, y = leaf(1.0), leaf(2.0)
    out = (x * 2).sum()
    with pytest.raises(RuntimeError, match=r"input 1 was not used.*allow_unused=True"):
        grad(out, [x, y])
    assert grad((x * 2).sum(), [x, y], allow_unused=True)[1] is None
    assert grad((x * 2).sum(), [x, y], materialize_grads=True)[1].tolist() == [0.0]


def test_several_roots_at_once() -> None:
    x = leaf(1.0, 2.0)
    backward([x.sum(), x * 2], [None, tensor([1.0, 10.0])])
    assert x.grad.tolist() == [3.0, 21.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: (x * 2).backward(), RuntimeError, "only for scalar outputs"),
        (lambda x: (x * 2).backward(tensor([1.0])), ValueError, r"output's shape \(2,\), got \(1,\)"),
        (lambda x: (x * 2).backward(3.0), TypeError, "a tensor as gradient"),
        (lambda x: x.detach().sum().backward(), RuntimeError, "does not require grad"),
        (lambda x: grad(x.sum(), [tensor([1.0])]), RuntimeError, "input 0 does not require a gradient"),
        (lambda x: grad(x.sum(), [3.0]), TypeError, "tensors as inputs"),
        (lambda x: tensor([1]).requires_grad_(), TypeError, "only floating-point"),
    ],
)
def test_bad_requests(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(leaf(1.0, 2.0))


def test_modes_nest_and_come_back() -> None:
    x = leaf(1.0)
    assert (x * 1).requires_grad
    with no_grad():
        assert not (x * 1).requires_grad
        with enable_grad():
            assert (x * 1).requires_grad
        with set_grad_enabled(True):
            assert (x * 1).requires_grad
        assert not (x * 1).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert tinygrad_edu.is_grad_enabled()
    set_grad_enabled(False)
    try:
        assert not (x * 1).requires_grad
    finally:
        set_grad_enabled(True)


def test_modes_as_decorators() -> None:
    @no_grad()
    def quiet(x: Any) -> Any:
        return x * 2

    @enable_grad()
    def loud(x: Any) -> Any:
        return x * 2

    x = leaf(1.0)
    assert not quiet(x).requires_grad
    assert quiet.__name__ == "quiet"
    with no_grad():
        assert loud(x).requires_grad
    assert (x * 1).requires_grad


def test_modes_belong_to_one_thread() -> None:
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(tinygrad_edu.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not tinygrad_edu.is_grad_enabled()
    assert seen == [True]


def test_threads_walk_their_own_graphs() -> None:
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        x = leaf(float(number))
        for _ in range(50):
            x.grad = None
            (x * x * x).sum().backward()
        found[number] = x.grad.item()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: 3.0 * i * i for i in range(4)}


def test_mixed_devices_are_named_both() -> None:
    x, y = tensor([1.0]), tensor([1.0]).to("strict")
    for call in (
        lambda: x + y,
        lambda: y * x,
        lambda: x.reshape(1, 1) @ y.reshape(1, 1),
        lambda: tinygrad_edu.cat([x, y]),
    ):
        with pytest.raises(RuntimeError, match=r"one device.*(cpu and strict|strict and cpu)"):
            call()


# --------------------------------------------------------------------------------------------------- primitives
def test_a_primitive_of_ones_own() -> None:
    from tinygrad_edu.engine import Primitive

    def halve(x: Any, *, twice: bool) -> Any:
        """x / 2, or x / 4 if twice"""
        return x / 4 if twice else x / 2

    op = Primitive(halve, None, register=False)
    op.defvjp(x=lambda g, twice: g / (4 if twice else 2))
    x = leaf(8.0)
    y = op(x, twice=True)
    y.sum().backward()
    assert (y.item(), x.grad.item()) == (2.0, 0.25)
    assert op(numpy.array(8.0), twice=False) == 4.0
    assert "halve" not in primitives


def test_a_rule_may_name_only_what_there_is() -> None:
    from tinygrad_edu.engine import Primitive

    op = Primitive(lambda x: x, None, register=False)
    with pytest.raises(ValueError, match="has no argument"):
        op.defvjp(y=lambda g: g)
    with pytest.raises(ValueError, match="asks for 'z'"):
        op.defvjp(x=lambda g, z: g)


def test_an_op_without_a_rule_says_so() -> None:
    from tinygrad_edu.engine import Primitive

    def mystery(x: Any) -> Any:
        return x * 1

    op = Primitive(mystery, None, register=False)
    with pytest.raises(NotImplementedError, match=r"mystery has no rule.*defvjp\(x=lambda g"):
        op(leaf(1.0)).sum().backward()


def test_something_that_is_no_tensor_is_named() -> None:
    with pytest.raises(TypeError, match=r"add wanted tensors or numbers, got NoneType"):
        tensor([1.0]) + None


def test_the_decorator_registers() -> None:
    assert callable(primitive)
    assert primitives["exp"].rules.keys() == {"x"}


# ---------------------------------------------------------------------------------- the unrolled operators agree
def test_unrolled_operators_record_what_the_readable_ones_do() -> None:
    for name in ("add", "sub", "mul", "div", "matmul"):
        x, y = (tensor(numpy.ones((2, 2)) * i, requires_grad=True) for i in (2.0, 3.0))
        op = primitives[name]
        slow, fast = op(x, y), op.run(x, y)
        assert_close(slow, fast)
        assert slow.node.primitive is fast.node.primitive
        assert slow.node.parents == fast.node.parents
        assert_close([list(v or ()) for v in slow.node.saved], [list(v or ()) for v in fast.node.saved])
