"""Tensors side by side, grids, and products of tensors: edges, and what PyTorch refuses too."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy
import pytest

import tinygrad_edu as te

_spec = importlib.util.spec_from_file_location("against_torch", Path(__file__).with_name("against_torch.py"))
against_torch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(against_torch)
agree = against_torch.agree

VECTOR, MATRIX, CUBE = numpy.arange(3.0), numpy.arange(6.0).reshape(2, 3), numpy.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack", "row_stack", "concat", "concatenate"])
def test_stacks(name: str) -> None:
    for arrays in ((VECTOR, VECTOR), (MATRIX, MATRIX), (CUBE, CUBE), (MATRIX, MATRIX[:1]), (numpy.array(1.0), VECTOR)):
        agree(lambda library, *xs: getattr(library, name)(xs), *arrays)
    agree(lambda library, x: getattr(library, name)([x]), MATRIX)
    agree(lambda library, x, i: getattr(library, name)([x, i]), VECTOR, [1, 2, 3])
    agree(lambda library: getattr(library, name)([]))


def test_at_least_so_many_dimensions() -> None:
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        for array in (numpy.array(2.0), VECTOR, MATRIX, CUBE):
            agree(lambda library, x, name=name: getattr(library, name)(x), array)
        agree(lambda library, x, y, name=name: getattr(library, name)((x, y)), numpy.array(2.0), MATRIX)


def test_broadcasting_together() -> None:
    agree(lambda library, x, y: library.broadcast_tensors(x, y), VECTOR, MATRIX[:, :1])
    agree(lambda library, x, y: library.broadcast_tensors(x, y), VECTOR, MATRIX[:, :2])
    assert te.broadcast_shapes((2, 1), (3,), ()) == (2, 3)


def test_blocks_and_grids() -> None:
    agree(lambda library, *xs: library.block_diag(*xs), MATRIX, VECTOR, numpy.array(7.0), numpy.zeros((0, 2)))
    agree(lambda library, *xs: library.block_diag(*xs), MATRIX, [[1, 2]])
    agree(lambda library, x: library.block_diag(x), CUBE)
    for indexing in ("ij", "xy"):
        agree(lambda library, *xs, how=indexing: library.meshgrid(*xs, indexing=how), VECTOR, VECTOR[:2])
        agree(lambda library, x, how=indexing: library.meshgrid(x, indexing=how), VECTOR)
    agree(lambda library, x: library.meshgrid(x, x, indexing="yx"), VECTOR)
    agree(lambda library, *xs: library.cartesian_prod(*xs), VECTOR, VECTOR[:2], VECTOR[:1])
    agree(lambda library: library.tril_indices(3, 4, -1), grad=False)
    agree(lambda library: library.triu_indices(3, 4, 1), grad=False)
    agree(lambda library: library.triu_indices(2, 2, dtype=library.int32), grad=False)
    agree(lambda library, x: library.vander(x), VECTOR, grad=False)
    agree(lambda library, x: library.vander(x, 2, True), VECTOR, grad=False)
    agree(lambda library: library.logspace(0, 2, 5), grad=False)
    agree(lambda library: library.logspace(1, 3, 3, base=2, dtype=library.float64), grad=False)


@pytest.mark.parametrize("dim", [0, 1, -1, 2])
def test_tensor_split(dim: int) -> None:
    for cuts in (1, 2, 5, (1,), (0, 2), (2, 1), (-1,), [10], 0):
        agree(lambda library, x, cuts=cuts: library.tensor_split(x, cuts, dim), MATRIX)


@pytest.mark.parametrize("offset", [0, 1, -1, 3, -3])
def test_diagonals(offset: int) -> None:
    agree(lambda library, x: library.diag(x, offset), VECTOR)
    agree(lambda library, x: library.diag(x, offset), MATRIX)
    agree(lambda library, x: library.diag(x, offset), CUBE)
    agree(lambda library, x: library.diag_embed(x, offset), MATRIX)
    agree(lambda library, x: library.diag_embed(x, offset, 0, -1), MATRIX)
    agree(lambda library, x: library.diagonal(x, offset, 1, 2), CUBE)


def test_diagonals_of_odd_inputs() -> None:
    agree(lambda library, x: library.diag_embed(x), numpy.zeros((2, 0)))
    agree(lambda library, x: library.diag_embed(x), 1.0)
    agree(lambda library, x: library.diag_embed(x, 0, 1, 1), MATRIX)
    agree(lambda library, x: library.trace(x), MATRIX)
    agree(lambda library, x: library.trace(x), [[1, 2], [3, 4]], grad=False)
    agree(lambda library, x: library.trace(x), VECTOR)
    agree(lambda library, x: library.diagflat(x, 1), MATRIX)


def test_products() -> None:
    agree(lambda library, x, y: library.mv(x, y), MATRIX, VECTOR)
    agree(lambda library, x, y: library.mv(x, y), MATRIX, MATRIX)
    agree(lambda library, x, y: library.inner(x, y), MATRIX, VECTOR)
    agree(lambda library, x, y: library.inner(x, y), MATRIX, numpy.arange(2.0))
    agree(lambda library, x, y: library.inner(x, y), 2.0, MATRIX)
    agree(lambda library, x, y: library.tensordot(x, y, 1), MATRIX, CUBE[0])
    agree(lambda library, x, y: library.tensordot(x, y, ([1, 0], [1, 0])), CUBE, MATRIX)
    agree(lambda library, x, y: library.tensordot(x, y, 1), MATRIX, CUBE)
    agree(lambda library, x, y: library.tensordot(x, y, 3), MATRIX, MATRIX)
    agree(lambda library, x, y: library.kron(x, y), CUBE, VECTOR)
    agree(lambda library, x: library.matrix_power(x, 3), CUBE[:, :, :3])
    agree(lambda library, x: library.matrix_power(x, 3), CUBE)
    agree(lambda library, x, y: library.cross(x, y, 1), MATRIX, MATRIX[::-1] + 1)
    agree(lambda library, x, y: library.linalg.cross(x, y), VECTOR, VECTOR[::-1].copy())
    agree(lambda library, x, y: library.linalg.cross(x, y), VECTOR[:2], VECTOR[:2])
    agree(lambda library, x, y: library.vdot(x, y), VECTOR, VECTOR)


def test_distances_and_norms() -> None:
    agree(lambda library, x, y: library.cdist(x, y), MATRIX, MATRIX + 0.5)
    agree(lambda library, x, y: library.cdist(x, y, 1.0), MATRIX, CUBE[0, :, :3] + 0.25)
    agree(lambda library, x, y: library.cdist(x, y, float("inf")), MATRIX, MATRIX[:1] * 2 + 0.1)
    agree(lambda library, x, y: library.cdist(x, y), MATRIX, MATRIX[:, :2])
    agree(lambda library, x, y: library.dist(x, y, 1), MATRIX, VECTOR + 0.5)
    for ord in ("fro", 1, -1, float("inf"), -float("inf")):
        agree(lambda library, x, ord=ord: library.linalg.matrix_norm(x, ord), numpy.sin(CUBE))
        agree(lambda library, x, ord=ord: library.linalg.norm(x, ord, (0, 2), True), numpy.sin(CUBE))
    agree(lambda library, x: library.linalg.norm(x), numpy.sin(CUBE))
    agree(lambda library, x: library.linalg.norm(x, 1), numpy.sin(MATRIX))
    agree(lambda library, x: library.linalg.norm(x, 3, 1), numpy.sin(CUBE))
    agree(lambda library, x: library.linalg.vector_norm(x, 0), MATRIX, grad=False)
    with pytest.raises(ValueError, match="wanted ord as 'fro', 1, -1, inf or -inf, got 2: others need an SVD"):
        te.linalg.matrix_norm(te.ones(2, 2), 2)


def test_special_functions_have_their_names() -> None:
    for name in te.special.__all__:
        arguments: Any = (0,) if name in ("logsumexp", "softmax", "log_softmax") else ()
        agree(lambda library, x, name=name, more=arguments: getattr(library.special, name)(x, *more), [0.25, 0.5])
