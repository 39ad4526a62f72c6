"""Convolution and its transpose against their definitions, written as loops, and against one another."""

import itertools

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from tinygrad_edu import float64, show, tensor
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


def test_conv2d_keeps_its_arguments_a_rearranged_image_and_no_patches():
    """Promise 3: the image stays, once more in the order of the kernel; the patches are cut again."""
    x = tensor(numpy.ones((2, 3, 8, 8)), requires_grad=True)
    w = tensor(numpy.ones((4, 3, 3, 3)), requires_grad=True)
    graph = show.draw(F.conv2d(x, w)).graph
    assert graph.kept == 2 * x.detach().numpy().nbytes + w.detach().numpy().nbytes


def whole_numbers(rng, *shape):
    """Sums of products of small whole numbers are exact, in whatever order they are added."""
    return rng.integers(-4, 5, shape).astype(float)


@some.composite
def convolutions(draw):
    """Settings that fit one another, for one or two axes: (x, w, b, settings) of a convolution."""
    axes = draw(some.integers(1, 2))
    several = lambda low, high: tuple(draw(some.integers(low, high)) for _ in range(axes))  # noqa: E731
    size, stride, dilation, padding = several(1, 3), several(1, 3), several(1, 3), several(0, 3)
    groups, inner, outer = (draw(some.integers(1, 2)) for _ in range(3))
    room = several(0, 4)
    span = [d * (k - 1) + 1 for d, k in zip(dilation, size)]
    lengths = [max(s - 2 * p, 0) + more + (s - 2 * p <= 0) for s, p, more in zip(span, padding, room)]
    rng = numpy.random.default_rng(draw(some.integers(0, 99)))
    x = whole_numbers(rng, draw(some.integers(1, 2)), groups * inner, *lengths)
    w = whole_numbers(rng, groups * outer, inner, *size)
    b = whole_numbers(rng, groups * outer)
    return x, w, b, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def meetings(x, w, places, stride, padding, dilation, groups):
    """Every (n, o, place, c, u, place in x) where tap u of the kernel for output o lies on a cell of x, not outside."""
    outputs, inner, *size = w.shape
    for n, o, *place in itertools.product(range(x.shape[0]), range(outputs), *map(range, places)):
        for c, *tap in itertools.product(range(inner), *map(range, size)):
            cell = [s * i + d * u - p for s, i, d, u, p in zip(stride, place, dilation, tap, padding)]
            if all(0 <= i < length for i, length in zip(cell, x.shape[2:])):
                channel = o // (outputs // groups) * inner + c
                yield (n, o, *place), (o, c, *tap), (n, channel, *cell)


