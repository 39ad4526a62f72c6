"""Activation checkpointing: the same gradients to the last bit, the same random numbers, and less kept on the way."""

from __future__ import annotations

import math
import weakref
from collections import namedtuple

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as te
from tinygrad_edu import autograd, nn, show
from tinygrad_edu.backend import Generator, default_generator, draw_observers, is_array, owner
from tinygrad_edu.engine import Node
from tinygrad_edu.nn import functional as F
from tinygrad_edu.testing.layers import LAYERS, Question
from tinygrad_edu.utils.checkpoint import checkpoint, checkpoint_sequential


def leaf(*shape, seed=0):
    return te.tensor(numpy.random.default_rng(seed).normal(size=shape), requires_grad=True)


def gradients(function, *leaves):
    """The gradients of Σ function() · (fixed random numbers), as bytes: equal or not, there is no tolerance."""
    for tensor in leaves:
        tensor.grad = None
    out = function()
    out.backward(te.tensor(numpy.random.default_rng(9).normal(size=tuple(out.shape)), dtype=out.dtype))
    return [None if tensor.grad is None else tensor.grad.numpy().tobytes() for tensor in leaves]


def arrays_kept(root):
    """The arrays that the tape keeps below `root`, each piece of memory once."""
    kept, seen, stack = {}, set(), [root.node]
    while stack:
        node = stack.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        stack.extend(node.parents)
        stack2 = list(node.saved) if isinstance(node, Node) else []
        while stack2:
            value = stack2.pop()
            if isinstance(value, tuple):
                stack2.extend(value)
            elif is_array(value):
                kept[id(owner(value))] = owner(value)
    return list(kept.values())


def stack_of_layers(count, width=4):
    te.manual_seed(0)
    return nn.Sequential(*(nn.Sequential(nn.Linear(width, width), nn.Tanh()) for _ in range(count)))


# ------------------------------------------------------------------------------------------------------ equal gradients
def test_value_and_gradients_are_equal_to_the_last_bit():
    layers, x = stack_of_layers(6), te.randn(5, 4, requires_grad=True)
    leaves = [x, *layers.parameters()]
    assert layers(x).tolist() == checkpoint(layers, x).tolist()
    plain = gradients(lambda: layers(x), *leaves)
    assert gradients(lambda: checkpoint(layers, x), *leaves) == plain
    assert gradients(lambda: checkpoint(layers, x, use_reentrant=False), *leaves) == plain
    for segments in (1, 2, 3, 4, 6):
        assert gradients(lambda k=segments: checkpoint_sequential(layers, k, x), *leaves) == plain
        assert gradients(lambda k=segments: checkpoint_sequential(list(layers), k, x), *leaves) == plain


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: (a - b) / 3,
    lambda a, b: a.tanh() * b,
    lambda a, b: (a @ b) / 4,
    lambda a, b: te.cat([a, b])[::2] * a,
    lambda a, b: a + b.sum(0),
    lambda a, b: te.where(a > b, a, b * b),
]
STEPS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=9)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, data=st.data())
def test_any_piece_of_any_program_may_be_checkpointed(steps, data):
    """A program makes each value from two that came before. From `first` to `last` it runs in a checkpoint."""
    first = data.draw(st.integers(0, len(steps)))
    last = data.draw(st.integers(first, len(steps)))
    inner = data.draw(st.integers(first, last))
    leaves = [leaf(3, 3, seed=i) for i in range(3)]

    def run(values, part):
        values = list(values)
        for operation, left, right in part:
            values.append(OPERATIONS[operation](values[left % len(values)], values[right % len(values)]))
        return values

    def shortened(values):
        values = run(values, steps[:first])
        values = checkpoint(run, values, steps[first:last])
        return run(values, steps[last:])

    def nested(values):
        values = run(values, steps[:first])
        values = checkpoint(lambda v: run(checkpoint(run, v, steps[first:inner]), steps[inner:last]), values)
        return run(values, steps[last:])

    plain = gradients(lambda: run(leaves, steps)[-1] * 1, *leaves)
    assert gradients(lambda: shortened(leaves)[-1] * 1, *leaves) == plain
    assert gradients(lambda: nested(leaves)[-1] * 1, *leaves) == plain


