"""Cross-entropy: random shapes and options beside its definition; scores far apart; labels that don't count."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.ops.fused.cross_entropy import cross_entropy

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis draws the shapes")
st = pytest.importorskip("hypothesis.strategies", reason="hypothesis draws the shapes")
layout = st.sampled_from(["C", "reversed", "gaps", "repeated"])
PLAIN = {"ignore_index": -100, "label_smoothing": 0.0, "reduction": "mean"}


@hypothesis.settings(max_examples=120, deadline=None, derandomize=True)
@hypothesis.given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    weighted=st.booleans(),
    ignored=st.sampled_from([-100, 0]),
    smoothing=st.sampled_from([0.0, 0.3, 1.0]),
    reduction=st.sampled_from(["none", "sum", "mean"]),
    scale=st.sampled_from([1.0, 60.0]),  # at the second, some right classes are further behind than the kernel likes
    kind=st.sampled_from(["int64", "uint8"]),
    layouts=st.tuples(layout, layout),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_shapes_and_options(
    shape: Any, weighted: Any, ignored: int, smoothing: Any, reduction: str, scale: Any, kind: str, layouts: Any,
    seed: int, request: Any,
) -> None:  # fmt: skip
    rng = numpy.random.default_rng(seed)
    labels = rng.integers(0, shape[1], (shape[0], *shape[2:])).astype(kind)
    hypothesis.assume(reduction != "mean" or not (labels == ignored).all())
    weight = rng.uniform(0.5, 2, shape[1]) if weighted else None
    options = {"ignore_index": ignored, "label_smoothing": smoothing, "reduction": reduction}
    check = request.getfixturevalue("is_its_definition")
    check(cross_entropy, [rng.normal(size=shape) * scale, labels, weight], layouts=layouts, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ahead", [-1000.0, -80.0, -50.0, 50.0, 1000.0])
def test_scores_far_apart(ahead: float, dtype: str) -> None:
    x = te.tensor(numpy.array([[ahead, 0.0], [0.0, 0.0]], dtype), requires_grad=True)
    losses = cross_entropy(x, te.tensor([0, 1]), None, **{**PLAIN, "reduction": "none"})
    losses.sum().backward()
    exact = max(-ahead, 0.0) + math.log1p(math.exp(-abs(ahead)))
    numpy.testing.assert_allclose(losses.detach().numpy(), [exact, math.log(2)], rtol=3e-7, atol=1e-7)
    chance = 1 / (1 + math.exp(min(-ahead, 700.0)))
    wanted = [[chance - 1, 1 - chance], [0.5, -0.5]]
    numpy.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-6, atol=1e-7)


def test_what_does_not_count_may_be_anything_and_gets_no_gradient() -> None:
    scores = numpy.array([[0.0, 1.0], [math.inf, 0.0], [-math.inf, 0.0], [math.nan, 0.0]])
    for smoothing in (0.0, 0.5):
        x = te.tensor(scores, requires_grad=True)
        options = {**PLAIN, "label_smoothing": smoothing}
        loss = cross_entropy(x, te.tensor([1, -100, -100, -100]), None, **options)
        loss.backward()
        alone = te.tensor(scores[:1], requires_grad=True)
        cross_entropy(alone, te.tensor([1]), None, **options).backward()
        numpy.testing.assert_allclose(x.grad.numpy()[:1], alone.grad.numpy())
        assert not x.grad.numpy()[1:].any()


def test_a_class_that_cannot_be_has_an_infinite_loss() -> None:
    x = te.tensor([[-math.inf, 0.0]])
    assert cross_entropy(x, te.tensor([0]), None, **PLAIN).item() == math.inf
    assert cross_entropy(x, te.tensor([1]), None, **PLAIN).item() == 0.0


def test_float32_is_as_exact_as_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    rng = numpy.random.default_rng(0)
    scores, labels = (rng.normal(size=(500, 65)) * 4).astype("float32"), rng.integers(0, 65, 500)

    def by_torch(dtype: Any) -> tuple[Any, Any]:
        x = torch.tensor(scores, dtype=dtype, requires_grad=True)
        losses = torch.nn.functional.cross_entropy(x, torch.tensor(labels), reduction="none")
        losses.sum().backward()
        return losses.detach().double().numpy(), x.grad.double().numpy()

    x = te.tensor(scores, requires_grad=True)
    losses = cross_entropy(x, te.tensor(labels), None, **{**PLAIN, "reduction": "none"})
    losses.sum().backward()
    ours = (losses.detach(), x.grad)
    for mine, other, exact in zip(ours, by_torch(torch.float32), by_torch(torch.float64), strict=True):
        error, allowed = (numpy.sqrt(((value - exact) ** 2).mean()) for value in (mine.numpy(), other))
        assert error < 2 * allowed
