"""One question about a layer, two libraries: what comes out, every gradient, and the buffers afterwards.

`answer` runs a row of the table of layers in tinygrad_edu or in PyTorch from the same state and returns plain arrays.
Run as a script, it asks PyTorch and writes the committed answers: `python tests/nn/parity.py [FAMILY…]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy

from tinygrad_edu.testing.layers import FAMILIES, LayerCase, Question

ANSWERS = Path(__file__).with_name("answers")
State = dict[str, numpy.ndarray]


def state_of(layer: Any) -> State:
    """A copy of what the layer knows, by PyTorch's names."""
    if not hasattr(layer, "state_dict"):
        return {}
    return {name: numpy.array(value.detach().numpy()) for name, value in layer.state_dict().items()}


def answer(case: LayerCase, library: Any, layer: Any, arrays: list[numpy.ndarray]) -> State:
    """Outputs, gradients of Σ outputs · (fixed random numbers), and the layer's state afterwards."""
    tensors = [library.tensor(array) for array in arrays]
    for i, tensor in enumerate(tensors):
        if i not in case.fixed and arrays[i].dtype.kind == "f":
            tensor.requires_grad_()
    question = Question(case, library.nn, layer, tensors)
    found: State = {}
    rng, total = numpy.random.default_rng(7), None
    for i, out in enumerate(question(*question.varied)):
        found[f"out {i}"] = numpy.array(out.detach().numpy())
        if getattr(out, "requires_grad", False):
            part = (out * library.tensor(rng.standard_normal(tuple(out.shape)))).sum()
            total = part if total is None else total + part
    if total is not None:
        total.backward()
    parameters = dict(layer.named_parameters()) if hasattr(layer, "named_parameters") else {}
    asked = {f"input {i}": tensor for i, tensor in enumerate(tensors) if tensor.requires_grad}
    for name, tensor in {**asked, **parameters}.items():
        if tensor.grad is not None:
            found[f"gradient of {name}"] = numpy.array(tensor.grad.numpy())
    return found | {f"{name} afterwards": value for name, value in state_of(layer).items() if name not in parameters}


def pytorchs_answer(case: LayerCase, torch: Any, seed: int) -> tuple[State, list[numpy.ndarray], State]:
    """The state PyTorch drew for the layer, the inputs, and its answer."""
    torch.manual_seed(seed)
    layer = case.made(torch.nn)
    state, arrays = state_of(layer), case.arrays(seed)
    return state, arrays, answer(case, torch, layer, arrays)


def our_answer(case: LayerCase, state: State, arrays: list[numpy.ndarray]) -> State:
    """What tinygrad_edu answers from that state, loaded by PyTorch's names."""
    import tinygrad_edu

    layer = case.made(tinygrad_edu.nn)
    if hasattr(layer, "load_state_dict"):
        layer.load_state_dict({name: tinygrad_edu.tensor(value) for name, value in state.items()})
    return answer(case, tinygrad_edu, layer, arrays)


def compare(got: State, wanted: State, tolerance: float = 1e-9) -> None:
    """Equal names, shapes and values to 1e-9, unless the row says more; both are stricter than the promised 1e-6."""
    assert got.keys() == wanted.keys()
    for name, value in wanted.items():
        numpy.testing.assert_allclose(got[name], value, rtol=tolerance, atol=tolerance, err_msg=name, strict=True)


def write(family: str) -> int:
    """Write PyTorch's answers for a family; return how many bytes they take."""
    import torch

    found: State = {}
    for case in FAMILIES[family]:
        state, arrays, wanted = pytorchs_answer(case, torch, seed=0)
        found |= {f"{case.id}|state|{name}": value for name, value in state.items()}
        found |= {f"{case.id}|input|{i}": value for i, value in enumerate(arrays)}
        found |= {f"{case.id}|answer|{name}": value for name, value in wanted.items()}
    ANSWERS.mkdir(exist_ok=True)
    path = ANSWERS / f"{family}.npz"
    numpy.savez_compressed(path, allow_pickle=False, **found)
    return path.stat().st_size


def read(family: str) -> dict[str, dict[str, State]]:
    """The committed answers of a family: {row: {"state" | "input" | "answer": {name: array}}}."""
    found: dict[str, dict[str, State]] = {}
    with numpy.load(ANSWERS / f"{family}.npz", allow_pickle=False) as archive:
        for key in archive.files:
            row, kind, name = key.split("|")
            found.setdefault(row, {"state": {}, "input": {}, "answer": {}})[kind][name] = archive[key]
    return found


if __name__ == "__main__":
    for name in sys.argv[1:] or FAMILIES:
        print(f"{name}: {len(FAMILIES[name])} rows, {write(name):,} bytes")