def test_weights_shared_by_many_pieces_add_up_in_the_same_order():
    cell, x = nn.RNNCell(3, 4), te.randn(7, 2, 3)
    leaves = list(cell.parameters())

    def unrolled(piece):
        hidden = te.zeros(2, 4)
        for begin in range(0, 7, 2):
            hidden = piece(begin, hidden)
        return hidden

    def steps(begin, hidden):
        for step in range(begin, min(begin + 2, 7)):
            hidden = cell(x[step], hidden)
        return hidden

    assert gradients(lambda: unrolled(lambda *a: checkpoint(steps, *a)), *leaves) == gradients(
        lambda: unrolled(steps), *leaves
    )


@pytest.mark.parametrize("name", sorted({case.name for case in LAYERS}))
def test_every_layer_may_be_checkpointed(name):
    case = next(case for case in LAYERS if case.name == name)

    def answer(call):
        te.manual_seed(1)
        layer, tensors = case.made(nn), [te.tensor(array) for array in case.arrays()]
        leaves = [t for i, t in enumerate(tensors) if i not in case.fixed and t.dtype.kind == "f"]
        for tensor in leaves:
            tensor.requires_grad_()
        question = Question(case, nn, layer, tensors)
        outs = call(question, *question.varied)
        parts = [(out * out).sum() for out in outs if out.requires_grad]
        if parts:
            sum(parts[1:], parts[0]).backward()
        found = [out.detach().numpy().tobytes() for out in outs]
        return found + [None if t.grad is None else t.grad.numpy().tobytes() for t in (*leaves, *question.parameters())]

    assert answer(checkpoint) == answer(lambda function, *args: function(*args))


def test_it_equals_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    from torch.utils.checkpoint import checkpoint as theirs

    start = numpy.random.default_rng(0).normal(size=(3, 3))
    found = []
    for library, function in ((te, checkpoint), (torch, theirs)):
        x, w = (library.tensor(start + i, requires_grad=True) for i in range(2))
        y, z = function(lambda a, *, b, n: ((a @ b).tanh(), a * b**n), x, b=w, n=2, use_reentrant=False)
        (y * z + x).sum().backward()
        found.append([x.grad.numpy(), w.grad.numpy()])
    numpy.testing.assert_allclose(*found, rtol=1e-12)


# ------------------------------------------------------------------------------------------------ arguments and results
Pair = namedtuple("Pair", "first second")


def test_arguments_and_results_may_be_anything():
    x, w = leaf(3), leaf(3, seed=1)

    def function(text, pair, *, table, number=1):
        y = pair.first * table["w"][0] ** number
        return Pair(y, [text, {"z": y.sum() + pair.second}]), None, 3

    def total(call):
        (y, (text, table)), nothing, three = call(function, "a", Pair(x, 2.0), table={"w": [w]}, number=2)
        assert (text, nothing, three) == ("a", None, 3)
        return y * table["z"]

    plain = gradients(lambda: total(lambda f, *a, **k: f(*a, **k)), x, w)
    assert gradients(lambda: total(checkpoint), x, w) == plain
    assert isinstance(checkpoint(function, "a", Pair(x, 2.0), table={"w": [w]})[0], Pair)


def test_a_result_nobody_uses_and_results_that_are_arguments_or_constants():
    x = leaf(4)
    y, _, same, constant = checkpoint(lambda a: (a.exp(), a.sin(), a, te.ones(4)), x)
    assert same is x
    assert not constant.requires_grad
    (y * same).sum().backward()
    numpy.testing.assert_allclose(x.grad.numpy(), numpy.exp(x.detach().numpy()) * (1 + x.detach().numpy()), rtol=1e-14)


def test_values_and_indices_of_one_operation():
    x = leaf(5)
    plain = gradients(lambda: x.topk(2).values ** 2, x)
    assert gradients(lambda: checkpoint(lambda a: a.topk(2), x).values ** 2, x) == plain