def count_of_places(x, w, stride, padding, dilation):
    sizes = zip(x.shape[2:], w.shape[2:], stride, padding, dilation)
    return [(length + 2 * p - d * (k - 1) - 1) // s + 1 for length, k, s, p, d in sizes]


@how(max_examples=80, deadline=None, derandomize=True)
@given(convolutions())
def test_convolution_is_its_sum_whatever_the_settings(drawn):
    x, w, b, settings = drawn
    conv = {3: F.conv1d, 4: F.conv2d}[x.ndim]
    y = conv(tensor(x), tensor(w), tensor(b), **settings).numpy()
    places = count_of_places(x, w, settings["stride"], settings["padding"], settings["dilation"])
    wanted = numpy.zeros((x.shape[0], w.shape[0], *places)) + b.reshape(-1, *[1] * len(places))
    for out, tap, cell in meetings(x, w, places, **settings):
        wanted[out] += w[tap] * x[cell]
    numpy.testing.assert_array_equal(y, wanted)


@how(max_examples=80, deadline=None, derandomize=True)
@given(convolutions())
def test_transposed_convolution_is_the_transpose(drawn):
    """The loops of the convolution with the roles of its two ends exchanged; and <conv(x), y> = <x, transposed(y)>."""
    x, w, _, settings = drawn
    conv, transposed = {3: (F.conv1d, F.conv_transpose1d), 4: (F.conv2d, F.conv_transpose2d)}[x.ndim]
    places = count_of_places(x, w, settings["stride"], settings["padding"], settings["dilation"])
    y = whole_numbers(numpy.random.default_rng(1), x.shape[0], w.shape[0], *places)
    sizes = zip(x.shape[2:], places, w.shape[2:], *(settings[name] for name in ("stride", "padding", "dilation")))
    extra = tuple(length - ((n - 1) * s - 2 * p + d * (k - 1) + 1) for length, n, k, s, p, d in sizes)
    back = transposed(tensor(y), tensor(w), output_padding=extra, **settings).numpy()
    wanted = numpy.zeros(x.shape)
    for out, tap, cell in meetings(x, w, places, **settings):
        wanted[cell] += w[tap] * y[out]
    numpy.testing.assert_array_equal(back, wanted)
    there = conv(tensor(x), tensor(w), **settings).numpy()
    assert (there * y).sum() == (x * back).sum()


def test_transposed_convolution_is_the_gradient_of_convolution():
    rng = numpy.random.default_rng(4)
    x, w = tensor(rng.normal(size=(2, 4, 7, 6)), requires_grad=True), tensor(rng.normal(size=(4, 2, 3, 2)))
    settings = {"stride": 2, "padding": 1, "groups": 2}
    y = F.conv2d(x, w, **settings)
    g = tensor(rng.normal(size=y.shape))
    y.backward(g)
    back = F.conv_transpose2d(g, w, output_padding=(0, 0), **settings)
    numpy.testing.assert_allclose(back.numpy(), x.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_convolution_of_a_line_is_convolution_of_an_image_one_cell_high():
    rng = numpy.random.default_rng(5)
    x, w, b = (tensor(rng.normal(size=shape)) for shape in ((2, 4, 9), (6, 2, 3), (6,)))
    line = F.conv1d(x, w, b, stride=2, padding=1, groups=2)
    image = F.conv2d(x.unsqueeze(2), w.unsqueeze(2), b, stride=(1, 2), padding=(0, 1), groups=2)
    numpy.testing.assert_allclose(line.numpy(), image.numpy()[:, :, 0], rtol=1e-12)


def test_a_shifted_line_gives_a_shifted_result():
    x, w = numpy.random.default_rng(6).normal(size=(1, 1, 12)), tensor([[[1.0, -2.0, 0.5]]]).double()
    y, shifted = (F.conv1d(tensor(line), w).numpy() for line in (x, numpy.roll(x, 2, axis=-1)))
    numpy.testing.assert_allclose(shifted[..., 2:], y[..., :-2], rtol=1e-12)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_single_line_or_image_and_an_empty_batch_of_groups(transposed):
    conv = F.conv_transpose2d if transposed else F.conv2d
    x, w = numpy.random.default_rng(7).normal(size=(4, 3, 3)), tensor(numpy.ones((4, 2, 2, 2)))
    single = conv(tensor(x), w, groups=2)
    numpy.testing.assert_array_equal(single.numpy(), conv(tensor(x[None]), w, groups=2).numpy()[0])
    empty = tensor(numpy.zeros((0, 4, 3, 3)), requires_grad=True)
    y = conv(empty, w, groups=2)
    assert y.shape == (0, *single.shape)
    y.sum().backward()
    assert empty.grad.shape == (0, 4, 3, 3)


def test_the_result_of_a_transposed_convolution_lies_in_row_major_order_so_that_view_works():
    y = F.conv_transpose2d(tensor(numpy.ones((2, 1, 3, 3))), tensor(numpy.ones((1, 2, 3, 3))), padding=1)
    assert y.view(2, -1).shape == (2, 18)
    assert y.numpy().flags.c_contiguous


def test_not_a_number_spreads_as_far_as_the_kernel_reaches():
    x = numpy.zeros((1, 1, 7))
    x[..., 3] = numpy.nan
    y = F.conv1d(tensor(x), tensor(numpy.ones((1, 1, 3))), padding=1)
    assert numpy.isnan(y.numpy()).tolist() == [[[False, False, True, True, True, False, False]]]


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


IMAGES, LINES = (2, 4, 5, 5), (2, 4, 5)
BAD_TRANSPOSED = {
    "dimensions": (
        (5, 5),
        (4, 2, 3, 3),
        {},
        ValueError,
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv_tr",
    ),
    "weight": (
        IMAGES,
        (4, 2, 3),
        {},
        ValueError,
        r"wants a weight of shape \(C, O / groups, kh, kw\), got \[4, 2, 3\]",
    ),
    "channels": (
        IMAGES,
        (3, 2, 3, 3),
        {},
        ValueError,
        r"Given transposed=1, .* to have 3 channels, but got 4 channels",
    ),
    "groups": (IMAGES, (4, 2, 3, 3), {"groups": 3}, ValueError, "divisible by 3 at dimension 0"),
    "bias": (IMAGES, (4, 2, 3, 3), {"bias": 3}, ValueError, "expected bias to be 1-dimensional with 2 elements"),
    "extra": (
        IMAGES,
        (4, 2, 3, 3),
        {"stride": 2, "output_padding": 2},
        ValueError,
        "smaller than either stride or dil",
    ),
    "extra along one": (
        IMAGES,
        (4, 2, 3, 3),
        {"stride": (1, 2), "output_padding": 1},
        ValueError,
        r"got .*=\(1, 1\), str",
    ),
    "nothing left": (
        IMAGES,
        (4, 2, 1, 1),
        {"padding": 3},
        ValueError,
        r"Calculated output size per channel: \[-1, -1\]",
    ),
    "just nothing left": (
        (2, 4, 4, 4),
        (4, 2, 1, 1),
        {"padding": 2},
        ValueError,
        r"size per channel: \[0, 0\]. Output",
    ),
    "negative": (IMAGES, (4, 2, 3, 3), {"output_padding": -1}, ValueError, "negative output_padding is not supported"),
    "same": (IMAGES, (4, 2, 3, 3), {"padding": "same"}, TypeError, "wanted padding to be an integer or a pair"),
    "line": (LINES, (4, 2, 3), {"stride": (1, 1)}, TypeError, "wanted stride to be an integer or a tuple of 1 integer"),
    "line of one axis": (
        (5,),
        (4, 2, 3),
        {},
        ValueError,
        r"2D \(unbatched\) or 3D \(batched\) input to conv_transpose1d",
    ),
}


@pytest.mark.parametrize(("shape", "weight", "settings", "kind", "words"), BAD_TRANSPOSED.values(), ids=BAD_TRANSPOSED)
def test_transposed_convolution_says_what_is_wrong(shape, weight, settings, kind, words):
    conv = F.conv_transpose1d if len(weight) == 3 and shape != IMAGES else F.conv_transpose2d
    if "bias" in settings:
        settings = {"bias": tensor(numpy.ones(settings["bias"]))}
    with pytest.raises(kind, match=words):
        conv(tensor(numpy.ones(shape)), tensor(numpy.ones(weight)), **settings)


def test_convolution_of_a_line_says_what_is_wrong():
    w = tensor(numpy.ones((2, 3, 4)))
    with pytest.raises(
        ValueError, match=r"Expected 2D \(unbatched\) or 3D \(batched\) input to conv1d, .* \(N, C, L\)"
    ):
        F.conv1d(tensor(numpy.ones((1, 1, 3, 9))), w)
    with pytest.raises(ValueError, match=r"padded input size per channel: \(3\). Kernel size: \(4\)"):
        F.conv1d(tensor(numpy.ones((1, 3, 1))), w, padding=1)
    with pytest.raises(ValueError, match=r"expected input\[1, 2, 9\] to have 3 channels"):
        F.conv1d(tensor(numpy.ones((1, 2, 9))), w)


@pytest.mark.parametrize("conv", [F.conv2d, F.conv_transpose2d])
def test_lists_and_integers_are_refused_with_the_remedy(conv):
    x, w = tensor(numpy.ones((1, 1, 3, 3))), tensor(numpy.ones((1, 1, 2, 2)))
    with pytest.raises(TypeError, match="wanted a tinygrad_edu Tensor as input, got list"):
        conv([[1.0]], w)
    with pytest.raises(TypeError, match=r"got int64: convert with input.float\(\)"):
        conv(x.long(), w)
    with pytest.raises(TypeError, match="same dtype, but got float32 and float64"):
        conv(x.float(), w)
    with pytest.raises(TypeError, match="weight and bias to have the same dtype, but got float64 and float32"):
        conv(x, w, tensor([1.0]))
