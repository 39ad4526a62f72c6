"""Shapes nobody thought of: hypothesis draws them, NumPy says what must come out."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.testing import assert_close

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
arrays = pytest.importorskip("hypothesis.extra.numpy", reason="hypothesis draws the shapes")

settings = hypothesis.settings(max_examples=60, deadline=None, derandomize=True)


def numbers(shape: tuple[int, ...], seed: int = 0) -> numpy.ndarray:
    return numpy.asarray(numpy.random.default_rng(seed).uniform(0.5, 2.0, shape))


def summed_to(shape: tuple[int, ...], g: numpy.ndarray) -> numpy.ndarray:
    """The transpose of broadcasting, one entry at a time: the slow way that nobody can doubt."""
    out = numpy.zeros(shape)
    places = numpy.broadcast_to(numpy.arange(out.size).reshape(shape), g.shape)
    numpy.add.at(out.reshape(-1), places.reshape(-1), g.reshape(-1))
    return out


# (the op, its derivative with respect to x, with respect to y)
BINARY: dict[str, Any] = {
    "add": (lambda x, y: x + y, lambda x, y: 1 + 0 * x * y, lambda x, y: 1 + 0 * x * y),
    "sub": (lambda x, y: x - y, lambda x, y: 1 + 0 * x * y, lambda x, y: -1 + 0 * x * y),
    "mul": (lambda x, y: x * y, lambda x, y: 0 * x + y, lambda x, y: x + 0 * y),
    "div": (lambda x, y: x / y, lambda x, y: 0 * x + 1 / y, lambda x, y: -x / (y * y)),
    "pow": (lambda x, y: x**y, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * numpy.log(x)),
}


@pytest.mark.parametrize("name", BINARY)
@settings
@hypothesis.given(pair=arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=4))
def test_broadcasting(name: str, pair: Any) -> None:
    op, by_x, by_y = BINARY[name]
    first, second = pair.input_shapes
    x, y, g = numbers(first), numbers(second, 1), numbers(pair.result_shape, 2)
    a, b = tensor(x, requires_grad=True), tensor(y, requires_grad=True)
    out = op(a, b)
    assert_close(out, numpy.asarray(op(x, y)))
    out.backward(tensor(g))
    assert_close(a.grad, summed_to(first, numpy.asarray(g * by_x(x, y))), rtol=1e-9, atol=1e-9)
    assert_close(b.grad, summed_to(second, numpy.asarray(g * by_y(x, y))), rtol=1e-9, atol=1e-9)


@settings
@hypothesis.given(
    pair=arrays.mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, min_side=1, max_side=3)
)
def test_matrix_products(pair: Any) -> None:
    x, y = (numbers(shape, i) for i, shape in enumerate(pair.input_shapes))
    a, b = tensor(x, requires_grad=True), tensor(y, requires_grad=True)
    out = a @ b
    assert_close(out, numpy.asarray(x @ y))
    g = numbers(out.shape, 2)
    out.backward(tensor(g))
    # The same sums spelled by einsum over explicit axes, vectors made rows and columns.
    left, right = numpy.atleast_2d(x), y[:, None] if y.ndim == 1 else y
    batch = numpy.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    full = g.reshape((*batch, left.shape[-2], right.shape[-1]))
    by_x = numpy.einsum("...nm,...km->...nk", full, right)
    by_y = numpy.einsum("...nk,...nm->...km", left, full)
    assert_close(a.grad, summed_to(left.shape, by_x).reshape(x.shape), rtol=1e-9, atol=1e-9)
    assert_close(b.grad, summed_to(right.shape, by_y).reshape(y.shape), rtol=1e-9, atol=1e-9)


@settings
@hypothesis.given(data=st.data(), shape=arrays.array_shapes(max_dims=4, min_side=1, max_side=4))
def test_reductions_along_any_axes(data: Any, shape: tuple[int, ...]) -> None:
    axes = data.draw(st.lists(st.sampled_from(range(len(shape))), unique=True, min_size=1).map(tuple))
    keep = data.draw(st.booleans())
    x = tensor(numbers(shape), requires_grad=True)
    for name, reference in (("sum", numpy.sum), ("mean", numpy.mean), ("amax", numpy.max)):
        out = getattr(x, name)(axes, keep)
        assert_close(out, numpy.asarray(reference(x.numpy(), axis=axes, keepdims=keep)))
        x.grad = None
        out.sum().backward()
        total = out.numel() * (1 if name != "sum" else int(numpy.prod([shape[i] for i in axes])))
        assert abs(float(x.grad.sum()) - total) < 1e-9


@st.composite
def keys(draw: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """A key that mixes integers, slices, None, ..., integer arrays of one shape, and perhaps one mask."""
    common = draw(st.sampled_from([(2,), (3,), (2, 2), (1,)]))
    used = draw(st.integers(0, len(shape)))
    key: list[Any] = []
    for size in shape[:used]:
        kind = draw(st.sampled_from(["integer", "slice", "array", "whole"]))
        if kind == "integer":
            key.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            key.append(draw(st.slices(size).filter(lambda s: s.step is None or s.step > 0)))
        elif kind == "array":
            positions = st.lists(st.integers(-size, size - 1), min_size=4, max_size=4)
            key.append(numpy.resize(numpy.array(draw(positions)), common))
        else:
            key.append(slice(None))
        if draw(st.integers(0, 4)) == 0:
            key.append(None)
    if used < len(shape) and draw(st.booleans()):
        key.append(Ellipsis)
    return tuple(key)


def named(shape: tuple[int, ...], key: Any) -> numpy.ndarray:
    """The number of each element that a key names, in PyTorch's order: all but the arrays first, then the arrays."""
    places = numpy.arange(int(numpy.prod(shape))).reshape(shape)
    first, then = [], []
    for part in key:
        if isinstance(part, numpy.ndarray):
            first += [slice(None)] * (part.ndim if part.dtype == bool else 1)
            then.append(part)
        else:
            first.append(part)
            then += [] if isinstance(part, int) else [part if part is Ellipsis else slice(None)]
    return numpy.asarray(places[tuple(first)][tuple(then)])


