"""Every fused operation against its definition: value, gradient, second gradient; and the definitions on their own."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.autograd import grad, gradcheck, gradgradcheck
from tinygrad_edu.engine import Fused, Kernel, primitives, unfused
from tinygrad_edu.testing import assert_close

FUSED = [op for op in primitives.values() if isinstance(op, Fused)]  # kernels are fused too
random = numpy.random.default_rng(11)
# name -> arrays and settings; a new fused operation adds its own here
CALLS: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    name: [([random.normal(size=(3, 4))], {"axis": axis}) for axis in (0, 1)] for name in ("softmax", "log_softmax")
}

CALLS["attention"] = [
    (
        [random.normal(size=shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 2))] + [mask],
        {"scale": 0.7, "causal": causal},
    )
    for mask in (None, random.random((3, 5)) < 0.7, random.normal(size=(2, 1, 5)))
    for causal in (False, True)
]
CALLS["gelu"] = [([random.normal(size=(3, 4)) * 2], {"approximate": form}) for form in ("none", "tanh")]
CALLS["silu"] = [([random.normal(size=(3, 4)) * 2], {})]
CALLS["linear"] = [
    ([random.normal(size=shape), random.normal(size=(3, 4)), bias], {})
    for shape in ((4,), (2, 4), (2, 5, 4))
    for bias in (None, random.normal(size=3))
]
CALLS["layer_norm"] = [
    ([random.normal(size=(2, 3, 4)), weight, bias], {"axis": (2,), "eps": 1e-5})
    for weight in (None, random.normal(size=4))
    for bias in (None, random.normal(size=4))
] + [([random.normal(size=(2, 3, 4)), *random.normal(size=(2, 3, 4))], {"axis": (1, 2), "eps": 0.5})]
CALLS["rms_norm"] = [
    ([random.normal(size=(2, 3, 4)), None], {"axis": (1, 2), "eps": 1e-5}),
    ([random.normal(size=(5, 4)), random.normal(size=4)], {"axis": (1,), "eps": 0.5}),
]
CALLS["batch_norm"] = [
    ([random.normal(size=shape), weight, bias], {"eps": 1e-3})
    for shape in ((4, 3), (2, 3, 2, 2))
    for weight in (None, random.normal(size=3))
    for bias in (None, random.normal(size=3))
]
CALLS["embedding"] = [
    ([random.normal(size=(5, 3)), random.integers(0, 4, size=shape)], {"padding": padding})
    for shape in ((), (4,), (2, 3))
    for padding in (None, 4)  # of a row that is read, the gradient is not the derivative
]
CALLS["group_norm"] = [
    ([random.normal(size=shape), weight, bias], {"groups": groups, "eps": 1e-3})
    for shape, groups in (((3, 4), 2), ((2, 4, 3), 2), ((2, 4, 2, 2), 4))
    for weight, bias in ((None, None), random.normal(size=(2, 4)))
]
CALLS["cross_entropy"] = [
    (
        [random.normal(size=(5, 4, *space)), random.integers(0, 4, (5, *space)), weight],
        {"ignore_index": ignored, "label_smoothing": smoothing, "reduction": reduction},
    )
    for space in ((), (2,))
    for weight in (None, random.uniform(0.5, 2.0, size=4))
    for ignored, smoothing, reduction in ((-100, 0.0, "mean"), (1, 0.2, "mean"), (1, 0.0, "sum"), (-100, 0.2, "none"))
]
for _name, _gates, _states in (("rnn_tanh", 1, 1), ("rnn_relu", 1, 1), ("lstm", 4, 2), ("gru", 3, 1)):
    CALLS[_name] = [
        (
            [random.normal(size=(sum(sizes), 3)), *random.normal(size=(_states, sizes[0], 2))]
            + [random.normal(size=(_gates * 2, 3)), random.normal(size=(_gates * 2, 2))]
            + [random.normal(size=_gates * 2) if given else None for given in biases],
            {"batch_sizes": sizes, "reverse": reverse},
        )
        for sizes, reverse, biases in (
            ((2, 2), False, (True, True)),
            ((3, 1, 1), True, (True, True)),
            ((3, 1, 1), False, (False, True)),
            ((2,), True, (True, False)),
            ((1, 1), False, (False, False)),
        )
    ]

_NONE, _SOME = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}, random.normal(size=4)
CALLS["convolution"] = [
    ([random.normal(size=(2, 2, 5, 4)), random.normal(size=(4, 2 // groups, *size)), bias], {**_NONE, **settings})
    for size, groups, bias, settings in (
        ((2, 3), 1, None, {}),
        ((3, 2), 1, _SOME, {"padding": ((1, 0), (2, 1))}),
        ((2, 2), 2, _SOME, {"stride": (2, 1), "groups": 2}),
        ((2, 2), 1, _SOME, {"stride": (3, 2), "dilation": (1, 2)}),
        ((2, 2), 1, None, {"dilation": (2, 1), "padding": ((1, 1), (1, 1))}),
        ((1, 1), 1, _SOME, {}),
    )
] + [
    ([random.normal(size=(2, 3, 6)), random.normal(size=(2, 3, 3)), random.normal(size=2)], {**_LINE, "groups": 1})
    for _LINE in ({"stride": (2,), "padding": ((1, 1),), "dilation": (1,)},)
]
CALLS["transposed_convolution"] = [
    ([random.normal(size=(2, 4, 3, 2)), random.normal(size=(4, 1, *size)), random.normal(size=groups)], settings)
    for size, groups, settings in (
        ((2, 3), 1, {"stride": (1, 1), "dilation": (1, 1), "groups": 1, "cut": (0, 0), "lengths": (4, 4)}),
        ((3, 2), 2, {"stride": (2, 1), "dilation": (1, 2), "groups": 2, "cut": (1, 0), "lengths": (6, 4)}),
    )
] + [
    (
        [random.normal(size=(1, 2, 3)), random.normal(size=(2, 2, 2)), None],
        {"stride": (1,), "dilation": (3,), "groups": 1, "cut": (0,), "lengths": (8,)},
    )
]
_PATCHES = ((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (1, 0)), ((2, 2), (3, 3), (1, 1))
CALLS["max_pool"] = [
    (
        [random.permutation(2 * 2 * 5 * 6).reshape(2, 2, 5, 6) * 0.1],
        {"size": size, "stride": stride, "padding": padding, "dilation": (1, 1), "ceil_mode": ceil_mode},
    )
    for size, stride, padding in _PATCHES
    for ceil_mode in (False, True)
]
CALLS["avg_pool"] = [
    (
        [random.normal(size=(2, 2, 5, 6))],
        {
            "size": size,
            "stride": stride,
            "padding": padding,
            "ceil_mode": ceil_mode,
            "count_include_pad": counted,
            "divisor": divisor,
        },
    )
    for size, stride, padding in _PATCHES
    for ceil_mode, counted, divisor in ((False, True, None), (True, False, None), (False, True, 3))
]


def calls() -> list[Any]:
    return [pytest.param(op, *call, id=f"{op.name}-{i}") for op in FUSED for i, call in enumerate(CALLS[op.name])]


def test_there_are_fused_operations_to_test() -> None:
    assert {op.name for op in FUSED} == set(CALLS)


def tensors(arrays: list[Any], device: Any, dtype: str) -> list[Any]:
    """The arguments as tensors: floating-point ones in `dtype` and asking for a gradient, labels as they are."""
    return [
        None
        if array is None
        else te.tensor(array, device=device)
        if array.dtype.kind != "f"
        else te.tensor(array.astype(dtype), device=device, requires_grad=True)
        for array in arrays
    ]


def answers(call: Any, xs: list[Any], settings: dict[str, Any]) -> list[Any]:
    """Results, first derivatives and second ones, along fixed random directions."""
    rng = numpy.random.default_rng(3)
    out = call(*xs, **settings)
    outs = list(out) if isinstance(out, tuple) else [out]
    varied = [x for x in xs if x is not None and x.requires_grad]
    weights = [te.tensor(rng.normal(size=tuple(out.shape)), dtype=out.dtype, device=out.device) for out in outs]
    loss = sum((out * w).sum() for out, w in zip(outs, weights, strict=True))
    plain = grad(loss, varied, retain_graph=True)  # by the kernels; those below go through the definition
    first = grad(loss, varied, create_graph=True)
    total = sum((g * g).sum() for g in first)
    second = grad(total, varied, allow_unused=True) if total.requires_grad else [None] * len(varied)
    zeros = [te.zeros_like(x) for x in varied]
    return [*outs, *plain, *first, *(z if g is None else g for z, g in zip(zeros, second, strict=True))]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "arrays", "settings"), calls())
def test_fused_and_definition_agree(
    op: Any, arrays: list[Any], settings: dict[str, Any], device: Any, dtype: str
) -> None:
    xs = tensors(arrays, device, dtype)
    allowed = {"float64": (1e-9, 1e-10), "float32": (2e-3, 2e-4)}[dtype]
    for fused, definition in zip(answers(op, xs, settings), answers(op.definition, xs, settings), strict=True):
        assert fused.dtype == definition.dtype == dtype
        assert_close(fused, definition, rtol=allowed[0], atol=allowed[1])


@pytest.mark.parametrize(("op", "arrays", "settings"), calls())
def test_derivatives_of_what_is_fused(op: Any, arrays: list[Any], settings: dict[str, Any]) -> None:
    xs = tensors(arrays, "cpu", "float64")
    varied = [x for x in xs if x is not None and x.requires_grad]

    def call(*values: Any) -> Any:
        given = iter(values)
        return op(*(next(given) if x is not None and x.requires_grad else x for x in xs), **settings)

    assert gradcheck(call, varied, fast_mode=True)
    assert gradgradcheck(call, varied, fast_mode=True)


def test_unfused_runs_the_definition() -> None:
    x = te.tensor([[1.0, 2.0]], requires_grad=True)
    assert x.softmax(1).grad_fn.name == "softmax"
    with unfused():
        assert x.softmax(1).grad_fn.name == "exp"
    assert x.softmax(1).grad_fn.name == "softmax"


def arrays_in(values: Any) -> list[Any]:
    if isinstance(values, (tuple, list)):
        return [array for value in values for array in arrays_in(value)]
    return [values] if isinstance(values, numpy.ndarray) else []


@pytest.mark.parametrize(("op", "arrays", "settings"), [call for call in calls() if isinstance(call.values[0], Kernel)])
def test_a_way_back_makes_its_gradients_itself_because_the_walk_may_write_into_them(
    op: Any, arrays: list[Any], settings: dict[str, Any]
) -> None:
    out, kept = op.function(*arrays, **settings, **({"keep": True} if op.keeps else {}))
    g = tuple(map(numpy.ones_like, out)) if isinstance(out, tuple) else numpy.ones_like(out)
    wanted = tuple(array is not None and array.dtype.kind == "f" for array in arrays)
    again, made = (arrays_in(list(op.back(g, kept, wanted, **settings))) for _ in range(2))
    assert made
    for i, gradient in enumerate(made):
        assert gradient.flags.writeable
        for other in [*arrays_in([g, kept, arrays]), *again, *made[:i]]:
            assert not numpy.may_share_memory(gradient, other) or not numpy.shares_memory(gradient, other)


@pytest.mark.parametrize(("op", "arrays", "settings"), [call for call in calls() if isinstance(call.values[0], Kernel)])
def test_a_result_in_another_order_owns_its_memory_so_that_view_may_put_it_in_row_major_order(
    op: Any, arrays: list[Any], settings: dict[str, Any]
) -> None:
    lying = [None if array is None else numpy.array(array, order="F") for array in arrays]
    out, _ = op.function(*lying, **settings, **({"keep": False} if op.keeps else {}))
    for array in arrays_in([out]):
        assert array.flags.c_contiguous or array.base is None