def test_arguments_that_need_no_gradient():
    layers, x = stack_of_layers(2), te.randn(5, 4)
    leaves = list(layers.parameters())
    assert gradients(lambda: checkpoint(layers, x), *leaves) == gradients(lambda: layers(x), *leaves)
    assert not checkpoint(te.exp, x).requires_grad
    with te.no_grad():
        assert not checkpoint(layers, x).requires_grad


def test_tensors_that_the_function_finds_by_itself_have_gradients_too():
    x, w = leaf(3), leaf(3, seed=1)

    def total(call):
        outside = w.exp()
        return call(lambda a: a * outside * outside + w, x) + outside

    assert gradients(lambda: total(checkpoint), x, w) == gradients(lambda: total(lambda f, a: f(a)), x, w)


def test_only_what_is_asked_for_is_computed():
    x, w, unused = leaf(3), leaf(3, seed=1), leaf(3, seed=2)
    y = checkpoint(lambda a: (a * w).sin(), x)
    (only,) = autograd.grad(y.sum(), [w], retain_graph=True)
    numpy.testing.assert_array_equal(only.numpy(), autograd.grad((x * w).sin().sum(), [w])[0].numpy())
    assert autograd.grad(y.sum(), [unused, x], allow_unused=True)[0] is None
    assert x.grad is None
    assert w.grad is None


def test_backward_twice_needs_retain_graph():
    x = leaf(3)
    y = checkpoint(te.exp, x)
    y.backward(te.ones_like(y), retain_graph=True)
    once = x.grad.clone()
    y.backward(te.ones_like(y))
    assert x.grad.tolist() == (2 * once).tolist()
    with pytest.raises(RuntimeError, match=r"backward through checkpoint \(recorded .*test_checkpoint.py.* a second"):
        y.backward(te.ones_like(y))


def test_hooks_run_once():
    layer, x, calls = nn.Linear(3, 3), te.randn(2, 3, requires_grad=True), []
    layer.register_full_backward_hook(lambda *_: calls.append("module"))
    layer.weight.register_hook(lambda g: calls.append("weight"))

    def function(a):
        y = layer(a)
        y.register_hook(lambda g: calls.append("inside"))
        return y.tanh()

    out = checkpoint(function, x)
    out.register_hook(lambda g: calls.append("result"))
    out.sum().backward()
    assert sorted(calls) == ["inside", "module", "result", "weight"]


# --------------------------------------------------------------------------------------------------- higher derivatives
def test_second_and_third_derivatives(gradcheck, device):
    layers = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2)).double().to(device)
    x = leaf(2, 3).detach().to(device).requires_grad_()
    gradcheck(lambda a: checkpoint(lambda b: (layers(b), a * b), a)[0] * a[:, :2], (x,))
    gradcheck(lambda *p: checkpoint(layers, x), tuple(layers.parameters()))


def test_the_third_derivative_of_a_fourth_power():
    x = te.tensor(2.0, requires_grad=True)
    y = checkpoint(lambda a: checkpoint(lambda b: b * b, a) * checkpoint(te.square, a), x)
    wanted = [32.0, 48.0, 48.0, 24.0]
    for number in wanted:
        (y,) = autograd.grad(y, [x], create_graph=True)
        assert y.item() == number


def test_a_hessian_through_a_checkpoint():
    w = leaf(3, 3)

    def function(a):
        return (w @ a).tanh().square().sum()

    x = leaf(3, seed=1).detach()
    plain = autograd.functional.hessian(function, x)
    numpy.testing.assert_allclose(
        autograd.functional.hessian(lambda a: checkpoint(function, a), x).numpy(), plain.numpy(), rtol=1e-13
    )
    x.requires_grad_()
    (first,) = autograd.grad(checkpoint(function, x), [x], create_graph=True)
    mixed = autograd.grad(first.sum(), [w, x])
    (first,) = autograd.grad(function(x), [x], create_graph=True)
    for got, wanted in zip(mixed, autograd.grad(first.sum(), [w, x]), strict=True):
        numpy.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-13)


