"""Train the reference CNN on pictures of 3 x 32 x 32, and show what it learned.

Without options it learns handwritten digits, drawn in color and placed anew for each picture, in about twenty
seconds on a CPU. It writes into the output folder:

    checkpoint.safetensors   the weights, and all that is needed to go on with --resume; replaced after each epoch
    picture.png              the curves of loss and accuracy, and some answers with their probabilities
    example.png              one of the held-out pictures, to try `tinygrad-edu predict` on

Equal seeds give equal weights, bit for bit; so does a run that was stopped at any moment and resumed.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import time
from typing import Any

from tinygrad_edu import nn
from tinygrad_edu.backend import device, manual_seed, require
from tinygrad_edu.checkpoint import load_checkpoint
from tinygrad_edu.cli.data import load_data
from tinygrad_edu.cli.devices import add_device_option, choose_device, one_thread
from tinygrad_edu.cli.picture import draw_training, save_example
from tinygrad_edu.cli.settings import Settings, add_settings, make_optimizer, settings_of
from tinygrad_edu.datasets import PictureDataset
from tinygrad_edu.models import ReferenceCNN
from tinygrad_edu.training import History, State, checkpointing, cosine_decay, evaluate, fit
from tinygrad_edu.utils.data import DataLoader

CHECKPOINT, PREVIOUS, PICTURE, EXAMPLE = "checkpoint.safetensors", "previous.safetensors", "picture.png", "example.png"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu train`."""
    add_settings(parser)
    add_device_option(parser)
    add = parser.add_argument
    add("--output", metavar="FOLDER", help="where to write (default: runs/reference-cnn)")
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
    place = choose_device(options.device)
    learned, held_out = load_data(settings.data)
    state = begin(settings, learned, held_out, place, resumed)

    say = (lambda *_: None) if options.quiet else print
    say(f"Data       {settings.data}: {len(learned)} pictures to learn from, {len(held_out)} held out")
    weights = sum(parameter.numel() for parameter in state.model.parameters())
    say(f"Model      {type(state.model).__name__}, {weights:,} weights, on {place}")
    started = time.perf_counter()
    with one_thread():
        train(settings, state, learned, held_out, prepare(output, resumed), not options.quiet)
    say(f"Time       {time.perf_counter() - started:.1f} s")
    finish(state, held_out, output, say)
    return 0


def find_places(options: argparse.Namespace) -> tuple[pathlib.Path, pathlib.Path | None]:
    """The output folder, and the checkpoint to resume from (None for a new run)."""
    default = pathlib.Path("runs", "reference-cnn")
    if options.resume:  # a checkpoint of its own: go on in its folder
        resumed = pathlib.Path(options.resume)
        return pathlib.Path(options.output or resumed.parent), resumed
    output = pathlib.Path(options.output or default)
    return output, None if options.resume is None else output / CHECKPOINT


def begin(
    settings: Settings, learned: PictureDataset, held_out: PictureDataset, place: device, resumed: pathlib.Path | None
) -> State:
    """A new model and optimizer, or those of the run to resume."""
    manual_seed(settings.seed)
    model = ReferenceCNN(classes=len(learned.classes)).to(place)
    state = State(model, make_optimizer(settings, model), History(), settings.epochs)
    if resumed is not None:
        loaded = load_checkpoint(resumed, model, state.optimizer)
        state.epoch, state.step, state.history = loaded.epoch, loaded.step, History(loaded.history)
        before, now = loaded.metadata["pictures"], [len(learned), len(held_out)]
        if before != now:
            raise ValueError(
                f"{resumed} was begun on {before[0]} pictures and {before[1]} held out, got {now[0]} and {now[1]}: "
                f"{settings.data} is not what it was"
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
    state: State,
    learned: PictureDataset,
    held_out: PictureDataset,
    checkpoint: pathlib.Path,
    progress: bool,
) -> None:
    """Train from where `state` is, with a checkpoint before the first epoch and after each."""
    about = {
        "model": type(state.model).__name__,
        "classes": learned.classes,
        "pictures": [len(learned), len(held_out)],
        "settings": dataclasses.asdict(settings),
    }
    save = checkpointing(checkpoint, metadata=about)
    save(state)  # a folder that cannot be written to shows now, and whoever stops us can resume
    try:
        fit(
            state.model,
            nn.CrossEntropyLoss(),
            state.optimizer,
            DataLoader(learned, batch_size=settings.batch_size, shuffle=True),
            validation_loader=DataLoader(held_out, batch_size=256),
            epochs=settings.epochs,
            callbacks=[cosine_decay(settings.lr), save] if settings.schedule == "cosine" else [save],
            progress=progress,
            start_epoch=state.epoch,
            history=state.history,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped. {checkpoint} holds everything up to the last whole epoch; go on with:\n"
            f"    tinygrad-edu train --resume {checkpoint}"
        ) from None


def finish(state: State, held_out: PictureDataset, output: pathlib.Path, say: Any) -> None:
    """Print the result; write the picture and the example."""
    result = evaluate(state.model, nn.CrossEntropyLoss(), DataLoader(held_out, batch_size=256))
    right = round(result["accuracy"] * len(held_out))
    draw_training(state.history, state.model, held_out, output / PICTURE)
    save_example(held_out, output / EXAMPLE)
    print(
        f"Held out   loss {result['loss']:.4f}, accuracy {100 * result['accuracy']:.2f} % ({right} of {len(held_out)}) "
        f"after {len(state.history)} epochs"
    )
    say(f"Checkpoint {output / CHECKPOINT}")
    say(f"Picture    {output / PICTURE}")
    say(f"Now try    tinygrad-edu predict {output / CHECKPOINT} {output / EXAMPLE}")
