"""What `tinygrad-edu train` can learn: one file for each task, with its data, models, loss, picture and defaults.

    pictures    --data digits, cifar10:PATH, mnist:PATH     --model cnn
    text        --data text                                 --model lstm, gpt, gru, rnn
    adding      --data adding                               --model lstm, gru, rnn
    reversal    --data reversal                             --model seq2seq

To add one, write a subclass of `Task` and name it below. `base.py` says what the training command asks of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_edu.cli.tasks.adding import Adding
from tinygrad_edu.cli.tasks.base import Candidate, Task
from tinygrad_edu.cli.tasks.pictures import Pictures
from tinygrad_edu.cli.tasks.reversal import Reversing
from tinygrad_edu.cli.tasks.text import Text

TASKS: tuple[Task, ...] = (Pictures(), Text(), Adding(), Reversing())
MODELS = tuple(dict.fromkeys(model for task in TASKS for model in task.models))  # each once, in this order
DATA = [value for task in TASKS for value in task.data]

__all__ = ["DATA", "MODELS", "TASKS", "Candidate", "Task", "find_task", "task_of"]


def find_task(model: str | None, data: str | None) -> tuple[Task, str, str]:
    """(task, its --model, its --data) that were asked for; what was left out is what usually goes with the other."""
    if data is not None:
        task = task_of(data)
        if model is not None and model not in task.models:
            others = ", ".join(value for other in TASKS if model in other.models for value in other.data)
            own = _either(task.models)
            raise ValueError(f"--model {model} cannot learn --data {data}: wanted --data {others}, or --model {own}")
        return task, model or next(iter(task.models)), data
    task = next(task for task in TASKS if model is None or model in task.models)
    return task, model or next(iter(task.models)), task.data[0]


def task_of(data: str) -> Task:
    """The task that has `data`, a value of --data such as "mnist:PATH"."""
    for task in TASKS:
        if data.partition(":")[0] in [value.partition(":")[0] for value in task.data]:
            return task
    raise ValueError(f"wanted --data {_either(DATA)}, got {data!r}")


def _either(values: Iterable[str]) -> str:
    """a, b or c"""
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last