# ----------------------------------------------------------------------------------------------------------- randomness
@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
def test_dropout_draws_the_same_mask_again_and_the_stream_is_not_disturbed(own):
    generator = Generator() if own else default_generator
    drop = {"generator": generator if own else None}
    layers = nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5, **drop), nn.Linear(6, 6), nn.Dropout(0.2, **drop))
    x = te.ones(4, 6, requires_grad=True)
    leaves = [x, *layers.parameters()]
    ends = []

    def run(function):
        generator.manual_seed(3)
        found = gradients(function, *leaves)
        ends.append(generator.get_state())
        return found

    plain = run(lambda: layers(x))
    assert run(lambda: checkpoint(layers, x)) == plain
    assert run(lambda: checkpoint_sequential(layers, 3, x)) == plain
    assert run(lambda: checkpoint(lambda a: checkpoint(layers, a), x)) == plain
    assert ends == [ends[0]] * 4
    assert draw_observers == []


def test_draws_between_forward_and_backward_change_nothing():
    x = te.ones(50, requires_grad=True)
    te.manual_seed(4)
    y = checkpoint(F.dropout, x, 0.5)
    te.rand(7)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()
    after = te.rand(3).tolist()
    te.manual_seed(4)
    assert y.tolist() == F.dropout(x, 0.5).tolist()
    te.rand(7)
    assert after == te.rand(3).tolist()


def test_without_preserve_rng_state_the_numbers_are_new():
    x = te.ones(50, requires_grad=True)
    te.manual_seed(0)
    y = checkpoint(F.dropout, x, 0.5, preserve_rng_state=False)
    y.sum().backward()
    assert x.grad.tolist() != y.tolist()
    te.manual_seed(0)
    assert y.tolist() == F.dropout(x, 0.5).tolist()
    assert x.grad.tolist() == F.dropout(x, 0.5).tolist()  # the next numbers of the stream


# --------------------------------------------------------------------------------------------------------------- memory
def test_the_tape_keeps_the_inputs_of_the_pieces_and_one_piece():
    count = 64
    layers, x = stack_of_layers(count, width=3), te.randn(2, 3)
    weights = {id(owner(parameter.array)) for parameter in layers.parameters()}

    def kept(out):
        return sum(id(array) not in weights for array in arrays_kept(out))

    assert kept(layers(x)) == 1 + count  # x, and each layer's tanh
    root = math.isqrt(count)
    assert kept(checkpoint_sequential(layers, root, x)) == (root - 1) + 1 + root  # inputs, the last one's, its tanh
    assert kept(checkpoint(layers, x)) == 1


def test_backward_too_keeps_the_arrays_of_one_piece_at_a_time():
    layers, x, made, most = stack_of_layers(16, width=3), te.randn(2, 3), [], []

    def count(module, args, out):
        made.append(weakref.ref(owner(out.array)))
        most.append(sum(array() is not None for array in made))

    for layer in layers:
        layer[1].register_forward_hook(count)
    out = checkpoint_sequential(layers, 4, x).sum()
    assert most[-1] == 3 + 4  # the inputs of the pieces, and the last piece
    most.clear()
    out.backward()
    assert len(most) == 12  # the last piece is not run again
    assert max(most) <= 3 + 4
    made.clear()
    most.clear()
    out = layers(x).sum()
    assert max(most) == 16


def test_a_checkpoint_in_a_checkpoint_keeps_less_than_either():
    layers, x = stack_of_layers(27, width=3), te.randn(2, 3)
    weights = {id(owner(parameter.array)) for parameter in layers.parameters()}
    most = []

    def recursive(part, value, depth):
        if depth == 0:
            return part[0](value)
        third = len(part) // 3
        for i in range(3):
            piece = part[i * third : (i + 1) * third]
            value = checkpoint(recursive, piece, value, depth - 1)
        most.append(sum(id(array) not in weights for array in arrays_kept(value)))
        return value

    out = recursive(list(layers), x, 3)
    assert max(most) == 1 + 3 * 2  # on each of three levels, the inputs of two more pieces
    leaves = list(layers.parameters())
    assert gradients(lambda: recursive(list(layers), x, 3), *leaves) == gradients(lambda: layers(x), *leaves)
    assert out.tolist() == layers(x).tolist()


