"""Sequential, ModuleList and ModuleDict: their manners as lists and dictionaries, and what they own."""

import pytest

from tinygrad_edu import nn, tensor


def names(container):
    return [name for name, _ in container.named_children()]


def test_sequential_calls_one_after_the_other():
    first, second = nn.Linear(2, 3), nn.Linear(3, 1)
    model, x = nn.Sequential(first, nn.ReLU(), second), tensor([[1.0, -1.0]])
    assert model(x).tolist() == second(first(x).relu()).tolist()
    assert nn.Sequential()(x) is x
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_sequential_takes_names_from_a_dictionary():
    model = nn.Sequential({"hidden": nn.Linear(2, 3), "act": nn.ReLU()})
    assert names(model) == ["hidden", "act"]
    assert model.hidden is model[0]
    assert names(model[1:]) == ["act"]


@pytest.mark.parametrize("kind", [lambda *modules: nn.Sequential(*modules), lambda *modules: nn.ModuleList(modules)])
def test_numbered_containers_have_the_manners_of_a_list(kind):
    a, b, c, d = (nn.Linear(1, size) for size in (1, 2, 3, 4))
    box = kind(a, b)
    assert len(box) == 2
    assert list(box) == [a, b]
    assert box[0] is a
    assert box[-1] is b
    assert a in box
    assert c not in box
    assert box.append(c) is box
    assert box.extend([d]) is box
    assert list(box) == [a, b, c, d]
    part = box[1:3]
    assert type(part) is type(box)
    assert list(part) == [b, c]
    assert list(box[::-1]) == [d, c, b, a]
    box[1] = nn.ReLU()
    assert isinstance(box[1], nn.ReLU)
    assert names(box) == ["0", "1", "2", "3"]
    del box[1]
    assert list(box) == [a, c, d]
    assert names(box) == ["0", "1", "2"]
    box.insert(0, b)
    assert list(box) == [b, a, c, d]
    assert names(box) == ["0", "1", "2", "3"]
    del box[1:]
    assert list(box) == [b]
    for index in (1, -2):
        with pytest.raises(IndexError, match=f"index {index} is out of range for a .* of 1 modules"):
            box[index]
        with pytest.raises(IndexError, match=f"index {index} is out of range for a .* of 1 modules"):
            del box[index]
    with pytest.raises(TypeError, match="wants an integer or a slice as index, got str"):
        box["0"]
    with pytest.raises(TypeError, match="wanted a module or None to register as '1', got int"):
        box.append(3)
    with pytest.raises(TypeError, match="cannot assign 'int' as module '0'"):
        box[0] = 3


def test_a_list_of_modules_is_owned_where_a_plain_list_is_not():
    class Net(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.layers = kind([nn.Linear(1, 1), nn.Linear(1, 1)])

    assert len(list(Net(nn.ModuleList).parameters())) == 4
    assert len(list(Net(list).parameters())) == 0
    with pytest.raises(NotImplementedError, match="ModuleList is missing the required"):
        Net(nn.ModuleList).layers(1)


def test_module_dict_has_the_manners_of_a_dictionary():
    a, b = nn.Linear(1, 1), nn.ReLU()
    box = nn.ModuleDict([("b", b)])
    box["a"] = a
    assert list(box) == list(box.keys()) == ["b", "a"]
    assert list(box.values()) == [b, a]
    assert dict(box.items()) == {"b": b, "a": a}
    assert box["a"] is a
    assert "a" in box
    assert "c" not in box
    assert len(box) == 2
    assert box.pop("b") is b
    assert list(box) == ["a"]
    assert [name for name, _ in box.named_parameters()] == ["a.weight", "a.bias"]
    box.update({"c": b})
    del box["a"]
    assert list(box) == ["c"]
    box.clear()
    assert len(box) == 0
    with pytest.raises(KeyError, match="no module is called 'x' here; there are: none"):
        box["x"]
    with pytest.raises(KeyError, match="attribute 'items' already exists in ModuleDict"):
        box["items"] = a
