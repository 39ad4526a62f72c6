"""Train a network on something it can learn in a minute, and show what it learned.

    tinygrad-edu train                              the reference CNN, on pictures of handwritten digits in color
    tinygrad-edu train --model lstm                 text whose best possible loss is known; also with gpt, gru and rnn
    tinygrad-edu train --model lstm --data adding   the adding problem, which an LSTM learns and --model rnn does not
    tinygrad-edu train --model seq2seq              a Transformer that turns words around

--data text:2, adding:30, reversal:6 and the like choose how hard it is: how many letters decide the next one, how long
the sequences are, how long the words are at most. It writes into the output folder:

    checkpoint.safetensors   the weights, and all that is needed to go on with --resume; replaced after each epoch
    picture.png              how the training went, and what the network does now
    example.png              for pictures: one of the held-out ones, to try `tinygrad-edu predict` on

Equal seeds give equal weights, bit for bit; so does a run that was stopped at any moment and resumed.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import time
from typing import Any

from tinygrad_edu.backend import device, manual_seed, require
from tinygrad_edu.checkpoint import load_checkpoint
from tinygrad_edu.cli.devices import add_device_option, choose_device, one_thread
from tinygrad_edu.cli.settings import Settings, add_settings, make_optimizer, settings_of
from tinygrad_edu.cli.tasks import Task, find_task, task_of
from tinygrad_edu.training import History, State, checkpointing, cosine_decay, evaluate, fit
from tinygrad_edu.utils.data import DataLoader, RandomSampler

CHECKPOINT, PREVIOUS, PICTURE = "checkpoint.safetensors", "previous.safetensors", "picture.png"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu train`."""
    add_settings(parser)
    add_device_option(parser)
    add = parser.add_argument
    add("--output", metavar="FOLDER", help="where to write (default: runs/reference-cnn, runs/text-lstm, …)")
    add(
        "--resume",
        nargs="?",
        const="",
        metavar="CHECKPOINT",
        help="go on with a run that was stopped, from the output folder's checkpoint or from this one; --epochs may "
        "ask for more",
    )
    add("--quiet", action="store_true", help="print only the result")


def run(options: argparse.Namespace) -> int:
    """Train as the options say; print, save and draw."""
    for module in ("matplotlib", "safetensors", "PIL", "tqdm"):  # better now than after the last epoch
        require(module, extra="train", purpose="train on the command line")
    output, resumed = find_places(options)
    settings = settings_of(options, resumed)
    task = task_of(settings.data)
    place = choose_device(options.device)
    learned, held_out = task.load(settings.data)
    state = begin(settings, task, learned, held_out, place, resumed)

    say = (lambda *_: None) if options.quiet else print
    in_epoch = f" ({settings.epoch_size} in an epoch)" if settings.epoch_size else ""
    say(f"Data       {settings.data}: {len(learned)} {task.samples} to learn from{in_epoch}, {len(held_out)} held out")
    weights = sum(parameter.numel() for parameter in state.model.parameters())
    say(f"Model      {type(state.model).__name__}, {weights:,} weights, on {place}")
    started = time.perf_counter()
    with one_thread():
        train(settings, task, state, learned, held_out, prepare(output, resumed), not options.quiet)
    say(f"Time       {time.perf_counter() - started:.1f} s")
    finish(task, state, held_out, output, say)
    return 0


def find_places(options: argparse.Namespace) -> tuple[pathlib.Path, pathlib.Path | None]:
    """The output folder, and the checkpoint to resume from (None for a new run)."""
    if options.resume:  # a checkpoint of its own: go on in its folder
        resumed = pathlib.Path(options.resume)
        return pathlib.Path(options.output or resumed.parent), resumed
    task, model, _ = find_task(options.model, options.data)
    output = pathlib.Path(options.output or pathlib.Path("runs", task.models[model].folder))
    return output, None if options.resume is None else output / CHECKPOINT


def begin(
    settings: Settings, task: Task, learned: Any, held_out: Any, place: device, resumed: pathlib.Path | None
) -> State:
    """A new model and optimizer, or those of the run to resume."""
    manual_seed(settings.seed)
    model = task.models[settings.model].build(task.facts(learned)).to(place)
    state = State(model, make_optimizer(settings, model), History(), settings.epochs)
    if resumed is not None:
        loaded = load_checkpoint(resumed, model, state.optimizer)
        state.epoch, state.step, state.history = loaded.epoch, loaded.step, History(loaded.history)
        before, now = loaded.metadata[task.samples], [len(learned), len(held_out)]
        if before != now:
            raise ValueError(
                f"{resumed} was begun on {before[0]} {task.samples} and {before[1]} held out, got {now[0]} and "
                f"{now[1]}: {settings.data} is not what it was"
            )
        if state.epoch > settings.epochs:
            raise ValueError(
                f"{resumed} has {state.epoch} epochs already, got --epochs {settings.epochs}: ask for more"
            )
    return state


def prepare(output: pathlib.Path, resumed: pathlib.Path | None) -> pathlib.Path:
    """Make the output folder; return where the checkpoint goes. Another run's checkpoint there is kept beside it."""
    output.mkdir(parents=True, exist_ok=True)
    checkpoint = output / CHECKPOINT
    if checkpoint.exists() and not (resumed is not None and checkpoint.samefile(resumed)):
        os.replace(checkpoint, output / PREVIOUS)  # nobody asked to lose it
    return checkpoint


def train(
    settings: Settings,
    task: Task,
    state: State,
    learned: Any,
    held_out: Any,
    checkpoint: pathlib.Path,
    progress: bool,
) -> None:
    """Train from where `state` is, with a checkpoint before the first epoch and after each."""
    about = {
        "model": type(state.model).__name__,
        **task.facts(learned),
        task.samples: [len(learned), len(held_out)],
        "settings": dataclasses.asdict(settings),
    }
    order = RandomSampler(learned, num_samples=settings.epoch_size or None)
    save = checkpointing(checkpoint, metadata=about)
    save(state)  # a folder that cannot be written to shows now, and whoever stops us can resume
    try:
        fit(
            state.model,
            task.loss,
            state.optimizer,
            DataLoader(learned, batch_size=settings.batch_size, sampler=order),
            validation_loader=DataLoader(held_out, batch_size=256),
            epochs=settings.epochs,
            metrics=task.metrics,
            callbacks=[cosine_decay(settings.lr), save] if settings.schedule == "cosine" else [save],
            progress=progress,
            start_epoch=state.epoch,
            history=state.history,
            clip_norm=settings.clip or None,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped. {checkpoint} holds everything up to the last whole epoch; go on with:\n"
            f"    tinygrad-edu train --resume {checkpoint}"
        ) from None


def finish(task: Task, state: State, held_out: Any, output: pathlib.Path, say: Any) -> None:
    """Print the result; write the picture and the example."""
    found = evaluate(state.model, task.loss, DataLoader(held_out, batch_size=256), metrics=task.metrics)
    task.draw(state.history, state.model, held_out, output / PICTURE)
    question = task.try_it(held_out, output)
    print(f"Held out   {task.result(state.model, held_out, found)} after {len(state.history)} epochs")
    say(f"Checkpoint {output / CHECKPOINT}")
    say(f"Picture    {output / PICTURE}")
    say(f"Now try    tinygrad-edu predict {output / CHECKPOINT} {question}")
