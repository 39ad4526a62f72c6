"""Model code written for PyTorch runs with tinygrad_edu in its place, and computes the same.

The text of `written_for_pytorch/gpt.py` is executed twice: as it is, and with its imports of torch replaced.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest

import tinygrad_edu

PATH = Path(__file__).with_name("written_for_pytorch") / "gpt.py"
TEXT = PATH.read_text()
OURS = re.sub(r"^(import|from) torch\b", r"\1 tinygrad_edu", TEXT, flags=re.M).replace(
    "\nimport tinygrad_edu\n", "\nimport tinygrad_edu as torch\n"
)
DATA = (numpy.arange(200) * 5 % 23).astype("uint16")  # what comes next is certain, once it is known
STARTS = numpy.random.default_rng(1).integers(0, 180, (20, 2, 3)).tolist()


def executed(text: str, name: str) -> Any:
    module = ModuleType(name)
    sys.modules[name] = module  # where dataclasses look for the class's home
    try:
        exec(compile(text, str(PATH), "exec"), module.__dict__)
    finally:
        del sys.modules[name]
    return module


ours = executed(OURS, "gpt_with_tinygrad_edu")


def model_of(library: Any, dtype: str = "float32", **options: Any) -> Any:
    model = library.GPT(library.GPTConfig(**options))
    return model.double() if dtype == "float64" else model


def test_the_text_is_the_same_but_for_its_imports() -> None:
    changed = [line for old, line in zip(TEXT.split("\n"), OURS.split("\n"), strict=True) if old != line]
    assert changed == [
        "import tinygrad_edu as torch",
        "import tinygrad_edu.nn as nn",
        "from tinygrad_edu.nn import functional as F",
    ]
    assert ours.torch is tinygrad_edu


@pytest.mark.parametrize("flash", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-6), ("float32", 1e-4)])
def test_twenty_steps_from_equal_weights_have_equal_losses(dtype: str, tolerance: float, flash: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    torch.manual_seed(0)
    theirs = executed(TEXT, "gpt_with_pytorch")
    their_model, our_model = model_of(theirs, dtype, flash=flash), model_of(ours, dtype, flash=flash)
    assert list(our_model.state_dict()) == list(their_model.state_dict())
    assert repr(our_model) == repr(their_model)
    assert our_model.get_num_params() == their_model.get_num_params()
    our_model.load_state_dict(their_model.state_dict())
    wanted, got = (lib.train(m, DATA, STARTS, 20) for lib, m in ((theirs, their_model), (ours, our_model)))
    assert wanted[-1] < wanted[0] - 0.3
    numpy.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance)
    for (name, own), other in zip(our_model.state_dict().items(), their_model.state_dict().values(), strict=True):
        numpy.testing.assert_allclose(own.numpy(), other.numpy(), rtol=0, atol=10 * tolerance, err_msg=name)
    estimates = [
        float(lib.estimate_loss(m, DATA, [[3, 50], [7, 90]])) for lib, m in ((theirs, their_model), (ours, our_model))
    ]
    assert estimates[0] == pytest.approx(estimates[1], abs=tolerance)
    likeliest = [
        m.generate(lib.torch.tensor([[1, 2, 3], [4, 5, 6]]), 20, top_k=1).tolist()
        for lib, m in ((theirs, their_model), (ours, our_model))
    ]
    assert likeliest[0] == likeliest[1]


@pytest.mark.parametrize("flash", [True, False])
def test_it_trains_generates_and_is_cropped_without_pytorch(flash: bool) -> None:
    tinygrad_edu.manual_seed(0)
    model = model_of(ours, flash=flash, dropout=0.1, bias=False)
    assert model.transformer.wte.weight is model.lm_head.weight
    losses = ours.train(model, DATA, STARTS, 6)
    assert losses[0] == pytest.approx(numpy.log(23), rel=0.05)
    assert losses[-1] < losses[0]
    prompt = tinygrad_edu.tensor([[1, 2, 3], [4, 5, 6]])
    tokens = model.generate(prompt, 20, temperature=0.8, top_k=5)  # longer than the block size
    assert tuple(tokens.shape) == (2, 23)
    assert tokens[:, :3].tolist() == prompt.tolist()
    assert 0 <= tokens.amin().item() <= tokens.amax().item() < 23
    model.eval()
    before = model(prompt)[0].tolist()
    model.crop_block_size(8)
    assert model(prompt)[0].tolist() == before
    assert model.transformer.wpe.weight.shape == (8, 16)
    with pytest.raises(AssertionError, match="sequence of 9, block size is only 8"):
        model(tinygrad_edu.zeros(1, 9, dtype=tinygrad_edu.long))
    assert tuple(model.generate(prompt, 20).shape) == (2, 23)


def test_weights_travel_in_both_directions(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    theirs = executed(TEXT, "gpt_with_pytorch")
    our_model, their_model = model_of(ours, "float64"), model_of(theirs, "float64")
    state = {name: torch.from_numpy(value.numpy().copy()) for name, value in our_model.state_dict().items()}
    their_model.load_state_dict(state)
    prompt = [[3, 1, 4, 1, 5]]
    ours_says = our_model(tinygrad_edu.tensor(prompt))[0].detach().numpy()
    theirs_says = their_model(torch.tensor(prompt))[0].detach().numpy()
    numpy.testing.assert_allclose(ours_says, theirs_says, rtol=0, atol=1e-12)