def test_no_step_waits_for_the_device(device):
    if device.type != "strict":
        pytest.skip("the strict stand-in is what counts synchronizations")
    from tinygrad_edu.backend.strict.counters import counters

    layers = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 4)).to(device)
    x = te.randn(2, 4).to(device)
    counters.reset()
    checkpoint(layers, x).sum().backward()
    assert counters.synchronizations == 0


# --------------------------------------------------------------------------------------------------------------- errors
def test_writing_into_an_argument_is_refused():
    x = leaf(3)

    def spoil(a):
        a.mul_(2)
        return a * a * w

    w = leaf(3, seed=1)
    with pytest.raises(RuntimeError, match=r"a second time on an array of shape \(3,\) .*clone\(\) the tensor"):
        checkpoint(spoil, x.detach().clone())
    y = x * 1
    out = checkpoint(te.exp, y)
    with te.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match=r"checkpoint \(recorded at .* saved an array .* in-place"):
        out.sum().backward()


def test_weights_written_between_forward_and_backward_are_noticed():
    layer, x = nn.Linear(3, 3), te.randn(2, 3, requires_grad=True)
    out = checkpoint(layer, x).sum()
    with te.no_grad():
        layer.weight.add_(1.0)
    with pytest.raises(RuntimeError, match=r"called at .*test_checkpoint.py.* run again .* modified by an in-place"):
        out.backward()


def test_what_the_function_makes_for_itself_it_may_write_into():
    x = leaf(4)

    def function(a):
        mask = te.zeros(4, dtype=te.float64)
        mask[1:3] = 2.0
        return a * mask

    checkpoint(function, x).sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 2.0, 0.0]


def test_a_function_that_computes_something_else_the_second_time_is_noticed():
    x, calls = leaf(3), []

    def moody(a):
        calls.append(0)
        return a * a if len(calls) == 1 else a.exp()

    with pytest.raises(
        RuntimeError, match=r"computed something else .* 1 results with 1 uses .*, wanted the same 1 with 2"
    ):
        checkpoint(moody, x).sum().backward()


def test_an_error_in_the_function_is_its_own():
    x = leaf(3)
    with pytest.raises(ValueError, match="Sizes of tensors must match"):
        checkpoint(lambda a: te.cat([a, te.ones(2, 2)]), x)
    assert draw_observers == []


def test_segments_that_make_no_sense_are_refused():
    layers, x = stack_of_layers(3), te.randn(2, 4)
    for segments in (0, -1, 4):
        with pytest.raises(ValueError, match=f"wanted segments from 1 to the number of functions, 3, got {segments}"):
            checkpoint_sequential(layers, segments, x)
    with pytest.raises(TypeError, match=r"wanted segments to be an integer, got float: 1\.5"):
        checkpoint_sequential(layers, 1.5, x)
    with pytest.raises(ValueError, match="the number of functions, 0"):
        checkpoint_sequential([], 1, x)


def test_anomaly_detection_sees_into_it():
    x = te.tensor([0.0, 1.0], requires_grad=True)
    out = checkpoint(lambda a: (a * a).sqrt(), x).sum()
    nan = pytest.raises(RuntimeError, match=r"Backward' returned nan values .* recorded at .*test_checkpoint.py")
    with autograd.detect_anomaly(), numpy.errstate(all="ignore"), nan:
        out.backward()


def test_pictures_show_one_node_with_what_it_keeps():
    x, w = leaf(3), leaf(3, seed=1)
    out = checkpoint(lambda a: (a * w).tanh(), x).sum()
    text = str(show.draw(out, names={"x": x, "w": w}, format="mermaid"))
    assert "checkpoint" in text
    assert "tanh" not in text
    out.backward()  # drawing has left the tape as it was
    assert x.grad is not None
