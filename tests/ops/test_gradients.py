"""Every row of the table against finite differences, to second order, on every device; and that no op lacks a row."""

from __future__ import annotations

from typing import Any

import pytest

import tinygrad_edu
from tinygrad_edu.engine import observers, primitives
from tinygrad_edu.testing import gradcheck, gradgradcheck
from tinygrad_edu.testing.cases import CASES, Case

PUBLIC_OPS = """
    add sub mul div neg pow exp log log1p expm1 sqrt rsqrt square reciprocal abs sign floor sin cos tanh sigmoid erf
    maximum minimum clamp where eq ne lt le gt ge logical_and logical_or logical_xor logical_not isnan isinf isfinite
    sum mean var std amax amin max min argmax argmin prod logsumexp cumsum norm topk sort argsort any all
    reshape view transpose permute squeeze unsqueeze broadcast flatten cat stack split chunk flip roll tril triu pad
    repeat movedim getitem index_select gather scatter_add masked_fill one_hot matmul mm bmm einsum outer dot addmm
    softmax log_softmax relu gelu silu leaky_relu elu softplus dropout linear
    tan asin acos atan atan2 hypot sinh cosh asinh acosh atanh deg2rad rad2deg exp2 log2 log10 logaddexp logit erfc
    ceil trunc round frac fmod floor_divide lerp addcmul addcdiv clamp_min clamp_max nan_to_num isclose
    bitwise_and bitwise_or bitwise_xor bitwise_not cumprod nansum nanmean var_mean std_mean aminmax count_nonzero
    quantile median kthvalue unique bincount histc select take take_along_dim masked_select nonzero argwhere
    repeat_interleave tile ravel scatter scatter_reduce index_add index_copy index_fill diag diag_embed diagflat trace
    diagonal mv vdot inner tensordot baddbmm addbmm addmv addr matrix_power kron cross cdist dist vector_norm
    matrix_norm linalg.norm vecdot hstack vstack dstack column_stack concat atleast_1d atleast_2d atleast_3d
    broadcast_tensors block_diag meshgrid cartesian_prod tensor_split
    windows overlap_add conv2d max_pool2d avg_pool2d mse_loss cross_entropy nll_loss
""".split()  # noqa: SIM905 - a list of two hundred quoted words would be harder to read


def inputs_of(case: Case, device: Any) -> list[Any]:
    arrays = case.arrays()
    return [tinygrad_edu.tensor(a, device=device, requires_grad=a.dtype.kind == "f") for a in arrays]


@pytest.mark.parametrize("case", [case for case in CASES if case.orders > 0], ids=lambda case: case.id)
def test_derivatives(case: Case, device: Any) -> None:
    tensors = inputs_of(case, device)
    fast = device.type != "cpu"  # the same rules: there it matters that they run at all
    gradcheck(lambda *xs: case.call(tinygrad_edu, *xs), tensors, fast_mode=fast, check_grad_dtypes=True)
    if case.orders > 1:
        gradgradcheck(lambda *xs: case.call(tinygrad_edu, *xs), tensors, fast_mode=fast)


def test_every_public_op_has_a_row() -> None:
    assert sorted(set(PUBLIC_OPS) - {case.name for case in CASES}) == []


def test_every_primitive_has_a_row() -> None:
    used: set[str] = set()

    def note(primitive: Any, *_: Any) -> None:
        used.add(primitive.name)

    observers.append(note)
    try:
        for case in CASES:
            case.call(tinygrad_edu, *inputs_of(case, "cpu"))
        tinygrad_edu.ones(2, requires_grad=True).to("strict")
    finally:
        observers.remove(note)
    assert sorted(set(primitives) - used) == []


def test_rows_have_names_of_their_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_a_gradient_travels_home_from_another_device() -> None:
    x = tinygrad_edu.tensor([1.0, 2.0], requires_grad=True)
    (x.to("strict") * 3).sum().backward()
    assert x.grad.device == "cpu"
    assert x.grad.tolist() == [3.0, 3.0]
