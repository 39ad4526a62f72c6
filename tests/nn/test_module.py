"""Modules: what they own and in which order, moving and switching them, printing, and what they refuse."""

import copy
import pickle

import numpy
import pytest

from tinygrad_edu import Tensor, cuda, float64, nn, no_grad, optim, tensor, zeros


class Block(nn.Module):
    """A child is assigned before a parameter: PyTorch lists a module's own parameters first all the same."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.scale = nn.Parameter(tensor([1.0, 2.0]))
        self.register_buffer("count", tensor([0]))
        self.register_buffer("scratch", tensor([0.0]), persistent=False)
        self.note = "not owned"
        self.plain = tensor([5.0])

    def forward(self, x):
        return self.inner(x) * self.scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.second = Block()
        self.first = nn.Linear(2, 2, bias=False)

    def forward(self, x):
        return self.first(self.second(x))


def names(pairs):
    return [name for name, _ in pairs]


def test_parameters_buffers_and_modules_are_named_in_the_order_of_assignment():
    net = Net()
    assert names(net.named_parameters()) == ["second.scale", "second.inner.weight", "second.inner.bias", "first.weight"]
    assert names(net.named_buffers()) == ["second.count", "second.scratch"]
    assert names(net.named_modules()) == ["", "second", "second.inner", "first"]
    assert names(net.named_children()) == ["second", "first"]
    assert names(net.named_parameters(recurse=False)) == []
    assert names(net.second.named_parameters("p", recurse=False)) == ["p.scale"]
    assert [id(p) for p in net.parameters()] == [id(p) for _, p in net.named_parameters()]
    assert list(net.modules()) == [net, net.second, net.second.inner, net.first]
    assert list(net.children()) == [net.second, net.first]
    assert len(list(net.buffers())) == 2


def test_the_order_is_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")

    class Same(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Linear(2, 2)
            self.scale = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
            self.register_buffer("count", torch.tensor([0]))
            self.register_buffer("scratch", torch.tensor([0.0]), persistent=False)

    ours, theirs = Block(), Same()
    for walk in ("named_parameters", "named_buffers", "named_modules"):
        assert names(getattr(ours, walk)()) == names(getattr(theirs, walk)())
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_a_shared_parameter_or_module_is_reported_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert names(net.named_parameters()) == ["0.weight", "0.bias", "1.bias"]
    assert names(net.named_parameters(remove_duplicate=False)) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    layer = nn.Linear(2, 2)
    twice = nn.Sequential(layer, layer)
    assert len(list(twice.parameters())) == 2
    assert len(list(twice.modules())) == 2
    assert len(list(twice.children())) == 1
    assert list(twice.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert len(twice) == 2


def test_assigning_keeps_the_place_and_deleting_gives_it_up():
    block = Block()
    block.scale = nn.Parameter(tensor([3.0, 3.0]))
    block.other = nn.Parameter(tensor([4.0]))
    assert names(block.named_parameters(recurse=False)) == ["scale", "other"]
    del block.scale, block.count
    assert names(block.named_parameters(recurse=False)) == ["other"]
    assert names(block.named_buffers()) == ["scratch"]
    block.inner = None
    assert names(block.named_modules()) == [""]


def test_a_buffer_that_becomes_a_parameter_is_one():
    block = Block()
    block.count = nn.Parameter(tensor([1.0]))
    assert "count" in names(block.named_parameters())
    assert "count" not in names(block.named_buffers())


def test_parameters_and_buffers_may_be_left_out():
    module = nn.Module()
    module.register_parameter("weight", None)
    module.register_buffer("mean", None)
    assert module.weight is None
    assert module.mean is None
    assert list(module.state_dict()) == []
    module.mean = tensor([1.0])
    assert list(module.state_dict()) == ["mean"]


def test_a_parameter_is_a_leaf_that_shares_memory_and_prints_as_one():
    data = tensor([1.0, 2.0])
    parameter = nn.Parameter(data)
    assert parameter.requires_grad
    assert parameter.is_leaf
    assert isinstance(parameter, Tensor)
    assert not nn.Parameter(data, requires_grad=False).requires_grad
    with no_grad():
        parameter.add_(1.0)
    assert data.tolist() == [2.0, 3.0]
    assert repr(parameter).startswith("Parameter containing:\ntensor(")
    assert type(parameter * 2) is Tensor
    assert type(parameter.detach()) is Tensor
    with pytest.raises(TypeError, match="wanted a Tensor to make a Parameter of, got list"):
        nn.Parameter([1.0])
    with pytest.raises(TypeError, match="only floating-point"):
        nn.Parameter(tensor([1]))


def test_a_parameter_of_a_computed_tensor_is_a_leaf_of_its_own():
    x = tensor([1.0], requires_grad=True)
    parameter = nn.Parameter(x * 2)
    (parameter * 3).sum().backward()
    assert parameter.is_leaf
    assert parameter.grad.tolist() == [3.0]
    assert x.grad is None


def test_get_submodule_follows_the_dots():
    net = Net()
    assert net.get_submodule("second.inner") is net.second.inner
    assert net.get_submodule("") is net
    for target in ("third", "second.scale", "second.inner.weight", "second..inner"):
        with pytest.raises(AttributeError, match=r"has no module called .*; it has: second, second\.inner, first"):
            net.get_submodule(target)


def test_apply_visits_children_before_their_parent():
    visited = []
    net = Net()
    assert net.apply(visited.append) is net
    assert visited == [net.second.inner, net.second, net.first, net]


def test_train_and_eval_reach_everything():
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train(1)


def test_requires_grad_freezes_and_thaws():
    net = Net().requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert not net(tensor([[1.0, 1.0]])).requires_grad
    assert all(parameter.requires_grad for parameter in net.requires_grad_().parameters())


def test_zero_grad_forgets_or_fills_with_zeros():
    net = Net()
    net(tensor([[1.0, 1.0]])).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(not parameter.grad.numpy().any() for parameter in net.parameters())
    net.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())


def test_to_changes_floating_point_tensors_in_place_and_keeps_the_objects():
    net = Net()
    before, identities = net.state_dict(), [id(parameter) for parameter in net.parameters()]
    net(tensor([[1.0, 1.0]])).sum().backward()
    assert net.to(float64) is net
    assert [id(parameter) for parameter in net.parameters()] == identities
    assert all(parameter.dtype == parameter.grad.dtype == float64 for parameter in net.parameters())
    assert net.second.count.dtype == numpy.int64
    assert net.second.scratch.dtype == float64
    for name, value in net.state_dict().items():
        numpy.testing.assert_array_equal(value.numpy(), before[name].numpy())
    assert net(tensor(numpy.ones((1, 2)))).dtype == float64
    assert net.float().first.weight.dtype == net.to("cpu", dtype=numpy.float32).first.weight.dtype == numpy.float32
    assert net.double().to(tensor([1.0])).first.weight.dtype == numpy.float32
    assert net.cpu() is net
    assert net.half().first.weight.dtype == numpy.float16


def test_an_optimizer_made_before_to_still_trains_the_model():
    net = nn.Linear(2, 1)
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    net.double()
    before = net.weight.detach().clone()
    net(tensor(numpy.ones((1, 2)))).sum().backward()
    optimizer.step()
    numpy.testing.assert_allclose((before - net.weight.detach()).numpy(), 0.1)


def test_asking_for_a_gpu_that_is_not_there_is_an_error_that_names_it():
    if cuda.is_available():
        pytest.skip("there is a GPU")
    for index, name in ((None, "cuda:0"), (1, "cuda:1")):
        with pytest.raises(RuntimeError, match=f"wanted device {name}, but"):
            nn.Linear(1, 1).cuda(index)


def test_to_refuses_what_parameters_cannot_be():
    with pytest.raises(TypeError, match="only accepts floating point dtypes"):
        Net().to(numpy.dtype("int64"))
    with pytest.raises(ValueError, match="device"):
        Net().to("gpu")


def test_a_copy_shares_nothing_and_a_pickle_comes_back():
    net = Net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        with no_grad():
            twin.first.weight.fill_(7.0)
        assert not (net.first.weight.detach().numpy() == 7.0).any()
        assert names(twin.named_parameters()) == names(net.named_parameters())
        assert isinstance(twin.first.weight, nn.Parameter)
        assert twin.first.weight.requires_grad
        twin(tensor([[1.0, 1.0]])).sum().backward()
        assert twin.second.scale.grad is not None
        assert net.second.scale.grad is None


def test_a_copy_keeps_shared_parameters_shared():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[1].weight is twin[0].weight is not net[0].weight


def test_modules_print_like_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")

    def build(nn):
        inner = nn.Sequential(nn.Conv2d(1, 2, 3, padding="same", bias=False), nn.ReLU(inplace=True), nn.Flatten())
        many = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), inner, nn.Linear(2, 1)])
        return nn.ModuleDict({"inner": inner, "many": many, "empty": nn.Sequential(), "loss": nn.MSELoss()})

    assert repr(build(nn)) == repr(build(torch.nn))


def test_a_layer_with_settings_and_children_prints_both():
    class Scaled(nn.Sequential):
        def extra_repr(self):
            return "scale=2"

    assert repr(Scaled(nn.ReLU())) == "Scaled(\n  scale=2\n  (0): ReLU()\n)"


def test_a_missing_attribute_is_an_error_that_says_what_there_is():
    with pytest.raises(AttributeError, match="no attribute 'scael': it owns scale, count, scratch, inner"):
        _ = Block().scael
    assert not hasattr(Block(), "anything")
    assert getattr(Block(), "anything", 3) == 3


def test_assigning_before_init_is_an_error_with_the_remedy():
    class Early(nn.Module):
        def __init__(self, value):
            self.value = value

    for value in (nn.Linear(1, 1), nn.Parameter(zeros(1))):
        with pytest.raises(AttributeError, match=r"cannot assign 'value' before Module.__init__\(\) call.*of Early"):
            Early(value)
    with pytest.raises(AttributeError, match=r"write super\(\).__init__\(\) as the first line of Early.__init__"):
        Early(1)(2)


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match='Module is missing the required "forward" method'):
        nn.Module()(1)


def test_what_is_owned_is_not_replaced_by_accident():
    block = Block()
    with pytest.raises(TypeError, match=r"cannot assign 'Tensor' as parameter 'scale' of Block.*copy_"):
        block.scale = block.scale * 2
    with pytest.raises(TypeError, match="cannot assign 'int' as module 'inner'"):
        block.inner = 3
    with pytest.raises(TypeError, match="cannot assign 'list' as buffer 'count'"):
        block.count = [1]
    block.note, block.plain = 1, "anything"
    block.count = tensor([4])
    assert block.state_dict()["count"].tolist() == [4]


@pytest.mark.parametrize("name", ["", "a.b", 3])
def test_names_are_words_without_dots(name):
    for register in (nn.Module().add_module, nn.Module().register_parameter, nn.Module().register_buffer):
        with pytest.raises(ValueError, match="name that is a string, not empty and without a dot"):
            register(name, None)


def test_registering_checks_kinds_and_names_that_are_taken():
    module = nn.Module()
    with pytest.raises(TypeError, match="wanted a parameter or None to register as 'w', got Tensor"):
        module.register_parameter("w", tensor([1.0]))
    with pytest.raises(TypeError, match="wanted a module or None to register as 'm', got function"):
        module.add_module("m", lambda x: x)
    with pytest.raises(TypeError, match="wanted a buffer or None to register as 'b', got Parameter"):
        module.register_buffer("b", nn.Parameter(zeros(1)))
    for name in ("forward", "training"):
        with pytest.raises(KeyError, match="already exists"):
            module.register_buffer(name, zeros(1))
