"""Rows of the table: normalization, regularization and embeddings.

Random draws differ between libraries, so dropout stands here in evaluation only; tests of its own count what it drops.
orders=0 marks what finite differences contradict on purpose: a padding row has an effect but no gradient, and max_norm
writes into the weight.
"""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad_edu.testing.cases.table import exactly, integers, nonzero, normal
from tinygrad_edu.testing.layers.table import LayerCase

COLUMNS, SEQUENCES, IMAGES = normal(5, 2), normal(3, 2, 2), normal(2, 2, 2, 2)


def _seen(layer: Any) -> Any:
    """The layer with running averages as if it had seen something, each channel its own."""
    for channel in range(layer.num_features):
        layer.running_mean[channel] = 0.3 - channel
        layer.running_var[channel] = 0.7 + channel
    return layer


def _weight_norm(nn: Any, *args: Any, **settings: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch recommends its parametrization instead
        return nn.utils.weight_norm(*args, **settings)


BATCH = [
    LayerCase("BatchNorm1d", "plain", lambda nn: nn.BatchNorm1d(2), (COLUMNS,)),
    LayerCase("BatchNorm1d", "sequences", lambda nn: nn.BatchNorm1d(2), (SEQUENCES,)),
    LayerCase("BatchNorm1d", "eps and momentum", lambda nn: nn.BatchNorm1d(2, 0.1, 0.7), (COLUMNS,)),
    LayerCase("BatchNorm1d", "plain averages", lambda nn: _seen(nn.BatchNorm1d(2, momentum=None)), (COLUMNS,)),
    LayerCase("BatchNorm1d", "no affine", lambda nn: nn.BatchNorm1d(2, affine=False), (COLUMNS,)),
    LayerCase("BatchNorm1d", "no bias", lambda nn: nn.BatchNorm1d(2, bias=False), (COLUMNS,)),
    LayerCase("BatchNorm1d", "no tracking", lambda nn: nn.BatchNorm1d(2, track_running_stats=False), (COLUMNS,)),
    LayerCase("BatchNorm1d", "eval", lambda nn: _seen(nn.BatchNorm1d(2)), (COLUMNS,), training=False),
    LayerCase("BatchNorm1d", "eval, sequences", lambda nn: _seen(nn.BatchNorm1d(2)), (SEQUENCES,), training=False),
    LayerCase(
        "BatchNorm1d",
        "eval, no tracking",
        lambda nn: nn.BatchNorm1d(2, track_running_stats=False),
        (COLUMNS,),
        training=False,
    ),
    LayerCase("BatchNorm2d", "plain", lambda nn: nn.BatchNorm2d(2), (IMAGES,)),
    LayerCase("BatchNorm2d", "plain averages", lambda nn: nn.BatchNorm2d(2, momentum=None), (IMAGES,)),
    LayerCase("BatchNorm2d", "no affine", lambda nn: nn.BatchNorm2d(2, affine=False), (IMAGES,)),
    LayerCase("BatchNorm2d", "no tracking", lambda nn: nn.BatchNorm2d(2, track_running_stats=False), (IMAGES,)),
    LayerCase("BatchNorm2d", "eval", lambda nn: _seen(nn.BatchNorm2d(2)), (IMAGES,), training=False),
    LayerCase("BatchNorm2d", "batch of one", lambda nn: nn.BatchNorm2d(2), (normal(1, 2, 3, 2),)),
    LayerCase(
        "functional.batch_norm",
        "nothing but the input",
        lambda nn: lambda x: nn.functional.batch_norm(x, None, None, training=True),
        (COLUMNS,),
    ),
]
INSTANCE = [
    LayerCase("InstanceNorm1d", "plain", lambda nn: nn.InstanceNorm1d(2), (normal(2, 2, 4),)),
    LayerCase("InstanceNorm1d", "affine", lambda nn: nn.InstanceNorm1d(2, 0.1, affine=True), (normal(2, 2, 4),)),
    LayerCase("InstanceNorm1d", "no bias", lambda nn: nn.InstanceNorm1d(2, affine=True, bias=False), (SEQUENCES,)),
    LayerCase("InstanceNorm1d", "one case", lambda nn: nn.InstanceNorm1d(2, affine=True), (normal(2, 4),)),
    LayerCase(
        "InstanceNorm1d", "tracking", lambda nn: nn.InstanceNorm1d(2, track_running_stats=True), (normal(2, 2, 4),)
    ),
    LayerCase(
        "InstanceNorm1d",
        "tracking, eval",
        lambda nn: _seen(nn.InstanceNorm1d(2, track_running_stats=True)),
        (normal(2, 2, 4),),
        training=False,
    ),
    LayerCase("InstanceNorm1d", "eval", lambda nn: nn.InstanceNorm1d(2), (normal(2, 2, 4),), training=False),
    LayerCase("InstanceNorm2d", "plain", lambda nn: nn.InstanceNorm2d(2), (IMAGES,)),
    LayerCase("InstanceNorm2d", "affine", lambda nn: nn.InstanceNorm2d(2, affine=True), (IMAGES,)),
    LayerCase("InstanceNorm2d", "one case", lambda nn: nn.InstanceNorm2d(2, affine=True), (normal(2, 3, 2),)),
    LayerCase(
        "InstanceNorm2d",
        "tracking, affine",
        lambda nn: _seen(nn.InstanceNorm2d(2, momentum=0.3, affine=True, track_running_stats=True)),
        (IMAGES,),
    ),
    LayerCase(
        "InstanceNorm2d",
        "tracking, affine, eval",
        lambda nn: _seen(nn.InstanceNorm2d(2, affine=True, track_running_stats=True)),
        (IMAGES,),
        training=False,
    ),
    LayerCase(
        "functional.instance_norm", "plain", lambda nn: lambda x: nn.functional.instance_norm(x, eps=0.1), (IMAGES,)
    ),
]
CASE_BY_CASE = [
    LayerCase("LayerNorm", "plain", lambda nn: nn.LayerNorm(4), (normal(3, 4),)),
    LayerCase("LayerNorm", "two axes", lambda nn: nn.LayerNorm((2, 3), 0.1), (normal(2, 2, 3),)),
    LayerCase("LayerNorm", "all axes", lambda nn: nn.LayerNorm([2, 3]), (normal(2, 3),)),
    LayerCase("LayerNorm", "no affine", lambda nn: nn.LayerNorm(4, elementwise_affine=False), (normal(2, 2, 4),)),
    LayerCase("LayerNorm", "no bias", lambda nn: nn.LayerNorm(4, bias=False), (normal(3, 4),)),
    LayerCase("LayerNorm", "eps 0", lambda nn: nn.LayerNorm(4, 0.0), (normal(3, 4),)),
    LayerCase("LayerNorm", "one number", lambda nn: nn.LayerNorm(1), (normal(3, 1),)),
    LayerCase("LayerNorm", "empty batch", lambda nn: nn.LayerNorm(4), (normal(0, 4),)),
    LayerCase(
        "functional.layer_norm", "plain", lambda nn: lambda x: nn.functional.layer_norm(x, (2, 2)), (normal(2, 2, 2),)
    ),
    LayerCase("RMSNorm", "plain", lambda nn: nn.RMSNorm(4), (normal(3, 4),)),
    LayerCase("RMSNorm", "eps", lambda nn: nn.RMSNorm(4, 0.5), (normal(3, 4),)),
    LayerCase("RMSNorm", "two axes", lambda nn: nn.RMSNorm((2, 3)), (normal(2, 2, 3),)),
    LayerCase("RMSNorm", "no affine", lambda nn: nn.RMSNorm([4], elementwise_affine=False), (normal(3, 4),)),
    LayerCase("functional.rms_norm", "plain", lambda nn: lambda x: nn.functional.rms_norm(x, (3,)), (normal(2, 3),)),
    LayerCase("GroupNorm", "plain", lambda nn: nn.GroupNorm(2, 4), (normal(2, 4, 2),)),
    LayerCase("GroupNorm", "images", lambda nn: nn.GroupNorm(2, 2, 0.1), (IMAGES,)),
    LayerCase("GroupNorm", "one group", lambda nn: nn.GroupNorm(1, 4), (normal(2, 4, 2),)),
    LayerCase("GroupNorm", "columns", lambda nn: nn.GroupNorm(2, 6), (normal(2, 6),)),
    LayerCase("GroupNorm", "no affine", lambda nn: nn.GroupNorm(2, 4, affine=False), (normal(2, 4, 2),)),
    LayerCase("GroupNorm", "no bias", lambda nn: nn.GroupNorm(2, 4, bias=False), (normal(2, 4, 2),)),
    LayerCase(
        "functional.group_norm", "plain", lambda nn: lambda x: nn.functional.group_norm(x, 2), (normal(2, 4, 2),)
    ),
    LayerCase("functional.normalize", "plain", lambda nn: nn.functional.normalize, (normal(2, 3),)),
    LayerCase("functional.normalize", "axis 0", lambda nn: lambda x: nn.functional.normalize(x, dim=0), (normal(3),)),
    LayerCase("functional.normalize", "1-norm", lambda nn: lambda x: nn.functional.normalize(x, 1.0), (nonzero(2, 3),)),
    LayerCase("functional.normalize", "eps", lambda nn: lambda x: nn.functional.normalize(x, eps=9.0), (normal(2, 3),)),
]
REGULARIZATION = [
    LayerCase("Dropout", "p 0", lambda nn: nn.Dropout(0.0), (normal(2, 3),)),
    LayerCase("Dropout", "p 1", lambda nn: nn.Dropout(1.0), (normal(2, 3),)),
    LayerCase("Dropout1d", "eval", lambda nn: nn.Dropout1d(0.2), (normal(2, 2, 3),), training=False),
    LayerCase("Dropout2d", "eval", lambda nn: nn.Dropout2d(), (IMAGES,), training=False),
    LayerCase("AlphaDropout", "eval", lambda nn: nn.AlphaDropout(0.1), (normal(2, 3),), training=False),
    LayerCase("utils.weight_norm", "Linear", lambda nn: _weight_norm(nn, nn.Linear(3, 2)), (normal(3, 3),)),
    LayerCase("utils.weight_norm", "dim 1", lambda nn: _weight_norm(nn, nn.Linear(3, 2), dim=1), (normal(3, 3),)),
    LayerCase("utils.weight_norm", "one length", lambda nn: _weight_norm(nn, nn.Linear(3, 2), dim=None), (normal(3),)),
    LayerCase("utils.weight_norm", "Conv2d", lambda nn: _weight_norm(nn, nn.Conv2d(2, 2, 2)), (normal(1, 2, 3, 3),)),
    LayerCase(
        "utils.weight_norm",
        "removed",
        lambda nn: nn.utils.remove_weight_norm(_weight_norm(nn, nn.Linear(3, 2))),
        (normal(3, 3),),
    ),
]
EMBEDDING = [
    LayerCase("Embedding", "plain", lambda nn: nn.Embedding(4, 2), (integers(4, 5),)),
    LayerCase("Embedding", "sentences", lambda nn: nn.Embedding(4, 3), (exactly([[1, 1, 3], [0, 1, 3]], "int64"),)),
    LayerCase("Embedding", "one token", lambda nn: nn.Embedding(4, 2), (exactly(2, "int64"),)),
    LayerCase("Embedding", "no padding met", lambda nn: nn.Embedding(4, 2, 0), (exactly([1, 2, 1], "int64"),)),
    LayerCase(
        "Embedding", "padding", lambda nn: nn.Embedding(4, 2, 1), (exactly([[1, 2], [1, 0]], "int64"),), orders=0
    ),
    LayerCase("Embedding", "padding -1", lambda nn: nn.Embedding(4, 2, -1), (exactly([3, 2, 3], "int64"),), orders=0),
    LayerCase(
        "Embedding", "max_norm", lambda nn: nn.Embedding(4, 3, max_norm=1.0), (exactly([0, 2, 0], "int64"),), orders=0
    ),
    LayerCase(
        "Embedding",
        "max_norm, another norm",
        lambda nn: nn.Embedding(4, 3, max_norm=1.0, norm_type=1.0),
        (exactly([0, 2, 0], "int64"),),
        orders=0,
    ),
    LayerCase(
        "functional.embedding", "plain", lambda nn: nn.functional.embedding, (exactly([0, 2, 0], "int64"), normal(3, 2))
    ),
    LayerCase(
        "functional.embedding",
        "padding",
        lambda nn: lambda tokens, weight: nn.functional.embedding(tokens, weight, padding_idx=2),
        (exactly([0, 2, 0], "int64"), normal(3, 2)),
        orders=0,
    ),
]
LAYERS: list[LayerCase] = [*BATCH, *INSTANCE, *CASE_BY_CASE, *REGULARIZATION, *EMBEDDING]
