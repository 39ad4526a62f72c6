"""One question about an optimizer or a schedule, two libraries: where 20 steps lead.

Run as a script, it asks PyTorch and writes the committed answers: `python tests/optim/parity.py`.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy

_spec = importlib.util.spec_from_file_location("optim_table", Path(__file__).with_name("table.py"))
table = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(table)

ANSWERS = Path(__file__).parent / "answers" / "answers.json"
STEPS = 20
SHAPES = ((3,), (2, 2))


def optimized(case: Any, library: Any) -> list[list[float]]:
    """All parameters after every fifth step, on a function that is curved and another one at each step."""
    rng = numpy.random.default_rng(0)
    params = [library.nn.Parameter(library.tensor(rng.normal(size=shape))) for shape in SHAPES]
    optimizer, found = case.make(library.optim, params), []
    for step in range(1, STEPS + 1):
        for parameter in params:
            w = parameter.detach().numpy()
            parameter.grad = library.tensor(rng.normal(size=w.shape) * w + numpy.cos(w))
        optimizer.step()
        if step % 5 == 0:
            found.append([float(number) for parameter in params for number in parameter.detach().numpy().ravel()])
    return found


def scheduled(case: Any, library: Any) -> list[list[float]]:
    """The rates and the momenta of all groups, at first and after each step."""
    params = [library.nn.Parameter(library.tensor([1.0])) for _ in case.rates]
    groups = [{"params": [parameter], "lr": rate} for parameter, rate in zip(params, case.rates, strict=True)]
    optimizer = case.optimizer(library.optim, groups)
    schedules = vars(library.optim.lr_scheduler) | {"SWALR": library.optim.swa_utils.SWALR}
    schedule, found = case.make(SimpleNamespace(**schedules), optimizer), []
    for moment in (None, *(case.moments or [None] * STEPS)):
        if found:
            optimizer.step()
            schedule.step(*(() if moment is None else (moment,)))
            assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        rates = [group["lr"] for group in optimizer.param_groups]
        momenta = [group["betas"][0] if "betas" in group else group["momentum"] for group in optimizer.param_groups]
        found.append([float(number) for number in (*rates, *momenta)])
    return found


def asked(library: Any) -> dict[str, list[list[float]]]:
    """What a library answers, row by row."""
    optimizers = {case.id: optimized(case, library) for case in table.OPTIMIZERS}
    return optimizers | {case.id: scheduled(case, library) for case in table.SCHEDULES}


def pytorchs() -> dict[str, list[list[float]]]:
    """PyTorch's answers, with all that it keeps in float64 (NAdam keeps a product in the default type)."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return asked(torch)
    finally:
        torch.set_default_dtype(before)


def committed() -> dict[str, list[list[float]]]:
    """PyTorch's answers from when this was run as a script."""
    return json.loads(ANSWERS.read_text())


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in pytorchs().items()]
    ANSWERS.parent.mkdir(exist_ok=True)
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} rows, {ANSWERS.stat().st_size:,} bytes")
