"""Rows of the table: losses and distances, with every reduction and option.

Inputs stay off the kinks, where the slope is a convention: the tests of each loss are there.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

from tinygrad_edu.testing.cases.table import Maker, between, exactly, normal, positive
from tinygrad_edu.testing.layers.table import LayerCase

REDUCTIONS = ("none", "mean", "sum")
NONE = ("none",)  # for a second option, which has nothing to do with the reduction


def tensor(nn: Any, values: Any) -> Any:
    """A tensor of the library that `nn` belongs to: a weight is a setting of the layer, not an input."""
    return sys.modules[nn.__name__.partition(".")[0]].tensor(values)


def rows(
    name: str,
    variant: str,
    makers: tuple[Maker, ...],
    reductions: tuple[str, ...] = REDUCTIONS,
    call: Callable[..., Any] | None = None,
    fixed: tuple[int, ...] = (),
    **settings: Any,
) -> list[LayerCase]:
    """The loss, or function, under every reduction. A list among the settings becomes a tensor."""
    return [
        LayerCase(
            name,
            f"{variant}, {reduction}",
            _maker(name, {**settings, "reduction": reduction}, call),
            makers,
            fixed=fixed,
        )
        for reduction in reductions
    ]


def _maker(name: str, settings: dict[str, Any], call: Callable[..., Any] | None) -> Callable[[Any], Any]:
    def make(nn: Any) -> Any:
        given = {key: tensor(nn, value) if isinstance(value, list) else value for key, value in settings.items()}
        if not name.startswith("functional."):
            return getattr(nn, name)(**given)
        function = getattr(nn.functional, name.partition(".")[2])
        return lambda *inputs: (call or _plainly)(function, inputs, given)

    return make


def _plainly(function: Any, inputs: Any, settings: Any) -> Any:
    return function(*inputs, **settings)


def _weighted(function: Any, inputs: Any, settings: Any) -> Any:
    """The last input is the weight, which gets a gradient as well."""
    return function(*inputs[:-1], weight=inputs[-1], **settings)


def _silently(nn: Any, layer: Any, *inputs: Any) -> Any:
    """Both libraries warn of KLDivLoss's mean, and are right."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return layer(*inputs)


WEIGHT = [0.5, 2.0, 1.0]
SCORES, LABELS = normal(4, 3), exactly([2, 0, 1, 0], "int64")
PIXELS, PIXEL_LABELS = normal(2, 3, 2), exactly([[2, 0], [1, 0]], "int64")
PICTURE, PICTURE_LABELS = normal(1, 3, 2, 2), exactly([[[2, 0], [1, 1]]], "int64")
ONE, ONE_LABEL = normal(3), exactly(2, "int64")
PAIR = (normal(2, 3), normal(2, 3))
FAR_PAIR = (exactly([[0.1, -3.0, 2.5], [0.4, 0.0, -0.2]]), exactly([[0.3, 0.0, 0.0], [0.0, 0.2, 1.6]]))
CHANCES = (between(0.1, 0.9, 2, 3), between(0.1, 0.9, 2, 3))
SIGNS, MATRIX_SIGNS = exactly([1, -1, -1], "int64"), exactly([[1, -1, -1], [-1, 1, 1]], "int64")
COUNTS = exactly([[0, 1, 4], [2, 7, 1]], "float64")
VECTORS = (normal(3, 2), normal(3, 2))

