"""Kernels: what runs when, what is kept, and second derivatives through the definition."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.autograd import grad, gradcheck, gradgradcheck
from tinygrad_edu.engine import kernel, unfused
from tinygrad_edu.testing import assert_close

random = numpy.random.default_rng(11)
calls: list[str] = []


def swish_definition(x: Any, y: Any, *, scale: float = 1.0) -> Any:
    calls.append("definition")
    return x * te.sigmoid(y) * scale


@kernel(swish_definition, register=False)
def swish(x: Any, y: Any, *, scale: float = 1.0, keep: bool) -> Any:
    calls.append(f"kernel, keep={keep}")
    gate = 1 / (1 + numpy.exp(-y))
    return scale * x * gate, (x, gate) if keep else None


@swish.backward
def swish_back(g: Any, kept: Any, wanted: tuple[bool, bool], *, scale: float = 1.0) -> Any:
    calls.append(f"back, wanted={wanted}")
    x, gate = kept
    return (
        numpy.multiply(g, scale * gate) if wanted[0] else None,
        numpy.multiply(g, scale * x * gate * (1 - gate)) if wanted[1] else None,
    )


def polar_definition(x: Any, y: Any) -> Any:
    return (x * x + y * y).sqrt(), x * y, x + 1


@kernel(polar_definition, register=False)
def polar(x: Any, y: Any) -> Any:
    length = numpy.hypot(x, y)
    return (length, x * y, x + 1), (x, y, length)


@polar.backward
def polar_back(g: Any, kept: Any, wanted: tuple[bool, bool]) -> Any:
    (x, y, length), (to_length, to_product, to_sum) = kept, (numpy.zeros(()) if part is None else part for part in g)
    dx = to_length * x / length + to_product * y + to_sum + numpy.zeros_like(x)
    return dx, to_length * y / length + to_product * x + numpy.zeros_like(y)


def two(**options: Any) -> list[Any]:
    calls.clear()
    return [te.tensor(random.normal(size=4), requires_grad=True, **options) for _ in range(2)]


def test_first_and_second_derivatives() -> None:
    assert gradcheck(swish, two())
    assert gradgradcheck(swish, two())
    assert gradcheck(lambda x, y: swish(x, y, scale=3.0), two())
    assert gradgradcheck(lambda x, y: swish(x, y, scale=3.0), two())


def test_several_results_used_or_not() -> None:
    for use in (lambda out: out, lambda out: out[0], lambda out: out[1] * 2, lambda out: (out[2], out[0])):
        assert gradcheck(lambda x, y, use=use: use(polar(x, y)), two())
        assert gradgradcheck(lambda x, y, use=use: use(polar(x, y)), two())


def test_the_walk_through_the_definition_stops_at_the_arguments_even_if_one_depends_on_the_other() -> None:
    (x, _) = two()
    assert gradgradcheck(lambda x: swish(x, swish(x * x, x)), (x,))
    assert gradgradcheck(lambda x: swish(x, x), (x,))


def test_the_first_derivative_runs_the_kernels_alone() -> None:
    x, y = two()
    swish(x, y).sum().backward()
    assert calls == ["kernel, keep=True", "back, wanted=(True, True)"]


def test_what_nobody_asks_for_is_neither_kept_nor_computed() -> None:
    x, y = two()
    with te.no_grad():
        swish(x, y)
    swish(x.detach(), y.detach())
    assert calls == ["kernel, keep=False"] * 2
    grad(swish(x, y).sum(), [y])
    swish(x, y.detach()).sum().backward()
    assert [call for call in calls if "back" in call] == ["back, wanted=(False, True)", "back, wanted=(True, False)"]


def test_unfused_runs_the_definition() -> None:
    x, y = two()
    with unfused():
        swish(x, y).sum().backward()
    assert calls == ["definition"]


def test_other_devices_and_mixed_dtypes_get_the_definition(device: Any) -> None:
    x, y = two(device=device)
    swish(x, y)
    assert calls == (["kernel, keep=True"] if device.type == "cpu" else ["definition"])
    x, y = two(device=device)
    assert swish(x.float(), y).dtype == te.float64
    assert calls == ["definition"]


def test_an_argument_overwritten_before_the_way_back_is_noticed() -> None:
    x, y = two()
    out = swish(x, y)
    with te.no_grad():
        y.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an in-place operation"):
        out.sum().backward()


def test_a_freed_kernel_says_so_and_holds_nothing() -> None:
    x, y = two()
    out = swish(x, y)
    node = out.grad_fn
    out.sum().backward()
    assert node.saved is None
    with pytest.raises(RuntimeError, match="a second time"):
        out.sum().backward()


def test_an_argument_may_be_missing() -> None:
    def affine_definition(x: Any, b: Any) -> Any:
        return x * 2 if b is None else x * 2 + b

    @kernel(affine_definition, register=False)
    def affine(x: Any, b: Any) -> Any:
        return affine_definition(x, b), None

    @affine.backward
    def affine_back(g: Any, kept: Any, wanted: Any) -> Any:
        return 2 * g, g if wanted[1] else None

    x, b = two()
    assert gradcheck(lambda x: affine(x, None), (x,))
    assert gradgradcheck(lambda x: affine(x, None), (x,))
    assert gradcheck(affine, (x, b))


def test_bare_arrays_in_bare_arrays_out() -> None:
    x, y = random.normal(size=(2, 3))
    out = swish(x, y)
    assert type(out) is numpy.ndarray
    assert_close(out, swish_definition(te.tensor(x), te.tensor(y)))


def test_the_drawn_graph_shows_what_a_kernel_keeps() -> None:
    from tinygrad_edu import show

    x, y = two()
    graph = show.draw(swish(x, y).sum()).graph
    assert graph.kept == 3 * 4 * 8  # x, y and the gate
