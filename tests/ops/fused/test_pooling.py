"""Max and average pooling: random sizes, settings and layouts beside their definitions; ties, NaN, ∞, what is kept."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.backend.orders import arranged, order_of
from tinygrad_edu.ops.fused.pooling import avg_pool, max_pool

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the sizes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the sizes")
layouts = st.tuples(*[st.sampled_from(["C", "reversed", "gaps", "repeated"])] * 2)
random = numpy.random.default_rng(5)
PLAIN = {"size": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1), "ceil_mode": False}
drawing = hypothesis.settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)


@st.composite
def cases(draw: Any, dilations: int, ties: bool) -> tuple[Any, dict[str, Any]]:
    """(x, settings) for one or two axes; with many equal numbers, or none."""
    axes = draw(st.integers(1, 2))
    several = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
    size, stride, dilation = several(1, 4), several(1, 4), several(1, dilations)
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    span = [d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)]
    lengths = [max(cells - 2 * p, 1) + more for cells, p, more in zip(span, padding, several(0, 5), strict=True)]
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *lengths)
    rng = numpy.random.default_rng(draw(st.integers(0, 99)))
    x = rng.integers(-2, 3, shape) * 1.0 if ties else rng.permutation(math.prod(shape)).reshape(shape) * 0.1
    settings = {"size": size, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    return x, settings if dilations == 1 else {**settings, "dilation": dilation}


@drawing
@hypothesis.given(case=st.booleans().flatmap(lambda ties: cases(3, ties)), memory=layouts)
def test_random_max_pooling(case: Any, memory: Any, is_its_definition: Any) -> None:
    x, settings = case
    hypothesis.assume(numpy.isfinite(max_pool(x, **settings)).all())  # no patch misses the image through its gaps
    is_its_definition(max_pool, [x], layouts=memory, **settings)


@drawing
@hypothesis.given(
    case=cases(1, False), memory=layouts, counted=st.booleans(), divisor=st.one_of(st.none(), st.integers(1, 5))
)
def test_random_average_pooling(case: Any, memory: Any, counted: bool, divisor: Any, is_its_definition: Any) -> None:
    x, settings = case
    is_its_definition(avg_pool, [x], layouts=memory, count_include_pad=counted, divisor=divisor, **settings)


def gradient(call: Any, x: Any, g: Any, **settings: Any) -> Any:
    image = te.tensor(x, requires_grad=True)
    call(image, **settings).backward(te.tensor(g))
    return image.grad.numpy()


@pytest.mark.parametrize("batch", [1, 2, 4, 5, 8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_images_side_by_side_move_in_runs_of_any_length(batch: int, dtype: str) -> None:
    x = arranged(random.normal(size=(batch, 3, 6, 5)).astype(dtype), (2, 1, 3, 0))
    out = max_pool(te.Tensor(x), **PLAIN)
    numpy.testing.assert_array_equal(out.numpy(), x[:, :, :6, :4].reshape(batch, 3, 3, 2, 2, 2).max((3, 5)))
    assert order_of(out.array) == order_of(x)
    g = random.normal(size=out.shape).astype(dtype)
    lying, plain = (te.Tensor(array).requires_grad_() for array in (x, x.copy("C")))
    for image in (lying, plain):
        max_pool(image, **PLAIN).backward(te.tensor(g))
    numpy.testing.assert_array_equal(lying.grad.numpy(), plain.grad.numpy())


def test_an_infinite_gradient_stays_where_it_belongs() -> None:
    x, g = numpy.array([[[[1.0, 2.0], [4.0, 3.0]]]]), numpy.full((1, 1, 1, 1), math.inf)
    assert gradient(max_pool, x, g, **PLAIN).tolist() == [[[[0.0, 0.0], [math.inf, 0.0]]]]


@pytest.mark.parametrize("stride", [(2, 2), (1, 1)])
def test_the_first_of_several_nans_gets_the_gradient_as_in_the_definition(stride: Any) -> None:
    x = random.normal(size=(2, 3, 5, 4))
    x[random.random(x.shape) < 0.3] = math.nan
    settings = {**PLAIN, "stride": stride}
    out = max_pool(te.tensor(x), **settings).numpy()
    assert 0 < numpy.isnan(out).sum() < out.size
    g = random.normal(size=out.shape)
    wanted = gradient(max_pool.definition, x, g, **settings)
    numpy.testing.assert_allclose(gradient(max_pool, x, g, **settings), wanted, rtol=1e-12)


def test_more_cells_in_a_kernel_than_a_byte_can_number() -> None:
    x = random.permutation(2 * 20 * 21).reshape(1, 2, 20, 21) * 1.0
    settings = {**PLAIN, "size": (17, 18), "stride": (1, 2)}
    g = random.normal(size=max_pool(te.tensor(x), **settings).shape)
    wanted = gradient(max_pool.definition, x, g, **settings)
    numpy.testing.assert_allclose(gradient(max_pool, x, g, **settings), wanted, rtol=1e-12)


def test_a_byte_is_kept_for_each_patch_and_for_average_pooling_nothing() -> None:
    x = te.tensor(random.normal(size=(2, 3, 6, 8)), requires_grad=True)
    winner, *rest = max_pool(x, **PLAIN).grad_fn.saved[0][0]
    assert winner.nbytes == 2 * 3 * 3 * 4
    settings = {name: value for name, value in PLAIN.items() if name != "dilation"}
    kept = avg_pool(x, **settings, count_include_pad=True, divisor=None).grad_fn.saved[0][0]
    assert not [value for value in (*rest, *kept) if isinstance(value, numpy.ndarray)]