_LABELS: list[LayerCase] = [
    *rows("NLLLoss", "plain", (SCORES, LABELS)),
    *rows("NLLLoss", "weight", (SCORES, LABELS), weight=WEIGHT),
    *rows("NLLLoss", "ignored", (SCORES, LABELS), weight=WEIGHT, ignore_index=0),
    *rows("NLLLoss", "sequences", (PIXELS, PIXEL_LABELS), NONE, weight=WEIGHT, ignore_index=2),
    *rows("NLLLoss", "pictures", (PICTURE, PICTURE_LABELS)),
    *rows("NLLLoss", "one case", (ONE, ONE_LABEL), NONE, weight=WEIGHT),
    *rows("CrossEntropyLoss", "labels", (SCORES, LABELS)),
    *rows("CrossEntropyLoss", "weight", (SCORES, LABELS), weight=WEIGHT),
    *rows("CrossEntropyLoss", "ignored", (SCORES, LABELS), ignore_index=0),
    *rows("CrossEntropyLoss", "smoothing", (SCORES, LABELS), label_smoothing=0.1),
    *rows("CrossEntropyLoss", "everything", (SCORES, LABELS), weight=WEIGHT, ignore_index=1, label_smoothing=0.2),
    *rows("CrossEntropyLoss", "sequences", (PIXELS, PIXEL_LABELS), NONE, weight=WEIGHT, label_smoothing=0.2),
    *rows("CrossEntropyLoss", "pictures", (PICTURE, PICTURE_LABELS), ignore_index=1),
    *rows("CrossEntropyLoss", "one case", (ONE, ONE_LABEL), NONE, label_smoothing=0.3),
    *rows("CrossEntropyLoss", "probabilities", (normal(2, 3), between(0, 1, 2, 3))),
    *rows(
        "CrossEntropyLoss",
        "probabilities, weight",
        (normal(2, 3), between(0, 1, 2, 3)),
        weight=WEIGHT,
        label_smoothing=0.1,
    ),
    *rows("CrossEntropyLoss", "probabilities of pictures", (normal(1, 3, 2, 1), between(0, 1, 1, 3, 2, 1)), NONE),
    *rows("MultiMarginLoss", "plain", (SCORES, LABELS)),
    *rows("MultiMarginLoss", "squares", (SCORES, LABELS), NONE, p=2, margin=0.4),
    *rows("MultiMarginLoss", "weight", (SCORES, LABELS), weight=WEIGHT),
    *rows("MultiMarginLoss", "one case", (ONE, ONE_LABEL), NONE),
]
_PROBABILITIES: list[LayerCase] = [
    *rows("BCELoss", "plain", CHANCES),
    *rows("BCELoss", "weight", CHANCES, weight=WEIGHT),
    *rows("BCELoss", "weight of rows", CHANCES, NONE, weight=[[2.0], [0.5]]),
    *rows("BCEWithLogitsLoss", "plain", (normal(2, 3), between(0, 1, 2, 3))),
    *rows("BCEWithLogitsLoss", "weight", (normal(2, 3), between(0, 1, 2, 3)), weight=[[0.5], [2.0]]),
    *rows("BCEWithLogitsLoss", "pos_weight", (normal(2, 3), between(0, 1, 2, 3)), pos_weight=WEIGHT),
    *rows(
        "BCEWithLogitsLoss", "both weights", (normal(2, 3), between(0, 1, 2, 3)), NONE, weight=WEIGHT, pos_weight=[3.0]
    ),
    *rows("MultiLabelSoftMarginLoss", "plain", (normal(2, 3), between(0, 1, 2, 3))),
    *rows("MultiLabelSoftMarginLoss", "weight", (normal(2, 3), between(0, 1, 2, 3)), weight=WEIGHT),
    *rows("KLDivLoss", "probabilities", (normal(2, 3), positive(2, 3)), ("none", "sum", "batchmean")),
    *rows("KLDivLoss", "logarithms", PAIR, ("none", "sum", "batchmean"), log_target=True),
    LayerCase("KLDivLoss", "mean", lambda nn: nn.KLDivLoss(), (normal(2, 3), positive(2, 3)), call=_silently),
]
_NUMBERS: list[LayerCase] = [
    *rows("MSELoss", "plain", PAIR),
    *rows("functional.mse_loss", "weight", (*PAIR, positive(2, 3)), call=_weighted),
    *rows("L1Loss", "plain", PAIR),
    *rows("functional.l1_loss", "weight", (*PAIR, positive(2, 3)), call=_weighted),
    *rows("HuberLoss", "plain", FAR_PAIR),
    *rows("HuberLoss", "delta", FAR_PAIR, NONE, delta=0.3),
    *rows("functional.huber_loss", "weight", (*FAR_PAIR, positive(2, 3)), call=_weighted, delta=0.7),
    *rows("SmoothL1Loss", "plain", FAR_PAIR),
    *rows("SmoothL1Loss", "beta", FAR_PAIR, NONE, beta=0.3),
    *rows("SmoothL1Loss", "beta 0", FAR_PAIR, NONE, beta=0.0),
    *rows("GaussianNLLLoss", "plain", (*PAIR, positive(2, 3))),
    *rows("GaussianNLLLoss", "full, one variance a row", (*PAIR, positive(2)), NONE, full=True),
    *rows("GaussianNLLLoss", "size 1", (*PAIR, positive(1, 3)), NONE, eps=1e-3),
    *rows(
        "functional.gaussian_nll_loss",
        "one number",
        PAIR,
        call=lambda function, inputs, settings: function(*inputs, 0.7, **settings),
    ),
    *rows("PoissonNLLLoss", "plain", (normal(2, 3), COUNTS)),
    *rows("PoissonNLLLoss", "full", (normal(2, 3), COUNTS), NONE, full=True, fixed=(1,)),
    *rows("PoissonNLLLoss", "rates", (positive(2, 3), COUNTS), NONE, log_input=False, eps=0.1),
]
_PLACES: list[LayerCase] = [
    *rows("CosineEmbeddingLoss", "plain", (*VECTORS, SIGNS)),
    *rows("CosineEmbeddingLoss", "margin", (*VECTORS, SIGNS), NONE, margin=-0.7),
    *rows("CosineEmbeddingLoss", "one pair", (normal(3), normal(3), exactly(1, "int64")), NONE),
    *rows("HingeEmbeddingLoss", "plain", (normal(2, 3), MATRIX_SIGNS)),
    *rows("HingeEmbeddingLoss", "margin", (normal(2, 3), MATRIX_SIGNS), NONE, margin=0.3),
    *rows("MarginRankingLoss", "plain", (*PAIR, MATRIX_SIGNS)),
    *rows("MarginRankingLoss", "margin", (normal(3), normal(3), SIGNS), NONE, margin=0.6),
    *rows("SoftMarginLoss", "plain", (normal(2, 3), MATRIX_SIGNS)),
    *rows("TripletMarginLoss", "plain", (*VECTORS, normal(3, 2))),
    *rows("TripletMarginLoss", "p = 1, margin", (*VECTORS, normal(3, 2)), NONE, margin=0.5, p=1.0),
    *rows("TripletMarginLoss", "p = 3, swap, eps", (*VECTORS, normal(3, 2)), NONE, p=3.0, eps=1e-2, swap=True),
    *rows("TripletMarginLoss", "one triplet", (normal(2), normal(2), normal(2)), NONE),
    *rows("TripletMarginWithDistanceLoss", "plain", (*VECTORS, normal(3, 2)), margin=2.0),
    LayerCase(
        "TripletMarginWithDistanceLoss",
        "cosine, swap",
        lambda nn: nn.TripletMarginWithDistanceLoss(distance_function=nn.CosineSimilarity(), swap=True),
        (*VECTORS, normal(3, 2)),
    ),
]
_DISTANCES: list[LayerCase] = [
    LayerCase("CosineSimilarity", "plain", lambda nn: nn.CosineSimilarity(), VECTORS),
    LayerCase("CosineSimilarity", "dim, broadcast", lambda nn: nn.CosineSimilarity(0), (normal(3, 2), normal(3, 1))),
    LayerCase("PairwiseDistance", "plain", lambda nn: nn.PairwiseDistance(), VECTORS),
    LayerCase("PairwiseDistance", "p = 1, keepdim", lambda nn: nn.PairwiseDistance(1, keepdim=True), VECTORS),
    LayerCase("PairwiseDistance", "p = 3, eps", lambda nn: nn.PairwiseDistance(3.0, 0.1), VECTORS),
    LayerCase("PairwiseDistance", "p = ∞", lambda nn: nn.PairwiseDistance(float("inf")), VECTORS),
    LayerCase("PairwiseDistance", "broadcast", lambda nn: nn.PairwiseDistance(), (normal(3, 2), normal(2))),
    LayerCase("PairwiseDistance", "vectors", lambda nn: nn.PairwiseDistance(), (normal(3), normal(3))),
]
LAYERS: list[LayerCase] = [*_LABELS, *_PROBABILITIES, *_NUMBERS, *_PLACES, *_DISTANCES]
