"""ParameterList and ParameterDict: their manners as lists and dictionaries, and what they own."""

import pytest

from tinygrad_edu import nn, tensor


def parameter(*numbers):
    return nn.Parameter(tensor(list(numbers)))


def test_a_list_of_parameters_has_the_manners_of_a_list():
    a, b, c = parameter(1.0), parameter(2.0), parameter(3.0)
    box = nn.ParameterList([a, b])
    assert box.append(c) is box
    assert len(box) == 3
    assert [one is other for one, other in zip(box, [a, b, c], strict=True)] == [True] * 3
    assert box[0] is a
    assert box[-1] is c
    part = box[1:]
    assert type(part) is nn.ParameterList
    assert [one is other for one, other in zip(part, [b, c], strict=True)] == [True, True]
    box[1] = a
    assert box[1] is a
    box += [b]
    assert box[3] is b
    assert box.extend(iter([c])) is box
    assert len(box) == 5
    assert len(nn.ParameterList()) == 0


def test_a_dictionary_of_parameters_has_the_manners_of_a_dictionary():
    a, b = parameter(1.0), parameter(2.0)
    box = nn.ParameterDict([("b", b)])
    box["a"] = a
    assert list(box) == list(box.keys()) == ["b", "a"]
    assert [value is wanted for value, wanted in zip(box.values(), [b, a], strict=True)] == [True, True]
    assert [name for name, _ in box.items()] == ["b", "a"]
    assert "a" in box
    assert "c" not in box
    assert len(box) == 2
    assert box["a"] is box.get("a") is a
    assert box.get("c") is None
    assert box.get("c", 3) == 3
    assert box.pop("b") is b
    box.update({"c": b})
    del box["a"]
    assert list(box) == ["c"]
    box.clear()
    assert len(box) == 0


def test_they_own_what_they_hold_under_pytorchs_names():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")

    def net(nn, tensor):
        model = nn.Module()
        model.listed = nn.ParameterList([tensor([1.0]), nn.Parameter(tensor([[2.0, 3.0]]))])
        model.named = nn.ParameterDict(
            {"left": tensor([4.0]), "right": nn.Parameter(tensor([5.0]), requires_grad=False)}
        )
        return model

    ours, theirs = net(nn, tensor), net(torch.nn, torch.tensor)
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["listed.0", "listed.1", "named.left", "named.right"]
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert [p.requires_grad for p in ours.parameters()] == [p.requires_grad for p in theirs.parameters()]
    ours.load_state_dict({name: value + 1 for name, value in theirs.state_dict().items()})
    assert ours.listed[1].tolist() == [[3.0, 4.0]]
    assert repr(ours.listed) == repr(theirs.listed).replace("torch.", "")
    assert repr(ours.named) == repr(theirs.named).replace("torch.FloatTensor", "float32")
    assert repr(nn.ParameterList()) == repr(torch.nn.ParameterList())


def test_they_say_where_their_parameters_are():
    box = nn.ParameterDict({"a": tensor([1.0, 2.0])}).to("strict")
    assert repr(box) == "ParameterDict(\n    (a): Parameter containing: [float32 of size 2 (strict)]\n)"


def test_a_tensor_becomes_a_parameter_that_shares_its_memory_and_learns():
    x = tensor([1.0, 2.0])
    box = nn.ParameterList([x])
    (box[0] * 3).sum().backward()
    assert box[0].grad.tolist() == [3.0, 3.0]
    x.zero_()
    assert box[0].tolist() == [0.0, 0.0]


def test_what_they_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="ParameterList wanted a Parameter or a Tensor, got int"):
        nn.ParameterList([1])
    with pytest.raises(TypeError, match="ParameterDict wanted a Parameter or a Tensor, got Linear"):
        nn.ParameterDict({"a": nn.Linear(1, 1)})
    for values in (tensor([1.0]), 3):
        with pytest.raises(
            TypeError, match=r"extend should be called with an iterable, but got .*: for one parameter use"
        ):
            nn.ParameterList().extend(values)
    box = nn.ParameterList([tensor([1.0])])
    for index in (1, -2):
        with pytest.raises(IndexError, match=f"index {index} is out of range for a ParameterList of 1 parameters"):
            box[index]
        with pytest.raises(IndexError, match=f"index {index} is out of range"):
            box[index] = tensor([1.0])
    with pytest.raises(TypeError, match="ParameterList wants an integer or a slice as index, got str"):
        box["0"]
    named = nn.ParameterDict({"a": tensor([1.0])})
    with pytest.raises(KeyError, match="no parameter is called 'x' here; there are: a"):
        named["x"]
    with pytest.raises(KeyError, match="attribute 'items' already exists in ParameterDict"):
        named["items"] = tensor([1.0])
    with pytest.raises(ValueError, match=r"not empty and without a dot, got 'a\.b'"):
        named["a.b"] = tensor([1.0])
    with pytest.raises(NotImplementedError, match='ParameterDict is missing the required "forward"'):
        named(1)
