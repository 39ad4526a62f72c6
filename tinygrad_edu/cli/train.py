"""Train the reference CNN on pictures of 3 x 32 x 32, and show what it learned.

Without options it learns handwritten digits, drawn in color and placed anew for each picture, in about half a minute
on a CPU. It writes into the output folder:

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
from collections.abc import Callable
from typing import Any

from tinygrad_edu import nn, optim
from tinygrad_edu.backend import manual_seed, require
from tinygrad_edu.checkpoint import load_checkpoint, read_metadata
from tinygrad_edu.cli.data import load_data
from tinygrad_edu.cli.devices import add_device_option, choose_device
from tinygrad_edu.cli.picture import draw_training, save_example
from tinygrad_edu.datasets import PictureDataset
from tinygrad_edu.models import ReferenceCNN
from tinygrad_edu.training import History, State, checkpointing, cosine_decay, evaluate, fit
from tinygrad_edu.utils.data import DataLoader

CHECKPOINT, PREVIOUS, PICTURE, EXAMPLE = "checkpoint.safetensors", "previous.safetensors", "picture.png", "example.png"

# For each optimizer its class and the learning rate and momentum that suit the reference CNN at batches of 64.
OPTIMIZERS: dict[str, tuple[Callable[..., optim.Optimizer], float, float]] = {
    "sgd": (optim.SGD, 0.05, 0.9),
    "adam": (optim.Adam, 0.003, 0.0),
    "adamw": (optim.AdamW, 0.003, 0.0),
    "adagrad": (optim.Adagrad, 0.02, 0.0),
    "rmsprop": (optim.RMSprop, 0.001, 0.0),
}
WITH_MOMENTUM = ("sgd", "rmsprop")


@dataclasses.dataclass
class Settings:
    """What decides the numbers of a run. It is kept in the checkpoint, so that --resume goes on with the same."""

    data: str = "digits"
    optimizer: str = "adam"
    lr: float = OPTIMIZERS["adam"][1]
    momentum: float = OPTIMIZERS["adam"][2]
    schedule: str = "cosine"
    batch_size: int = 64
    epochs: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.momentum and self.optimizer not in WITH_MOMENTUM:
            raise ValueError(f"{self.optimizer} has no --momentum: only {' and '.join(WITH_MOMENTUM)} have")
        if self.epochs < 1:
            raise ValueError(f"wanted --epochs of 1 or more, got {self.epochs}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu train`; those of `Settings` without a default, so that --resume knows what was given."""
    own, add = Settings, parser.add_argument
    add("--data", metavar="digits|cifar10:PATH|mnist:PATH", help="what to learn (default: digits, which come along)")
    add_device_option(parser)
    add("--epochs", type=int, help=f"how often to see every picture (default: {own.epochs})")
    add("--batch-size", type=int, help=f"pictures in one step (default: {own.batch_size})")
    add("--optimizer", choices=OPTIMIZERS, help=f"the update rule (default: {own.optimizer})")
    rates = ", ".join(f"{name} {lr:g}" for name, (_, lr, _) in OPTIMIZERS.items())
    add("--lr", type=float, help=f"the learning rate to begin with (default: {rates})")
    add("--momentum", type=float, help="for sgd (default: 0.9) and rmsprop (default: 0)")
    add(
        "--schedule",
        choices=("cosine", "constant"),
        help=f"lower the learning rate from epoch to epoch along a cosine, or leave it (default: {own.schedule})",
    )
    add("--seed", type=int, help=f"decides the first weights and the order of the pictures (default: {own.seed})")
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
    train_data, held_out = load_data(settings.data)
    manual_seed(settings.seed)
    model = ReferenceCNN(classes=len(train_data.classes)).to(place)
    optimizer = make_optimizer(settings, model)
    state = State(model, optimizer, History(), settings.epochs)
    if resumed is not None:
        loaded = load_checkpoint(resumed, model, optimizer)
        state.epoch, state.step, state.history = loaded.epoch, loaded.step, History(loaded.history)
        if loaded.metadata["pictures"] != [len(train_data), len(held_out)]:
            learned, held = loaded.metadata["pictures"]
            raise ValueError(
                f"{resumed} was begun on {learned} pictures and {held} held out, got {len(train_data)} and "
                f"{len(held_out)}: {settings.data} is not what it was"
            )
    say = (lambda *_: None) if options.quiet else print
    say(f"Data       {settings.data}: {len(train_data)} pictures to learn from, {len(held_out)} held out")
    say(f"Model      {type(model).__name__}, {sum(p.numel() for p in model.parameters()):,} weights, on {place}")
    train(settings, state, train_data, held_out, output, not options.quiet)
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