def check_key(x: numpy.ndarray, key: Any) -> None:
    t = tensor(x, requires_grad=True)
    ours = tuple(tensor(part) if isinstance(part, numpy.ndarray) else part for part in key)
    out = t[ours]
    places = named(x.shape, key)
    assert_close(out, x.reshape(-1)[places])
    g = numbers(places.shape, 1)
    out.backward(tensor(g))
    scattered = numpy.zeros_like(x)
    numpy.add.at(scattered.reshape(-1), places, g)
    assert_close(t.grad, scattered)


@settings
@hypothesis.given(data=st.data(), shape=arrays.array_shapes(max_dims=4, min_side=1, max_side=4))
def test_indexing_with_mixed_keys(data: Any, shape: tuple[int, ...]) -> None:
    check_key(numbers(shape), data.draw(keys(shape)))


@settings
@hypothesis.given(data=st.data(), shape=arrays.array_shapes(max_dims=3, min_side=0, max_side=4))
def test_indexing_with_masks(data: Any, shape: tuple[int, ...]) -> None:
    used = data.draw(st.integers(1, len(shape)))
    mask = data.draw(arrays.arrays(bool, shape[:used]))
    check_key(numbers(shape), (mask,))
    check_key(numbers(shape), (None, mask, Ellipsis))


@settings
@hypothesis.given(data=st.data(), shape=arrays.array_shapes(max_dims=3, min_side=1, max_side=4))
def test_assignment(data: Any, shape: tuple[int, ...]) -> None:
    x = numbers(shape)
    key = data.draw(keys(shape))
    hypothesis.assume(len({tuple(p) for p in numpy.argwhere(_touched(x, key) > 1)}) == 0)  # order is nobody's business
    places = named(shape, key)
    value = numbers(places.shape, 3)
    t, v = tensor(x, requires_grad=True), tensor(value, requires_grad=True)
    out = t * 1
    out[tuple(tensor(part) if isinstance(part, numpy.ndarray) else part for part in key)] = v
    want = x.copy()
    want.reshape(-1)[places] = value
    assert_close(out, want)
    out.sum().backward()
    assert_close(t.grad, (_touched(x, key) == 0).astype(float))
    assert_close(v.grad, numpy.ones_like(value))


def _touched(x: numpy.ndarray, key: Any) -> numpy.ndarray:
    """How often a key names each element."""
    counts = numpy.zeros(x.shape, int)
    numpy.add.at(counts, key, 1)
    return counts


@settings
@hypothesis.given(data=st.data(), shape=arrays.array_shapes(max_dims=4, min_side=0, max_side=3))
def test_rearranging_undoes_itself(data: Any, shape: tuple[int, ...]) -> None:
    x = tensor(numbers(shape), requires_grad=True)
    order = data.draw(st.permutations(range(len(shape))))
    axes = tuple(data.draw(st.lists(st.sampled_from(range(len(shape))), unique=True)))
    out = x.permute(order).reshape(-1).reshape([shape[i] for i in order])
    assert_close(out, x.numpy().transpose(order))
    assert_close(x.flip(axes), numpy.flip(x.numpy(), axes))
    g = numbers(out.shape, 1)
    out.backward(tensor(g))
    assert_close(x.grad, g.transpose(numpy.argsort(order)))
