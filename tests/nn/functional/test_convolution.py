"""conv2d against its definition, written as loops, and its derivatives against differences."""

import itertools

import numpy
import pytest

from tinygrad_edu import float64, tensor
from tinygrad_edu.nn import functional as F

CASES = {
    "plain": {},
    "stride": {"stride": 2},
    "stride of each axis": {"stride": (2, 1)},
    "padding": {"padding": (1, 2)},
    "same": {"padding": "same"},
    "same, dilated": {"padding": "same", "dilation": (1, 2)},
    "valid": {"padding": "valid"},
    "dilation": {"dilation": (2, 1)},
    "groups": {"groups": 2},
    "depthwise": {"groups": 4, "padding": 1},
    "everything": {"stride": (2, 1), "padding": (2, 1), "dilation": (1, 2), "groups": 2},
}


def convolved_by_loops(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    """The sum in conv2d's docstring, one output at a time."""
    two = lambda value: value if isinstance(value, tuple) else (value, value)  # noqa: E731
    (sh, sw), (dh, dw), (kh, kw) = two(stride), two(dilation), w.shape[2:]
    if padding == "same":
        margins = [(d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2) for d, k in ((dh, kh), (dw, kw))]
    else:
        margins = [(p, p) for p in two(0 if padding == "valid" else padding)]
    x = numpy.pad(x, ((0, 0), (0, 0), *margins))
    height = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    width = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = numpy.zeros((x.shape[0], w.shape[0], height, width))
    per_group_in, per_group_out = w.shape[1], w.shape[0] // groups
    for n, o, i, j in itertools.product(*map(range, y.shape)):
        first = o // per_group_out * per_group_in
        patch = x[n, first : first + per_group_in, sh * i :: dh, sw * j :: dw][:, :kh, :kw]
        y[n, o, i, j] = (patch * w[o]).sum() + b[o]
    return y


def example(settings, rng):
    groups = settings.get("groups", 1)
    return rng.normal(size=(2, 4, 7, 6)), rng.normal(size=(4, 4 // groups, 3, 2)), rng.normal(size=4)


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_conv2d_is_its_sum(settings):
    x, w, b = example(settings, numpy.random.default_rng(0))
    y = F.conv2d(tensor(x), tensor(w), tensor(b), **settings)
    numpy.testing.assert_allclose(y.numpy(), convolved_by_loops(x, w, b, **settings), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_conv2d_gradients_are_those_of_its_sum(settings):
    """conv2d is linear in x, w and b each, so <y(v), g> = <v, gradient> for every direction v."""
    rng = numpy.random.default_rng(1)
    x, w, b = (tensor(part, requires_grad=True) for part in example(settings, rng))
    y = F.conv2d(x, w, b, **settings)
    g = rng.normal(size=y.shape)
    y.backward(tensor(g))
    for position, value in enumerate((x, w, b)):
        direction = rng.normal(size=value.shape)
        others = [part.detach().numpy() for part in (x, w, b)]
        others[position] = direction
        if position != 2:
            others[2] = numpy.zeros(4)
        else:
            others[0] = numpy.zeros(x.shape)
        change = (convolved_by_loops(*others, **settings) * g).sum()
        numpy.testing.assert_allclose((value.grad.numpy() * direction).sum(), change, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")  # PyTorch's, about its speed
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
@pytest.mark.parametrize("bias", [True, False])
def test_conv2d_and_its_gradients_equal_pytorchs(settings, bias):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    rng = numpy.random.default_rng(2)
    parts = example(settings, rng)[: 3 if bias else 2]
    ours = [tensor(part, requires_grad=True) for part in parts]
    theirs = [torch.tensor(part, requires_grad=True) for part in parts]
    y, wanted = F.conv2d(*ours, **settings), torch.nn.functional.conv2d(*theirs, **settings)
    g = rng.normal(size=y.shape)
    y.backward(tensor(g))
    wanted.backward(torch.tensor(g))
    numpy.testing.assert_allclose(y.detach().numpy(), wanted.detach().numpy(), rtol=1e-11, atol=1e-12)
    for own, other in zip(ours, theirs, strict=True):
        numpy.testing.assert_allclose(own.grad.numpy(), other.grad.numpy(), rtol=1e-11, atol=1e-12)


def test_a_single_image_needs_no_batch_axis():
    rng = numpy.random.default_rng(3)
    x, w = tensor(rng.normal(size=(3, 5, 5))), tensor(rng.normal(size=(2, 3, 3, 3)))
    numpy.testing.assert_array_equal(F.conv2d(x, w).numpy(), F.conv2d(x.unsqueeze(0), w).numpy()[0])
    assert F.conv2d(x, w).shape == (2, 3, 3)


def test_an_empty_batch_gives_an_empty_result_and_zero_gradients():
    x = tensor(numpy.zeros((0, 3, 5, 5)), requires_grad=True)
    w = tensor(numpy.ones((2, 3, 3, 3)), requires_grad=True)
    y = F.conv2d(x, w)
    y.sum().backward()
    assert y.shape == (0, 2, 3, 3)
    assert x.grad.shape == x.shape
    assert not w.grad.numpy().any()


def test_the_result_lies_in_row_major_order_so_that_view_works():
    y = F.conv2d(tensor(numpy.ones((2, 1, 4, 4))), tensor(numpy.ones((3, 1, 3, 3))))
    assert y.view(2, -1).shape == (2, 12)


def test_conv2d_keeps_float32():
    x, w = tensor(numpy.ones((1, 1, 3, 3), "float32")), tensor(numpy.ones((1, 1, 2, 2), "float32"))
    assert F.conv2d(x, w, padding=1).dtype == numpy.float32
    assert F.conv2d(x.to(float64), w.to(float64)).dtype == numpy.float64


def test_conv2d_keeps_one_copy_of_its_patches_and_no_more():
    """Promise 3: besides the columns of the patches and the arguments themselves, nothing stays for backward."""
    x = tensor(numpy.ones((2, 3, 8, 8)), requires_grad=True)
    w = tensor(numpy.ones((4, 3, 3, 3)), requires_grad=True)
    stack, kept = [F.conv2d(x, w).grad_fn], {}
    while stack:
        node = stack.pop()
        if node is None or not node.parents:
            continue
        for values in node.saved:
            kept.update({id(value): value for value in values or () if isinstance(value, numpy.ndarray)})
        stack.extend(node.parents)
    assert sum(array.nbytes for array in kept.values()) == 8 * (3 * 9 * 2 * 6 * 6 + 4 * 27)


BAD = {
    "channels": (((2, 4, 8, 8), (6, 3, 5, 5)), {}, ValueError, r"expected input\[2, 4, 8, 8\] to have 3 channels"),
    "dimensions": (((8, 8), (6, 3, 5, 5)), {}, ValueError, r"Expected 3D \(unbatched\) or 4D \(batched\) input"),
    "weight": (((2, 3, 8, 8), (6, 3)), {}, ValueError, "weight of shape"),
    "kernel": (((2, 3, 2, 8), (6, 3, 3, 3)), {}, ValueError, "Kernel size can't be greater than actual input size"),
    "stride": (((2, 3, 8, 8), (6, 3, 3, 3)), {"stride": 0}, ValueError, "non-positive stride is not supported"),
    "padding": (((2, 3, 8, 8), (6, 3, 3, 3)), {"padding": -1}, ValueError, "negative padding is not supported"),
    "text": (((2, 3, 8, 8), (6, 3, 3, 3)), {"padding": "full"}, ValueError, "Invalid padding string"),
    "same": (((2, 3, 8, 8), (6, 3, 3, 3)), {"padding": "same", "stride": 2}, ValueError, "not supported for strided"),
    "groups": (((2, 3, 8, 8), (6, 3, 3, 3)), {"groups": 4}, ValueError, "divisible by 4"),
    "kind": (((2, 3, 8, 8), (6, 3, 3, 3)), {"stride": 1.5}, TypeError, "wanted stride to be an integer or a pair"),
    "bias": (((2, 3, 8, 8), (6, 3, 3, 3), (5,)), {}, ValueError, "expected bias to be 1-dimensional with 6 elements"),
}


@pytest.mark.parametrize(("shapes", "settings", "kind", "words"), BAD.values(), ids=BAD)
def test_conv2d_says_what_is_wrong(shapes, settings, kind, words):
    with pytest.raises(kind, match=words):
        F.conv2d(*(tensor(numpy.ones(shape)) for shape in shapes), **settings)


def test_conv2d_refuses_integers_and_mixed_precision():
    w = tensor(numpy.ones((1, 1, 2, 2)))
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        F.conv2d(tensor(numpy.ones((1, 1, 3, 3), "int64")), w)
    with pytest.raises(TypeError, match="same dtype, but got float32 and float64"):
        F.conv2d(tensor(numpy.ones((1, 1, 3, 3), "float32")), w)
