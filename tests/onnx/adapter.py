"""Runs a node test of the `onnx` package with functions of ours: reads the graph, calls, compares.

A table names for each operator a function `operator(*inputs, **attributes)`, with ONNX's names for the attributes, that
takes and returns our tensors. Not for: saying what an operator means; the tables do.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy
import onnx
from onnx import numpy_helper

import tinygrad_edu
from tinygrad_edu import Tensor

Table = Mapping[str, Callable[..., Any]]
ODD_NUMBERS = "bfloat16, float8, and numbers of 2 or 4 bits, which NumPy does not have"


class LeftOut(Exception):
    """A case that nothing of ours can run: why, and the operator to blame, if none of its cases can be run."""

    def __init__(self, reason: str, operator: str | None = None) -> None:
        super().__init__(reason)
        self.operator = operator


def cases() -> list[Any]:
    """Every node test that ships inside the installed package. Its data are made by NumPy; nothing is downloaded."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # making the data overflows here and there, on purpose
        return list(collect_testcases(None))


# ------------------------------------------------------------------------------------------------------------ values
def imported(value: Any) -> Any:
    """An ONNX value as a tensor of ours."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    if value is None or isinstance(value, (list, dict)):
        raise LeftOut("a sequence, a map or an optional value: here there are only tensors")
    array = numpy.asarray(value)
    if array.dtype.kind in "OUS":
        raise LeftOut("strings: a tensor holds numbers only")
    if array.dtype.kind == "c":
        raise LeftOut("complex numbers, which are not there")
    if array.dtype.kind not in "biuf" or array.dtype.isbuiltin != 1:
        raise LeftOut(ODD_NUMBERS)
    return tinygrad_edu.tensor(array)


def dtype_of(number: int) -> numpy.dtype:
    """A number type by ONNX's number for it."""
    if number == onnx.TensorProto.STRING:
        raise LeftOut("strings: a tensor holds numbers only")
    dtype = numpy.dtype(onnx.helper.tensor_dtype_to_np_dtype(number))
    if dtype.kind not in "biuf" or dtype.isbuiltin != 1:
        raise LeftOut(ODD_NUMBERS)
    return dtype


def attributes_of(node: Any) -> dict[str, Any]:
    """The attributes of a node as Python values: tensors as ours, texts as text."""
    found = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, (onnx.GraphProto, onnx.SparseTensorProto)):
            raise LeftOut("a graph inside a node: control flow is Python's, not the engine's")
        if isinstance(value, onnx.TensorProto):
            value = imported(value)
        elif isinstance(value, bytes):
            value = value.decode()
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], bytes):
            value = [text.decode() for text in value]
        found[attribute.name] = dtype_of(value) if attribute.name in ("dtype", "to", "output_datatype") else value
    return found


# ----------------------------------------------------------------------------------------------------------- running
def run(case: Any, table: Table, reasons: Mapping[str, str]) -> None:
    """Run one case; an AssertionError if it gives something else, LeftOut if it cannot be run at all."""
    graph = case.model.graph
    for node in graph.node:
        if node.op_type in reasons or node.op_type not in table:
            raise LeftOut(reasons[node.op_type], node.op_type)
    ((inputs, outputs),) = case.data_sets
    values: dict[str, Any] = {"": None}
    values.update(zip((entry.name for entry in graph.input), map(imported, inputs), strict=True))
    values.update((entry.name, imported(entry)) for entry in graph.initializer)
    for node in graph.node:
        given = [values[name] for name in node.input]
        out = call(table[node.op_type], node, given)
        out = out if isinstance(out, (tuple, list)) else (out,)
        assert len(out) >= len(node.output), f"{node.op_type} has {len(node.output)} results, ours gave {len(out)}"
        values.update(zip(node.output, out, strict=False))
        values[""] = None
    names = [entry.name for entry in graph.output]
    assert len(names) == len(outputs)
    for name, wanted in zip(names, outputs, strict=True):
        compare(name, values[name], imported(wanted), case.rtol, case.atol)


def call(function: Callable[..., Any], node: Any, given: list[Any]) -> Any:
    """The function of the inputs and attributes; also of the number of outputs, if it asks for that."""
    settings = attributes_of(node)
    if "outputs" in inspect.signature(function).parameters:
        settings["outputs"] = len(node.output)
    try:
        return function(*given, **settings)
    except NotImplementedError as error:
        raise LeftOut(str(error)) from None


def compare(name: str, got: Any, wanted: Tensor, rtol: float, atol: float) -> None:
    """The same dtype, the same shape, and numbers as near as the case asks; whole numbers exactly."""
    assert isinstance(got, Tensor), f"{name}: wanted a tensor, got {type(got).__name__}"
    assert got.dtype == wanted.dtype, f"{name}: wanted dtype {wanted.dtype}, got {got.dtype}"
    assert got.shape == wanted.shape, f"{name}: wanted shape {wanted.shape}, got {got.shape}"
    rtol, atol = (rtol, atol) if wanted.is_floating_point() else (0.0, 0.0)
    numpy.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=rtol, atol=atol, err_msg=name)
