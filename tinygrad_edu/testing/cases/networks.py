"""Rows of the table: what networks are made of — windows, convolution, pooling, losses, norms, embeddings."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.ops import windows as ops
from tinygrad_edu.ops.entropy import binary_cross_entropy
from tinygrad_edu.testing.cases.table import Case, between, distinct, double, integers, normal, rows


def _windows() -> list[Case]:
    shape = {"size": (2, 2), "stride": (2, 1), "dilation": (1, 2)}
    plain = {"size": (2,), "stride": (1,), "dilation": (1,)}
    return [
        *rows(
            "windows",
            lambda t, x: ops.windows(x, **plain),
            {"line": (normal(2, 4),)},
            reference=lambda torch, x: x.unfold(1, 2, 1),
        ),
        *rows(
            "windows", lambda t, x: ops.windows(x, **shape), {"image": (normal(1, 2, 4, 4),)}, reference=_torch_windows
        ),
        *rows(
            "overlap_add",
            lambda t, x: ops.overlap_add(x, shape=(2, 4), **plain),
            {"line": (normal(2, 3, 2),)},
            reference=_torch_overlap_add,
        ),
        *rows(
            "overlap_add",
            lambda t, x: ops.overlap_add(x, shape=(1, 1, 4, 4), **shape),
            {"image": (normal(1, 1, 2, 2, 2, 2),)},
            reference=_torch_overlap_add_image,
        ),
    ]


def _torch_windows(torch: Any, x: Any) -> Any:
    """Size 2, stride 1 and dilation 2 are every other element of windows of size 3."""
    return x.unfold(2, 2, 2).unfold(3, 3, 1)[..., ::2]


def _torch_overlap_add(torch: Any, x: Any) -> Any:
    return torch.nn.functional.pad(x[..., 0], (0, 1)) + torch.nn.functional.pad(x[..., 1], (1, 0))


def _torch_overlap_add_image(torch: Any, x: Any) -> Any:
    pieces = x.permute(0, 1, 4, 5, 2, 3).reshape(1, 4, 4)
    return torch.nn.functional.fold(pieces, (4, 4), (2, 2), dilation=(1, 2), stride=(2, 1))


def _convolutions() -> list[Case]:
    options: dict[str, dict[str, Any]] = {
        "plain": {},
        "stride": {"stride": 2},
        "padding": {"padding": 1},
        "dilation": {"dilation": 2, "padding": 2},
        "same": {"padding": "same"},
        "pairs": {"stride": (1, 2), "padding": (0, 1)},
    }
    kernels = {"dilation": normal(2, 2, 2, 2), "same": normal(2, 2, 3, 3)}
    found = []
    for name, settings in options.items():
        found += rows(
            "conv2d",
            lambda t, x, w, b, settings=settings: t.nn.functional.conv2d(x, w, b, **settings),
            {name: (normal(1, 2, 4, 4), kernels.get(name, normal(2, 2, 3, 2)), normal(2))},
        )
    return [
        *found,
        *rows(
            "conv2d",
            lambda t, x, w: t.nn.functional.conv2d(x, w, groups=2),
            {"groups": (normal(1, 4, 3, 3), normal(2, 2, 2, 2))},
        ),
        *rows(
            "conv_transpose2d",
            lambda t, x, w, b: t.nn.functional.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1),
            {"stride": (normal(1, 2, 3, 2), normal(2, 2, 3, 2), normal(2))},
        ),
        *rows(
            "conv2d", lambda t, x, w: t.nn.functional.conv2d(x, w), {"one-image": (normal(2, 3, 3), normal(2, 2, 2, 2))}
        ),
    ]


def _pooling() -> list[Case]:
    image = {"image": (distinct(1, 2, 4, 4),)}
    return [
        *rows("max_pool2d", lambda t, x: t.nn.functional.max_pool2d(x, 2), image),
        *rows(
            "max_pool2d", lambda t, x: t.nn.functional.max_pool2d(x, 3, 1, 1), {"overlapping": (distinct(1, 1, 4, 4),)}
        ),
        *rows(
            "max_pool2d",
            lambda t, x: t.nn.functional.max_pool2d(x, 2, ceil_mode=True),
            {"ceil": (distinct(1, 1, 3, 3),)},
        ),
        *rows("avg_pool2d", lambda t, x: t.nn.functional.avg_pool2d(x, 2), image),
        *rows(
            "avg_pool2d", lambda t, x: t.nn.functional.avg_pool2d(x, 3, 1, 1), {"overlapping": (normal(1, 1, 4, 4),)}
        ),
        *rows(
            "avg_pool2d",
            lambda t, x: t.nn.functional.avg_pool2d(x, 2, 2, 1, count_include_pad=False),
            {"inside": (normal(1, 1, 4, 4),)},
        ),
    ]


def _losses() -> list[Case]:
    found = []
    for reduction in ("mean", "sum", "none"):
        scores = {reduction: (normal(4, 3), integers(3, 4))}
        found += rows(
            "cross_entropy", lambda t, x, y, r=reduction: t.nn.functional.cross_entropy(x, y, reduction=r), scores
        )
        found += rows("nll_loss", lambda t, x, y, r=reduction: t.nn.functional.nll_loss(x, y, reduction=r), scores)
        pair = {reduction: (normal(2, 3), normal(2, 3))}
        found += rows("mse_loss", lambda t, x, y, r=reduction: t.nn.functional.mse_loss(x, y, reduction=r), pair)
    entropy = lambda t, *xs, **settings: t.nn.functional.cross_entropy(*xs, **settings)  # noqa: E731 - used five times below
    return [
        *found,
        *rows(
            "binary_cross_entropy",
            lambda t, x, y: binary_cross_entropy(x, y),
            double(lambda *shape: between(0.1, 0.9, *shape), lambda *shape: between(0.0, 1.0, *shape)),
            reference=_torch_binary_cross_entropy,
        ),
        *rows(
            "cross_entropy", entropy, {"image": (normal(2, 3, 2), integers(3, 2, 2)), "one": (normal(3), integers(3))}
        ),
        *rows("cross_entropy", entropy, {"probabilities": (normal(2, 3), between(0, 1, 2, 3))}),
        *rows("cross_entropy", _weighted_entropy, {"weight": (normal(4, 3), integers(3, 4))}),
        *rows(
            "cross_entropy",
            lambda t, x, y: entropy(t, x, y, label_smoothing=0.2),
            {"smoothing": (normal(4, 3), integers(3, 4))},
        ),
        *rows(
            "cross_entropy",
            lambda t, x, y: entropy(t, x, y, ignore_index=1),
            {"ignore": (normal(4, 3), integers(3, 4))},
        ),
    ]


def _embeddings() -> list[Case]:
    return rows(
        "embedding",
        lambda t, tokens, weight: t.nn.functional.embedding(tokens, weight),
        {"tokens": (integers(4, 2, 3), normal(4, 2))},
    )


def _norms() -> list[Case]:
    """With weight and bias; for images and for rows."""
    both = {"image": (normal(2, 3, 2, 2), normal(3), normal(3)), "rows": (normal(4, 3), normal(3), normal(3))}
    last = {"rows": (normal(2, 3, 4), normal(4), normal(4)), "two-axes": (normal(3, 2, 4), normal(2, 4), normal(2, 4))}
    return [
        *rows("batch_norm", lambda t, x, w, b: t.nn.functional.batch_norm(x, None, None, w, b, training=True), both),
        *rows("group_norm", lambda t, x, w, b: t.nn.functional.group_norm(x, 3, w, b), {"image": both["image"]}),
        *rows("layer_norm", lambda t, x, w, b: t.nn.functional.layer_norm(x, tuple(w.shape), w, b), last),
        *rows(
            "rms_norm",
            lambda t, x, w: t.nn.functional.rms_norm(x, tuple(w.shape), w, 1e-5),
            {"rows": (normal(2, 3, 4), normal(4))},
        ),
    ]


def _attention() -> list[Case]:
    sizes = normal(2, 3, 2), normal(2, 4, 2), normal(2, 4, 3)
    attend = lambda t, *xs, **options: t.nn.functional.scaled_dot_product_attention(*xs, **options)  # noqa: E731 - twice
    return [
        *rows("attention", attend, {"plain": sizes, "mask": (*sizes, normal(3, 4))}),
        *rows("attention", lambda t, *xs: attend(t, *xs, is_causal=True, scale=0.7), {"causal": sizes}),
    ]


def _torch_binary_cross_entropy(torch: Any, x: Any, y: Any) -> Any:
    """PyTorch wants both in one shape."""
    return torch.nn.functional.binary_cross_entropy(*torch.broadcast_tensors(x, y), reduction="none")


def _weighted_entropy(t: Any, x: Any, y: Any) -> Any:
    """The weights of the classes are settings: PyTorch has no gradient for them."""
    weight = t.tensor([1.0, 2.0, 0.5], dtype=x.dtype, device=x.device)
    return t.nn.functional.cross_entropy(x, y, weight)


CASES = [*_windows(), *_convolutions(), *_pooling(), *_losses(), *_norms(), *_embeddings(), *_attention()]
