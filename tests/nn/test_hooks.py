"""Hooks on modules: when they run, what they see, what they may replace, and that they go away."""

import numpy
import pytest

from tinygrad_edu import nn, tensor


class Twice(nn.Module):
    """(x, y) -> (2x, xy)"""

    def forward(self, x, y):
        return x * 2.0, x * y


def test_forward_hooks_see_arguments_and_result_and_may_replace_them():
    layer, seen = nn.Linear(2, 1), []
    x = tensor([[1.0, 2.0]])
    before = layer.register_forward_pre_hook(lambda module, args: seen.append((module, args)) or (args[0] * 2.0,))
    after = layer.register_forward_hook(lambda module, args, output: seen.append((args, output)) or output + 1.0)
    y = layer(x)
    plain = layer.forward(x * 2.0)
    assert y.tolist() == (plain + 1.0).tolist()
    assert seen[0] == (layer, (x,))
    assert seen[1][0][0].tolist() == [[2.0, 4.0]]
    assert seen[1][1].tolist() == plain.tolist()
    before.remove()
    after.remove()
    after.remove()
    assert layer(x).tolist() == layer.forward(x).tolist()
    assert len(seen) == 2


def test_a_pre_hook_may_return_one_value_and_none_changes_nothing():
    layer = nn.ReLU()
    layer.register_forward_pre_hook(lambda module, args: -args[0])
    layer.register_forward_hook(lambda module, args, output: None)
    assert layer(tensor([-2.0])).tolist() == [2.0]


def test_hooks_run_in_order_and_prepend_goes_first():
    layer, order = nn.Identity(), []
    layer.register_forward_hook(lambda *_: order.append("second"))
    layer.register_forward_hook(lambda *_: order.append("third"))
    layer.register_forward_hook(lambda *_: order.append("first"), prepend=True)
    layer(tensor([1.0]))
    assert order == ["first", "second", "third"]


def test_the_same_hook_registered_twice_runs_twice_and_is_removed_one_at_a_time():
    layer, count = nn.Identity(), []
    hook = lambda *_: count.append(1)  # noqa: E731
    first, _ = layer.register_forward_hook(hook), layer.register_forward_hook(hook)
    layer(tensor([1.0]))
    first.remove()
    layer(tensor([1.0]))
    assert len(count) == 3


def test_a_handle_is_a_with_block():
    layer, count = nn.Identity(), []
    with layer.register_forward_hook(lambda *_: count.append(1)):
        layer(tensor([1.0]))
    layer(tensor([1.0]))
    assert len(count) == 1


def test_a_backward_hook_sees_the_gradients_on_both_sides():
    layer, seen = nn.Linear(2, 3).double(), []
    layer.register_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append((module, grad_input, grad_output))
    )
    x = tensor(numpy.array([[1.0, 2.0]]), requires_grad=True)
    g = numpy.array([[1.0, -1.0, 0.5]])
    (layer(x) * tensor(g)).sum().backward()
    [(module, (grad_input,), (grad_output,))] = seen
    assert module is layer
    numpy.testing.assert_allclose(grad_output.numpy(), g)
    numpy.testing.assert_allclose(grad_input.numpy(), g @ layer.weight.detach().numpy())
    numpy.testing.assert_allclose(x.grad.numpy(), grad_input.numpy())


def test_a_backward_hook_may_replace_the_gradient_of_the_input():
    layer = nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10.0,))
    x, same = tensor([[1.0, 2.0]], requires_grad=True), tensor([[1.0, 2.0]], requires_grad=True)
    layer(x).sum().backward()
    layer.forward(same).sum().backward()
    numpy.testing.assert_allclose(x.grad.numpy(), 10.0 * same.grad.numpy())


def test_a_backward_hook_on_the_first_layer_runs_without_gradients_of_its_input():
    layer, seen = nn.Linear(2, 2), []
    layer.register_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append((grad_input, grad_output[0].shape))
    )
    layer(tensor([[1.0, 2.0]])).sum().backward()
    assert seen == [((None,), (1, 2))]
    assert layer.weight.grad is not None


def test_a_backward_hook_sees_all_inputs_and_outputs_once():
    layer, seen = Twice(), []
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x, y = tensor([3.0], requires_grad=True), tensor([5.0], requires_grad=True)
    double, product = layer(x, y)
    (double + product * 7.0).sum().backward()
    [(grad_input, grad_output)] = seen
    assert [part.tolist() for part in grad_input] == [[2.0 + 7.0 * 5.0], [21.0]]
    assert [part.tolist() for part in grad_output] == [[1.0], [7.0]]
    assert x.grad.tolist() == [37.0]
    assert y.grad.tolist() == [21.0]


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # PyTorch's, about a first layer
def test_backward_hooks_agree_with_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")

    def record(nn, tensor, weight):
        first, second, seen = nn.Linear(2, 3), nn.Linear(3, 1), []
        model = nn.Sequential(first, nn.Tanh(), second)
        for layer in model:
            layer.register_full_backward_hook(
                lambda module, grad_input, grad_output: seen.append(
                    [
                        type(module).__name__,
                        *(None if g is None else g.detach().numpy().copy() for g in (*grad_input, *grad_output)),
                    ]
                )
            )
        model.load_state_dict({name: tensor(value) for name, value in weight.items()})
        model(tensor([[1.0, -2.0], [0.5, 3.0]])).sum().backward()
        return seen

    weight = {
        name: value.numpy()
        for name, value in nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).state_dict().items()
    }
    for own, other in zip(record(nn, tensor, weight), record(torch.nn, torch.tensor, weight), strict=True):
        assert own[0] == other[0]
        for mine, theirs in zip(own[1:], other[1:], strict=True):
            assert (mine is None) == (theirs is None)
            if mine is not None:
                numpy.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_a_backward_hook_that_returns_too_much_is_told():
    layer = nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: grad_input * 2)
    with pytest.raises(ValueError, match="returned an invalid number of grad_input, got 2, but expected 1"):
        layer(tensor([[1.0]], requires_grad=True)).sum().backward()


def test_a_backward_hook_wants_tensors_from_forward():
    class Named(nn.Module):
        def forward(self, x):
            return {"y": x}

    layer = Named()
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.raises(TypeError, match="needs forward to return a tensor or a tuple of tensors, got dict from Named"):
        layer(tensor([1.0], requires_grad=True))


def test_tensors_without_gradients_pass_by_the_boundary():
    class Pick(nn.Module):
        def forward(self, x, index):
            return x[index], index

    layer, seen = Pick(), []
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    picked, index = layer(x.T, tensor([1]))  # x.T does not lie in row-major order
    assert not index.requires_grad
    picked.sum().backward()
    [(grad_input, grad_output)] = seen
    assert grad_input[0].tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert grad_input[1] is None
    assert grad_output[0].tolist() == [[1.0, 1.0]]
    assert grad_output[1] is None
    assert x.grad.tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_a_hooked_layer_can_be_differentiated_twice(gradcheck):
    layer = nn.Sequential(nn.Linear(2, 2), nn.Tanh()).double()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    assert gradcheck(layer, (tensor(numpy.array([[0.3, -0.7]]), requires_grad=True), *layer.parameters()))


def test_without_recording_backward_hooks_change_nothing():
    from tinygrad_edu import no_grad

    layer = nn.Linear(2, 1)
    layer.register_full_backward_hook(lambda *_: None)
    with no_grad():
        assert not layer(tensor([[1.0, 2.0]])).requires_grad