def settings_of(options: argparse.Namespace, resumed: pathlib.Path | None) -> Settings:
    """The settings that were asked for; of a resumed run those it was begun with, where only --epochs may differ."""
    names = [field.name for field in dataclasses.fields(Settings)]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if resumed is None:
        _, lr, momentum = OPTIMIZERS[given.get("optimizer", Settings.optimizer)]
        return Settings(**{"lr": lr, "momentum": momentum, **given})
    begun: dict[str, Any] | None = read_metadata(resumed).get("settings")
    if begun is None:
        raise ValueError(f"{resumed} was not written by tinygrad-edu train, so there is no run in it to go on with")
    for name, value in given.items():
        if name != "epochs" and value != begun[name]:
            option = "--" + name.replace("_", "-")
            raise ValueError(
                f"{resumed} was begun with {option} {begun[name]}, got {option} {value}: leave it out to go on as "
                "begun, or leave out --resume to begin anew"
            )
    return Settings(**{**begun, **given})


def make_optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    """The optimizer that the settings ask for, over the model's weights."""
    kind = OPTIMIZERS[settings.optimizer][0]
    chosen = {"lr": settings.lr, "momentum": settings.momentum}
    if settings.optimizer not in WITH_MOMENTUM:
        del chosen["momentum"]
    return kind(model.parameters(), **chosen)


def train(
    settings: Settings,
    state: State,
    train_data: PictureDataset,
    held_out: PictureDataset,
    output: pathlib.Path,
    progress: bool,
) -> None:
    """Train from where `state` is, with a checkpoint before the first epoch and after each."""
    checkpoint = output / CHECKPOINT
    about = {
        "model": "ReferenceCNN",
        "classes": train_data.classes,
        "pictures": [len(train_data), len(held_out)],
        "settings": dataclasses.asdict(settings),
    }
    save = checkpointing(checkpoint, metadata=about)
    slow_down = [cosine_decay(settings.lr)] if settings.schedule == "cosine" else []
    train_loader = DataLoader(train_data, batch_size=settings.batch_size, shuffle=True)
    output.mkdir(parents=True, exist_ok=True)
    if state.epoch == 0 and checkpoint.exists():
        os.replace(checkpoint, output / PREVIOUS)  # an earlier run: nobody asked to lose it
    save(state)  # a folder that cannot be written to shows now, and whoever stops us can resume
    started = time.perf_counter()
    try:
        fit(
            state.model,
            nn.CrossEntropyLoss(),
            state.optimizer,
            train_loader,
            validation_loader=DataLoader(held_out, batch_size=256),
            epochs=settings.epochs,
            callbacks=[*slow_down, save],
            progress=progress,
            start_epoch=state.epoch,
            history=state.history,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped. {checkpoint} holds everything up to the last whole epoch; go on with:\n"
            f"    tinygrad-edu train --resume {checkpoint}"
        ) from None
    if progress:
        print(f"Time       {time.perf_counter() - started:.1f} s")


def finish(state: State, held_out: PictureDataset, output: pathlib.Path, say: Any) -> None:
    """Print the result; write the picture and the example."""
    if len(state.history) == 0:
        raise ValueError(f"{output / CHECKPOINT} has no epoch to show")
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
